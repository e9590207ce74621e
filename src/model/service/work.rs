//! A worker's piece of work from beginning to end.
//!
//! The work itself, then the sends onward (the worker waits for each), then the effect, then, where the idempotency key is written in a
//! transaction of its own, that writing; then the answer or the acknowledgement. Calls that wait go before consumption. (`effect` has the
//! effect and its key.)

use super::{NEVER, Service, Stage};
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::id::Id;
use crate::model::message::MessageId;
use crate::model::observation::{Gauge, Observation, Observer};
use crate::model::outbound::Link;
use crate::model::packet::{Answer, Packet, Sent};
use crate::model::station::Job;
use crate::policy::compatibility::Reading;
use crate::policy::concurrency_limit::Done;
use crate::random::Chance;
use crate::time::SimDuration;

impl Service {
    /// A worker begins a call.
    #[inline(always)]
    pub(super) fn begin_job<O: Observer>(
        &mut self,
        worker: u32,
        job: Job,
        cx: &mut Context<O>,
    ) -> Sent {
        cx.observe(Observation::Started { at: self.node, waited: cx.now.since(job.since) });
        cx.change(self.node, Gauge::InFlight, 1);
        self.workers[worker as usize].job = Some(job);
        self.begin(worker, job.message, job.needs, cx);
        None
    }

    /// A worker begins to work on `message`, unless it is known to be done already.
    #[inline(always)]
    pub(super) fn begin_work<O: Observer>(
        &mut self,
        worker: u32,
        message: MessageId,
        attempt: u32,
        cx: &mut Context<O>,
    ) {
        let needs = self.time_needed(message, attempt, cx);
        self.begin(worker, message, needs, cx);
    }

    /// The same where the time that it needs is known.
    #[inline(always)]
    pub(super) fn begin<O: Observer>(
        &mut self,
        worker: u32,
        message: MessageId,
        needs: SimDuration,
        cx: &mut Context<O>,
    ) {
        let time = if self.is_known_done(worker, message, cx) {
            SimDuration::ZERO
        } else {
            self.slowed(needs, cx.now) + self.settings.idempotency.transaction_time()
        };
        if !cx.common.jobs.is_empty() {
            cx.begin_job(message);
        }
        if self.records.is_some() {
            self.read_version(worker, message, cx);
        }
        self.enter(worker, self.work_stage, time, cx);
    }

    #[inline(always)]
    pub(super) fn enter<O: Observer>(
        &mut self,
        worker: u32,
        stage: Stage,
        time: SimDuration,
        cx: &mut Context<O>,
    ) {
        let slot = &mut self.workers[worker as usize];
        slot.stage = stage;
        if self.sharing.is_some() {
            return self.share(worker, time, cx);
        }
        let at = cx.now + time;
        slot.finish = at.as_nanos();
        cx.calendar.schedule(at, Event::Finish { service: self.id, worker });
    }

