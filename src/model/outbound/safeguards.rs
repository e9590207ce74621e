//! What a sender does to spare its callee: a retry budget, a circuit breaker, a client-side throttle.
//!
//! The decisions are in `policy`. Here they are asked before an attempt and told of what came of it, wherever there are any.
//!
//! To add one: a field, its question in [`Safeguards::hold_back`], its news in [`Safeguards::on_outcome`].

use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::observation::{Mark, Observer};
use crate::policy::adaptive_throttle::AdaptiveThrottleState;
use crate::policy::circuit_breaker::{Admission, CircuitBreakerState, Transition};
use crate::policy::retry_budget::RetryBudgetState;
use crate::random::{Chance, Stream};
use crate::time::{SimDuration, SimTime};

/// How long a batch that was stopped by the client-side throttle waits at least: the throttle itself names no time.
const THROTTLE_PAUSE: SimDuration = SimDuration::from_secs(1);

#[derive(Debug)]
pub(super) struct Safeguards {
    by: NodeId,
    at: NodeId,
    budget: Option<RetryBudgetState>,
    breaker: Option<CircuitBreakerState>,
    throttle: Option<(AdaptiveThrottleState, Stream)>,
}

impl Safeguards {
    /// All of them, if there are any: a link without any pays for one question.
    pub(super) fn new(
        (by, at): (NodeId, NodeId),
        budget: Option<RetryBudgetState>,
        breaker: Option<CircuitBreakerState>,
        throttle: Option<(AdaptiveThrottleState, Stream)>,
    ) -> Option<Box<Safeguards>> {
        let none = budget.is_none() && breaker.is_none() && throttle.is_none();
        (!none).then(|| Box::new(Safeguards { by, at, budget, breaker, throttle }))
    }

    /// A new message is to get across.
    pub(super) fn on_offer(&mut self, now: SimTime) {
        if let Some(budget) = &mut self.budget {
            budget.on_request(now);
        }
    }

    /// Whether an attempt is held back, and for how long at least.
    #[cold]
    pub(super) fn hold_back<O: Observer>(&mut self, cx: &mut Context<O>) -> Option<SimDuration> {
        if let Some((throttle, stream)) = &mut self.throttle
            && !throttle.admit(cx.now, stream.unit())
        {
            return Some(THROTTLE_PAUSE);
        }
        match self.breaker.as_mut()?.admit(cx.now) {
            Admission::Yes => None,
            Admission::Probe => {
                cx.mark(self.by, Mark::BreakerProbes { at: self.at });
                None
            }
            Admission::No { until } => Some(until.since(cx.now)),
        }
    }

    /// Whether a retry may be made, which is then counted.
    pub(super) fn allow_retry(&mut self, now: SimTime) -> bool {
        self.budget.as_mut().is_none_or(|budget| budget.try_retry(now))
    }

    /// An attempt that left the node has come to an end. The callee `accepted` it if it answered at all other than by turning it away.
    #[cold]
    pub(super) fn on_outcome<O: Observer>(
        &mut self,
        accepted: bool,
        success: bool,
        cx: &mut Context<O>,
    ) {
        match &mut self.budget {
            Some(budget) if success => budget.on_success(cx.now),
            Some(budget) => budget.on_failure(cx.now),
            None => {}
        }
        if let Some((throttle, _)) = self.throttle.as_mut().filter(|_| accepted) {
            throttle.on_accept(cx.now);
        }
        let transition = self.breaker.as_mut().and_then(|b| b.on_outcome(cx.now, success));
        match transition {
            None => {}
            Some(Transition::Opened) => cx.mark(self.by, Mark::BreakerOpens { at: self.at }),
            Some(Transition::Closed) => cx.mark(self.by, Mark::BreakerCloses { at: self.at }),
        }
    }
}
