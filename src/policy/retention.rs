//! How long a log keeps what it holds, read or not.
//!
//! A log is cut off at its old end in whole segments, not message by message, and only when somebody looks: so a message lives for its
//! retention, and up to one segment and one look longer. Whoever reads too late finds nothing there. That is the one way in which a log
//! loses messages without anything being broken. The rules are those of Apache Kafka (`UnifiedLog.deleteOldSegments`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::{SimDuration, SimTime};

/// What is kept of a partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// For how long (default 7d: `log.retention.hours` of 168).
    pub time: SimDuration,
    /// How many messages of each partition are kept at least when it is cut to size (default: without limit, as `retention.bytes` of
    /// -1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// How many messages a segment holds, 1 or more (default 1048576: `segment.bytes` of 1 GiB, at 1,024 bytes a message, which is an
    /// assumption).
    #[schemars(range(min = 1))]
    pub segment_messages: u64,
    /// How long a segment is written to at most (default 7d: `segment.ms`).
    pub segment_time: SimDuration,
    /// How often it is looked at what may go (default 5min: `log.retention.check.interval.ms`).
    pub check_every: SimDuration,
}

impl Default for Retention {
    fn default() -> Retention {
        const DAY: u64 = 86_400;
        Retention {
            time: SimDuration::from_secs(7 * DAY),
            messages: None,
            segment_messages: 1 << 20,
            segment_time: SimDuration::from_secs(7 * DAY),
            check_every: SimDuration::from_secs(300),
        }
    }
}

/// Where a reader goes on when the message that it would read next is gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OffsetReset {
    /// At the end: all that is still there and was not read is skipped as well (the default: `auto.offset.reset`).
    #[default]
    Latest,
    /// At the oldest message that is left.
    Earliest,
    /// Nowhere: the member that finds it stops with an error and leaves its group. So does the one that gets the partition next, and so
    /// does everybody who is started again: until somebody sees to it, the group reads nothing.
    None,
}

/// A run of messages that goes as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The offset of its first message.
    pub first: u64,
    /// How many messages it has.
    pub messages: u64,
    /// When its first message was stored.
    pub begun: SimTime,
    /// When its last message was stored.
    pub newest: SimTime,
}

impl Retention {
    /// Whether the next message begins a new segment, and this one is written to no longer.
    #[inline]
    #[must_use]
    pub fn closes(&self, segment: &Segment, now: SimTime) -> bool {
        segment.messages >= self.segment_messages || now.since(segment.begun) > self.segment_time
    }

    /// How many of the segments, oldest first, may go. One whose newest message is older than the retention goes, written to or not;
    /// one that isn't needed for the size goes.
    #[must_use]
    pub fn expired<'a>(
        &self,
        segments: impl Iterator<Item = &'a Segment> + Clone,
        now: SimTime,
    ) -> usize {
        let by_time =
            segments.clone().take_while(|segment| now.since(segment.newest) > self.time).count();
        let held: u64 = segments.clone().map(|segment| segment.messages).sum();
        let mut surplus = self.messages.map_or(0, |least| held.saturating_sub(least));
        let by_size = segments.take_while(|segment| {
            let fits = segment.messages <= surplus;
            surplus = surplus.saturating_sub(segment.messages);
            fits && self.messages.is_some()
        });
        by_time.max(by_size.count())
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        check::found([
            check::longer_than_zero("time", self.time),
            check::unless(
                self.segment_messages >= 1,
                "segment_messages",
                "is 0; it must be at least 1",
            ),
            check::longer_than_zero("segment_time", self.segment_time),
            check::longer_than_zero("check_every", self.check_every),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    /// Segments of 10 messages, 100 s each, one after the other.
    fn segments(count: u64) -> Vec<Segment> {
        (0..count)
            .map(|place| Segment {
                first: place * 10,
                messages: 10,
                begun: secs(place * 100),
                newest: secs(place * 100 + 99),
            })
            .collect()
    }

    fn hour(messages: Option<u64>) -> Retention {
        Retention { time: SimDuration::from_secs(3600), messages, ..Retention::default() }
    }

    #[test]
    fn a_segment_goes_as_a_whole_once_its_newest_message_is_too_old() {
        let segments = segments(3);
        for (now, gone) in [(3699, 0), (3700, 1), (3799, 1), (3800, 2), (9999, 3)] {
            assert_eq!(hour(None).expired(segments.iter(), secs(now)), gone, "at {now} s");
        }
    }

    #[test]
    fn cut_to_size_no_fewer_messages_are_kept_than_was_said() {
        let segments = segments(3);
        for (least, gone) in [(30, 0), (21, 0), (20, 1), (11, 1), (10, 2), (0, 3)] {
            assert_eq!(hour(Some(least)).expired(segments.iter(), secs(300)), gone, "of {least}");
        }
    }

    #[test]
    fn a_segment_is_closed_when_it_is_full_or_old() {
        let retention = Retention {
            segment_messages: 10,
            segment_time: SimDuration::from_secs(500),
            ..Retention::default()
        };
        let full = segments(1)[0];
        assert!(retention.closes(&full, secs(99)));
        let open = Segment { messages: 9, ..full };
        assert!(!retention.closes(&open, secs(500)));
        assert!(retention.closes(&open, secs(501)));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let none = Retention {
            time: SimDuration::ZERO,
            segment_messages: 0,
            segment_time: SimDuration::ZERO,
            check_every: SimDuration::ZERO,
            ..Retention::default()
        };
        let told: Vec<String> = none.check().into_iter().map(|(path, _)| path).collect();
        assert_eq!(told, ["time", "segment_messages", "segment_time", "check_every"]);
    }
}
