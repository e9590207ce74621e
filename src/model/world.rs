//! All nodes of a running system, and who gets which event and which packet.
//!
//! Nodes never call one another. A handler returns the one packet that it sends; the world hands it to the node that it is for, and goes
//! on until nothing is left to hand over at this instant.

use super::blueprint::FaultEffect;
use super::broker::{Broker, Consumer, Publish};
use super::context::{Common, Context};
use super::event::Event;
use super::faults::Faults;
use super::id::{Arena, Id, NodeId};
use super::message::MessageId;
use super::network::Network;
use super::observation::{Mark, Observer};
use super::outbound::{Link, Owner, Target};
use super::packet::{Packet, Sent};
use super::producer::{Producer, Source};
use super::service::Service;
use crate::engine::{Calendar, Model};
use crate::time::SimTime;

/// A system that runs.
#[derive(Debug)]
pub struct World<O> {
    pub(super) sources: Arena<Source>,
    pub(super) producers: Arena<Producer>,
    pub(super) links: Arena<Link>,
    /// Whose each link is.
    pub(super) owners: Vec<Owner>,
    pub(super) services: Arena<Service>,
    pub(super) brokers: Arena<Broker>,
    /// What each node is.
    pub(super) roles: Vec<Role>,
    pub(super) faults: Faults,
    pub(super) network: Network,
    pub(super) common: Common<O>,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Makes messages.
    Producer,
    /// Does work.
    Service(Id<Service>),
    /// Holds messages.
    Broker(Id<Broker>),
}

/// The context of the nodes of `$world` at `$now`: a macro, because it borrows one field and leaves the nodes free.
macro_rules! context {
    ($world:ident, $now:expr, $calendar:expr) => {
        &mut Context { now: $now, calendar: $calendar, common: &mut $world.common }
    };
}

pub(super) use context;

impl<O: Observer> Model for World<O> {
    type Event = Event;

    #[inline]
    fn handle(&mut self, now: SimTime, event: Event, calendar: &mut Calendar<Event>) {
        let cx = context!(self, now, calendar);
        let sent = match event {
            Event::Arrival { source } => self.on_arrival(source, now, calendar),
            Event::Think { producer, which } => self.producers[producer].on_thought(which, cx),
            Event::Finish { service, worker } => self.on_finish(service, worker, now, calendar),
            Event::HangUp { link, message } => match self.links[link].target() {
                Target::Call(service) => self.services[service].on_hang_up(link, message, cx),
                Target::Publish(..) => unreachable!("nobody waits in line for a publish"),
            },
            Event::Expire { service } => self.services[service].on_expire(cx),
            Event::Timeout { link, message } => self.links[link].on_timeout(message, cx),
            Event::Retry { link, message } => {
                if self.refuses_at_once(link) {
                    let cx = context!(self, now, calendar);
                    return self.links[link].retry_in_vain(message, cx);
                }
                self.links[link].on_retry(message, context!(self, now, calendar))
            }
            Event::Reach { packet } | Event::Return { packet } => {
                let packet = self.network.arrive(packet);
                self.arrive(packet, now, calendar)
            }
            Event::Restart { service } => self.services[service].on_restart(cx),
            Event::Broker { broker, timer } => self.brokers[broker].on_timer(timer, cx),
            Event::Round { link } => self.links[link].on_round(cx),
            Event::Resend { link } => return self.resend(link, now, calendar),
            Event::FaultBegins { fault } => return self.switch_fault(fault, true, now, calendar),
            Event::FaultEnds { fault } => return self.switch_fault(fault, false, now, calendar),
        };
        if sent.is_some() || !self.common.outbox.is_empty() {
            self.carry(sent, now, calendar);
        }
    }
}

impl<O: Observer> World<O> {
    /// Hands packets over until nothing is left at this instant: over the network, where they go over a link.
    fn carry(&mut self, sent: Sent, now: SimTime, calendar: &mut Calendar<Event>) {
        let mut next = sent;
        loop {
            while let Some(packet) = next {
                next = match packet {
                    Packet::Request { link, .. }
                    | Packet::Publish { link, .. }
                    | Packet::Answer { link, .. }
                        if !self.network.is_instant(link) =>
                    {
                        self.transmit(packet, now, calendar)
                    }
                    _ => self.deliver(packet, now, calendar),
                };
            }
            if self.common.outbox.is_empty() {
                return;
            }
            next = self.common.outbox.pop_front();
        }
    }

    /// Sends a packet over a link that takes time, or may lose it.
    fn transmit(&mut self, packet: Packet, now: SimTime, calendar: &mut Calendar<Event>) -> Sent {
        let cx = context!(self, now, calendar);
        let arrived = match packet {
            Packet::Request { link, message, attempt }
            | Packet::Publish { link, message, attempt } => {
                let sender = &self.links[link];
                if sender.may_give_up_within(self.network.certain_latency(link)) {
                    sender.arm_timeout(message, attempt, None, cx);
                }
                self.network.transmit(link, packet, cx)
            }
            Packet::Answer { link, .. } => self.network.transmit(link, packet, cx),
            _ => Some(packet),
        };
        arrived.and_then(|packet| self.arrive(packet, now, calendar))
    }

