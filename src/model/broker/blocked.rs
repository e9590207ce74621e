//! Publishes that a broker makes wait, in the order in which they came. Their messages stay at their producers meanwhile.

use std::collections::VecDeque;

use super::Publish;
use crate::model::context::Context;
use crate::model::memory::Memory;
use crate::model::observation::{Gauge, Observation, Observer};
use crate::model::packet::Answer;
use crate::time::SimTime;

/// The publishes that wait.
#[derive(Debug, Default)]
pub(super) struct Blocked(VecDeque<(Publish, SimTime)>);

impl Blocked {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes a publish wait, unless its producer has given up meanwhile.
    pub(super) fn push<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) {
        let facts = &cx.messages()[publish.message];
        if facts.link() != publish.link || !facts.awaits(publish.attempt) {
            return cx.release(publish.message);
        }
        cx.change(cx.route(publish.link).by, Gauge::HeldAtProducer, 1);
        self.0.push_back((publish, cx.now));
    }

    /// The first one waits no longer.
    pub(super) fn pop<O: Observer>(&mut self, cx: &mut Context<O>) -> Option<Publish> {
        let first = self.0.pop_front()?;
        Some(unblock(first, cx))
    }

    /// A producer gives up on an attempt of `sent_at`. Looks from the first that can have been sent then: publishers give up about in the
    /// order in which they came.
    pub(super) fn withdraw<O: Observer>(
        &mut self,
        publish: Publish,
        sent_at: SimTime,
        cx: &mut Context<O>,
    ) {
        let earliest = self.0.partition_point(|(_, since)| *since < sent_at);
        let mut candidates = self.0.range(earliest..);
        if let Some(found) = candidates.position(|(other, _)| *other == publish)
            && let Some(blocked) = self.0.remove(earliest + found)
        {
            let withdrawn = unblock(blocked, cx);
            cx.release(withdrawn.message);
        }
    }

    /// The connections of all who wait break.
    pub(super) fn reset<O: Observer>(&mut self, cx: &mut Context<O>) {
        for blocked in std::mem::take(&mut self.0) {
            let broken = unblock(blocked, cx).answered(Answer::Reset);
            cx.post(broken);
        }
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// A publish waits no longer, for whatever reason.
fn unblock<O: Observer>((publish, since): (Publish, SimTime), cx: &mut Context<O>) -> Publish {
    let by = cx.route(publish.link).by;
    cx.change(by, Gauge::HeldAtProducer, -1);
    cx.observe(Observation::Unblocked { by, blocked: cx.now.since(since) });
    publish
}
