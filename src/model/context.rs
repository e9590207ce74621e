//! What a node sees while it handles an event, and its only way to reach another node.
//!
//! Latency, loss and partitions apply here and nowhere else: a node hands over a packet and never learns how it travels.

use std::collections::VecDeque;

use super::event::Event;
use super::id::{Id, NodeId};
use super::message::{MessageId, Messages};
use super::network::Path;
use super::observation::{Fate, Gauge, Mark, Observation, Observer, Place, Site};
use super::outbound::Link;
use super::packet::{Packet, Sent};
use crate::engine::Calendar;
use crate::random::KeyedStream;
use crate::time::{SimDuration, SimTime};

/// What everybody may know of a link.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The node that sends.
    pub by: NodeId,
    /// The node that is called or published to.
    pub at: NodeId,
    /// Which of its node's steps it is.
    pub step: u8,
    /// Whether its node's last step goes to a broker.
    pub ends_at_broker: bool,
    /// The priority of its messages: 0 is the most urgent.
    pub priority: u8,
    /// Tells its node's messages from everybody else's, in every variant.
    pub salt: u64,
}

/// What is shared by all nodes of a world.
#[derive(Debug)]
pub struct Common<O> {
    /// All unfinished messages.
    pub messages: Messages,
    /// Who is told of what happens.
    pub observer: O,
    /// What everybody may know of each link.
    pub routes: Vec<Route>,
    /// How packets travel over each link.
    pub paths: Vec<Path>,
    /// Packets that take time, by index.
    pub travelling: Vec<Packet>,
    /// Places in `travelling` that are free.
    pub landed: Vec<u32>,
    /// Packets that are to be delivered at this instant, after the one at hand.
    pub outbox: VecDeque<Packet>,
    /// Chance of the network: losses and latencies.
    pub network_draws: KeyedStream,
}

/// The present, and everything within reach of a node.
#[derive(Debug)]
pub struct Context<'a, O> {
    /// The simulated time.
    pub now: SimTime,
    /// The events to come.
    pub calendar: &'a mut Calendar<Event>,
    /// What is shared by all nodes.
    pub common: &'a mut Common<O>,
}

impl<O: Observer> Context<'_, O> {
    /// Reports a fact.
    #[inline]
    pub fn observe(&mut self, observation: Observation) {
        self.common.observer.observe(self.now, observation);
    }

    /// Reports that a gauge went up or down.
    #[inline]
    pub fn change(&mut self, at: NodeId, gauge: Gauge, by: i64) {
        self.observe(Observation::Changed { at, gauge, by });
    }

    /// Reports something for the time axis.
    pub fn mark(&mut self, at: NodeId, mark: Mark) {
        self.observe(Observation::Marked { at, mark });
    }

    /// All unfinished messages.
    #[inline]
    pub fn messages(&mut self) -> &mut Messages {
        &mut self.common.messages
    }

    /// When a message was produced.
    #[inline]
    #[must_use]
    pub fn produced_at(&self, message: MessageId) -> SimTime {
        self.common.messages[message].produced_at
    }

    /// What everybody may know of a link.
    #[inline]
    #[must_use]
    pub fn route(&self, link: Id<Link>) -> &Route {
        &self.common.routes[link.index()]
    }

    /// What tells a message from every other, the same in every variant.
    #[inline]
    #[must_use]
    pub fn identity(&self, message: MessageId) -> u64 {
        let message = &self.common.messages[message];
        let salt = self.common.routes[message.link().index()].salt;
        salt.wrapping_add(u64::from(message.ordinal).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A new message of the node `by`, to be sent over `link` first.
    #[inline]
    pub fn create(&mut self, ordinal: u32, link: Id<Link>, by: NodeId) -> MessageId {
        let id = self.common.messages.create(self.now, ordinal, link, by);
        self.observe(Observation::Produced { by });
        let site = Site { node: by, place: Place::Producer };
        self.observe(Observation::Moved { from: None, to: Some(site) });
        id
    }

    /// The message waits elsewhere now.
    #[inline]
    pub fn move_to(&mut self, message: MessageId, node: NodeId, place: Place) {
        let (from, to) = (self.common.messages[message].site(), Site { node, place });
        if from != to {
            self.common.messages[message].settle_at(to);
            self.observe(Observation::Moved { from: Some(from), to: Some(to) });
        }
    }

    /// One hold on the message less; the last one finishes it.
    #[inline]
    pub fn release(&mut self, message: MessageId) {
        let (site, link) =
            (self.common.messages[message].site(), self.common.messages[message].link());
        let (by, ends_at_broker) = (self.route(link).by, self.route(link).ends_at_broker);
        if let Some(fate) = self.common.messages.release(message, ends_at_broker) {
            self.observe(Observation::Moved { from: Some(site), to: None });
            self.observe(Observation::Settled { by, fate });
        }
    }

    /// A copy of the message is lost, with the hold on it.
    pub fn lose(&mut self, message: MessageId) {
        self.common.messages[message].note(Fate::Lost);
        self.release(message);
    }

    /// Sends `packet` over the network of `link`. What comes back is delivered at once; nothing, if it takes time or is lost.
    #[inline]
    #[must_use]
    pub fn transmit(&mut self, link: Id<Link>, packet: Packet) -> Sent {
        if self.common.paths[link.index()].is_instant() {
            return Some(packet);
        }
        self.transmit_with_latency(link, packet)
    }

    #[cold]
    fn transmit_with_latency(&mut self, link: Id<Link>, packet: Packet) -> Sent {
        let (message, attempt, back) = match packet {
            Packet::Request { message, attempt, .. } | Packet::Publish { message, attempt, .. } => {
                (message, attempt, false)
            }
            Packet::Answer { message, attempt, .. } => (message, attempt, true),
            _ => return Some(packet),
        };
        let identity = self.identity(message) ^ (link.index() as u64) << 1 ^ u64::from(back);
        let mut draws = self.common.network_draws.at(identity, u32::from(attempt));
        let Some(latency) = self.common.paths[link.index()].latency(&mut draws) else {
            self.release(message);
            return None;
        };
        if latency == SimDuration::ZERO {
            return Some(packet);
        }
        let packet = self.stow(packet);
        let event = if back { Event::Return { packet } } else { Event::Reach { packet } };
        let at = self.now + latency;
        match self.common.paths[link.index()].lane() {
            Some(lane) => self.calendar.schedule_in(lane, at, event),
            None => self.calendar.schedule(at, event),
        }
        None
    }

    fn stow(&mut self, packet: Packet) -> u32 {
        if let Some(free) = self.common.landed.pop() {
            self.common.travelling[free as usize] = packet;
            return free;
        }
        self.common.travelling.push(packet);
        (self.common.travelling.len() - 1) as u32
    }

    /// Takes a packet that has arrived.
    pub fn unstow(&mut self, packet: u32) -> Packet {
        self.common.landed.push(packet);
        self.common.travelling[packet as usize]
    }

    /// Sends one more packet, delivered at this instant after the one that the handler returns.
    #[inline]
    pub fn post(&mut self, sent: Sent) {
        self.common.outbox.extend(sent);
    }
}
