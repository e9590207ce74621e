//! A delivery on which work failed: tried again, halted at, given back, or given up.
//!
//! A consumer that gives a message up tells its broker that it is done with it; only the ledger knows better.

use super::{Service, Stage};
use crate::model::context::Context;
use crate::model::observation::{Fate, Observer};
use crate::model::packet::Sent;
use crate::model::service::Verdict;
use crate::policy::commit::Commit;
use crate::policy::failure::Reaction;
use crate::time::SimDuration;

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
            Reaction::DeadLetter => self.give_up(worker, Fate::DeadLettered, cx),
        }
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
        let slot = &self.workers[worker as usize];
        let count = if self.work_stage == Stage::Together { slot.batch.len() } else { 1 };
        for delivered in &slot.batch[slot.done..slot.done + count] {
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
