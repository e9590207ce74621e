//! The straight way: a message that arrives at the instant at which it is made, and is finished at the instant at which the work on it is
//! done, because nothing is in between, and nothing is wrong.
//!
//! Nearly all messages of nearly all worlds go this way. Taken step by step, as everything else is, such a message is an offer, an
//! attempt, a request, an answer and a conclusion, each with its questions that are always answered with no. Which links may
//! be taken in one step is decided when the world is built, and again when a fault touches a path; whether a message did
//! nothing else on its way is seen by its state. Whatever is out of the ordinary takes all steps, and where both ways are
//! open they come to the same: a test compares them.

use super::broker::Consumer;
use super::context::Context;
use super::event::Event;
use super::id::Id;
use super::observation::Observer;
use super::outbound::{Link, Owner, Target};
use super::packet::{Packet, Sent};
use super::producer::Source;
use super::service::Service;
use super::world::{World, context};
use crate::engine::Calendar;
use crate::time::SimTime;

impl<O: Observer> World<O> {
    /// Decides anew which links are as simple as that.
    pub(super) fn straighten(&mut self) {
        for link in self.links.ids() {
            let is_straight = self.can_be_straight(link);
            self.links[link].set_straight(is_straight);
        }
    }

    fn can_be_straight(&self, link: Id<Link>) -> bool {
        let Owner::Producer(producer) = self.owners[link.index()] else { return false };
        let sender = &self.links[link];
        let is_plain = match sender.target() {
            Target::Call(service) => self.services[service].is_plain(),
            Target::Publish(broker, _) => self.brokers[broker].is_plain(),
        };
        let common = &self.common;
        let by = self.producers[producer].node();
        let any_content_is_as_good_as_any = common.contents.are_sound()
            && common.jobs.is_empty()
            && common.orders[by.index()].is_none();
        let everybody_stays = common.patience.is_empty() && common.deadlines.is_none();
        is_plain
            && everybody_stays
            && any_content_is_as_good_as_any
            && sender.is_plain()
            && self.producers[producer].only_link() == Some(link)
            && self.network.is_instant(link)
    }

    /// A source makes its next message.
    #[inline(always)]
    pub(super) fn on_arrival(
        &mut self,
        source: Id<Source>,
        now: SimTime,
        calendar: &mut Calendar<Event>,
    ) -> Sent {
        let cx = context!(self, now, calendar);
        let source = &mut self.sources[source];
        let key = source.schedule_next(cx.calendar);
        let producer = &mut self.producers[source.producer];
        let link = &self.links[producer.first_link()];
        match link.target() {
            Target::Call(service) if link.is_straight() && self.services[service].lets_in() => {
                let job = link.call_straight(producer.count(), cx);
                self.services[service].take_in(job, cx);
                link.time_straight(job.message, cx);
                return None;
            }
            Target::Publish(broker, _)
                if link.is_straight() && self.brokers[broker].stores_at_once() =>
            {
                let message = link.publish_straight(producer.count(), cx);
                self.brokers[broker].store_straight(message, cx);
                return None;
            }
            Target::Call(_) | Target::Publish(..) => {}
        }
        let (link, message) = producer.on_arrival(key, cx);
        self.links[link].on_offer(message, cx)
    }

    /// A worker is done with its piece of work.
    #[inline(always)]
    pub(super) fn on_finish(
        &mut self,
        service: Id<Service>,
        worker: u32,
        now: SimTime,
        calendar: &mut Calendar<Event>,
    ) -> Sent {
        let cx = context!(self, now, calendar);
        let this = &mut self.services[service];
        if let Some(job) = this.call_done_by(worker, now) {
            let link = &self.links[job.link];
            if link.is_straight() && link.settle_straight(job, cx) {
                this.serve_next(worker, cx);
                return None;
            }
        } else if let Some((broker, delivered)) = this.delivery_done_by(worker, now) {
            let link = &self.links[cx.common.messages[delivered.message].link()];
            if link.is_straight()
                && cx.common.messages[delivered.message].was_stored_straight()
                && self.brokers[broker].acknowledge_straight(delivered.tag)
            {
                link.consume_straight(delivered.message, this.node(), cx);
                let sent = this.fetch_next(worker, cx);
                return self.fetch_at_once(sent, now, calendar);
            }
        }
        this.on_finish(worker, cx)
    }

    /// What an idle worker sends reaches its broker without another word.
    #[inline(always)]
    fn fetch_at_once(&mut self, sent: Sent, now: SimTime, calendar: &mut Calendar<Event>) -> Sent {
        if let Some(Packet::Fetch { service, subscription, worker }) = sent {
            return self.fetch(Consumer { service, subscription }, worker, now, calendar);
        }
        sent
    }
}
