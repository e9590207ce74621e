//! How brokers and those who consume from them come together: questions, word of what is done, farewells.

use super::broker::{Address, Broker, Client, Consumer, Fetch, Word};
use super::context::Context;
use super::event::Event;
use super::id::Id;
use super::observation::Observer;
use super::packet::Sent;
use super::service::Service;
use super::world::{World, context};
use crate::engine::Calendar;
use crate::policy::commit::Commit;
use crate::time::SimTime;

impl<O: Observer> World<O> {
    pub(super) fn source_of(&self, consumer: Consumer) -> (Id<Broker>, Address) {
        let subscriptions = self.services[consumer.service].subscriptions();
        let subscription = &subscriptions[usize::from(consumer.subscription)];
        (subscription.broker, subscription.from)
    }

    /// An idle worker asks a broker for work, and is given its answer.
    #[inline]
    pub(super) fn fetch(
        &mut self,
        consumer: Consumer,
        worker: u32,
        now: SimTime,
        calendar: &mut Calendar<Event>,
    ) -> Sent {
        let Consumer { service, subscription } = consumer;
        let cx = context!(self, now, calendar);
        let asking = &mut self.services[service];
        if !asking.is_up() {
            return None;
        }
        let mut batch = asking.take_batch(worker);
        let to = &asking.subscriptions()[usize::from(subscription)];
        let by = Client { consumer, worker, from: to.from };
        let at_most = asking.room(worker, to.batch);
        let fetch = Fetch { by, node: asking.node(), at_most, commit: to.commit };
        self.brokers[to.broker].on_fetch(fetch, &mut batch, cx);
        self.services[service].on_delivery(subscription, worker, batch, cx)
    }

    /// A worker tells a broker that its batch is done, and goes on.
    #[inline]
    pub(super) fn commit(
        &mut self,
        consumer: Consumer,
        worker: u32,
        now: SimTime,
        calendar: &mut Calendar<Event>,
    ) -> Sent {
        let cx = context!(self, now, calendar);
        let done = &mut self.services[consumer.service];
        let (batch, news) = (done.take_batch(worker), done.news(worker));
        let to = &done.subscriptions()[usize::from(consumer.subscription)];
        let by = Client { consumer, worker, from: to.from };
        let (broker, commit) = (&mut self.brokers[to.broker], to.commit);
        broker.on_commit(by, commit, &batch[news], cx);
        if commit == Commit::Transaction {
            match broker.word() {
                Word::GoOn => {}
                Word::Wait => {
                    done.return_batch(worker, batch);
                    return None;
                }
                Word::StartOver => done.drop_rest(worker, &batch),
            }
        }
        done.on_committed(worker, batch, cx)
    }

    /// A broker puts aside what a worker gives up, and the worker goes on.
    pub(super) fn set_aside(
        &mut self,
        consumer: Consumer,
        worker: u32,
        now: SimTime,
        calendar: &mut Calendar<Event>,
    ) -> Sent {
        let cx = context!(self, now, calendar);
        let giving = &mut self.services[consumer.service];
        let given_up = giving.given_up(worker);
        let batch = giving.take_batch(worker);
        let from = &giving.subscriptions()[usize::from(consumer.subscription)];
        let (broker, to) = (from.broker, from.aside.expect("only who names a place puts aside"));
        let is_stored = self.brokers[broker].on_set_aside(to, &batch[given_up], cx);
        let giving = &mut self.services[consumer.service];
        giving.return_batch(worker, batch);
        giving.on_set_aside(worker, is_stored, cx)
    }

    /// A service is about to be closed in good order: its workers tell what they have done, and give back what they have not.
    pub(super) fn close_consumers(
        &mut self,
        service: Id<Service>,
        now: SimTime,
        calendar: &mut Calendar<Event>,
    ) {
        let cx = context!(self, now, calendar);
        let closing = &mut self.services[service];
        for worker in 0..closing.workers() {
            let Some((subscription, news)) = closing.break_off(worker) else { continue };
            let batch = closing.take_batch(worker);
            let to = &closing.subscriptions()[usize::from(subscription)];
            let by = Client { consumer: Consumer { service, subscription }, worker, from: to.from };
            self.brokers[to.broker].on_commit(by, to.commit, &batch[news], cx);
            closing.return_batch(worker, batch);
        }
    }
}
