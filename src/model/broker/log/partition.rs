//! A partition: messages in the order in which they came, each stored once, however many groups read them.
//!
//! An offset is a message's number in its partition. What every group has committed is let go of at once, because nobody will read it
//! again; its segment goes on counting for retention.

use std::collections::VecDeque;

use crate::model::id::NodeId;
use crate::model::message::MessageId;
use crate::policy::retention::{Retention, Segment};
use crate::time::SimTime;

/// A message in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) message: MessageId,
    /// The place of its first reader among all destinations of its producer.
    pub(super) slot: u8,
}

/// A partition of a topic.
#[derive(Debug)]
pub(super) struct Partition {
    /// Where its lag is reported.
    pub(super) node: NodeId,
    /// What some group has not committed; the first has offset `base`.
    records: VecDeque<Record>,
    base: u64,
    /// What retention has left, oldest first; the last is written to.
    segments: VecDeque<Segment>,
}

impl Partition {
    /// An empty partition.
    pub(super) fn new(node: NodeId) -> Partition {
        Partition { node, records: VecDeque::new(), base: 0, segments: VecDeque::new() }
    }

    /// The offset that the next message will have.
    #[inline]
    pub(super) fn end(&self) -> u64 {
        self.base + self.records.len() as u64
    }

    /// The offset of the oldest message that retention has left.
    pub(super) fn start(&self) -> u64 {
        self.segments.front().map_or(self.end(), |segment| segment.first)
    }

    /// Appends a message.
    #[inline]
    pub(super) fn append(&mut self, record: Record, retention: &Retention, now: SimTime) {
        let first = self.end();
        self.records.push_back(record);
        match self.segments.back_mut() {
            Some(open) if !retention.closes(open, now) => {
                open.messages += 1;
                open.newest = now;
            }
            Some(_) | None => {
                self.segments.push_back(Segment { first, messages: 1, begun: now, newest: now });
            }
        }
    }

    /// The message at `offset`, which some group has not committed.
    #[inline]
    pub(super) fn record(&self, offset: u64) -> Record {
        self.records[(offset - self.base) as usize]
    }

    /// The oldest message that some group has not committed.
    pub(super) fn oldest(&self) -> Option<MessageId> {
        self.records.front().map(|record| record.message)
    }

    /// Everything before `offset` is done with by all groups: the next such message, to be let go of.
    #[inline]
    pub(super) fn take_before(&mut self, offset: u64) -> Option<MessageId> {
        if self.base >= offset {
            return None;
        }
        let record = self.records.pop_front()?;
        self.base += 1;
        Some(record.message)
    }

    /// Cuts off the segments whose time is over.
    pub(super) fn cut(&mut self, retention: &Retention, now: SimTime) {
        let expired = retention.expired(self.segments.iter(), now);
        self.segments.drain(..expired);
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.records.capacity() * size_of::<Record>()
            + self.segments.capacity() * size_of::<Segment>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;
    use crate::model::message::Messages;
    use crate::time::SimDuration;

    #[test]
    fn what_all_groups_are_done_with_goes_and_offsets_stay() {
        let mut messages = Messages::default();
        let mut partition = Partition::new(NodeId::new(0));
        let made: Vec<MessageId> =
            (0..4).map(|n| messages.create(SimTime::ZERO, n, Id::new(0), NodeId::new(0))).collect();
        for message in &made {
            let record = Record { message: *message, slot: 0 };
            partition.append(record, &Retention::default(), SimTime::ZERO);
        }
        let gone: Vec<MessageId> = std::iter::from_fn(|| partition.take_before(2)).collect();
        assert_eq!(gone, made[..2]);
        assert_eq!((partition.end(), partition.record(2).message), (4, made[2]));
        assert_eq!(partition.oldest(), Some(made[2]));
    }

    #[test]
    fn retention_moves_the_start_by_whole_segments() {
        let retention = Retention {
            time: SimDuration::from_secs(10),
            segment_messages: 2,
            ..Retention::default()
        };
        let secs = |secs| SimTime::ZERO + SimDuration::from_secs(secs);
        let mut messages = Messages::default();
        let mut partition = Partition::new(NodeId::new(0));
        for second in 0..5 {
            let message = messages.create(secs(second), 0, Id::new(0), NodeId::new(0));
            partition.append(Record { message, slot: 0 }, &retention, secs(second));
        }
        let mut start_at = |second| {
            partition.cut(&retention, secs(second));
            partition.start()
        };
        assert_eq!([0, 11, 12, 14, 15].map(&mut start_at), [0, 0, 2, 4, 5]);
    }
}
