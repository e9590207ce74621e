//! Whether, when and how often a message is delivered again that nobody has said is done.
//!
//! A consumer that takes a message from such a queue leases it: for its visibility timeout nobody else sees it. Whoever deletes it in
//! time is done with it; whoever doesn't, because it crashed, is slow or failed, finds it visible again, and so does everybody else. Nobody
//! tells the queue of a crash, so the timeout is also how long a dead consumer's work waits. A heartbeat moves the timeout on while the
//! work goes on. A message that comes back too often is put aside. The rules and defaults are those of the Amazon SQS Developer Guide
//! ("Visibility timeout", "Dead-letter queues", "Quotas").

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::{Rate, SimDuration, SimTime};

/// No lease lasts longer than this from when the message was received, however often it is extended.
pub const LONGEST_LEASE: SimDuration = SimDuration::from_secs(12 * 3600);

/// The number of receives after which a message of a queue without order goes to the back of it.
pub const RECEIVES_TO_THE_BACK: u16 = 3;

/// How a consumer extends its lease while it works (`ChangeMessageVisibility`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// How often.
    pub every: SimDuration,
    /// For how long the message stays invisible from then on: longer than `every`, or it comes too late.
    pub by: SimDuration,
}

/// When a message that was delivered too often is put aside, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    /// How often a message may be received, 1 to 1000; instead of one more time it is moved.
    #[schemars(range(min = 1, max = 1000))]
    pub max_receive_count: u16,
    /// The queue of the same broker that it is moved to.
    pub dead_letter_queue: String,
}

/// When what is in a dead-letter queue is moved back to where it came from (`StartMessageMoveTask`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedriveBack {
    /// When it begins; it ends when the queue is empty.
    pub at: SimTime,
    /// How many messages a second (default 500/s, the most that may be asked for).
    #[serde(default = "most_moves")]
    #[schemars(default = "most_moves")]
    pub rate: Rate,
}

fn most_moves() -> Rate {
    Rate::per_second(500.0)
}

/// How long a received message stays invisible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visibility {
    /// From when it was received.
    pub timeout: SimDuration,
    /// How it is extended.
    pub heartbeat: Option<Heartbeat>,
}

/// The time for which one consumer has one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// When it was received, or when it was heard of again.
    pub from: SimTime,
    /// For how long from then, if nothing more is heard.
    pub lasts: SimDuration,
    /// When the last moment is at all.
    pub at_most: SimTime,
}

impl Visibility {
    /// The lease on a message that is received now.
    #[inline]
    #[must_use]
    pub fn lease(&self, now: SimTime) -> Lease {
        Lease { from: now, lasts: self.timeout, at_most: now + LONGEST_LEASE }
    }

    /// When such a lease ends if heartbeats came until `heard`: after the last of them, if there was one in time.
    #[inline]
    #[must_use]
    pub fn end(&self, lease: &Lease, heard: SimTime) -> SimTime {
        let end = match self.heartbeat {
            Some(Heartbeat { every, by }) if heard.since(lease.from) >= every => {
                let beats = heard.since(lease.from).as_nanos() / every.as_nanos().max(1);
                lease.from + SimDuration::from_nanos(every.as_nanos() * beats) + by
            }
            Some(_) | None => lease.from + lease.lasts,
        };
        end.min(lease.at_most)
    }

    /// When it has to be looked at next whether it has ended: at the first moment at which it may have.
    #[inline]
    #[must_use]
    pub fn look_at(&self, lease: &Lease) -> SimTime {
        let unheard = lease.from + lease.lasts;
        let heard = self.heartbeat.map(|beat| lease.from + beat.every + beat.by);
        heard.map_or(unheard, |heard| heard.min(unheard)).min(lease.at_most)
    }
}

impl Heartbeat {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        check::found([
            check::longer_than_zero("every", self.every),
            check::not_below("by", self.by, "every", self.every),
        ])
    }
}

impl Redrive {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let count = self.max_receive_count;
        let wrong = format!("is {count}; it must be from 1 to 1000");
        check::found([check::unless((1..=1000).contains(&count), "max_receive_count", wrong)])
    }
}

impl RedriveBack {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        check::found([check::above_zero("rate", self.rate.as_per_second())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    fn visibility(timeout: u64, heartbeat: Option<(u64, u64)>) -> Visibility {
        let seconds = SimDuration::from_secs;
        let heartbeat =
            heartbeat.map(|(every, by)| Heartbeat { every: seconds(every), by: seconds(by) });
        Visibility { timeout: seconds(timeout), heartbeat }
    }

    #[test]
    fn without_a_heartbeat_a_lease_ends_its_timeout_after_the_receive() {
        let visibility = visibility(30, None);
        let lease = visibility.lease(secs(100));
        assert_eq!(visibility.end(&lease, secs(129)), secs(130));
        assert_eq!(visibility.look_at(&lease), secs(130));
    }

    /// The Developer Guide's example: extend by two minutes, every minute.
    #[test]
    fn with_a_heartbeat_it_ends_after_the_last_one() {
        let visibility = visibility(120, Some((60, 120)));
        let lease = visibility.lease(secs(100));
        for (heard, end) in [(100, 220), (159, 220), (160, 280), (219, 280), (220, 340)] {
            assert_eq!(visibility.end(&lease, secs(heard)), secs(end), "heard until {heard} s");
        }
    }

    #[test]
    fn a_heartbeat_may_also_shorten_it_and_is_looked_at_then() {
        let visibility = visibility(600, Some((10, 30)));
        let lease = visibility.lease(secs(0));
        assert_eq!(visibility.look_at(&lease), secs(40));
        assert_eq!(visibility.end(&lease, secs(9)), secs(600));
        assert_eq!(visibility.end(&lease, secs(10)), secs(40));
    }

    #[test]
    fn no_lease_lasts_longer_than_twelve_hours() {
        let visibility = visibility(120, Some((60, 120)));
        let lease = visibility.lease(secs(0));
        let half_a_day = SimTime::ZERO + LONGEST_LEASE;
        assert_eq!(visibility.end(&lease, secs(12 * 3600 - 1)), half_a_day);
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let seconds = SimDuration::from_secs;
        let late = Heartbeat { every: seconds(30), by: seconds(20) };
        assert_eq!(late.check()[0].0, "by");
        let never = Redrive { max_receive_count: 0, dead_letter_queue: String::new() };
        assert_eq!(never.check()[0].0, "max_receive_count");
        let nothing = RedriveBack { at: secs(0), rate: Rate::per_second(0.0) };
        assert_eq!(nothing.check()[0].0, "rate");
    }
}
