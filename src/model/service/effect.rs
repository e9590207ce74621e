//! What comes of work: the effect, and the key by which it is recognized when the same message comes again.

use super::{Service, Stage};
use crate::model::context::Context;
use crate::model::message::MessageId;
use crate::model::observation::{Observation, Observer};
use crate::model::packet::Sent;
use crate::policy::compatibility::Reading;
use crate::policy::idempotency::Idempotency;
use crate::time::SimDuration;

impl Service {
    /// The work takes effect: an e-mail is sent.
    #[inline]
    pub(super) fn take_effect<O: Observer>(&mut self, worker: u32, cx: &mut Context<O>) -> Sent {
        let message = self.message_of(worker);
        if self.is_known_done(worker, message, cx) {
            cx.observe(Observation::Suppressed { at: self.node });
        } else if let Some(gap) = self.have_effect(worker, message, cx) {
            self.enter(worker, Stage::Recording, gap, cx);
            return None;
        }
        self.end_piece(worker, true, cx)
    }

    /// The effect itself; how long it takes until its idempotency key is durable, if that is not one with it.
    #[inline(always)]
    fn have_effect<O: Observer>(
        &mut self,
        worker: u32,
        message: MessageId,
        cx: &mut Context<O>,
    ) -> Option<SimDuration> {
        let slot = self.slot_of(worker, cx);
        let is_delivered = self.workers[worker as usize].job.is_none();
        self.count_effect(message, slot, is_delivered, cx);
        match self.settings.idempotency {
            Idempotency::None => None,
            Idempotency::Transactional { .. } => {
                cx.messages()[message].record_key(slot);
                None
            }
            Idempotency::CheckThenAct { gap } => Some(gap),
        }
    }

    /// A message has its effect, its first one or another.
    #[inline(always)]
    pub(super) fn count_effect<O: Observer>(
        &self,
        message: MessageId,
        slot: u8,
        is_delivered: bool,
        cx: &mut Context<O>,
    ) {
        let facts = &mut cx.common.messages[message];
        let route = cx.common.routes[facts.link().index()];
        let by = route.by;
        let (first, ordinal) = (facts.add_effect(slot), facts.ordinal);
        let sojourn = cx.now.since(facts.produced_at);
        cx.observe(Observation::Effect { by, at: self.node, sojourn, duplicate: !first });
        if !cx.common.contents.are_sound() && cx.reading(message, self.node) == Reading::Wrong {
            cx.observe(Observation::Misread { by, at: self.node });
        }
        if first && route.is_followed {
            let journey = cx.now.since(cx.origin(message));
            cx.observe(Observation::Journeyed { at: self.node, journey });
        }
        if first && cx.is_out_of_order(by, slot, ordinal) {
            cx.observe(Observation::Overtaken { by, at: self.node });
        }
        if first && is_delivered {
            cx.observe(Observation::Mattered { by, at: self.node });
        }
    }

    /// Where effects are recognized, that of a message which others brought along is, too.
    pub(super) fn record_key<O: Observer>(
        &self,
        message: MessageId,
        slot: u8,
        cx: &mut Context<O>,
    ) {
        match self.settings.idempotency {
            Idempotency::None => {}
            Idempotency::CheckThenAct { .. } | Idempotency::Transactional { .. } => {
                cx.messages()[message].record_key(slot);
            }
        }
    }

    pub(super) fn after_recording<O: Observer>(
        &mut self,
        worker: u32,
        cx: &mut Context<O>,
    ) -> Sent {
        let message = self.message_of(worker);
        let slot = self.slot_of(worker, cx);
        cx.messages()[message].record_key(slot);
        self.end_piece(worker, true, cx)
    }

    /// Whether an idempotency key says that the work on `message` was done before.
    #[inline(always)]
    pub(super) fn is_known_done<O: Observer>(
        &self,
        worker: u32,
        message: MessageId,
        cx: &mut Context<O>,
    ) -> bool {
        if matches!(self.settings.idempotency, Idempotency::None) {
            return false;
        }
        let slot = self.slot_of(worker, cx);
        cx.messages()[message].key_is_recorded(slot)
    }
}
