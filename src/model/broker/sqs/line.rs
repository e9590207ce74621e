//! Messages that can be received, oldest first: those that nobody has received yet, asleep where they are many, and between them those
//! that came back.

use std::collections::{BTreeMap, VecDeque};

use super::item::{First, Fresh, Item};
use crate::model::broker::backlog::Backlog;
use crate::model::id::NodeId;
use crate::model::memory::Memory;
use crate::model::message::{MessageId, Messages};
use crate::time::{SimDuration, SimTime};

/// A line of messages.
#[derive(Debug)]
pub(super) struct Line {
    /// Never received; the first one is number `head`.
    fresh: Backlog,
    head: u64,
    /// When those were sent, to the second: the last moment of each run, and how many.
    sent: VecDeque<Run>,
    /// Those that came back or were moved here.
    back: BTreeMap<u64, Item>,
    /// The last position that was given to something put at the end.
    last: u64,
}

/// Messages sent within a second.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: SimTime,
    last: SimTime,
    count: u32,
}

const SECOND: SimDuration = SimDuration::from_secs(1);

/// Positions: a message that nobody has received has its number among those, shifted, and what was put at the end between two of them has
/// numbers in between.
const STEP: u64 = 1 << 32;
const LAST: u64 = STEP - 1;

impl Line {
    pub(super) fn new(broker: NodeId) -> Line {
        Line {
            fresh: Backlog::new(broker),
            head: 0,
            sent: VecDeque::new(),
            back: BTreeMap::new(),
            last: 0,
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.back.is_empty()
    }

    /// Puts a message at the end that was sent at `sent_at`, not before the one before it.
    #[inline]
    pub(super) fn push(&mut self, message: MessageId, sent_at: SimTime, messages: &mut Messages) {
        self.fresh.push(message, messages);
        match self.sent.back_mut() {
            Some(run) if sent_at.since(run.first) < SECOND && run.count < u32::MAX => {
                run.count += 1;
                run.last = sent_at;
            }
            Some(_) | None => {
                self.sent.push_back(Run { first: sent_at, last: sent_at, count: 1 });
            }
        }
    }

    /// Takes the first message.
    #[inline]
    pub(super) fn pop(&mut self, messages: &mut Messages) -> Option<First> {
        if let Some((&place, _)) = self.back.first_key_value()
            && place <= self.head * STEP + LAST
        {
            return self.back.remove(&place).map(First::Back);
        }
        self.pop_fresh(messages)
            .or_else(|| self.back.pop_first().map(|(_, item)| First::Back(item)))
    }

    #[inline]
    fn pop_fresh(&mut self, messages: &mut Messages) -> Option<First> {
        let message = self.fresh.pop(messages)?;
        let run = self.sent.front_mut().expect("every fresh message was sent in a run");
        let sent_at = run.last;
        run.count -= 1;
        if run.count == 0 {
            self.sent.pop_front();
        }
        let position = self.head * STEP + LAST;
        self.head += 1;
        Some(First::Fresh(Fresh { message, position, sent_at }))
    }

    /// Puts a message back to where it was.
    pub(super) fn put_back(&mut self, item: Item) {
        self.back.insert(item.position, item);
    }

    /// Puts a message at the end; where that is.
    pub(super) fn put_last(&mut self, item: Item) -> u64 {
        let end = (self.head + self.fresh.len() as u64) * STEP;
        let position = end.max(self.last + 1);
        self.last = position;
        self.back.insert(position, Item { position, ..item });
        position
    }

    /// Takes out a message that came back.
    pub(super) fn take(&mut self, place: u64) -> Option<Item> {
        self.back.remove(&place)
    }

    /// When the message was sent that has been kept for longest.
    pub(super) fn first_sent(&self) -> Option<SimTime> {
        let back = self.back.values().map(|item| item.sent_at);
        back.chain(self.sent.front().map(|run| run.last)).min()
    }

    /// Takes a message that was sent at `before` or earlier.
    pub(super) fn pop_sent_by(
        &mut self,
        before: SimTime,
        messages: &mut Messages,
    ) -> Option<First> {
        let old = self.back.iter().find(|(_, item)| item.sent_at <= before);
        if let Some((&place, _)) = old {
            return self.take(place).map(First::Back);
        }
        self.sent.front().filter(|run| run.last <= before)?;
        self.pop_fresh(messages)
    }

    /// When the oldest of its messages was produced.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        let back = self.back.values().map(|item| messages[item.message].produced_at);
        back.chain(self.fresh.oldest(messages)).min()
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        [self.fresh.bytes(), self.sent.bytes(), self.back.bytes()].into_iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::item::NO_TAG;
    use super::*;
    use crate::model::id::Id;

    fn line(messages: &mut Messages, fresh: u32) -> Line {
        let mut line = Line::new(NodeId::new(1));
        for number in 0..fresh {
            let at = SimTime::from_nanos(u64::from(number));
            line.push(messages.create(at, number, Id::new(0), NodeId::new(0)), at, messages);
        }
        line
    }

    /// One that was moved here, from place 77 of another line.
    fn moved(messages: &mut Messages, number: u32) -> Item {
        let sent_at = SimTime::from_nanos(0);
        let message = messages.create(sent_at, number, Id::new(0), NodeId::new(0));
        let (position, tag) = (77, NO_TAG);
        Item {
            message,
            sent_at,
            position,
            tag,
            group: 0,
            receives: 0,
            deliveries: 1,
            home: 0,
            shard: 0,
            slot: 0,
        }
    }

    /// The numbers of the messages in the order in which they leave.
    fn order(line: &mut Line, messages: &mut Messages) -> Vec<u32> {
        let next = |line: &mut Line, messages: &mut Messages| {
            let message = match line.pop(messages)? {
                First::Fresh(fresh) => fresh.message,
                First::Back(item) => item.message,
            };
            Some(messages[message].ordinal)
        };
        std::iter::from_fn(|| next(line, messages)).collect()
    }

    #[test]
    fn what_is_put_at_the_end_has_its_place_there_and_keeps_it() {
        let mut messages = Messages::default();
        let mut line = line(&mut messages, 2);
        let (a, b) = (moved(&mut messages, 10), moved(&mut messages, 11));
        let [first, second] = [a, b].map(|item| line.put_last(item));
        assert!(first < second && second > 1);
        let later = messages.create(SimTime::from_nanos(9), 2, Id::new(0), NodeId::new(0));
        line.push(later, SimTime::from_nanos(9), &mut messages);
        let taken = line.take(first).unwrap();
        assert_eq!((taken.position, line.take(first).is_none()), (first, true));
        line.put_back(taken);
        assert_eq!(order(&mut line, &mut messages), [0, 1, 10, 11, 2]);
        assert!(line.is_empty());
    }

    #[test]
    fn the_oldest_may_be_one_that_came_back_or_one_that_was_never_received() {
        let mut messages = Messages::default();
        let mut line = line(&mut messages, 2);
        assert_eq!(line.oldest(&messages), Some(SimTime::from_nanos(0)));
        assert!(line.pop(&mut messages).is_some());
        assert_eq!(line.oldest(&messages), Some(SimTime::from_nanos(1)));
        let back = moved(&mut messages, 10);
        line.put_last(back);
        assert_eq!(line.oldest(&messages), Some(SimTime::from_nanos(0)));
        order(&mut line, &mut messages);
        assert_eq!(line.oldest(&messages), None);
    }

    /// Runs of a second tell their last moment, so that nothing is let go of too early.
    #[test]
    fn when_a_message_was_sent_is_known_to_the_second() {
        let mut messages = Messages::default();
        let mut line = Line::new(NodeId::new(1));
        for (number, millis) in [0, 999, 1_000, 1_500, 2_500].into_iter().enumerate() {
            let at = SimTime::from_nanos(millis * 1_000_000);
            let message = messages.create(at, number as u32, Id::new(0), NodeId::new(0));
            line.push(message, at, &mut messages);
        }
        let mut sent = Vec::new();
        while let Some(First::Fresh(fresh)) = line.pop(&mut messages) {
            sent.push(fresh.sent_at.as_nanos() / 1_000_000);
        }
        assert_eq!(sent, [999, 999, 1_500, 1_500, 2_500]);
    }
}
