//! What a node sees while it handles an event.
//!
//! A node reaches another only by the packet that its handler returns, or by [`Context::post`] where there are several; it never learns
//! how a packet travels.

use std::collections::{BTreeMap, VecDeque};

use super::content::Contents;
use super::deadlines::Deadlines;
use super::event::Event;
use super::id::{Id, NodeId};
use super::jobs::JobRuns;
use super::message::{Message, MessageId, Messages};
use super::observation::{Fate, Gauge, Mark, Observation, Observer, Place, Site};
use super::order::KeyOrder;
use super::outbound::Link;
use super::packet::{Answer, Packet, Pauses, Sent};
use super::service::Patience;
use crate::engine::Calendar;
use crate::policy::compatibility::Reading;
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
    /// Whether anything may be sent over it a second time.
    pub retries: bool,
    /// The place of its first destination among all destinations of its node: a message remembers its effect at each. A call has
    /// one destination, a publish one for each group that reads independently.
    pub slot: u8,
    /// If several groups read it independently: the places of all of them, as bits.
    pub all_of: u8,
    /// The priority of its messages: 0 is the most urgent.
    pub priority: u8,
    /// Whether its messages remember when the first of their chain was produced.
    pub is_followed: bool,
    /// Whether its messages are given their keys one by one, and not by their numbers.
    pub is_keyed: bool,
    /// Whether it matters which worker of its node has made a message.
    pub is_by_worker: bool,
    /// Tells its node's messages from everybody else's, in every variant.
    pub salt: u64,
}

impl Route {
    /// Whether anything is remembered of its messages beside the messages themselves.
    #[inline]
    fn is_remembered(&self) -> bool {
        self.is_followed | self.is_keyed | self.is_by_worker
    }

