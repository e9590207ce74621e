//! Taking messages from brokers, and giving word of them.
//!
//! A worker asks a broker only when it is idle and no call waits. A broker that has nothing remembers who asked, and says when there
//! is something again; then one worker asks, and each that is given something sends the next idle one to ask.

use std::ops::Range;

use super::{Service, Stage};
use crate::model::blueprint::SubscriptionPlan;
use crate::model::broker::{Address, Broker};
use crate::model::context::Context;
use crate::model::id::Id;
use crate::model::message::MessageId;
use crate::model::observation::{Gauge, Observer};
use crate::model::packet::{Packet, Sent};
use crate::policy::commit::Commit;
use crate::random::{Sampler, Stream};
use crate::time::{SimDuration, SimTime};

/// A broker that a service consumes from.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// The broker.
    pub broker: Id<Broker>,
    /// Which part of it.
    pub from: Address,
    /// Whether each worker consumes for itself, and is told for itself when there is something.
    pub by_worker: bool,
    /// How many messages a worker takes at once.
    pub batch: u32,
    /// When the broker is told that messages are done.
    pub commit: Commit,
    /// Where in the same broker is put aside what is given up, if it is to be consumed again.
    pub aside: Option<Address>,
    /// How long a worker sleeps that found nothing, if it is to come again by itself, and the chance of that.
    pub poll: Option<(Sampler, Stream)>,
    /// The broker had nothing, and will say when it has.
    pub(super) dry: bool,
    /// A partition lies between.
    pub(super) cut: bool,
    /// Since when, or since when not.
    pub(super) cut_changed: SimTime,
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
    /// For which of its destinations it is.
    pub slot: u8,
    /// How often it was put aside before.
    pub hops: u8,
    /// What its broker is told of it.
    pub verdict: Verdict,
}

impl Delivered {
    /// Which attempt to work on it this is: what tells the chance of one delivery from that of another, also where it was put aside.
    #[inline]
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.deliveries.wrapping_add(u32::from(self.hops) << 15)
    }
}

/// What a consumer tells its broker of a delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Verdict {
    /// It is done with: the work succeeded, or the consumer has given it up.
    #[default]
    Done,
    /// It failed, and is to be delivered again.
    Failed,
    /// It failed, and is not to be delivered again.
    Rejected,
}

impl Subscription {
    /// A subscription to a broker that has not been asked yet.
    #[must_use]
    pub fn new(plan: &SubscriptionPlan, by_worker: bool, chance: Stream) -> Subscription {
        let SubscriptionPlan { broker, from, batch, commit, aside, .. } = *plan;
        Subscription {
            broker,
            from,
            by_worker,
            batch,
            commit,
            aside,
            poll: plan.poll_every.as_ref().map(|every| (every.sampler(), chance)),
            dry: false,
            cut: false,
            cut_changed: SimTime::ZERO,
        }
    }

    /// Whether no partition lies between.
    #[must_use]
    pub fn is_within_reach(&self) -> bool {
        !self.cut
    }
}

impl Service {
    /// What an idle worker asks for: the brokers take turns.
    #[inline]
    pub(super) fn fetch(&mut self, worker: u32) -> Sent {
        let count = self.subscriptions.len();
        let dry = self.workers[worker as usize].dry;
        let subscription =
            (0..count).map(|offset| (self.turn + offset) % count).find(|&index| {
                let Subscription { dry: all_dry, cut, .. } = self.subscriptions[index];
                !all_dry && !cut && dry & (1 << index) == 0
            })?;
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
        slot.told = 0;
        slot.subscription = subscription;
        let Some(first) = first else {
            if self.subscriptions[usize::from(subscription)].poll.is_some() {
                return self.fall_asleep(subscription, worker, cx);
            }
            self.set_dry(subscription, worker, true);
            return self.find_work(worker, cx);
        };
        if !self.collections.is_empty() {
            return self.collect(worker, cx);
        }
        cx.change(self.node, Gauge::InFlight, 1);
        self.begin_work(worker, first.message, first.attempt(), cx);
        self.send_idle_worker()
    }

    /// A worker that found nothing asks again after a while, and does nothing meanwhile.
    fn fall_asleep<O: Observer>(
        &mut self,
        subscription: u8,
        worker: u32,
        cx: &mut Context<O>,
    ) -> Sent {
        let poll = self.subscriptions[usize::from(subscription)].poll.as_mut();
        let asleep = poll.map(|(every, chance)| every.sample(chance)).unwrap_or_default();
        self.enter(worker, Stage::Asleep, asleep, cx);
        None
    }

    /// Notes whether a broker has nothing: for everybody, or for one worker.
    #[inline]
    pub(super) fn set_dry(&mut self, subscription: u8, worker: u32, dry: bool) {
        let from = &mut self.subscriptions[usize::from(subscription)];
        if !from.by_worker {
            from.dry = dry;
            return;
        }
        let bits = &mut self.workers[worker as usize].dry;
        *bits = if dry { *bits | (1 << subscription) } else { *bits & !(1 << subscription) };
    }

