//! Those who consume, as a broker sees them.

use super::Address;
use crate::model::id::Id;
use crate::model::packet::Packet;
use crate::model::service::Service;

/// Who consumes: one subscription of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consumer {
    /// The service.
    pub service: Id<Service>,
    /// Which of its subscriptions.
    pub subscription: u8,
}

impl Consumer {
    /// Tells it that there is something to fetch: `worker`, if each of its workers asks for itself, or else whoever is idle.
    #[inline]
    #[must_use]
    pub fn available(self, worker: u32) -> Packet {
        let Consumer { service, subscription } = self;
        Packet::Available { service, subscription, worker }
    }
}

/// A worker that consumes, as a broker sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Whose worker it is.
    pub consumer: Consumer,
    /// Which one.
    pub worker: u32,
    /// What it consumes from.
    pub from: Address,
}

/// Whether a consumer is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It was started again, and remembers nothing.
    Started,
    /// It is within reach again.
    Reachable,
    /// It is out of reach.
    Unreachable,
    /// It died, with all that it had in hand.
    Dead,
    /// It was closed in good order: it has told all that it had done, and has given back the rest.
    Left,
}

impl Presence {
    /// Whether it is there now.
    #[must_use]
    pub fn is_present(self) -> bool {
        match self {
            Presence::Started | Presence::Reachable => true,
            Presence::Unreachable | Presence::Dead | Presence::Left => false,
        }
    }
}

/// What a worker may do that has told its broker of what it has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Word {
    /// Go on.
    #[default]
    GoOn,
    /// Wait, until it is told more by `Packet::TransactionEnded`.
    Wait,
    /// Drop what it has in hand, and ask anew.
    StartOver,
}
