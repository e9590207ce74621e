//! How a message leaves a node: over a [`Link`], as a call or as a publish, with the same care for both.
//!
//! The link owns everything that its sender knows of the other side: time-outs, retries, budget, circuit breaker. It is wired once, here;
//! the decisions themselves are in `policy`. A call and a publish differ in the packet that is sent and in nothing else.
//! To add a safeguard on the sending side, see `safeguards`.

mod batch;
mod buffer;
mod parts;
mod resending;
mod safeguards;
mod straight;
mod waiting;

use batch::RetryQueue;
pub use parts::LinkParts;

use buffer::Buffer;
use safeguards::Safeguards;

use super::broker::{Address, Broker};
use super::context::Context;
use super::event::Event;
use super::id::{Id, NodeId};
use super::message::MessageId;
use super::observation::{Failure, Fate, Gauge, Observation, Observer, Place};
use super::packet::{Answer, Packet, Sent};
use crate::engine::{Calendar, Lane};
use crate::policy::retry::Retry;
use crate::policy::retry_budget::RetryBudgetState;
use crate::random::KeyedStream;
use crate::time::SimDuration;

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A call to a service.
    Call(Id<super::service::Service>),
    /// A publish to a broker, and to which part of it.
    Publish(Id<Broker>, Address),
}

/// Who sends over a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A producer.
    Producer(Id<super::producer::Producer>),
    /// A service, which holds a worker meanwhile.
    Service(Id<super::service::Service>),
}

/// One step of a node's `sends`.
#[derive(Debug)]
pub struct Link {
    id: Id<Link>,
    by: NodeId,
    at: NodeId,
    target: Target,
    shrugs_off_refusals: bool,
    /// Whether its messages may go straight, as things are now.
    straight: bool,
    timeout: Option<(SimDuration, Lane)>,
    retry: Retry,
    /// The lane of retries whose delay is a constant, with that delay.
    retry_lane: Option<(SimDuration, Lane)>,
    retry_queue: Option<Box<RetryQueue>>,
    safeguards: Option<Box<Safeguards>>,
    /// What it holds at most, if that is bounded.
    buffer: Option<Box<Buffer>>,
    /// How long after it was made a message is given up.
    delivery_timeout: Option<SimDuration>,
    /// For how long the work is worth doing, from when it is asked for.
    deadline: Option<SimDuration>,
    /// Whether its messages may be given up at moments of their own: by any of the two, or because what they come of is.
    is_bound: bool,
    draws: KeyedStream,
}

impl Link {
    /// A link at the start of a run. `lanes` gives the lane for a constant delay.
    pub fn new(
        parts: LinkParts,
        calendar: &mut Calendar<Event>,
        lanes: &mut dyn FnMut(&mut Calendar<Event>, SimDuration) -> Lane,
    ) -> Link {
        let is_bound = parts.is_bound();
        let LinkParts { id, by, at, target, timeout, retry, .. } = parts;
        let LinkParts {
            buffer, delivery_timeout, deadline, breaker, throttle, rounds, draws, ..
        } = parts;
        let mut with_lane = |delay: SimDuration| (delay, lanes(calendar, delay));
        let timeout = timeout.map(&mut with_lane);
        let retry_lane = retry.constant_delay().filter(|_| !is_bound).map(&mut with_lane);
        let buffer =
            buffer.map(|(room, longest)| Box::new(Buffer::new(room, longest.map(&mut with_lane))));
        let budget = retry.budget().map(RetryBudgetState::new);
        let safeguards = Safeguards::new((by, at), budget, breaker, throttle);
        let mut retry_queue =
            retry.resend().map(|resend| Box::new(RetryQueue::new(id, resend.clone(), rounds)));
        if let Some(queue) = &mut retry_queue {
            queue.start(calendar);
        }
        let shrugs_off_refusals = retry.is_endless() && safeguards.is_none() && !is_bound;
        Link {
            id,
            by,
            at,
            target,
            shrugs_off_refusals,
            straight: false,
            timeout,
            retry,
            retry_lane,
            retry_queue,
            safeguards,
            buffer,
            delivery_timeout,
            deadline,
            is_bound,
            draws,
        }
    }

    /// Where it leads.
    #[inline]
    #[must_use]
    pub fn target(&self) -> Target {
        self.target
    }

