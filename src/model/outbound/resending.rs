//! A link whose retry queue is sent again as a batch, and retries that are refused before they are sent.

use super::Link;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::message::MessageId;
use crate::model::observation::{Failure, Mark, Observation, Observer};
use crate::model::packet::Sent;

impl Link {
    /// An attempt that had come out of the retry queue, if it had, is over.
    #[inline(always)]
    pub(super) fn leave_retry_queue<O: Observer>(
        &mut self,
        message: MessageId,
        cx: &mut Context<O>,
    ) {
        if let Some(queue) = &mut self.retry_queue
            && cx.messages()[message].has_failed()
        {
            queue.on_answered(cx);
        }
    }

    /// A batch is due: how many of the retry queue go at this instant.
    pub fn on_resend<O: Observer>(&mut self, cx: &mut Context<O>) -> usize {
        let Some(queue) = &mut self.retry_queue else { return 0 };
        let (batch, now) = queue.on_resend(cx);
        if let Some(count) = batch.filter(|count| *count > 1) {
            cx.mark(self.by, Mark::Resend { count: count as u32 });
        }
        now
    }

    /// Resends the next of the retry queue.
    #[inline]
    pub fn resend_next<O: Observer>(&mut self, cx: &mut Context<O>) -> Sent {
        let message = self.retry_queue.as_mut().and_then(|queue| queue.pop())?;
        self.attempt(message, cx)
    }

    /// Whether a retry that is refused has no consequence but the next one.
    #[inline]
    #[must_use]
    pub fn shrugs_off_refusals(&self) -> bool {
        self.shrugs_off_refusals
    }

    /// The back-off of a message is over, and its next attempt is refused at this instant.
    #[inline]
    pub fn retry_in_vain<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) {
        self.observe_in_vain(1, cx);
        if let Some((delay, lane)) = self.retry_lane {
            cx.messages().attempt_in_vain(message);
            let event = Event::Retry { link: self.id, message };
            return cx.calendar.schedule_in(lane, cx.now + delay, event);
        }
        let attempt = cx.messages().begin_attempt(message);
        self.schedule_retry(message, attempt, None, cx);
    }

    /// Resends the next `count` of the retry queue, all of which are refused at this instant: a storm against a callee that is down
    /// is told in one go.
    pub fn resend_in_vain<O: Observer>(&mut self, count: usize, cx: &mut Context<O>) -> Sent {
        self.observe_in_vain(count as u64, cx);
        self.retry_queue.as_mut()?.resend_in_vain(count, cx.messages())
    }

    #[inline]
    fn observe_in_vain<O: Observer>(&self, count: u64, cx: &mut Context<O>) {
        let (by, at, failure) = (self.by, self.at, Failure::Refused);
        cx.observe(Observation::Attempted { by, at, retry: true, count });
        cx.observe(Observation::AttemptFailed { by, at, failure, count });
    }

    /// A round of resending begins; the next one is set.
    pub fn on_round<O: Observer>(&mut self, cx: &mut Context<O>) -> Sent {
        if let Some(queue) = &mut self.retry_queue {
            queue.on_round(cx);
        }
        None
    }

    /// The callee accepts again.
    pub fn on_accepting<O: Observer>(&mut self, cx: &mut Context<O>) -> Sent {
        if let Some(queue) = &mut self.retry_queue {
            queue.on_accepting(cx);
        }
        None
    }
}