    /// A packet arrives that took time.
    #[inline(never)]
    fn arrive(&mut self, packet: Packet, now: SimTime, calendar: &mut Calendar<Event>) -> Sent {
        self.deliver(packet, now, calendar)
    }

    /// Gives a packet to whom it is for. Inlined into the one loop that takes nearly all packets along.
    #[inline(always)]
    fn deliver(&mut self, packet: Packet, now: SimTime, calendar: &mut Calendar<Event>) -> Sent {
        let cx = context!(self, now, calendar);
        match packet {
            Packet::Offer { link, message } => self.links[link].on_offer(message, cx),
            Packet::Request { link, message, attempt } => {
                let Target::Call(service) = self.links[link].target() else {
                    unreachable!("a request over a link that publishes");
                };
                let sent = self.services[service].on_request(link, message, attempt, cx);
                self.arm_timeout(link, message, attempt, sent, now, calendar);
                sent
            }
            Packet::Publish { link, message, attempt } => {
                let Target::Publish(broker, to) = self.links[link].target() else {
                    unreachable!("a publish over a link that calls");
                };
                let publish = Publish { link, message, attempt, to };
                let sent = self.brokers[broker].on_publish(publish, cx);
                self.arm_timeout(link, message, attempt, sent, now, calendar);
                sent
            }
            Packet::Withdraw { link, message, attempt } => {
                if let Target::Publish(broker, to) = self.links[link].target() {
                    let sent_at = self.links[link].sent_at(now);
                    let publish = Publish { link, message, attempt, to };
                    self.brokers[broker].on_withdraw(publish, sent_at, cx);
                }
                None
            }
            Packet::Answer { link, message, attempt, answer } => {
                self.links[link].on_answer(message, attempt, answer, cx)
            }
            Packet::Concluded { link, message } => match self.owners[link.index()] {
                Owner::Producer(id) => self.producers[id].on_concluded(link, message, true, cx),
                Owner::Service(id) => self.services[id].on_concluded(link, message, true, cx),
            },
            Packet::GivenUp { link, message } => match self.owners[link.index()] {
                Owner::Producer(id) => self.producers[id].on_concluded(link, message, false, cx),
                Owner::Service(id) => self.services[id].on_concluded(link, message, false, cx),
            },
            Packet::Watch { link } => match self.links[link].target() {
                Target::Call(service) => self.services[service].on_watch(link, cx),
                Target::Publish(broker, _) => self.brokers[broker].on_watch(link),
            },
            Packet::Accepting { link } => self.links[link].on_accepting(cx),
            Packet::Available { service, subscription, worker } => {
                self.services[service].on_available(subscription, worker, cx)
            }
            Packet::Declined { service, subscription } => {
                let (broker, _) = self.source_of(Consumer { service, subscription });
                self.brokers[broker].on_declined(context!(self, now, calendar));
                None
            }
            Packet::Fetch { service, subscription, worker } => {
                self.fetch(Consumer { service, subscription }, worker, now, calendar)
            }
            Packet::Commit { service, subscription, worker } => {
                self.commit(Consumer { service, subscription }, worker, now, calendar)
            }
            Packet::SetAside { service, subscription, worker } => {
                self.set_aside(Consumer { service, subscription }, worker, now, calendar)
            }
            Packet::TransactionEnded { service, worker, committed, .. } => {
                self.services[service].on_transaction_ended(worker, committed, cx)
            }
            Packet::Attend { service, subscription, presence } => {
                let consumer = Consumer { service, subscription };
                let (broker, from) = self.source_of(consumer);
                let cx = context!(self, now, calendar);
                self.brokers[broker].on_presence(consumer, from, presence, cx);
                None
            }
        }
    }

    /// An attempt has arrived, and `sent` is what came of it. If that is not its answer, its timer is worth setting now.
    #[inline]
    fn arm_timeout(
        &mut self,
        link: Id<Link>,
        message: MessageId,
        attempt: u16,
        sent: Sent,
        now: SimTime,
        calendar: &mut Calendar<Event>,
    ) {
        if !self.links[link].has_timeout() {
            return;
        }
        let answered = matches!(sent, Some(Packet::Answer { .. }));
        let answer_in = self.network.certain_latency(link).filter(|_| answered);
        let cx = context!(self, now, calendar);
        self.links[link].arm_timeout(message, attempt, answer_in, cx);
    }

    /// The retry queue of a link is resent, each entry after the one before has had its effects.
    fn resend(&mut self, link: Id<Link>, now: SimTime, calendar: &mut Calendar<Event>) {
        let count = self.links[link].on_resend(context!(self, now, calendar));
        for left in (1..=count).rev() {
            if self.refuses_at_once(link) {
                let watch = self.links[link].resend_in_vain(left, context!(self, now, calendar));
                return self.carry(watch, now, calendar);
            }
            let sent = self.links[link].resend_next(context!(self, now, calendar));
            self.carry(sent, now, calendar);
        }
    }

