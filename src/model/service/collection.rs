//! Working on a batch: each worker collects until its window ends or its batch is full, and is then done with all of it or with none.

use super::{Service, Stage, Verdict};
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::observation::{Gauge, Observation, Observer};
use crate::model::packet::{Packet, Sent};
use crate::policy::commit::Commit;
use crate::policy::compatibility::Reading;
use crate::policy::works_on::WorksOn;
use crate::time::SimDuration;

impl Service {
    /// How many messages a worker asks for, of `at_most` that it may have.
    #[inline]
    #[must_use]
    pub fn room(&self, worker: u32, at_most: u32) -> u32 {
        match &self.settings.works_on {
            WorksOn::Batch(batch) => {
                at_most.min(batch.room(self.collections[worker as usize].len()))
            }
            WorksOn::Each | WorksOn::Join(_) => at_most,
        }
    }

    /// What a worker was just given goes to what it has; it asks for more until the batch is full.
    pub(super) fn collect<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let WorksOn::Batch(batch) = &self.settings.works_on else {
            unreachable!("only who works on batches collects")
        };
        let slot = &mut self.workers[worker as usize];
        let collected = &mut self.collections[worker as usize];
        if collected.is_empty() {
            let due = cx.now + batch.window;
            slot.finish = due.as_nanos();
            cx.calendar.schedule(due, Event::Finish { service: self.id, worker });
        }
        collected.append(&mut slot.batch);
        if batch.room(collected.len()) == 0 {
            return self.begin_batch(worker, cx);
        }
        self.find_work(worker, cx)
    }

    /// The window of what an idle worker has collected ends.
    pub(super) fn after_window<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        if self.collections.get(worker as usize).is_none_or(Vec::is_empty) {
            return None;
        }
        assert!(self.station.take(worker), "who collects is idle");
        self.begin_batch(worker, cx)
    }

    fn begin_batch<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        self.take_collected(worker, cx);
        let subscription = self.workers[worker as usize].subscription;
        if self.subscriptions[usize::from(subscription)].by_worker {
            // It may have to read again what it has now, of which nobody would tell it.
            self.set_dry(subscription, worker, false);
        }
        cx.change(self.node, Gauge::InFlight, 1);
        self.work_together(worker, cx);
        self.send_idle_worker()
    }

    /// The work on a worker's batch begins, for the first time or again.
    pub(super) fn work_together<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) {
        let count = self.workers[worker as usize].batch.len();
        let new = (0..count).filter(|at| !self.is_done_in_batch(worker, *at, cx)).count();
        self.workers[worker as usize].done = 0;
        let time = if new == 0 { SimDuration::ZERO } else { self.batch_time(worker, new, cx) };
        self.enter(worker, Stage::Together, time, cx);
    }

    /// Several polls make one batch, in the order of each partition. What was given twice, because a partition changed hands and came
    /// back meanwhile, counts once.
    fn take_collected<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) {
        let slot = &mut self.workers[worker as usize];
        std::mem::swap(&mut slot.batch, &mut self.collections[worker as usize]);
        if !self.subscriptions[usize::from(slot.subscription)].by_worker {
            return;
        }
        slot.batch.sort_by_key(|delivered| delivered.tag);
        let mut last = None;
        slot.batch.retain(|delivered| {
            let this = Some((delivered.tag, delivered.message));
            let is_new = std::mem::replace(&mut last, this) != this;
            if !is_new {
                cx.release(delivered.message);
            }
            is_new
        });
    }

    fn is_done_in_batch<O: Observer>(
        &mut self,
        worker: u32,
        at: usize,
        cx: &mut Context<O>,
    ) -> bool {
        self.workers[worker as usize].done = at;
        let message = self.message_of(worker);
        self.is_known_done(worker, message, cx)
    }

    /// How long a batch takes of which so many messages are new.
    fn batch_time<O: Observer>(&self, worker: u32, new: usize, cx: &Context<O>) -> SimDuration {
        let first = self.message_of(worker);
        let own = self.time_needed(first, self.attempt_of(worker), cx);
        let own = self.slowed(own, cx.now);
        let added = match &self.settings.works_on {
            WorksOn::Batch(batch) => batch.added(new),
            WorksOn::Each | WorksOn::Join(_) => SimDuration::ZERO,
        };
        let slowness = if self.always_alike { 1.0 } else { self.slowness(cx.now) };
        own + added.scaled(slowness) + self.settings.idempotency.transaction_time()
    }

    /// The work on a batch is over: one message goes on for all of it.
    pub(super) fn after_batch<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let count = self.workers[worker as usize].batch.len();
        for _ in 0..count {
            cx.observe(Observation::Completed { at: self.node });
        }
        if self.fails_together(worker, cx) {
            return self.fail_delivery(worker, cx);
        }
        let any_new = (0..count).any(|at| !self.is_done_in_batch(worker, at, cx));
        self.workers[worker as usize].done = 0;
        match self.links {
            Some((link, _)) if any_new => self.send_on(worker, link, cx),
            Some(_) | None => self.take_effect_together(worker, cx),
        }
    }

    /// One message on which no work succeeds spoils the whole batch.
    fn fails_together<O: Observer>(&self, worker: u32, cx: &Context<O>) -> bool {
        let first = self.message_of(worker);
        let batch = &self.workers[worker as usize].batch;
        self.health.error_probability > 0.0 && self.errs(worker, first, cx)
            || !cx.common.contents.are_sound()
                && batch
                    .iter()
                    .any(|delivered| cx.reading(delivered.message, self.node) == Reading::Fails)
    }

    /// Every message of a batch takes effect, at once.
    pub(super) fn take_effect_together<O: Observer>(
        &mut self,
        worker: u32,
        cx: &mut Context<O>,
    ) -> Sent {
        for at in 0..self.workers[worker as usize].batch.len() {
            if self.is_done_in_batch(worker, at, cx) {
                cx.observe(Observation::Suppressed { at: self.node });
                continue;
            }
            let (message, slot) = (self.message_of(worker), self.slot_of(worker, cx));
            self.count_effect(message, slot, true, cx);
            self.record_key(message, slot, cx);
        }
        self.end_together(worker, Verdict::Done, cx)
    }

    /// A worker is done with its whole batch, whatever is to be told of it.
    pub(super) fn end_together<O: Observer>(
        &mut self,
        worker: u32,
        verdict: Verdict,
        cx: &mut Context<O>,
    ) -> Sent {
        let slot = &mut self.workers[worker as usize];
        slot.done = slot.batch.len();
        slot.failures = 0;
        let subscription = slot.subscription;
        let commit = self.subscriptions[usize::from(subscription)].commit;
        for delivered in &mut slot.batch {
            delivered.verdict = verdict;
            if commit == Commit::Before {
                cx.release(delivered.message);
            }
        }
        slot.stage = Stage::Idle;
        match commit {
            Commit::Before => self.end_batch(worker, cx),
            Commit::After | Commit::Each | Commit::Transaction | Commit::Auto { .. } => {
                Some(Packet::Commit { service: self.id, subscription, worker })
            }
        }
    }

    /// A crash loses what was collected, with the word that it was; how many messages that is.
    pub(super) fn drop_collections<O: Observer>(&mut self, cx: &mut Context<O>) -> usize {
        let mut dropped = 0;
        for (worker, collected) in self.collections.iter_mut().enumerate() {
            let subscription = self.workers[worker].subscription;
            let commit = self.subscriptions[usize::from(subscription)].commit;
            dropped += collected.len();
            for delivered in collected.drain(..) {
                match commit {
                    Commit::Before => cx.lose(delivered.message),
                    Commit::After | Commit::Each | Commit::Transaction | Commit::Auto { .. } => {
                        cx.release(delivered.message);
                    }
                }
            }
        }
        dropped
    }
}
