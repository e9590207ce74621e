//! What the timers of the broker mean, packed into the number that the calendar keeps.
//!
//! Of each kind a queue has one that counts: the one set last. Any other that is due has been overtaken by an earlier one.

use crate::model::broker::Broker;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::id::Id;
use crate::model::observation::Observer;
use crate::time::SimTime;

/// Something that is due at a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// What was received and not deleted may be visible again.
    Lease,
    /// A consumer that found nothing polls again.
    Poll,
    /// Something that was delayed becomes visible.
    Delay,
    /// Something was kept for long enough.
    Retention,
    /// Something is moved back to where it came from.
    MoveBack,
}

const KINDS: [Timer; 5] =
    [Timer::Lease, Timer::Poll, Timer::Delay, Timer::Retention, Timer::MoveBack];

/// The timers of one queue.
#[derive(Debug)]
pub(super) struct Timers {
    broker: Id<Broker>,
    queue: u32,
    /// When each is due.
    due: [Option<SimTime>; KINDS.len()],
}

impl Timers {
    pub(super) fn new(broker: Id<Broker>, queue: usize) -> Timers {
        Timers { broker, queue: queue as u32, due: [None; KINDS.len()] }
    }

    /// Sets a timer, unless it is due earlier.
    #[inline]
    pub(super) fn set<O: Observer>(&mut self, timer: Timer, at: SimTime, cx: &mut Context<O>) {
        let due = &mut self.due[timer as usize];
        if due.is_none_or(|due| at < due) {
            *due = Some(at);
            let timer = self.queue * KINDS.len() as u32 + timer as u32;
            cx.calendar.schedule(at, Event::Broker { broker: self.broker, timer });
        }
    }

    /// Whether a timer that the calendar tells of counts; if so it is set no longer.
    pub(super) fn is_due(&mut self, timer: Timer, now: SimTime) -> bool {
        self.due[timer as usize].take_if(|due| *due == now).is_some()
    }
}

/// The queue and the timer of a number.
pub(super) fn unpacked(token: u32) -> (usize, Timer) {
    let kinds = KINDS.len() as u32;
    ((token / kinds) as usize, KINDS[(token % kinds) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_at_its_place() {
        for (place, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            assert_eq!(unpacked(7 * KINDS.len() as u32 + place as u32), (7, kind));
        }
    }
}
