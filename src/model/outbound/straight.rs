//! What a link does for a message that goes straight: everything that its steps would, at both ends in one.

use super::Link;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::id::NodeId;
use crate::model::message::MessageId;
use crate::model::observation::Observer;
use crate::model::station::Job;
use crate::time::SimDuration;

impl Link {
    /// Whether it has no safeguard but a timeout and retries.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.safeguards.is_none()
            && self.buffer.is_none()
            && self.retry_queue.is_none()
            && !self.is_bound
    }

    /// Whether its messages may go straight, as things are now.
    #[inline]
    #[must_use]
    pub fn is_straight(&self) -> bool {
        self.straight
    }

    /// From now on its messages may go straight, or take all steps.
    pub fn set_straight(&mut self, straight: bool) {
        self.straight = straight;
    }

    /// Message number `ordinal` of the sender is made, sent and let in by a service that has room for it.
    #[inline(always)]
    pub fn call_straight<O: Observer>(&self, ordinal: u32, cx: &mut Context<O>) -> Job {
        let deadline = self.timeout.map(|(timeout, _)| cx.now + timeout);
        let messages = &mut cx.common.messages;
        let message = messages.create_in_service(cx.now, ordinal, self.id, self.at, deadline);
        cx.common.observer.observe_entry(cx.now, self.by, self.at);
        let (since, needs) = (cx.now, SimDuration::ZERO);
        Job { message, link: self.id, attempt: 1, since, needs }
    }

    /// Sets the timer of a call that was let in.
    #[inline(always)]
    pub fn time_straight<O: Observer>(&self, message: MessageId, cx: &mut Context<O>) {
        if let Some((timeout, lane)) = self.timeout {
            let event = Event::Timeout { link: self.id, message };
            cx.calendar.schedule_in(lane, cx.now + timeout, event);
        }
    }

    /// The work of `job` is done, and its caller has the answer: unless more has happened to its message than that.
    #[inline(always)]
    #[must_use]
    pub fn settle_straight<O: Observer>(&self, job: Job, cx: &mut Context<O>) -> bool {
        let facts = &mut cx.common.messages[job.message];
        if !facts.was_let_in_straight(job.link, job.attempt) {
            return false;
        }
        facts.stop_awaiting();
        let sojourn = cx.now.since(facts.produced_at);
        cx.common.messages.remove(job.message);
        cx.common.observer.observe_exit(cx.now, self.by, self.at, sojourn);
        true
    }

    /// Message number `ordinal` of the sender is made, sent, and stored by a broker that has room for it; the sender knows.
    #[inline(always)]
    pub fn publish_straight<O: Observer>(&self, ordinal: u32, cx: &mut Context<O>) -> MessageId {
        let message = cx.common.messages.create_at_rest(cx.now, ordinal, self.id, self.at);
        cx.common.observer.observe_storage(cx.now, self.by, self.at);
        message
    }

    /// The work on a message that a broker had delivered to `at` is done, and the broker knows.
    #[inline(always)]
    pub fn consume_straight<O: Observer>(
        &self,
        message: MessageId,
        at: NodeId,
        cx: &mut Context<O>,
    ) {
        let sojourn = cx.now.since(cx.common.messages.remove(message).produced_at);
        cx.common.observer.observe_consumption(cx.now, (self.by, self.at, at), sojourn);
    }
}
