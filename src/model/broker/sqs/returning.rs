//! What a consumer has in hand and doesn't delete comes back: when its lease ends, and not earlier, whatever becomes of the consumer.

use super::leases::{Held, Pulse};
use super::queue::Queue;
use super::timers::Timer;
use crate::model::broker::{Consumer, Presence};
use crate::model::context::Context;
use crate::model::observation::{Gauge, Observer};
use crate::policy::redelivery::Lease;
use crate::time::SimTime;

impl Queue {
    /// No heartbeat comes any more for a delivery.
    pub(super) fn fall_silent(&mut self, tag: u64, now: SimTime) {
        if let Some(held) = self.leases.get_mut(tag)
            && !matches!(held.pulse, Pulse::Stopped(_))
        {
            held.pulse = Pulse::Stopped(match held.pulse {
                Pulse::CutOff(since) => since,
                Pulse::Beating | Pulse::Stopped(_) => now,
            });
        }
    }

    /// Leases may have ended: what was not deleted is visible again.
    pub(super) fn on_lease_due<O: Observer>(&mut self, cx: &mut Context<O>) {
        while let Some(Held { item, .. }) = self.leases.take_ended(cx.now) {
            let kept_until = item.sent_at + self.settings.retention;
            if kept_until <= cx.now {
                self.visible.unblock(&item);
                self.expire(item.message, Gauge::InFlight, cx);
                continue;
            }
            self.change(Gauge::InFlight, -1, cx);
            self.change(Gauge::Waiting, 1, cx);
            self.visible.put_back(item);
            self.timers.set(Timer::Retention, kept_until, cx);
        }
        if let Some(next) = self.leases.next_look() {
            self.timers.set(Timer::Lease, next, cx);
        }
        for _ in 0..self.hungry.len() {
            self.wake(cx);
        }
    }

    /// A consumer comes or goes. The queue is told nothing; but no heartbeat comes from one that is gone.
    pub(super) fn on_presence<O: Observer>(
        &mut self,
        consumer: Consumer,
        presence: Presence,
        cx: &mut Context<O>,
    ) {
        self.absent.retain(|other| *other != consumer);
        self.hungry.retain(|hungry| hungry.consumer != consumer);
        self.hear(|other| other == consumer, presence, cx);
        if presence.is_present() {
            cx.post(Some(consumer.available(0)));
        } else {
            self.absent.push(consumer);
        }
    }

    /// The heartbeats of these consumers get through from now on, or don't.
    pub(super) fn hear<O: Observer>(
        &mut self,
        whose: impl Fn(Consumer) -> bool,
        presence: Presence,
        cx: &mut Context<O>,
    ) {
        if self.settings.heartbeats.is_empty() {
            return;
        }
        let mut renewed = Vec::new();
        for held in self.leases.iter_mut().filter(|held| whose(held.consumer)) {
            let Some(heartbeat) = held.visibility.heartbeat else { continue };
            match (presence, held.pulse) {
                (Presence::Dead | Presence::Left, Pulse::Beating) => {
                    held.pulse = Pulse::Stopped(cx.now)
                }
                (Presence::Dead | Presence::Left, Pulse::CutOff(since)) => {
                    held.pulse = Pulse::Stopped(since);
                }
                (Presence::Unreachable, Pulse::Beating) => held.pulse = Pulse::CutOff(cx.now),
                (Presence::Reachable, Pulse::CutOff(_)) => {
                    held.pulse = Pulse::Beating;
                    held.lease = Lease { from: cx.now, lasts: heartbeat.by, ..held.lease };
                    held.is_renewed = true;
                    renewed.push((held.visibility.look_at(&held.lease), held.item.tag));
                }
                (Presence::Unreachable, Pulse::CutOff(_))
                | (Presence::Reachable, Pulse::Beating)
                | (Presence::Started, _)
                | (_, Pulse::Stopped(_)) => {}
            }
        }
        for (at, tag) in renewed {
            self.leases.look_again(at, tag);
            self.timers.set(Timer::Lease, at, cx);
        }
    }
}
