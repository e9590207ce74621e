//! How consumers that found nothing come to know that there is something.

use super::queue::Queue;
use super::settings::Polling;
use super::timers::Timer;
use crate::model::broker::Consumer;
use crate::model::context::Context;
use crate::model::observation::Observer;
use crate::time::{SimDuration, SimTime};

/// A consumer that found nothing, and when it asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hungry {
    pub(super) consumer: Consumer,
    pub(super) asked_at: SimTime,
}

impl Queue {
    /// Whether a consumer that asks now may get something.
    #[inline]
    fn has_something(&self) -> bool {
        !self.visible.is_empty() && self.leases.count() < self.settings.in_flight_limit
    }

    /// There is something: the consumer that has been hungry for longest gets to know if its receive waits for it, or else with its next
    /// poll.
    #[inline]
    pub(super) fn wake<O: Observer>(&mut self, cx: &mut Context<O>) {
        if self.hungry.is_empty() || !self.has_something() {
            return;
        }
        match self.settings.polling {
            Polling::Long => {
                if let Some(Hungry { consumer, .. }) = self.hungry.pop_front() {
                    cx.post(Some(consumer.available(0)));
                }
            }
            Polling::Short(every) => {
                let next = self.hungry.iter().map(|one| one.next_poll(every, cx.now)).min();
                self.timers.set(Timer::Poll, next.expect("somebody is hungry"), cx);
            }
        }
    }

    /// Everybody whose next poll is now asks.
    pub(super) fn on_poll_due<O: Observer>(&mut self, cx: &mut Context<O>) {
        let Polling::Short(every) = self.settings.polling else { return };
        let every = every.as_nanos();
        self.hungry.retain(|&Hungry { consumer, asked_at }| {
            let asks = cx.now.since(asked_at).as_nanos().is_multiple_of(every);
            if asks {
                cx.post(Some(consumer.available(0)));
            }
            !asks
        });
        self.wake(cx);
    }
}

impl Hungry {
    /// When it polls next, if it does so every `every`.
    fn next_poll(&self, every: SimDuration, now: SimTime) -> SimTime {
        let polls = now.since(self.asked_at).as_nanos() / every.as_nanos() + 1;
        self.asked_at + SimDuration::from_nanos(polls * every.as_nanos())
    }
}