    /// A message of its node is to get across; the attempts begin.
    #[inline]
    pub fn on_offer<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) -> Sent {
        cx.messages()[message].take_link(self.id);
        cx.move_to(message, self.by, Place::Producer);
        cx.observe(Observation::Offered { by: self.by, at: self.at });
        if let Some(deadlines) = &mut cx.common.deadlines {
            deadlines.begin(message, self.deadline.map(|after| cx.now + after));
        }
        if let Some(safeguards) = &mut self.safeguards {
            safeguards.on_offer(cx.now);
        }
        if !cx.common.contents.are_sound() && cx.is_refused(self.id, message) {
            return Some(self.abandon(message, Fate::Rejected, cx));
        }
        if let Some(buffer) = &mut self.buffer
            && !buffer.enter()
        {
            self.wait_for_room(message, cx);
            return None;
        }
        self.attempt(message, cx)
    }

    /// Sends the message once, unless the link's own safeguards hold it back.
    #[inline(always)]
    fn attempt<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) -> Sent {
        let attempt = cx.messages().begin_attempt(message);
        let retry = attempt > 1;
        if retry && cx.messages()[message].is_forsaken() {
            return Some(self.abandon(message, Fate::Abandoned, cx));
        }
        if let Some(safeguards) = &mut self.safeguards
            && let Some(wait) = safeguards.hold_back(cx)
        {
            return self.fail(message, Failure::BreakerOpen, Some(wait), cx);
        }
        let mut deadline = self.timeout.map(|(timeout, _)| cx.now + timeout);
        if let Some(at) = self.given_up_at(message, cx) {
            if at <= cx.now {
                return Some(self.abandon(message, Fate::Abandoned, cx));
            }
            deadline = Some(deadline.map_or(at, |deadline| deadline.min(at)));
        }
        let facts = &mut cx.common.messages[message];
        facts.await_answer(deadline);
        facts.hold();
        cx.observe(Observation::Attempted { by: self.by, at: self.at, retry, count: 1 });
        Some(match self.target {
            Target::Call(_) => Packet::Request { link: self.id, message, attempt },
            Target::Publish(..) => Packet::Publish { link: self.id, message, attempt },
        })
    }

    /// An answer has arrived, with its hold on the message. Nobody may want it any more.
    #[inline]
    pub fn on_answer<O: Observer>(
        &mut self,
        message: MessageId,
        attempt: u16,
        answer: Answer,
        cx: &mut Context<O>,
    ) -> Sent {
        let facts = &mut cx.messages()[message];
        if facts.link() != self.id || !facts.awaits(attempt) {
            cx.release(message);
            return None;
        }
        facts.stop_awaiting();
        let sent = if facts.is_forsaken() {
            Some(self.abandon(message, Fate::Abandoned, cx))
        } else {
            match answer {
                Answer::Done => Some(self.succeed(message, cx)),
                Answer::Refused => self.fail(message, Failure::Refused, None, cx),
                Answer::Shed { retry_after } => {
                    let pause = retry_after.map(|pause| cx.common.pauses[pause]);
                    self.fail(message, Failure::Shed, pause, cx)
                }
                Answer::HungUp => self.fail(message, Failure::TimedOut, None, cx),
                Answer::Reset => self.fail(message, Failure::Reset, None, cx),
                Answer::Error => self.fail(message, Failure::Error, None, cx),
            }
        };
        cx.release(message);
        sent
    }

    /// The wait for an answer may be over: unless the timer is stale.
    #[inline]
    pub fn on_timeout<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) -> Sent {
        let now = cx.now;
        let facts = &mut cx.messages()[message];
        if facts.link() != self.id || !facts.is_due(now) {
            return None;
        }
        if facts.attempt == 0 {
            return self.turn_away(message, cx);
        }
        facts.stop_awaiting();
        let attempt = facts.attempt;
        if let Target::Publish(..) = self.target {
            cx.post(Some(Packet::Withdraw { link: self.id, message, attempt }));
        }
        self.fail(message, Failure::TimedOut, None, cx)
    }

    /// The back-off of a message is over.
    #[inline]
    pub fn on_retry<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) -> Sent {
        self.attempt(message, cx)
    }

    #[inline]
    fn succeed<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) -> Packet {
        if let Some(safeguards) = &mut self.safeguards {
            safeguards.on_outcome(true, true, cx);
        }
        let latency = cx.now.since(cx.messages()[message].produced_at);
        if let Target::Call(_) = self.target {
            cx.observe(Observation::Mattered { by: self.by, at: self.at });
        }
        cx.observe(Observation::Answered { by: self.by, at: self.at, latency });
        self.conclude(message, true, cx)
    }

    #[inline]
    fn fail<O: Observer>(
        &mut self,
        message: MessageId,
        failure: Failure,
        retry_after: Option<SimDuration>,
        cx: &mut Context<O>,
    ) -> Sent {
        cx.observe(Observation::AttemptFailed { by: self.by, at: self.at, failure, count: 1 });
        if let Some(safeguards) = &mut self.safeguards
            && failure != Failure::BreakerOpen
        {
            safeguards.on_outcome(failure == Failure::Error, false, cx);
        }
        let facts = &cx.messages()[message];
        let (attempt, forsaken) = (facts.attempt, facts.is_forsaken());
        let allowed = !forsaken
            && self.given_up_at(message, cx).is_none_or(|at| at > cx.now)
            && self.retry.allows_another(u32::from(attempt), self.draws, cx.identity(message));
        let mut safeguards = self.safeguards.iter_mut();
        if !allowed || !safeguards.all(|safeguards| safeguards.allow_retry(cx.now)) {
            return Some(self.give_up(message, failure, cx));
        }
        self.leave_retry_queue(message, cx);
        self.wait_for_retry(message, cx);
        if let Some(queue) = &mut self.retry_queue {
            let obeyed = failure == Failure::BreakerOpen || self.retry.obeys_retry_after();
            return queue.on_failure(message, failure, retry_after.filter(|_| obeyed), cx);
        }
        let retry_after = retry_after.filter(|_| failure != Failure::BreakerOpen);
        self.schedule_retry(message, attempt, retry_after, cx);
        None
    }

    #[inline]
    fn wait_for_retry<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) {
        let facts = &mut cx.common.messages[message];
        if !facts.has_failed() {
            facts.set_failed(true);
            cx.change(self.by, Gauge::RetryBacklog, 1);
        }
        cx.move_to(message, self.by, Place::RetryQueue);
    }

    #[inline]
    fn schedule_retry<O: Observer>(
        &mut self,
        message: MessageId,
        attempt: u16,
        retry_after: Option<SimDuration>,
        cx: &mut Context<O>,
    ) {
        let event = Event::Retry { link: self.id, message };
        if let (None, Some((delay, lane))) = (retry_after, self.retry_lane) {
            return cx.calendar.schedule_in(lane, cx.now + delay, event);
        }
        let own = self.retry.delay(u32::from(attempt), self.draws, cx.identity(message));
        let delay = self.retry.obeying(own.expect("a retry was allowed"), retry_after);
        let at = cx.now + delay;
        let at = self.given_up_at(message, cx).map_or(at, |given_up| at.min(given_up));
        cx.calendar.schedule(at, event);
    }

    #[cold]
    fn give_up<O: Observer>(
        &mut self,
        message: MessageId,
        failure: Failure,
        cx: &mut Context<O>,
    ) -> Packet {
        let turned_away =
            matches!(failure, Failure::Refused | Failure::Shed | Failure::BreakerOpen);
        let first = cx.messages()[message].attempt == 1;
        let fate = if first && turned_away { Fate::Rejected } else { Fate::Abandoned };
        self.abandon(message, fate, cx)
    }

    /// The outcome is a failure.
    #[cold]
    fn abandon<O: Observer>(
        &mut self,
        message: MessageId,
        fate: Fate,
        cx: &mut Context<O>,
    ) -> Packet {
        cx.messages()[message].note(fate);
        cx.observe(Observation::Unanswered { by: self.by, at: self.at });
        self.conclude(message, false, cx)
    }

    #[inline]
    fn conclude<O: Observer>(
        &mut self,
        message: MessageId,
        success: bool,
        cx: &mut Context<O>,
    ) -> Packet {
        self.leave_retry_queue(message, cx);
        if self.buffer.is_some() {
            self.leave_buffer(message, cx);
        }
        let facts = &mut cx.common.messages[message];
        if facts.has_failed() {
            facts.set_failed(false);
            cx.change(self.by, Gauge::RetryBacklog, -1);
        }
        let link = self.id;
        if success {
            Packet::Concluded { link, message }
        } else {
            Packet::GivenUp { link, message }
        }
    }

    /// Memory taken by what waits here, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.retry_queue.as_ref().map_or(0, |queue| queue.bytes())
    }
}
