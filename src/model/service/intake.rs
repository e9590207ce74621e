//! A call at the door: let in, queued, refused, shed, or the last straw.

use super::{Service, Stage};
use crate::model::context::Context;
use crate::model::id::Id;
use crate::model::message::MessageId;
use crate::model::observation::{CrashCause, Gauge, Observation, Observer, Place};
use crate::model::outbound::Link;
use crate::model::packet::{Answer, Packet, Sent};
use crate::model::station::{Entry, Job};
use crate::policy::exhaustion::WhenExhausted;
use crate::policy::load_shedding::Load;
use crate::time::SimDuration;

impl Service {
    /// A call arrives.
    #[inline]
    pub fn on_request<O: Observer>(
        &mut self,
        link: Id<Link>,
        message: MessageId,
        attempt: u16,
        cx: &mut Context<O>,
    ) -> Sent {
        let (since, needs) = (cx.now, SimDuration::ZERO);
        let mut job = Job { message, link, attempt, since, needs };
        if !self.up {
            return job.answered(Answer::Refused);
        }
        if cx.is_too_late(message) {
            return job.answered(cx.shed(None));
        }
        if let Some(retry_after) = self.sheds(link, cx) {
            return job.answered(cx.shed(retry_after));
        }
        if let Some(allowance) = &mut self.allowance {
            allowance.take_one(cx.now);
        }
        match self.station.entry() {
            Entry::Admitted => {
                self.station.admit();
                job.needs = self.time_needed(message, u32::from(attempt), cx);
                cx.move_to(message, self.node, Place::Service);
                self.begin_or_line_up(job, cx)
            }
            Entry::Queued => {
                job.needs = self.time_needed(message, u32::from(attempt), cx);
                self.station.queue_connection(job);
                cx.move_to(message, self.node, Place::Service);
                self.wait_in_line(job, cx);
                None
            }
            Entry::BacklogFull => {
                cx.release(message);
                None
            }
            Entry::Exhausted => self.on_exhaustion(job, cx),
        }
    }

    #[inline(always)]
    pub(super) fn begin_or_line_up<O: Observer>(&mut self, job: Job, cx: &mut Context<O>) -> Sent {
        let place = if self.health.hung { None } else { self.take_place() };
        let Some(worker) = place else {
            let priority = cx.route(job.link).priority;
            self.station.line_up(job, priority);
            self.wait_in_line(job, cx);
            return None;
        };
        debug_assert_eq!(self.workers[worker as usize].stage, Stage::Idle);
        if let Some(codel) = &mut self.codel {
            codel.refuses(cx.now, SimDuration::ZERO);
        }
        self.begin_job(worker, job, cx)
    }

    /// The next call in line that is worth the work; others before it are turned away.
    #[inline]
    pub(super) fn next_in_line<O: Observer>(&mut self, cx: &mut Context<O>) -> Option<Job> {
        loop {
            let job = self.station.take_next(cx.now)?;
            cx.change(self.node, Gauge::Waiting, -1);
            let waited = cx.now.since(job.since);
            let refused = self.codel.as_mut().is_some_and(|codel| codel.refuses(cx.now, waited));
            if !refused && !cx.is_too_late(job.message) {
                return Some(job);
            }
            cx.observe(Observation::LeftLine { at: self.node, waited });
            self.free_thread(cx);
            let answer = cx.shed(None);
            cx.post(job.answered(answer));
        }
    }

    #[inline]
    fn wait_in_line<O: Observer>(&self, job: Job, cx: &mut Context<O>) {
        cx.change(self.node, Gauge::Waiting, 1);
        if !cx.common.patience.is_empty() {
            self.expect_hang_up(job, cx);
        }
    }

    /// The threads have run out under `job`.
    fn on_exhaustion<O: Observer>(&mut self, job: Job, cx: &mut Context<O>) -> Sent {
        match &self.settings.when_exhausted {
            WhenExhausted::Refuse => job.answered(Answer::Refused),
            WhenExhausted::Shed { retry_after } => job.answered(cx.shed(*retry_after)),
            WhenExhausted::Crash { .. } => {
                self.crash(CrashCause::Exhausted, cx);
                cx.post(job.answered(Answer::Reset));
                None
            }
        }
    }

    /// Whether load shedding or the limit that was learned turns away a call over `link`, and when it may come again.
    #[inline]
    fn sheds<O: Observer>(
        &mut self,
        link: Id<Link>,
        cx: &Context<O>,
    ) -> Option<Option<SimDuration>> {
        match &self.limit {
            Some(limit) if !limit.admits(self.station.held()) => Some(limit.rule().retry_after()),
            Some(_) | None => self.is_too_loaded(link, cx),
        }
    }

    fn is_too_loaded<O: Observer>(
        &mut self,
        link: Id<Link>,
        cx: &Context<O>,
    ) -> Option<Option<SimDuration>> {
        let is_over_rate = self.allowance.as_mut().is_some_and(|tokens| !tokens.has_one(cx.now));
        let shedding = self.settings.load_shedding.as_ref()?;
        let oldest = self.station.oldest().unwrap_or(cx.now);
        let load = Load {
            waiting: self.station.in_line() as u64,
            in_flight: u64::from(self.station.held()),
            oldest_waited: cx.now.since(oldest),
            utilization: f64::from(self.busy_workers()) / f64::from(self.station.workers()),
            is_over_rate,
        };
        let priority = cx.route(link).priority;
        shedding.sheds(&load, priority).then(|| shedding.retry_after())
    }

    /// Whether every call is refused that arrives before anything else happens.
    #[must_use]
    pub fn refuses_everyone(&self) -> bool {
        !self.up
            || (self.station.entry() == Entry::Exhausted
                && matches!(self.settings.when_exhausted, WhenExhausted::Refuse)
                && self.settings.load_shedding.is_none()
                && self.limit.is_none())
    }

    /// A caller whose calls were not accepted wants to know when they are.
    pub fn on_watch<O: Observer>(&mut self, link: Id<Link>, cx: &mut Context<O>) -> Sent {
        if self.accepts(link, cx) {
            return Some(Packet::Accepting { link });
        }
        self.watchers.push(link);
        None
    }

    /// Whether a call over `link` would be let in.
    fn accepts<O: Observer>(&mut self, link: Id<Link>, cx: &Context<O>) -> bool {
        self.up
            && matches!(self.station.entry(), Entry::Admitted | Entry::Queued)
            && self.sheds(link, cx).is_none()
    }

    /// Tells those whose calls would be let in again that they would.
    pub(super) fn tell_watchers<O: Observer>(&mut self, cx: &mut Context<O>) {
        for link in std::mem::take(&mut self.watchers) {
            match self.accepts(link, cx) {
                true => cx.post(Some(Packet::Accepting { link })),
                false => self.watchers.push(link),
            }
        }
    }

    /// A request leaves, and its thread goes to the next connection, or to nobody.
    #[inline(always)]
    pub(super) fn free_thread<O: Observer>(&mut self, cx: &mut Context<O>) {
        if let Some(job) = self.station.leave() {
            let priority = cx.route(job.link).priority;
            self.station.line_up(job, priority);
        }
    }
}
