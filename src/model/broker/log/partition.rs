//! A partition: messages in the order in which they came, each stored once, however many groups read them.
//!
//! An offset is a message's number in its partition. What no group has been given yet is a line like that of a queue, in which messages
//! sleep; what some group has in hand is alive, because its effects have to be remembered. What every group has committed is let go of
//! at once, because nobody will read it again; its segment goes on counting for retention.

use std::collections::{BTreeMap, VecDeque};

use super::replicas::Replicas;
use crate::model::broker::backlog::Backlog;
use crate::model::id::NodeId;
use crate::model::memory::Memory;
use crate::model::message::{MOST_STEPS, MessageId, Messages};
use crate::policy::retention::{Retention, Segment};
use crate::time::SimTime;

/// A message in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) message: MessageId,
    /// The place of its first reader among all destinations of its producer.
    pub(super) slot: u8,
    /// How often it was put aside before it came here; counted up to 31, and then from 0 again.
    pub(super) hops: u8,
}

/// Slots are below this.
const SLOTS: u8 = MOST_STEPS as u8;

impl Record {
    fn packed(self) -> u8 {
        self.slot + self.hops.wrapping_mul(SLOTS)
    }

    fn unpacked(message: MessageId, packed: u8) -> Record {
        Record { message, slot: packed % SLOTS, hops: packed / SLOTS }
    }
}

/// A partition of a topic.
#[derive(Debug)]
pub(super) struct Partition {
    /// Where its lag is reported.
    pub(super) node: NodeId,
    /// What some group was given, and not every group has committed; the first has offset `base`.
    given: VecDeque<MessageId>,
    base: u64,
    /// What no group was given yet.
    line: Backlog,
    /// For everything given or in line the place of its first reader, and how often it was put aside.
    slots: VecDeque<u8>,
    /// If messages are kept back for a while: the offset of the first that still is.
    ripe: Option<u64>,
    /// What retention has left, oldest first; the last is written to.
    segments: VecDeque<Segment>,
    /// Where else it is stored, if the log has several nodes.
    pub(super) replicas: Option<Box<Replicas>>,
    /// Open transactions, and the first offset of each.
    open: Vec<(usize, u64)>,
    /// Offsets without a message: for everybody, or only for those who read what is committed.
    void: BTreeMap<u64, bool>,
}

impl Partition {
    /// An empty partition of the broker `broker`, whose lag is reported at `node`.
    pub(super) fn new(node: NodeId, broker: NodeId, keeps_back: bool) -> Partition {
        Partition {
            node,
            given: VecDeque::new(),
            base: 0,
            line: Backlog::new(broker),
            slots: VecDeque::new(),
            ripe: keeps_back.then_some(0),
            segments: VecDeque::new(),
            replicas: None,
            open: Vec::new(),
            void: BTreeMap::new(),
        }
    }

    /// The offset that the next message will have.
    #[inline]
    pub(super) fn end(&self) -> u64 {
        self.base + self.slots.len() as u64
    }

    /// The offset of the first message that not every group has committed.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// The offset up to which it can be read: all that is safe and, by who wants that, no part of an open transaction (Kafka: the
    /// high watermark and the last stable offset).
    #[inline]
    pub(super) fn readable(&self, committed_only: bool) -> u64 {
        let safe = self.replicas.as_ref().map_or(self.end(), |replicas| replicas.high_watermark);
        let safe = self.ripe.map_or(safe, |ripe| ripe.min(safe));
        if !committed_only || self.open.is_empty() {
            return safe;
        }
        self.open.iter().fold(safe, |stable, (_, first)| stable.min(*first))
    }

    /// The next message that was kept back is so no longer.
    pub(super) fn ripen(&mut self) {
        self.ripe = self.ripe.map(|ripe| ripe + 1);
    }

    /// A transaction writes at `offset`.
    pub(super) fn open_transaction(&mut self, transaction: usize, offset: u64) {
        if self.open.iter().all(|(open, _)| *open != transaction) {
            self.open.push((transaction, offset));
        }
    }

    /// A transaction has ended.
    pub(super) fn close_transaction(&mut self, transaction: usize) {
        self.open.retain(|(open, _)| *open != transaction);
    }

    /// There is nothing at `offset` any more, for `everybody` or for those who read what is committed; whether that is news.
    pub(super) fn set_void(&mut self, offset: u64, everybody: bool) -> bool {
        let before = self.void.insert(offset, everybody);
        if before == Some(true) {
            self.void.insert(offset, true);
        }
        before.is_none()
    }

    /// Whether any offset is without a message.
    #[inline]
    pub(super) fn has_void(&self) -> bool {
        !self.void.is_empty()
    }

