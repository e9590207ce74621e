//! What a link is made of.

use super::{Link, Target};
use crate::model::id::{Id, NodeId};
use crate::policy::adaptive_throttle::AdaptiveThrottleState;
use crate::policy::circuit_breaker::CircuitBreakerState;
use crate::policy::retry::Retry;
use crate::random::{KeyedStream, Stream};
use crate::time::SimDuration;

/// What a link is made of.
#[derive(Debug)]
pub struct LinkParts {
    /// Its id.
    pub id: Id<Link>,
    /// The node that sends.
    pub by: NodeId,
    /// The node that is called or published to.
    pub at: NodeId,
    /// The same, typed.
    pub target: Target,
    /// How long an answer is waited for.
    pub timeout: Option<SimDuration>,
    /// What happens after a failure.
    pub retry: Retry,
    /// How many unsettled messages it holds, and how long more of them wait for room, if not for ever.
    pub buffer: Option<(u32, Option<SimDuration>)>,
    /// How long after it was made a message is given up.
    pub delivery_timeout: Option<SimDuration>,
    /// For how long the work is worth doing, from when it is asked for.
    pub deadline: Option<SimDuration>,
    /// Whether messages over it may have the deadline of what they come of.
    pub inherits_deadlines: bool,
    /// The circuit breaker, closed.
    pub breaker: Option<CircuitBreakerState>,
    /// The throttle, with the stream of its chance.
    pub throttle: Option<(AdaptiveThrottleState, Stream)>,
    /// The chance of rounds of resending.
    pub rounds: Stream,
    /// The chance of back-offs, by message and attempt.
    pub draws: KeyedStream,
}

impl LinkParts {
    /// Whether messages over it may be given up at moments of their own. Whoever publishes wants no more than a broker's word, which no
    /// deadline bounds.
    pub(super) fn is_bound(&self) -> bool {
        let has_deadlines = self.deadline.is_some() || self.inherits_deadlines;
        let is_call = matches!(self.target, Target::Call(_));
        self.delivery_timeout.is_some() || (has_deadlines && is_call)
    }
}
