//! What is visible of a queue without a strict order: spread over servers that keep their own lines.
//!
//! A message goes to one server by chance, and a receive asks them in a turn that begins anywhere: so order is kept nearly, and no
//! better. A long poll asks all; a short one asks some, and may come back with nothing although there is something.

use std::collections::BTreeMap;

use super::item::{First, Item};
use super::line::Line;
use crate::model::id::NodeId;
use crate::model::message::{MessageId, Messages};
use crate::policy::redelivery::RECEIVES_TO_THE_BACK;
use crate::random::{Chance, KeyedStream, Stream};
use crate::time::SimTime;

/// The most servers that can be told apart in a receive.
pub const MOST_SHARDS: u32 = 64;

/// The visible messages of a standard queue.
#[derive(Debug)]
pub(super) struct Shards {
    lines: Vec<Line>,
    /// Those that hold something, as bits.
    filled: u64,
    /// Those that the receive at hand has asked and not emptied, as bits.
    asked: u64,
    /// The one that is next.
    turn: u32,
    /// Where a message is whose lease has ended, by the delivery that it was: whoever deletes it then is heard all the same.
    lapsed: BTreeMap<u64, (u8, u64)>,
    /// The server of a message.
    places: KeyedStream,
    /// Which servers a receive asks, and in which turn.
    turns: Stream,
}

impl Shards {
    pub(super) fn new(broker: NodeId, count: u32, places: KeyedStream, turns: Stream) -> Shards {
        let lines = (0..count).map(|_| Line::new(broker)).collect();
        let lapsed = BTreeMap::new();
        Shards { lines, filled: 0, asked: 0, turn: 0, lapsed, places, turns }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    #[inline]
    fn place(&self, identity: u64, attempt: u16) -> u8 {
        if self.lines.len() == 1 {
            return 0;
        }
        self.places.at(identity, attempt.into()).below(self.lines.len() as u64) as u8
    }

    /// A message becomes visible.
    #[inline]
    pub(super) fn push(
        &mut self,
        message: MessageId,
        identity: u64,
        sent_at: SimTime,
        messages: &mut Messages,
    ) {
        let shard = self.place(identity, messages[message].attempt);
        self.lines[usize::from(shard)].push(message, sent_at, messages);
        self.filled |= 1 << shard;
    }

    /// The lease of a message has ended: it is visible where it was, or at the end if it has been there too often.
    pub(super) fn put_back(&mut self, item: Item) {
        let line = &mut self.lines[usize::from(item.shard)];
        let place = if item.receives >= RECEIVES_TO_THE_BACK {
            line.put_last(item)
        } else {
            line.put_back(item);
            item.position
        };
        self.filled |= 1 << item.shard;
        self.lapsed.insert(item.tag, (item.shard, place));
    }

    /// A message comes from another queue.
    pub(super) fn put_last(&mut self, item: Item, identity: u64) {
        let shard = self.place(identity, item.deliveries);
        self.lines[usize::from(shard)].put_last(Item { shard, ..item });
        self.filled |= 1 << shard;
    }

    /// A receive begins. It asks all servers, or each with a probability of `reach`.
    #[inline]
    pub(super) fn begin(&mut self, reach: f64) {
        let count = self.lines.len() as u32;
        self.asked = self.filled;
        if reach < 1.0 {
            let reached = (0..count).filter(|_| self.turns.chance(reach));
            self.asked &= reached.fold(0, |reached, shard| reached | 1 << shard);
        }
        self.turn = self.turns.below(count.into()) as u32;
    }

    /// The next message of the receive, and the server that gives it.
    #[inline]
    pub(super) fn next(&mut self, messages: &mut Messages) -> Option<(First, u8)> {
        if self.asked == 0 {
            return None;
        }
        let later = self.asked >> self.turn << self.turn;
        let shard = if later == 0 { self.asked } else { later }.trailing_zeros();
        let line = &mut self.lines[shard as usize];
        let first = line.pop(messages)?;
        if line.is_empty() {
            self.filled &= !(1 << shard);
            self.asked &= !(1 << shard);
        }
        self.turn = (shard + 1) % self.lines.len() as u32;
        if let First::Back(item) = first {
            self.lapsed.remove(&item.tag);
        }
        Some((first, shard as u8))
    }

    /// Takes out the message that was delivered as `tag`, if nobody has received it since its lease ended.
    pub(super) fn take_lapsed(&mut self, tag: u64) -> Option<Item> {
        let (shard, place) = self.lapsed.remove(&tag)?;
        let line = &mut self.lines[usize::from(shard)];
        let item = line.take(place);
        if line.is_empty() {
            self.filled &= !(1 << shard);
        }
        item
    }

    /// When the message was sent that has been kept for longest.
    pub(super) fn first_sent(&self) -> Option<SimTime> {
        self.lines.iter().filter_map(Line::first_sent).min()
    }

    /// Takes a message that was sent at `before` or earlier.
    pub(super) fn pop_sent_by(
        &mut self,
        before: SimTime,
        messages: &mut Messages,
    ) -> Option<(First, u8)> {
        for (shard, line) in self.lines.iter_mut().enumerate() {
            let Some(first) = line.pop_sent_by(before, messages) else { continue };
            if line.is_empty() {
                self.filled &= !(1 << shard);
            }
            if let First::Back(item) = first {
                self.lapsed.remove(&item.tag);
            }
            return Some((first, shard as u8));
        }
        None
    }

    /// When the oldest message was produced.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        self.lines.iter().filter_map(|line| line.oldest(messages)).min()
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.lines.iter().map(Line::bytes).sum()
    }
}
