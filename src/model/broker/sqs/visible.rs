//! What can be received from a queue, in either order.

use super::groups::Groups;
use super::item::{Item, Origins};
use super::settings::Polling;
use super::shards::Shards;
use crate::model::context::Context;
use crate::model::message::{MessageId, Messages};
use crate::model::observation::Observer;
use crate::time::SimTime;

/// The visible messages of a queue.
#[derive(Debug)]
pub(super) enum Visible {
    /// In nearly the order in which they came; a short poll asks each server with this probability.
    Standard(Shards, f64),
    /// In order within each group.
    Fifo(Groups),
}

impl Visible {
    /// Whether there is nothing to receive.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Visible::Standard(shards, _) => shards.is_empty(),
            Visible::Fifo(groups) => groups.is_empty(),
        }
    }

    /// A message that was sent at `sent_at` becomes visible.
    #[inline]
    pub(super) fn push<O: Observer>(
        &mut self,
        message: MessageId,
        sent_at: SimTime,
        cx: &mut Context<O>,
    ) {
        match self {
            Visible::Standard(shards, _) => {
                let identity = cx.identity(message);
                shards.push(message, identity, sent_at, cx.messages());
            }
            Visible::Fifo(groups) => groups.push(message, sent_at, cx.messages()),
        }
    }

    /// A message comes from another queue.
    pub(super) fn put_last<O: Observer>(&mut self, item: Item, cx: &mut Context<O>) {
        match self {
            Visible::Standard(shards, _) => shards.put_last(item, cx.identity(item.message)),
            Visible::Fifo(groups) => groups.put_last(item),
        }
    }

    /// The lease of a message has ended.
    pub(super) fn put_back(&mut self, item: Item) {
        match self {
            Visible::Standard(shards, _) => shards.put_back(item),
            Visible::Fifo(groups) => groups.put_back(item),
        }
    }

    /// A receive begins.
    #[inline]
    pub(super) fn begin(&mut self, polling: Polling) {
        if let Visible::Standard(shards, reach) = self {
            shards.begin(match polling {
                Polling::Long => 1.0,
                Polling::Short(_) => *reach,
            });
        }
    }

    /// The next message of the receive at hand.
    #[inline]
    pub(super) fn next<O: Observer>(
        &mut self,
        origins: &Origins,
        cx: &mut Context<O>,
    ) -> Option<Item> {
        match self {
            Visible::Standard(shards, _) => {
                let (first, shard) = shards.next(cx.messages())?;
                Some(origins.item(first, shard, cx))
            }
            Visible::Fifo(groups) => groups.next(origins, cx),
        }
    }

    /// The receive at hand is over.
    #[inline]
    pub(super) fn end(&mut self) {
        if let Visible::Fifo(groups) = self {
            groups.end();
        }
    }

    /// A message is in somebody's hands.
    #[inline]
    pub(super) fn block(&mut self, item: &Item) {
        if let Visible::Fifo(groups) = self {
            groups.block(item.group);
        }
    }

    /// A message is gone from somebody's hands, and doesn't come back.
    #[inline]
    pub(super) fn unblock(&mut self, item: &Item) {
        if let Visible::Fifo(groups) = self {
            groups.unblock(item.group);
        }
    }

    /// Takes out the message that was delivered as `tag`, if deleting it has an effect after its lease.
    pub(super) fn take_lapsed(&mut self, tag: u64) -> Option<Item> {
        match self {
            Visible::Standard(shards, _) => shards.take_lapsed(tag),
            Visible::Fifo(_) => None,
        }
    }

    /// When the message was sent that has been kept for longest.
    pub(super) fn first_sent(&self) -> Option<SimTime> {
        match self {
            Visible::Standard(shards, _) => shards.first_sent(),
            Visible::Fifo(groups) => groups.first_sent(),
        }
    }

    /// Takes a message that was sent at `before` or earlier.
    pub(super) fn pop_sent_by<O: Observer>(
        &mut self,
        before: SimTime,
        origins: &Origins,
        cx: &mut Context<O>,
    ) -> Option<Item> {
        let (first, shard) = match self {
            Visible::Standard(shards, _) => shards.pop_sent_by(before, cx.messages())?,
            Visible::Fifo(groups) => (groups.pop_sent_by(before, cx.messages())?, 0),
        };
        Some(origins.item(first, shard, cx))
    }

    /// When the oldest message was produced.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        match self {
            Visible::Standard(shards, _) => shards.oldest(messages),
            Visible::Fifo(groups) => groups.oldest(messages),
        }
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Visible::Standard(shards, _) => shards.bytes(),
            Visible::Fifo(groups) => groups.bytes(),
        }
    }
}
