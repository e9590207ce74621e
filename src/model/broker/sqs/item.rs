//! A message that somebody has had in hand: what has to be remembered of it beside itself.

use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::message::MessageId;
use crate::model::observation::Observer;
use crate::time::SimTime;

/// A message that was received at least once, or moved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) message: MessageId,
    /// When it was sent or, where a move begins it anew, moved: retention counts from here.
    pub(super) sent_at: SimTime,
    /// Its place in its line.
    pub(super) position: u64,
    /// The delivery by which it was received last.
    pub(super) tag: u64,
    /// Its message group.
    pub(super) group: u32,
    /// How often it was received from this queue.
    pub(super) receives: u16,
    /// How often it was delivered at all.
    pub(super) deliveries: u16,
    /// Which queue it was sent to.
    pub(super) home: u16,
    /// In which line it is.
    pub(super) shard: u8,
    /// For which of its destinations it is.
    pub(super) slot: u8,
}

/// What is first in a line.
#[derive(Debug, Clone, Copy)]
pub(super) enum First {
    /// Nobody has received it.
    Fresh(Fresh),
    /// It was there before.
    Back(Item),
}

/// A message that nobody has received.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fresh {
    pub(super) message: MessageId,
    pub(super) position: u64,
    pub(super) sent_at: SimTime,
}

/// The tag of what was not received from this queue.
pub(super) const NO_TAG: u64 = u64::MAX;

/// The group of messages without a key.
const NO_KEY: u32 = u32::MAX;

/// What a queue knows of those who send to it.
#[derive(Debug)]
pub(super) struct Origins {
    home: u16,
    has_groups: bool,
    /// For each node that sends here, which of its messages' destinations this is.
    slots: Vec<Option<u8>>,
}

impl Origins {
    pub(super) fn new(home: usize, has_groups: bool) -> Origins {
        Origins { home: home as u16, has_groups, slots: Vec::new() }
    }

    /// A node sends here; the first of its steps that does counts.
    #[inline]
    pub(super) fn learn(&mut self, by: NodeId, slot: u8) {
        let place = by.index();
        if self.slots.len() <= place {
            self.slots.resize(place + 1, None);
        }
        self.slots[place].get_or_insert(slot);
    }

    /// What has to be remembered of a message from now on.
    #[inline]
    pub(super) fn item<O: Observer>(&self, first: First, shard: u8, cx: &Context<O>) -> Item {
        let Fresh { message, position, sent_at } = match first {
            First::Back(item) => return Item { shard, ..item },
            First::Fresh(fresh) => fresh,
        };
        let link = cx.common.messages[message].link();
        let slot = self.slots[cx.route(link).by.index()].unwrap_or_default();
        let group = if self.has_groups { cx.key(message).unwrap_or(NO_KEY) } else { NO_KEY };
        let (receives, deliveries, tag) = (0, 0, NO_TAG);
        let home = self.home;
        Item { message, sent_at, position, tag, group, receives, deliveries, home, shard, slot }
    }
}
