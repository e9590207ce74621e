//! What a client holds at most, and who waits for room in it.
//!
//! A message takes its place until it is settled, for good or ill. One that finds no room waits for it, in order; if not for ever, the
//! end of that wait is kept where the end of an answer would be, as no attempt has been made yet.

use std::collections::VecDeque;

use super::Link;
use crate::engine::Lane;
use crate::model::context::Context;
use crate::model::event::Event;
use crate::model::id::NodeId;
use crate::model::message::MessageId;
use crate::model::observation::{Fate, Gauge, Observation, Observer};
use crate::model::packet::Sent;
use crate::time::{SimDuration, SimTime};

#[derive(Debug)]
pub(super) struct Buffer {
    room: u32,
    /// How long a message waits for room, if not for ever.
    max_block: Option<(SimDuration, Lane)>,
    waiting: VecDeque<(MessageId, SimTime)>,
}

impl Buffer {
    pub(super) fn new(room: u32, max_block: Option<(SimDuration, Lane)>) -> Buffer {
        Buffer { room, max_block, waiting: VecDeque::new() }
    }

    /// Takes a place, if there is one.
    #[inline]
    pub(super) fn enter(&mut self) -> bool {
        let enters = self.room > 0;
        self.room -= u32::from(enters);
        enters
    }

    fn take(&mut self, place: usize, by: NodeId, cx: &mut Context<impl Observer>) -> MessageId {
        let taken = self.waiting.remove(place);
        let (message, since) = taken.expect("whoever takes one has looked");
        cx.change(by, Gauge::HeldAtProducer, -1);
        cx.observe(Observation::Unblocked { by, blocked: cx.now.since(since) });
        message
    }
}

impl Link {
    /// A message finds no room, and waits.
    #[cold]
    pub(super) fn wait_for_room<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) {
        let Some(buffer) = &mut self.buffer else { return };
        let until = buffer.max_block.map(|(longest, _)| cx.now + longest);
        cx.messages()[message].await_answer(until);
        buffer.waiting.push_back((message, cx.now));
        cx.change(self.by, Gauge::HeldAtProducer, 1);
        if let (Some((_, lane)), Some(until)) = (buffer.max_block, until) {
            let event = Event::Timeout { link: self.id, message };
            cx.calendar.schedule_in(lane, until, event);
        }
    }

    /// A message has waited for room for as long as it may.
    #[cold]
    pub(super) fn turn_away<O: Observer>(
        &mut self,
        message: MessageId,
        cx: &mut Context<O>,
    ) -> Sent {
        let buffer = self.buffer.as_mut()?;
        let place = buffer.waiting.iter().position(|(waiting, _)| *waiting == message)?;
        buffer.take(place, self.by, cx);
        cx.messages()[message].stop_awaiting();
        Some(self.abandon(message, Fate::Rejected, cx))
    }

    /// A message is settled: the next one has its place.
    pub(super) fn leave_buffer<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) {
        let was_inside = cx.messages()[message].attempt > 0;
        let Some(buffer) = self.buffer.as_mut().filter(|_| was_inside) else { return };
        if buffer.waiting.is_empty() {
            buffer.room += 1;
            return;
        }
        let next = buffer.take(0, self.by, cx);
        let facts = &mut cx.messages()[next];
        facts.stop_awaiting();
        let sent = if facts.is_forsaken() {
            cx.messages().begin_attempt(next);
            Some(self.abandon(next, Fate::Abandoned, cx))
        } else {
            self.attempt(next, cx)
        };
        cx.post(sent);
    }
}
