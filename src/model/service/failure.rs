//! A delivery on which work failed: tried again, halted at, given back, or given up.
//!
//! A consumer that gives a message up tells its broker that it is done with it; only the ledger knows better.

use std::ops::Range;

use super::{Service, Stage};
use crate::model::context::Context;
use crate::model::observation::{Fate, Observer};
use crate::model::packet::{Packet, Sent};
use crate::model::service::Verdict;
use crate::policy::commit::Commit;
use crate::policy::failure::Reaction;
use crate::time::SimDuration;

/// How long a consumer waits that could not put a message aside: `retry.backoff.ms` of Kafka's clients.
const RETRY_BACKOFF: SimDuration = SimDuration::from_millis(100);

impl Service {
    /// Work on the delivery at hand failed.
    #[cold]
    pub(super) fn fail_delivery<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let slot = &mut self.workers[worker as usize];
        slot.failures += 1;
        let subscription = usize::from(slot.subscription);
        let deliveries = slot.batch[slot.done].deliveries;
        let reaction = self.on_failure[subscription].reaction(slot.failures, deliveries);
        let is_committed = self.subscriptions[subscription].commit == Commit::Before;
        match reaction {
            Reaction::TryAgain(after) => self.pause(worker, after, Stage::TryingAgain, cx),
            Reaction::Halt(after) if !is_committed => self.pause(worker, after, Stage::Halted, cx),
            Reaction::Requeue if !is_committed => self.end_all(worker, Verdict::Failed, cx),
            Reaction::Reject if !is_committed => self.end_all(worker, Verdict::Rejected, cx),
            Reaction::Halt(_) | Reaction::Requeue | Reaction::Reject | Reaction::Skip => {
                self.give_up(worker, Fate::Lost, cx)
            }
            Reaction::DeadLetter => self.put_aside(worker, cx),
        }
    }

    /// What was worked on is to be put aside: where it is consumed again, or where nobody looks.
    fn put_aside<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let subscription = self.workers[worker as usize].subscription;
        let from = &self.subscriptions[usize::from(subscription)];
        if from.aside.is_none() {
            return self.give_up(worker, Fate::DeadLettered, cx);
        }
        if !from.is_within_reach() {
            return self.on_set_aside(worker, false, cx);
        }
        Some(Packet::SetAside { service: self.id, subscription, worker })
    }

    /// What a worker has in hand and gives up, by its place in the batch.
    #[must_use]
    pub fn given_up(&self, worker: u32) -> Range<usize> {
        let slot = &self.workers[worker as usize];
        let count = if self.work_stage == Stage::Together { slot.batch.len() } else { 1 };
        slot.done..slot.done + count
    }

    /// The broker has put aside what a worker gives up. If it could not, the worker tries everything again.
    pub fn on_set_aside<O: Observer>(
        &mut self,
        worker: u32,
        is_stored: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        if is_stored {
            return self.end_all(worker, Verdict::Done, cx);
        }
        self.pause(worker, RETRY_BACKOFF, Stage::TryingAgain, cx)
    }

    /// The same is to be told of all that was worked on together.
    fn end_all<O: Observer>(&mut self, worker: u32, verdict: Verdict, cx: &mut Context<O>) -> Sent {
        match self.work_stage {
            Stage::Together => self.end_together(worker, verdict, cx),
            _ => self.end_one(worker, verdict, cx),
        }
    }

    /// What was worked on together has this fate, and its broker is told that it is done.
    fn give_up<O: Observer>(&mut self, worker: u32, fate: Fate, cx: &mut Context<O>) -> Sent {
        let given_up = self.given_up(worker);
        for delivered in &self.workers[worker as usize].batch[given_up] {
            cx.messages()[delivered.message].note(fate);
        }
        self.end_all(worker, Verdict::Done, cx)
    }

    fn pause<O: Observer>(
        &mut self,
        worker: u32,
        after: SimDuration,
        then: Stage,
        cx: &mut Context<O>,
    ) -> Sent {
        if after > SimDuration::ZERO {
            self.enter(worker, then, after, cx);
            return None;
        }
        self.workers[worker as usize].stage = then;
        self.after_pause(worker, cx)
    }

    /// A consumer has waited long enough after a failure.
    pub(super) fn after_pause<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let slot = &mut self.workers[worker as usize];
        if slot.stage == Stage::TryingAgain {
            if self.work_stage == Stage::Together {
                self.work_together(worker, cx);
                return None;
            }
            let (message, attempt) = (self.message_of(worker), self.attempt_of(worker));
            self.begin_work(worker, message, attempt, cx);
            return None;
        }
        let at = slot.done;
        slot.batch[at..].iter_mut().for_each(|after| after.verdict = Verdict::Failed);
        slot.done = slot.batch.len() - 1;
        self.end_one(worker, Verdict::Failed, cx)
    }
}