    /// What tells message `ordinal` of its node from every other.
    #[inline]
    fn identity(&self, ordinal: u32) -> u64 {
        self.salt.wrapping_add(u64::from(ordinal).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
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
    /// For each node whose messages have keys: the order of their effects.
    pub orders: Vec<Option<KeyOrder>>,
    /// What is wrong with messages themselves.
    pub contents: Contents,
    /// For each node that makes jobs: what is done of them. Empty if no node does.
    pub jobs: Vec<Option<JobRuns>>,
    /// For each link, how long its callers stay in line. Empty if all of them stay.
    pub patience: Vec<Option<Patience>>,
    /// For messages of a chain that is followed, by identity: when the first of the chain was produced.
    pub origins: BTreeMap<u64, SimTime>,
    /// Of messages that were made in a worker's own transaction, the worker.
    pub makers: BTreeMap<MessageId, u32>,
    /// Until when work is worth doing, if any call says so.
    pub deadlines: Option<Deadlines>,
    /// How long callees ask to be spared.
    pub pauses: Pauses,
    /// Packets that are to be delivered at this instant, after the one at hand.
    pub outbox: VecDeque<Packet>,
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
    /// Reports a fact. Always inlined: which fact it is is known there, and nothing has to be asked.
    #[inline(always)]
    pub fn observe(&mut self, observation: Observation) {
        self.common.observer.observe(self.now, observation);
    }

    /// Reports that a gauge went up or down.
    #[inline(always)]
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
    #[inline(always)]
    #[must_use]
    pub fn identity(&self, message: MessageId) -> u64 {
        let message = &self.common.messages[message];
        self.common.routes[message.link().index()].identity(message.ordinal)
    }

    /// What comes of reading a message at the node `at`.
    #[cold]
    #[must_use]
    pub fn reading(&self, message: MessageId, at: NodeId) -> Reading {
        let facts = &self.common.messages[message];
        let (by, produced_at) = (self.route(facts.link()).by, facts.produced_at);
        let identity = self.identity(message);
        if self.common.contents.is_poison(by, produced_at, identity) {
            return Reading::Fails;
        }
        self.common.contents.read((by, identity), produced_at, at, self.now)
    }

    /// Whether a registry of schemas keeps a message from being sent over `link`.
    #[cold]
    #[must_use]
    pub fn is_refused(&self, link: Id<Link>, message: MessageId) -> bool {
        let produced_at = self.common.messages[message].produced_at;
        self.common.contents.refuse(link, self.route(link).by, produced_at)
    }

    /// The key of a message, if it has one.
    #[inline]
    #[must_use]
    pub fn key(&self, message: MessageId) -> Option<u32> {
        let message = &self.common.messages[message];
        let by = self.common.routes[message.link().index()].by;
        if let Some(Some(jobs)) = self.common.jobs.get(by.index()) {
            return Some(jobs.run_of(message.ordinal));
        }
        self.common.orders[by.index()].as_ref()?.key(message.ordinal)
    }

    /// The node `by` sends message `number` on because of `cause`: it gets its key.
    #[cold]
    pub fn key_onward(&mut self, by: NodeId, number: u32, cause: MessageId) {
        let cause = self.key(cause);
        if let Some(order) = &mut self.common.orders[by.index()] {
            order.send_on(number, cause);
        }
    }

    /// Which worker of its node has made a message, where that matters; else the first.
    #[inline]
    #[must_use]
    pub fn maker(&self, message: MessageId) -> u32 {
        self.common.makers.get(&message).copied().unwrap_or(0)
    }

    /// Until when the work on a message is worth doing, if there is an end to it.
    #[inline]
    #[must_use]
    pub fn deadline(&self, message: MessageId) -> Option<SimTime> {
        self.common.deadlines.as_ref()?.of(message)
    }

    /// Whether nobody wants the work on a message any more.
    #[inline]
    #[must_use]
    pub fn is_too_late(&self, message: MessageId) -> bool {
        self.deadline(message).is_some_and(|deadline| deadline <= self.now)
    }

    /// The work on a message begins. Of jobs it is noted whether all that they need is done.
    #[cold]
    pub fn begin_job(&mut self, message: MessageId) {
        let Message { ordinal, .. } = self.common.messages[message];
        let by = self.route(self.common.messages[message].link()).by;
        if let Some(jobs) = &mut self.common.jobs[by.index()] {
            jobs.begin_work(ordinal);
        }
    }

    /// Message `ordinal` of `by` has its first effect at its destination `slot`: whether that comes too early for the order that its
    /// producer's messages have.
    #[inline]
    pub fn is_out_of_order(&mut self, by: NodeId, slot: u8, ordinal: u32) -> bool {
        if let Some(Some(_)) = self.common.jobs.get(by.index()) {
            return self.end_job(by, ordinal);
        }
        let order = &mut self.common.orders[by.index()];
        order.as_mut().is_some_and(|order| order.is_overtaken(slot, ordinal))
    }

    /// A job is done, and its producer hears of it at once: those that waited for it alone are sent. Whether it was begun too early.
    #[cold]
    fn end_job(&mut self, by: NodeId, ordinal: u32) -> bool {
        let Some(jobs) = &mut self.common.jobs[by.index()] else { return false };
        let (link, done) = (jobs.link, jobs.finish(ordinal));
        for message in done.ready {
            self.change(by, Gauge::HeldAtProducer, -1);
            self.observe(Observation::Unblocked { by, blocked: self.now.since(done.since) });
            self.post(Some(Packet::Offer { link, message }));
        }
        done.is_early
    }

    /// A new message of the node `by`, to be sent over `link` first.
    #[inline(always)]
    pub fn create(&mut self, ordinal: u32, link: Id<Link>, by: NodeId) -> MessageId {
        let id = self.common.messages.create(self.now, ordinal, link, by);
        self.observe(Observation::Produced { by });
        let site = Site { node: by, place: Place::Producer };
        self.observe(Observation::Moved { from: None, to: Some(site) });
        id
    }

    /// When the first message of the chain was produced that `message` belongs to, as far as it is followed.
    #[must_use]
    pub fn origin(&self, message: MessageId) -> SimTime {
        let known = self.common.origins.get(&self.identity(message)).copied();
        known.unwrap_or_else(|| self.produced_at(message))
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
    #[inline(always)]
    pub fn release(&mut self, message: MessageId) {
        if self.common.messages[message].let_go() {
            self.finish(message);
        }
    }

    #[inline(never)]
    fn finish(&mut self, message: MessageId) {
        let finished = self.common.messages.remove(message);
        if let Some(deadlines) = &mut self.common.deadlines {
            deadlines.forget(message);
        }
        let route = self.route(finished.link());
        let remembered = route.is_remembered().then(|| route.identity(finished.ordinal));
        let (by, fate) = (route.by, finished.fate(route.ends_at_broker, route.all_of));
        self.observe(Observation::Moved { from: Some(finished.site()), to: None });
        self.observe(Observation::Settled { by, fate });
        if let Some(identity) = remembered {
            self.common.makers.remove(&message);
            self.forget(by, identity, finished.ordinal);
        }
    }

    /// What is remembered of message `ordinal` of `by` beside the message itself goes with it.
    #[cold]
    fn forget(&mut self, by: NodeId, identity: u64, ordinal: u32) {
        self.common.origins.remove(&identity);
        if let Some(order) = &mut self.common.orders[by.index()] {
            order.forget(ordinal);
        }
    }

    /// A copy of the message is lost, with the hold on it.
    pub fn lose(&mut self, message: MessageId) {
        self.common.messages[message].note(Fate::Lost);
        self.release(message);
    }

    /// The answer to an attempt that is turned away, perhaps with a word on when to come again.
    pub fn shed(&mut self, retry_after: Option<SimDuration>) -> Answer {
        Answer::Shed { retry_after: retry_after.map(|pause| self.common.pauses.of(pause)) }
    }

    /// Sends one more packet, delivered at this instant after the one that the handler returns.
    #[inline]
    pub fn post(&mut self, sent: Sent) {
        if let Some(packet) = sent {
            self.common.outbox.push_back(packet);
        }
    }
}
