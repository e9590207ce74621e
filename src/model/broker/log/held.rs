//! Publishes that wait at their client: for others to go with, for a leader, or for a commit to be over.

use std::collections::VecDeque;

use super::Log;
use crate::model::broker::Publish;
use crate::model::context::Context;
use crate::model::observation::{Gauge, Observation, Observer};
use crate::model::packet::Answer;
use crate::time::SimTime;

/// A publish that waits although it could have gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    publish: Publish,
    /// For which partition.
    pub(super) number: usize,
    since: SimTime,
}

impl Held {
    /// Makes a publish wait.
    pub(super) fn new<O: Observer>(publish: Publish, number: usize, cx: &mut Context<O>) -> Held {
        cx.change(cx.route(publish.link).by, Gauge::HeldAtProducer, 1);
        Held { publish, number, since: cx.now }
    }

    /// It waits no longer, for whatever reason.
    pub(super) fn let_go<O: Observer>(self, cx: &mut Context<O>) -> Publish {
        let by = cx.route(self.publish.link).by;
        cx.change(by, Gauge::HeldAtProducer, -1);
        cx.observe(Observation::Unblocked { by, blocked: cx.now.since(self.since) });
        self.publish
    }
}

/// Takes a publish out of those that wait, if it is there.
fn take(held: &mut VecDeque<Held>, publish: Publish) -> Option<Held> {
    let place = held.iter().position(|one| one.publish == publish)?;
    held.remove(place)
}

impl Log {
    /// A publisher gives up on an attempt, which may wait anywhere.
    pub(super) fn withdraw<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) {
        if let Some(sender) = &mut self.senders[publish.link.index()]
            && sender.withdraw(publish)
        {
            return cx.release(publish.message);
        }
        let topic = &mut self.topics[publish.to.index()];
        let replicas = topic.partitions.iter_mut().filter_map(|one| one.replicas.as_mut());
        let mut lists = replicas
            .map(|replicas| &mut replicas.held)
            .chain(self.transactions.iter_mut().map(|transaction| &mut transaction.held));
        if let Some(held) = lists.find_map(|list| take(list, publish)) {
            let withdrawn = held.let_go(cx);
            cx.release(withdrawn.message);
        }
    }

    /// The whole log goes down: whoever waits for anything hears of it.
    pub(super) fn break_connections<O: Observer>(&mut self, cx: &mut Context<O>) {
        let mut broken = Vec::new();
        for sender in self.senders.iter_mut().flatten() {
            broken.extend(sender.empty());
        }
        for partition in self.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            let Some(replicas) = &mut partition.replicas else { continue };
            broken.extend(replicas.unanswered.drain(..).map(|(_, publish)| publish));
            broken.extend(replicas.held.drain(..).map(|held| held.let_go(cx)));
        }
        for transaction in &mut self.transactions {
            broken.extend(transaction.held.drain(..).map(|held| held.let_go(cx)));
        }
        for publish in broken {
            cx.post(publish.answered(Answer::Reset));
        }
    }
}
