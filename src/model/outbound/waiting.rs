//! How long a link waits for an answer, and how long a message is worth any attempt.

use super::Link;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::message::MessageId;
use crate::model::observation::Observer;
use crate::time::{SimDuration, SimTime};

impl Link {
    /// When a message is given up, whatever happens to its attempts.
    #[inline]
    pub(super) fn given_up_at<O: Observer>(
        &self,
        message: MessageId,
        cx: &Context<O>,
    ) -> Option<SimTime> {
        if !self.is_bound {
            return None;
        }
        let given_up = self.delivery_timeout.map(|after| cx.produced_at(message) + after);
        given_up.into_iter().chain(cx.deadline(message)).min()
    }

    /// Whether the wait for an answer may be over before an attempt has even arrived, which takes `latency`, or nobody knows how long.
    #[inline]
    #[must_use]
    pub fn may_give_up_within(&self, latency: Option<SimDuration>) -> bool {
        self.is_bound
            || self
                .timeout
                .is_some_and(|(timeout, _)| latency.is_none_or(|latency| latency > timeout))
    }

    /// Whether its attempts are ever given up for want of an answer.
    #[inline]
    #[must_use]
    pub fn has_timeout(&self) -> bool {
        self.timeout.is_some() || self.is_bound
    }

    /// When an attempt was sent whose answer is waited for until `now`.
    #[must_use]
    pub fn sent_at(&self, now: SimTime) -> SimTime {
        self.timeout.map_or(now, |(timeout, _)| now.before(timeout))
    }

    /// Sets the timer of the attempt under way, if its answer is still waited for. An attempt whose answer is certain to come in time
    /// needs none.
    #[inline]
    pub fn arm_timeout<O: Observer>(
        &self,
        message: MessageId,
        attempt: u16,
        answer_in: Option<SimDuration>,
        cx: &mut Context<O>,
    ) {
        if !self.has_timeout() {
            return;
        }
        let facts = &cx.messages()[message];
        if facts.link() != self.id || !facts.awaits(attempt) {
            return;
        }
        let deadline = facts.deadline();
        if deadline == SimTime::MAX {
            return;
        }
        if answer_in.is_none_or(|latency| cx.now + latency > deadline) {
            let event = Event::Timeout { link: self.id, message };
            match self.timeout.filter(|_| !self.is_bound) {
                Some((_, lane)) => cx.calendar.schedule_in(lane, deadline, event),
                None => cx.calendar.schedule(deadline, event),
            }
        }
    }
}