    /// A broker that had nothing has something now, perhaps for one worker only.
    #[inline]
    pub fn on_available<O: Observer>(
        &mut self,
        subscription: u8,
        worker: u32,
        cx: &mut Context<O>,
    ) -> Sent {
        self.set_dry(subscription, worker, false);
        if self.subscriptions[usize::from(subscription)].by_worker {
            return self.send_worker(worker);
        }
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

    /// This worker asks for work, if it is idle.
    fn send_worker(&mut self, worker: u32) -> Sent {
        if !self.up || self.health.hung || !self.station.take(worker) {
            return None;
        }
        let fetch = self.fetch(worker);
        if fetch.is_none() {
            self.station.make_idle(worker);
        }
        fetch
    }

    /// Where each worker consumes for itself, all that are idle ask for work.
    pub(super) fn send_all<O: Observer>(&mut self, cx: &mut Context<O>) {
        if self.subscriptions.iter().any(|from| from.by_worker || from.poll.is_some()) {
            for worker in 0..self.station.workers() {
                let fetch = self.send_worker(worker);
                cx.post(fetch);
            }
        }
    }

    /// A worker is done with one message of its batch, for good or ill.
    #[inline]
    pub(super) fn end_delivery<O: Observer>(
        &mut self,
        worker: u32,
        success: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        if success {
            self.end_one(worker, Verdict::Done, cx)
        } else {
            self.fail_delivery(worker, cx)
        }
    }

    /// What is to be told of one message of a batch is known, and the next is worked on.
    #[inline]
    pub(super) fn end_one<O: Observer>(
        &mut self,
        worker: u32,
        verdict: Verdict,
        cx: &mut Context<O>,
    ) -> Sent {
        let slot = &mut self.workers[worker as usize];
        let (subscription, at) = (slot.subscription, slot.done);
        slot.batch[at].verdict = verdict;
        slot.done += 1;
        slot.failures = 0;
        let message = slot.batch[at].message;
        let next = slot.batch.get(slot.done).copied();
        let commit = self.subscriptions[usize::from(subscription)].commit;
        if commit == Commit::Before {
            cx.release(message);
        }
        match (next, commit) {
            (_, Commit::Each | Commit::Transaction)
            | (None, Commit::After | Commit::Auto { .. }) => {
                self.workers[worker as usize].stage = Stage::Idle;
                Some(Packet::Commit { service: self.id, subscription, worker })
            }
            (Some(next), Commit::Before | Commit::After | Commit::Auto { .. }) => {
                self.begin_work(worker, next.message, next.attempt(), cx);
                None
            }
            (None, Commit::Before) => self.end_batch(worker, cx),
        }
    }

    /// What a worker has done of its batch and has not told its broker yet.
    #[inline]
    #[must_use]
    pub fn news(&self, worker: u32) -> Range<usize> {
        let slot = &self.workers[worker as usize];
        slot.told..slot.done
    }

    /// The process is about to be closed in good order: from which broker a worker has messages of which it can tell, what is done and
    /// what is given back.
    pub fn break_off(&mut self, worker: u32) -> Option<(u8, Range<usize>)> {
        let slot = &mut self.workers[worker as usize];
        if slot.told >= slot.batch.len() {
            return None;
        }
        let undone = slot.batch[slot.done..].iter_mut();
        undone.for_each(|undone| undone.verdict = Verdict::Failed);
        let commit = self.subscriptions[usize::from(slot.subscription)].commit;
        (commit != Commit::Before).then_some((slot.subscription, slot.told..slot.batch.len()))
    }

    /// What a worker has in hand and hasn't done is in vain.
    pub fn drop_rest(&mut self, worker: u32, batch: &[Delivered]) {
        self.workers[worker as usize].done = batch.len();
    }

    /// The transaction is over for which a worker has waited.
    pub fn on_transaction_ended<O: Observer>(
        &mut self,
        worker: u32,
        committed: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        let slot = &mut self.workers[worker as usize];
        if slot.batch.is_empty() {
            return None;
        }
        if !committed {
            slot.done = slot.batch.len();
        }
        if self.health.hung {
            slot.stage = Stage::Committed;
            self.frozen.push((worker, SimDuration::ZERO));
            return None;
        }
        self.go_on_with_batch(worker, cx)
    }

    /// A worker goes on after what it has told its broker.
    pub(super) fn go_on_with_batch<O: Observer>(
        &mut self,
        worker: u32,
        cx: &mut Context<O>,
    ) -> Sent {
        let batch = self.take_batch(worker);
        self.on_committed(worker, batch, cx)
    }

    /// A worker has its batch back.
    pub fn return_batch(&mut self, worker: u32, batch: Vec<Delivered>) {
        self.workers[worker as usize].batch = batch;
    }

    /// The broker has taken note of what a worker has done. The batch comes back, to be gone on with or to be used again.
    #[inline]
    pub fn on_committed<O: Observer>(
        &mut self,
        worker: u32,
        batch: Vec<Delivered>,
        cx: &mut Context<O>,
    ) -> Sent {
        for delivered in &batch[self.news(worker)] {
            cx.release(delivered.message);
        }
        let slot = &mut self.workers[worker as usize];
        slot.told = slot.done;
        slot.batch = batch;
        let Some(next) = slot.batch.get(slot.done).copied() else {
            return self.end_batch(worker, cx);
        };
        self.begin_work(worker, next.message, next.attempt(), cx);
        None
    }

    #[inline]
    pub(super) fn end_batch<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        self.workers[worker as usize].batch.clear();
        cx.change(self.node, Gauge::InFlight, -1);
        self.find_work(worker, cx)
    }
}