    /// Whether everything that is sent over `link` at this instant comes back refused, and does nothing else.
    #[inline]
    fn refuses_at_once(&self, link: Id<Link>) -> bool {
        let sender = &self.links[link];
        let Target::Call(service) = sender.target() else { return false };
        sender.shrugs_off_refusals()
            && self.services[service].refuses_everyone()
            && self.network.is_instant(link)
            && matches!(self.owners[link.index()], Owner::Producer(_))
    }

    /// A fault begins or ends: everything that it touches is as healthy as the faults active now leave it.
    fn switch_fault(
        &mut self,
        fault: u16,
        active: bool,
        now: SimTime,
        calendar: &mut Calendar<Event>,
    ) {
        let (node, effect) = self.faults.switch(fault, active, now, calendar);
        let effect = effect.clone();
        let cx = context!(self, now, calendar);
        cx.mark(node, if active { Mark::FaultBegins { fault } } else { Mark::FaultEnds { fault } });
        match effect {
            FaultEffect::Poison { .. } | FaultEffect::SchemaChange { .. } => {}
            FaultEffect::Node(node, _) => self.apply_health(node, now, calendar),
            FaultEffect::Path { links, cuts, .. } => {
                for link in links {
                    self.network.set_health(link, self.faults.path_of(link));
                }
                self.straighten();
                for (service, broker) in cuts {
                    let cut = self.faults.cuts((service, broker));
                    let cx = context!(self, now, calendar);
                    self.services[service].set_cut(broker, cut, cx);
                }
            }
        }
        self.carry(None, now, calendar);
    }

    fn apply_health(&mut self, node: NodeId, now: SimTime, calendar: &mut Calendar<Event>) {
        let health = self.faults.health_of(node);
        match self.roles[node.index()] {
            Role::Producer => {}
            Role::Service(service) => {
                if health.stopped {
                    self.close_consumers(service, now, calendar);
                }
                let cx = context!(self, now, calendar);
                self.services[service].set_health(health, cx);
            }
            Role::Broker(broker) => {
                let cx = context!(self, now, calendar);
                self.brokers[broker].set_crashed(health.crashed, cx);
                self.brokers[broker].set_lost_nodes(health.lost_nodes, cx);
            }
        }
    }

    /// What happens before the first event: gauges are set, and every consumer asks for work.
    pub(super) fn open(&mut self, calendar: &mut Calendar<Event>) {
        self.straighten();
        for service in self.services.ids() {
            let cx = context!(self, SimTime::ZERO, calendar);
            let fetch = self.services[service].open(cx);
            self.carry(fetch, SimTime::ZERO, calendar);
        }
        for broker in self.brokers.ids() {
            self.brokers[broker].open(context!(self, SimTime::ZERO, calendar));
        }
    }

    /// Who is told of what happens.
    pub fn observer(&mut self) -> &mut O {
        &mut self.common.observer
    }

    /// The observer and, to be asked while the observer is busy, the age of what brokers hold.
    pub fn observer_and_oldest(&mut self) -> (&mut O, impl Fn(NodeId) -> Option<SimTime>) {
        let World { common, roles, brokers, .. } = self;
        let Common { observer, messages, .. } = common;
        let oldest = |node: NodeId| match roles[node.index()] {
            Role::Broker(broker) => brokers[broker].oldest(node, messages),
            Role::Producer | Role::Service(_) => None,
        };
        (observer, oldest)
    }

    /// A node that does not conserve work: where somebody waits although a worker that could go on with it has nothing to do.
    /// There never is one (L. Kleinrock, *Queueing Systems*, vol. 2, 1976, section 3.4).
    #[must_use]
    pub fn idles_beside_work(&self) -> Option<NodeId> {
        let idles = |role: &Role| match *role {
            Role::Producer => false,
            Role::Service(service) => self.services[service].idles_beside_work(),
            Role::Broker(broker) => self.brokers[broker].starves_consumers(),
        };
        self.roles.iter().position(idles).map(NodeId::new)
    }

    /// Looks whether what has to hold at every moment does.
    ///
    /// # Panics
    /// If it does not: that is a bug.
    pub fn audit(&self) {
        self.brokers.iter().for_each(Broker::audit);
    }

    /// How many messages are unfinished.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.common.messages.len()
    }

    /// Memory taken by everything that waits, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let links = self.links.iter().map(Link::bytes);
        let brokers = self.brokers.iter().map(Broker::bytes);
        links.chain(brokers).chain([self.common.messages.bytes()]).sum()
    }

    /// Ends the run and gives the observer back.
    #[must_use]
    pub fn into_observer(self) -> O {
        self.common.observer
    }
}
