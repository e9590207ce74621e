//! Messages that can be received, oldest first: those that nobody has received yet, asleep where they are many, and between them those
//! that came back.

use std::collections::{BTreeMap, VecDeque};

use super::item::{First, Fresh, Item};
use crate::model::broker::backlog::Backlog;
use crate::model::id::NodeId;
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
        self.fresh.bytes()
            + self.sent.capacity() * size_of::<Run>()
            + self.back.len() * size_of::<(u64, Item)>()
    }
}
