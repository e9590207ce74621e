//! Credit flow: messages are taken in one after the other, and a publisher that is too far ahead waits at its socket.
//!
//! What is inside and not taken in yet is in no queue. Its publisher waits for it, and hears of a crash.

use std::collections::VecDeque;

use super::Amqp;
use super::timers::Timer;
use crate::model::broker::Publish;
use crate::model::broker::blocked::Blocked;
use crate::model::context::Context;
use crate::model::memory::Memory;
use crate::model::observation::Observer;
use crate::model::packet::Answer;
use crate::policy::credit_flow::{Credit, Ingress, IngressState};
use crate::time::SimTime;

/// What is on its way into the broker.
#[derive(Debug)]
pub(super) struct Flow {
    state: IngressState,
    /// Inside, with when each is taken in.
    inside: VecDeque<(Publish, SimTime)>,
    /// For each link, its credit and what waits for some.
    publishers: Vec<(Credit, Blocked)>,
}

impl Flow {
    pub(super) fn new(rule: Ingress) -> Flow {
        let state = IngressState::new(rule);
        Flow { state, inside: VecDeque::new(), publishers: Vec::new() }
    }

    fn publisher(&mut self, publish: Publish) -> &mut (Credit, Blocked) {
        let place = publish.link.index();
        while self.publishers.len() <= place {
            self.publishers.push((self.state.credit(), Blocked::default()));
        }
        &mut self.publishers[place]
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let blocked = self.publishers.iter().map(|(_, blocked)| blocked.bytes());
        blocked.chain([self.inside.bytes()]).sum()
    }
}

impl Amqp {
    /// A publish comes that nothing but its publisher's credit holds back.
    pub(super) fn let_in<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) {
        let Some(flow) = &mut self.flow else { return };
        let (credit, blocked) = flow.publisher(publish);
        if !blocked.is_empty() || !credit.spend() {
            return blocked.push(publish, cx);
        }
        let due = flow.state.take(cx.now);
        flow.inside.push_back((publish, due));
        if flow.inside.len() == 1 {
            self.timers.set(due, Timer::Ingress, cx);
        }
    }

    /// The next message is taken in.
    pub(super) fn on_ingress_due<O: Observer>(&mut self, cx: &mut Context<O>) {
        let Some(flow) = &mut self.flow else { return };
        // After a crash another one may be first.
        if flow.inside.front().is_none_or(|(_, due)| *due > cx.now) {
            return;
        }
        let Some((publish, _)) = flow.inside.pop_front() else { return };
        if let Some((_, due)) = flow.inside.front() {
            self.timers.set(*due, Timer::Ingress, cx);
        }
        if let Some((credit, _)) = flow.publishers.get_mut(publish.link.index()) {
            flow.state.took(credit);
        }
        let answer = self.accept(publish, cx);
        cx.post(answer);
        self.let_more_in(publish, cx);
    }

    /// A publisher may have credit for what waits at it.
    fn let_more_in<O: Observer>(&mut self, last: Publish, cx: &mut Context<O>) {
        while let Some(flow) = &mut self.flow {
            let (credit, blocked) = flow.publisher(last);
            if blocked.is_empty() || !credit.spend() {
                return;
            }
            let Some(publish) = blocked.pop(cx) else { return };
            let due = flow.state.take(cx.now);
            flow.inside.push_back((publish, due));
            if flow.inside.len() == 1 {
                self.timers.set(due, Timer::Ingress, cx);
            }
        }
    }

    /// A publisher gives up on an attempt that may wait for credit.
    pub(super) fn withdraw_from_flow<O: Observer>(
        &mut self,
        publish: Publish,
        sent_at: SimTime,
        cx: &mut Context<O>,
    ) {
        if let Some(flow) = &mut self.flow {
            flow.publisher(publish).1.withdraw(publish, sent_at, cx);
        }
    }

    /// The broker goes down, and with it every connection.
    pub(super) fn break_flow<O: Observer>(&mut self, cx: &mut Context<O>) {
        let Some(flow) = &mut self.flow else { return };
        for (publish, _) in std::mem::take(&mut flow.inside) {
            cx.post(publish.answered(Answer::Reset));
        }
        for (_, mut blocked) in std::mem::take(&mut flow.publishers) {
            blocked.reset(cx);
        }
        flow.state.reset();
    }
}