    /// Whether there is nothing at `offset`.
    #[inline]
    pub(super) fn is_void(&self, offset: u64, committed_only: bool) -> bool {
        self.has_void() && self.void.get(&offset).is_some_and(|all| *all || committed_only)
    }

    /// The offset of the oldest message that retention has left.
    pub(super) fn start(&self) -> u64 {
        self.segments.front().map_or(self.end(), |segment| segment.first)
    }

    /// Appends a message.
    #[inline]
    pub(super) fn append(
        &mut self,
        record: Record,
        retention: &Retention,
        now: SimTime,
        messages: &mut Messages,
    ) {
        let first = self.end();
        self.line.push(record.message, messages);
        self.slots.push_back(record.packed());
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

    /// The message at `offset`, which some group has not committed. From now on it is given.
    #[inline]
    pub(super) fn give(&mut self, offset: u64, messages: &mut Messages) -> Record {
        let place = (offset - self.base) as usize;
        while self.given.len() <= place {
            let next = self.line.pop(messages);
            self.given.push_back(next.expect("a message before the end is given or in line"));
        }
        Record::unpacked(self.given[place], self.slots[place])
    }

    /// The message at `offset`, if it was given.
    pub(super) fn given(&self, offset: u64) -> Option<Record> {
        let place = offset.checked_sub(self.base)? as usize;
        Some(Record::unpacked(*self.given.get(place)?, self.slots[place]))
    }

    /// When the message at `offset`, or the earliest of those that no group was given, was produced.
    pub(super) fn produced_at(&self, offset: u64, messages: &Messages) -> Option<SimTime> {
        let place = (offset - self.base) as usize;
        let given = self.given.get(place).map(|message| messages[*message].produced_at);
        given.or_else(|| self.line.oldest(messages))
    }

    /// When the oldest message was produced that some group has not committed.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        self.produced_at(self.base, messages)
    }

    /// Everything before `offset` is done with by all groups: the next such message, to be let go of.
    #[inline]
    pub(super) fn take_before(
        &mut self,
        offset: u64,
        messages: &mut Messages,
    ) -> Option<MessageId> {
        if self.base >= offset {
            return None;
        }
        let Record { message, .. } = self.give(self.base, messages);
        self.given.pop_front();
        self.slots.pop_front();
        if self.has_void() {
            self.void.remove(&self.base);
        }
        self.base += 1;
        Some(message)
    }

    /// Cuts off the segments whose time is over.
    pub(super) fn cut(&mut self, retention: &Retention, now: SimTime) {
        let expired = retention.expired(self.segments.iter(), now);
        self.segments.drain(..expired);
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let Partition { line, given, slots, segments, .. } = self;
        [line.bytes(), given.bytes(), slots.bytes(), segments.bytes()].into_iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;
    use crate::time::SimDuration;

    fn secs(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    /// A partition to which a message was appended every second, and those messages.
    fn filled(count: u32, retention: &Retention) -> (Partition, Vec<MessageId>, Messages) {
        let mut messages = Messages::default();
        let mut partition = Partition::new(NodeId::new(1), NodeId::new(0), false);
        let mut made = Vec::new();
        for second in 0..count {
            let at = secs(second.into());
            let message = messages.create(at, second, Id::new(0), NodeId::new(0));
            partition.append(Record { message, slot: 3, hops: 0 }, retention, at, &mut messages);
            made.push(message);
        }
        (partition, made, messages)
    }

    #[test]
    fn what_all_groups_are_done_with_goes_and_offsets_stay() {
        let (mut partition, made, mut messages) = filled(4, &Retention::default());
        assert_eq!(partition.give(1, &mut messages), Record { message: made[1], slot: 3, hops: 0 });
        let gone: Vec<MessageId> =
            std::iter::from_fn(|| partition.take_before(3, &mut messages)).collect();
        assert_eq!(gone, made[..3]);
        assert_eq!(partition.end(), 4);
        assert_eq!(partition.give(3, &mut messages).message, made[3]);
        assert_eq!(partition.oldest(&messages), Some(secs(3)));
        assert_eq!(partition.take_before(4, &mut messages), Some(made[3]));
        assert_eq!((partition.end(), partition.oldest(&messages)), (4, None));
    }

    #[test]
    fn retention_moves_the_start_by_whole_segments() {
        let retention = Retention {
            time: SimDuration::from_secs(10),
            segment_messages: 2,
            ..Retention::default()
        };
        let (mut partition, _, _) = filled(5, &retention);
        let start_at = |second| {
            partition.cut(&retention, secs(second));
            partition.start()
        };
        assert_eq!([0, 11, 12, 14, 15].map(start_at), [0, 0, 2, 4, 5]);
    }
}
