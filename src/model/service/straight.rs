//! What a service does for a message that goes straight: it lets it in, and when the work is done it begins the next.

use super::{NEVER, Service, Stage};
use crate::model::broker::Broker;
use crate::model::context::Context;
use crate::model::id::Id;
use crate::model::observation::{Gauge, Observation, Observer};
use crate::model::packet::Sent;
use crate::model::service::Delivered;
use crate::model::station::{Entry, Job};
use crate::policy::commit::Commit;
use crate::policy::idempotency::Idempotency;
use crate::policy::works_on::WorksOn;
use crate::time::SimTime;

impl Service {
    /// Whether it does nothing with a request but the work itself, and serves nobody but callers.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.only_works()
            && self.settings.load_shedding.is_none()
            && self.limit.is_none()
            && self.codel.is_none()
            && self.subscriptions.is_empty()
    }

    /// Whether the end of the work on a message is the end of everything.
    pub(super) fn only_works(&self) -> bool {
        matches!(self.settings.works_on, WorksOn::Each)
            && matches!(self.settings.idempotency, Idempotency::None)
            && self.sharing.is_none()
            && self.links.is_none()
            && self.records.is_none()
    }

    /// Whether a call is let in that arrives now; asked of a service that is plain.
    #[inline]
    #[must_use]
    pub fn lets_in(&self) -> bool {
        self.up && self.station.entry() == Entry::Admitted
    }

    /// A request that is let in.
    #[inline(always)]
    pub fn take_in<O: Observer>(&mut self, mut job: Job, cx: &mut Context<O>) {
        self.station.admit();
        job.needs = self.time_needed(job.message, u32::from(job.attempt), cx);
        self.begin_or_line_up(job, cx);
    }

    #[inline(always)]
    fn has_worked(&self, worker: u32, now: SimTime) -> bool {
        let slot = &self.workers[worker as usize];
        slot.finish == now.as_nanos()
            && slot.stage == Stage::Working
            && self.health.error_probability == 0.0
    }

    /// The request on which `worker` is done now, if it is done without an error.
    #[inline(always)]
    #[must_use]
    pub fn call_done_by(&self, worker: u32, now: SimTime) -> Option<Job> {
        self.workers[worker as usize].job.filter(|_| self.has_worked(worker, now))
    }

    /// The delivery with which `worker` is done now, if it is done without an error and has nothing else in hand, and the broker that is
    /// to hear of it.
    #[inline(always)]
    #[must_use]
    pub fn delivery_done_by(&self, worker: u32, now: SimTime) -> Option<(Id<Broker>, Delivered)> {
        let slot = &self.workers[worker as usize];
        let [delivered] = slot.batch[..] else { return None };
        let from = &self.subscriptions[usize::from(slot.subscription)];
        let tells_at_once = matches!(from.commit, Commit::After | Commit::Each);
        let is_done = self.ends_with_work && tells_at_once && self.has_worked(worker, now);
        is_done.then_some((from.broker, delivered))
    }

    /// The request in the hands of `worker` is answered: on to the next one in line.
    #[inline(always)]
    pub fn serve_next<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) {
        self.free_thread(cx);
        match self.station.take_next(cx.now) {
            Some(job) => {
                cx.change(self.node, Gauge::Waiting, -1);
                cx.observe(Observation::Started { at: self.node, waited: cx.now.since(job.since) });
                self.workers[worker as usize].job = Some(job);
                self.begin(worker, job.message, job.needs, cx);
            }
            None => self.rest(worker, cx),
        }
        if !self.watchers.is_empty() {
            self.tell_watchers(cx);
        }
    }

    fn rest<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) {
        let slot = &mut self.workers[worker as usize];
        (slot.finish, slot.stage, slot.job) = (NEVER, Stage::Idle, None);
        cx.change(self.node, Gauge::InFlight, -1);
        self.station.make_idle(worker);
    }

    /// The delivery in the hands of `worker` is acknowledged: on to the next one.
    #[inline(always)]
    pub fn fetch_next<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let slot = &mut self.workers[worker as usize];
        (slot.finish, slot.failures) = (NEVER, 0);
        self.end_batch(worker, cx)
    }
}
