//! Taking messages from brokers, and giving word of them.
//!
//! A worker asks a broker only when it is idle and no call waits. A broker that has nothing remembers who asked, and says when there
//! is something again; then one worker asks, and each that is given something sends the next idle one to ask.

use super::{Service, Stage};
use crate::model::broker::Broker;
use crate::model::context::Context;
use crate::model::id::Id;
use crate::model::message::MessageId;
use crate::model::observation::{Gauge, Observer};
use crate::model::packet::{Packet, Sent};
use crate::policy::commit::Commit;

/// A broker that a service consumes from.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// The broker.
    pub broker: Id<Broker>,
    /// How many messages a worker takes at once.
    pub batch: u32,
    /// When the broker is told that messages are done.
    pub commit: Commit,
    /// The broker had nothing, and will say when it has.
    dry: bool,
    /// A partition lies between.
    cut: bool,
}

/// A message in the hands of a worker, which holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The message.
    pub message: MessageId,
    /// By which the broker knows the delivery.
    pub tag: u64,
    /// Which delivery of this message it is, from 1.
    pub deliveries: u32,
    /// Whether the work on it failed.
    pub failed: bool,
}

impl Subscription {
    /// A subscription to a broker that has not been asked yet.
    #[must_use]
    pub fn new(broker: Id<Broker>, batch: u32, commit: Commit) -> Subscription {
        Subscription { broker, batch, commit, dry: false, cut: false }
    }
}

impl Service {
    /// What an idle worker asks for: the brokers take turns.
    #[inline]
    pub(super) fn fetch(&mut self, worker: u32) -> Sent {
        let count = self.subscriptions.len();
        let subscription = (0..count)
            .map(|offset| (self.turn + offset) % count)
            .find(|&index| !self.subscriptions[index].dry && !self.subscriptions[index].cut)?;
        self.turn = subscription + 1;
        let subscription = subscription as u8;
        Some(Packet::Fetch { service: self.id, subscription, worker })
    }

    /// An empty list for a worker's next batch, kept from its last one.
    #[inline]
    pub fn take_batch(&mut self, worker: u32) -> Vec<Delivered> {
        std::mem::take(&mut self.workers[worker as usize].batch)
    }

    /// A broker has answered a worker's question, perhaps with nothing.
    #[inline]
    pub fn on_delivery<O: Observer>(
        &mut self,
        subscription: u8,
        worker: u32,
        batch: Vec<Delivered>,
        cx: &mut Context<O>,
    ) -> Sent {
        let first = batch.first().copied();
        let slot = &mut self.workers[worker as usize];
        slot.batch = batch;
        slot.done = 0;
        slot.subscription = subscription;
        let Some(first) = first else {
            self.subscriptions[usize::from(subscription)].dry = true;
            return self.find_work(worker, cx);
        };
        cx.change(self.node, Gauge::InFlight, 1);
        self.begin_work(worker, first.message, first.deliveries, cx);
        self.send_idle_worker()
    }

    /// A broker that had nothing has something now.
    #[inline]
    pub fn on_available<O: Observer>(&mut self, subscription: u8, cx: &mut Context<O>) -> Sent {
        self.subscriptions[usize::from(subscription)].dry = false;
        let fetch = self.send_idle_worker();
        if let Some(Packet::Fetch { subscription: chosen, .. }) = fetch
            && chosen == subscription
        {
            return fetch;
        }
        cx.post(fetch);
        Some(Packet::Declined { service: self.id, subscription })
    }

    /// One idle worker, if there is one, asks for work.
    #[inline]
    pub(super) fn send_idle_worker(&mut self) -> Sent {
        if !self.up || self.health.hung || !self.station.has_idle() {
            return None;
        }
        let worker = self.station.take_idle()?;
        let fetch = self.fetch(worker);
        if fetch.is_none() {
            self.station.make_idle(worker);
        }
        fetch
    }

    /// A worker is done with one message of its batch.
    #[inline]
    pub(super) fn end_delivery<O: Observer>(
        &mut self,
        worker: u32,
        success: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        let slot = &mut self.workers[worker as usize];
        let (subscription, at) = (slot.subscription, slot.done);
        let commit = self.subscriptions[usize::from(subscription)].commit;
        slot.batch[at].failed = !success;
        slot.done += 1;
        let message = slot.batch[at].message;
        let next = slot.batch.get(slot.done).copied();
        if commit == Commit::Before {
            if success { cx.release(message) } else { cx.lose(message) }
        }
        if let Some(next) = next {
            self.begin_work(worker, next.message, next.deliveries, cx);
            return None;
        }
        match commit {
            Commit::Before => self.end_batch(worker, cx),
            Commit::After => {
                self.workers[worker as usize].stage = Stage::Idle;
                Some(Packet::Commit { service: self.id, subscription, worker })
            }
        }
    }

    /// The broker has taken note of a worker's batch, which comes back to be used again.
    #[inline]
    pub fn on_committed<O: Observer>(
        &mut self,
        worker: u32,
        batch: Vec<Delivered>,
        cx: &mut Context<O>,
    ) -> Sent {
        for delivered in &batch {
            cx.release(delivered.message);
        }
        self.workers[worker as usize].batch = batch;
        self.end_batch(worker, cx)
    }

    fn end_batch<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        self.workers[worker as usize].batch.clear();
        cx.change(self.node, Gauge::InFlight, -1);
        self.find_work(worker, cx)
    }

    /// A partition between this service and a broker begins or ends.
    pub fn set_cut<O: Observer>(&mut self, broker: Id<Broker>, cut: bool, cx: &mut Context<O>) {
        for index in 0..self.subscriptions.len() {
            let subscription = &mut self.subscriptions[index];
            if subscription.broker != broker || subscription.cut == cut {
                continue;
            }
            subscription.cut = cut;
            subscription.dry = false;
            let (service, subscription) = (self.id, index as u8);
            let present = !cut && self.up;
            cx.post(Some(Packet::Attend { service, subscription, present }));
            let fetch = self.send_idle_worker();
            cx.post(fetch);
        }
    }

    /// Tells every broker that is within reach whether this consumer is there.
    pub(super) fn attend<O: Observer>(&mut self, present: bool, cx: &mut Context<O>) {
        for (index, subscription) in self.subscriptions.iter_mut().enumerate() {
            subscription.dry = false;
            if !subscription.cut {
                let (service, subscription) = (self.id, index as u8);
                cx.post(Some(Packet::Attend { service, subscription, present }));
            }
        }
    }
}