    /// A worker's stage ends, unless the event is stale.
    #[inline]
    pub fn on_finish<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let slot = &mut self.workers[worker as usize];
        if slot.finish != cx.now.as_nanos() {
            return None;
        }
        slot.finish = NEVER;
        if self.sharing.is_some() {
            return self.on_shared_finish(worker, cx);
        }
        self.end_stage(worker, cx)
    }

    #[inline(always)]
    pub(super) fn end_stage<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        match self.workers[worker as usize].stage {
            Stage::Working => self.after_work(worker, cx),
            Stage::Together => self.after_batch(worker, cx),
            Stage::Matching => self.after_matching(worker, cx),
            Stage::Recording => self.after_recording(worker, cx),
            Stage::TryingAgain | Stage::Halted => self.after_pause(worker, cx),
            Stage::Told { link, message, success } => {
                self.after_sending(worker, link, message, success, cx)
            }
            Stage::Committed => self.go_on_with_batch(worker, cx),
            Stage::Idle => self.after_window(worker, cx),
            Stage::Asleep => self.find_work(worker, cx),
            Stage::Sending => None,
        }
    }

    #[inline(always)]
    fn after_work<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let message = self.message_of(worker);
        if self.fails(worker, message, cx) || self.conflicts(worker, message, cx) {
            return self.end_piece(worker, false, cx);
        }
        if let Some((first, _)) = self.links
            && !self.is_known_done(worker, message, cx)
        {
            return self.send_on(worker, first, cx);
        }
        self.take_effect(worker, cx)
    }

    /// Whether the work on a message fails.
    #[inline(always)]
    pub(super) fn fails<O: Observer>(
        &self,
        worker: u32,
        message: MessageId,
        cx: &Context<O>,
    ) -> bool {
        self.health.error_probability > 0.0 && self.errs(worker, message, cx)
            || !cx.common.contents.are_sound() && cx.reading(message, self.node) == Reading::Fails
    }

    pub(super) fn errs<O: Observer>(
        &self,
        worker: u32,
        message: MessageId,
        cx: &Context<O>,
    ) -> bool {
        let attempt = self.attempt_of(worker);
        let mut draws = self.error_draws.at(cx.identity(message), attempt);
        draws.chance(self.health.error_probability)
    }

    /// Sends a new message over the service's own links; the worker waits for its outcome. What is new is numbered by what caused
    /// it and not by a count, so that the same message has the same consequences whatever was before.
    pub(super) fn send_on<O: Observer>(
        &mut self,
        worker: u32,
        first: Id<Link>,
        cx: &mut Context<O>,
    ) -> Sent {
        let message =
            self.create_onward(self.message_of(worker), self.attempt_of(worker), first, cx);
        if cx.route(first).is_by_worker {
            cx.common.makers.insert(message, worker);
        }
        self.workers[worker as usize].stage = Stage::Sending;
        self.sent_on.insert(message, worker);
        Some(Packet::Offer { link: first, message })
    }

    /// A new message of the service's own, caused by attempt number `attempt` at `cause`.
    pub(super) fn create_onward<O: Observer>(
        &self,
        cause: MessageId,
        attempt: u32,
        first: Id<Link>,
        cx: &mut Context<O>,
    ) -> MessageId {
        let mut draws = self.onward_draws.at(cx.identity(cause), attempt);
        let number = draws.below(u64::from(u32::MAX)) as u32;
        let message = cx.create(number, first, self.node);
        if let Some(deadlines) = &mut cx.common.deadlines {
            deadlines.inherit(message, cause);
        }
        if cx.route(first).is_keyed {
            cx.key_onward(self.node, number, cause);
        }
        if cx.route(first).is_followed {
            let (identity, origin) = (cx.identity(message), cx.origin(cause));
            cx.common.origins.insert(identity, origin);
        }
        message
    }

    /// One of the service's own links is done with a message that was sent on.
    pub fn on_concluded<O: Observer>(
        &mut self,
        link: Id<Link>,
        message: MessageId,
        success: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        let Some(&worker) = self.sent_on.get(&message) else {
            return self.after_emission(link, message, success, cx);
        };
        if self.health.hung {
            self.workers[worker as usize].stage = Stage::Told { link, message, success };
            self.frozen.push((worker, SimDuration::ZERO));
            return None;
        }
        let sent = self.after_sending(worker, link, message, success, cx);
        self.reckon(cx);
        sent
    }

    fn after_sending<O: Observer>(
        &mut self,
        worker: u32,
        link: Id<Link>,
        message: MessageId,
        success: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        let (_, last) = self.links.expect("a service that sent on has links");
        if success && link != last {
            self.workers[worker as usize].stage = Stage::Sending;
            return Some(Packet::Offer { link: Id::new(link.index() + 1), message });
        }
        if success {
            cx.messages()[message].confirm();
        }
        self.sent_on.remove(&message);
        cx.release(message);
        match (self.work_stage, success) {
            (Stage::Together, true) => self.take_effect_together(worker, cx),
            (Stage::Together, false) => self.fail_delivery(worker, cx),
            (Stage::Matching, _) => self.end_match(worker, success, cx),
            (_, true) => self.take_effect(worker, cx),
            (_, false) => self.end_piece(worker, false, cx),
        }
    }

    /// The worker is done with the piece at hand, for good or ill.
    #[inline]
    pub(super) fn end_piece<O: Observer>(
        &mut self,
        worker: u32,
        success: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        cx.observe(Observation::Completed { at: self.node });
        match self.workers[worker as usize].job.take() {
            Some(job) => self.end_job(worker, job, success, cx),
            None => self.end_delivery(worker, success, cx),
        }
    }

    #[inline(always)]
    fn end_job<O: Observer>(
        &mut self,
        worker: u32,
        job: Job,
        success: bool,
        cx: &mut Context<O>,
    ) -> Sent {
        cx.change(self.node, Gauge::InFlight, -1);
        if let Some(limit) = &mut self.limit {
            let held = self.station.held();
            limit.learn(Done { took: cx.now.since(job.since), held, failed: !success });
        }
        self.free_thread(cx);
        let answer = if success { Answer::Done } else { Answer::Error };
        let next = self.find_work(worker, cx);
        cx.post(next);
        job.answered(answer)
    }

    /// A worker has nothing in hand: the next call in line, or else something from a broker, or else it is idle.
    #[inline]
    pub fn find_work<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let sent = self.take_next(worker, cx);
        if !self.watchers.is_empty() {
            self.tell_watchers(cx);
        }
        sent
    }

    #[inline(always)]
    fn take_next<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        self.workers[worker as usize].stage = Stage::Idle;
        if self.up && !self.health.hung {
            if let Some(job) = self.next_in_line(cx) {
                return self.begin_job(worker, job, cx);
            }
            if let Some(fetch) = self.fetch(worker) {
                return Some(fetch);
            }
        }
        self.station.make_idle(worker);
        None
    }
}
