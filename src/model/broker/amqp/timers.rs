//! What the timers of a broker with queues mean, packed into the number that the calendar keeps.

use crate::model::broker::Broker;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::id::Id;
use crate::model::observation::Observer;
use crate::time::SimTime;

/// Something that is due. Whoever it is for looks whether it still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// The first in line of a queue has waited for its time to live.
    Expiry { queue: usize },
    /// What consumers that died had in hand comes back to a queue.
    Adrift { queue: usize },
    /// Consumers of a queue have been out of reach for too long.
    Heartbeat { queue: usize },
    /// A queue has been without consumers for too long.
    Unused { queue: usize },
    /// It is looked at what consumers have had in hand for too long.
    Overdue,
    /// It is noted what consumers have in hand now, to be looked at when it would be too long.
    InHand,
    /// It is looked at whether something runs short.
    Resource { alarm: usize },
    /// A message is taken in.
    Ingress,
}

/// How many queues a broker can tell apart.
pub const MOST_QUEUES: usize = 1 << QUEUE_BITS;

const QUEUE_BITS: u32 = 16;

/// Sets the timers of one broker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timers(pub(super) Id<Broker>);

impl Timers {
    pub(super) fn set<O: Observer>(self, at: SimTime, timer: Timer, cx: &mut Context<O>) {
        let timer = timer.packed();
        cx.calendar.schedule(at, Event::Broker { broker: self.0, timer });
    }
}

impl Timer {
    fn packed(self) -> u32 {
        let (kind, queue) = match self {
            Timer::Expiry { queue } => (0, queue),
            Timer::Adrift { queue } => (1, queue),
            Timer::Heartbeat { queue } => (2, queue),
            Timer::Unused { queue } => (3, queue),
            Timer::Overdue => (4, 0),
            Timer::InHand => (5, 0),
            Timer::Resource { alarm } => (6, alarm),
            Timer::Ingress => (7, 0),
        };
        debug_assert!(queue < MOST_QUEUES, "{self:?}");
        (kind << QUEUE_BITS) | queue as u32
    }

    pub(super) fn unpacked(token: u32) -> Timer {
        let queue = token as usize % MOST_QUEUES;
        match token >> QUEUE_BITS {
            0 => Timer::Expiry { queue },
            1 => Timer::Adrift { queue },
            2 => Timer::Heartbeat { queue },
            3 => Timer::Unused { queue },
            4 => Timer::Overdue,
            5 => Timer::InHand,
            6 => Timer::Resource { alarm: queue },
            7 => Timer::Ingress,
            kind => unreachable!("a broker with queues sets no timers of kind {kind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let queue = MOST_QUEUES - 1;
        for timer in [
            Timer::Expiry { queue },
            Timer::Adrift { queue: 0 },
            Timer::Heartbeat { queue: 3 },
            Timer::Unused { queue },
            Timer::Overdue,
            Timer::InHand,
            Timer::Resource { alarm: 1 },
            Timer::Ingress,
        ] {
            assert_eq!(Timer::unpacked(timer.packed()), timer);
        }
    }
}
