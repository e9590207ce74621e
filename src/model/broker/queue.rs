//! The plain queue: an ordered buffer, durable or not, with a capacity and a rule for when it is full.
//!
//! Messages leave in the order in which they came. What a consumer has in hand and has not acknowledged is kept, and goes back to
//! its old place in the order when the consumer is gone. Capacity counts what is stored and what is not acknowledged.
//!
//! With a credit window the consumer says how much may be on its way to it: no publish is accepted beyond that, and none
//! while no consumer is there. That is the one difference from a blocking capacity, which fills up behind a dead consumer.

use std::collections::VecDeque;

use super::backlog::Backlog;
use super::blocked::Blocked;
use super::deliveries::{Deliveries, Stored};
use super::{Address, Client, Consumer, Fetch, Presence, Publish, Storage};
use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::memory::Memory;
use crate::model::message::{MessageId, Messages};
use crate::model::observation::{Fate, Gauge, Observation, Observer, Place};
use crate::model::packet::{Answer, Sent};
use crate::model::service::{Delivered, Verdict};
use crate::policy::commit::Commit;
use crate::policy::overflow::{Entry, Overflow};
use crate::time::SimTime;

/// What the scenario says of a queue.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// How many messages it holds at most, stored and unacknowledged.
    pub capacity: Option<u64>,
    /// What happens when it is full.
    pub when_full: Overflow,
    /// Whether it keeps its messages over a crash.
    pub durable: bool,
    /// How many messages its consumers grant to publishers, if they do.
    pub credit: Option<u64>,
    /// How many subscriptions there are.
    pub consumers: usize,
}

/// A plain queue.
#[derive(Debug)]
pub struct Queue {
    node: NodeId,
    settings: QueueSettings,
    /// Never delivered yet; the first has position `head`.
    ready: Backlog,
    head: u64,
    /// Delivered before and come back: the earliest position last.
    returned: Vec<Stored>,
    unacknowledged: Deliveries,
    blocked: Blocked,
    /// Consumers that found nothing.
    hungry: VecDeque<Consumer>,
    absent: Vec<Consumer>,
    /// For each node that publishes here, which of its messages' destinations this is. A message may be on its way to the next
    /// one already when it is delivered.
    slots: Vec<u8>,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new(node: NodeId, settings: QueueSettings) -> Queue {
        Queue {
            node,
            settings,
            ready: Backlog::new(node),
            head: 0,
            returned: Vec::new(),
            unacknowledged: Deliveries::default(),
            blocked: Blocked::default(),
            hungry: VecDeque::new(),
            absent: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// Messages stored and not yet acknowledged.
    fn lag(&self) -> u64 {
        self.ready.len() as u64 + self.returned.len() as u64 + self.unacknowledged.count
    }

    /// What becomes of one more publish.
    fn entry(&self) -> Entry {
        let granted = |window| self.absent.len() < self.settings.consumers && self.lag() < window;
        match self.settings.credit {
            Some(window) if !granted(window) => Entry::Blocked,
            _ => self.settings.when_full.entry(self.lag(), self.settings.capacity),
        }
    }

    /// Stores a publish and gives the confirmation of it.
    #[inline]
    fn store<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent {
        let message = publish.message;
        cx.move_to(message, self.node, Place::Broker);
        cx.change(self.node, Gauge::Lag, 1);
        cx.change(self.node, Gauge::Waiting, 1);
        self.ready.push(message, cx.messages());
        self.wake(cx);
        cx.messages()[message].hold();
        publish.answered(Answer::Done)
    }

    /// Tells the consumer that has been hungry for longest that there is something.
    #[inline]
    fn wake<O: Observer>(&mut self, cx: &mut Context<O>) {
        if let Some(consumer) = self.hungry.pop_front() {
            cx.post(Some(consumer.available(0)));
        }
    }

    /// Whether a publish is stored that arrives now.
    #[inline]
    pub(super) fn stores_at_once(&self) -> bool {
        self.blocked.is_empty() && self.entry() == Entry::Stored
    }

    /// Stores a message for which there is room, and of which everything else is told already.
    #[inline]
    pub(super) fn store_straight<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) {
        self.ready.push(message, cx.messages());
        self.wake(cx);
    }

    /// A delivery is acknowledged, if it is known and nobody waits for the room that it leaves.
    #[inline]
    pub(super) fn acknowledge_straight(&mut self, tag: u64) -> bool {
        self.blocked.is_empty() && self.unacknowledged.take(tag).is_some()
    }

    /// Lets blocked publishes in, in order, as far as there is room.
    #[inline]
    fn admit_blocked<O: Observer>(&mut self, cx: &mut Context<O>) {
        while !self.blocked.is_empty() && self.entry() == Entry::Stored {
            let Some(publish) = self.blocked.pop(cx) else { return };
            let confirmed = self.store(publish, cx);
            cx.post(confirmed);
        }
    }

    #[inline]
    fn pop<O: Observer>(&mut self, cx: &mut Context<O>) -> Option<Stored> {
        if let Some(stored) = self.returned.pop() {
            return Some(stored);
        }
        let message = self.ready.pop(cx.messages())?;
        let position = self.head;
        self.head += 1;
        Some(Stored { message, position, deliveries: 0 })
    }

    #[inline]
    fn deliver<O: Observer>(
        &mut self,
        mut stored: Stored,
        fetch: Fetch,
        cx: &mut Context<O>,
    ) -> Delivered {
        stored.deliveries += 1;
        if stored.deliveries > 1 {
            cx.observe(Observation::Redelivered { at: self.node });
        }
        let Stored { message, deliveries, .. } = stored;
        cx.change(self.node, Gauge::Waiting, -1);
        let tag = match fetch.commit {
            Commit::After | Commit::Each | Commit::Transaction | Commit::Auto { .. } => {
                cx.change(self.node, Gauge::InFlight, 1);
                cx.messages()[message].hold();
                self.unacknowledged.add(stored, fetch.by.consumer)
            }
            Commit::Before => {
                cx.move_to(message, fetch.node, Place::Service);
                self.retire(message, cx);
                0
            }
        };
        let link = cx.messages()[message].link();
        let slot = self.slots[cx.route(link).by.index()];
        Delivered { message, tag, deliveries, slot, hops: 0, verdict: Verdict::default() }
    }

    /// The queue is done with a message that was acknowledged; its hold is not released here.
    #[inline]
    fn retire<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) {
        let now = cx.now;
        let facts = &mut cx.messages()[message];
        facts.acknowledge();
        let age = now.since(facts.produced_at);
        cx.observe(Observation::Retired { at: self.node, age });
        cx.change(self.node, Gauge::Lag, -1);
    }

    /// Puts messages back to where they were in the order, to be delivered again.
    fn give_back<O: Observer>(&mut self, taken: Vec<Stored>, cx: &mut Context<O>) {
        if taken.is_empty() {
            return;
        }
        let count = taken.len() as i64;
        cx.change(self.node, Gauge::InFlight, -count);
        cx.change(self.node, Gauge::Waiting, count);
        self.returned.extend(taken);
        self.returned.sort_by_key(|stored| std::cmp::Reverse(stored.position));
        self.wake(cx);
    }

    /// Makes room by losing the oldest message that no consumer has in hand.
    fn drop_oldest<O: Observer>(&mut self, cx: &mut Context<O>) -> bool {
        let Some(Stored { message, .. }) = self.pop(cx) else { return false };
        let age = cx.now.since(cx.produced_at(message));
        cx.observe(Observation::Retired { at: self.node, age });
        cx.change(self.node, Gauge::Lag, -1);
        cx.change(self.node, Gauge::Waiting, -1);
        cx.lose(message);
        true
    }

    /// Takes a message only to lose it: its publisher is told that all is well.
    fn drop_newest<O: Observer>(publish: Publish, cx: &mut Context<O>) -> Sent {
        cx.messages()[publish.message].hold();
        cx.lose(publish.message);
        publish.answered(Answer::Done)
    }
}

impl Storage for Queue {
    fn open<O: Observer>(&mut self, cx: &mut Context<O>) {
        for route in cx.common.routes.iter().filter(|route| route.at == self.node).rev() {
            let by = route.by.index();
            self.slots.resize(self.slots.len().max(by + 1), 0);
            self.slots[by] = route.slot;
        }
    }

    #[inline]
    fn on_publish<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent {
        match self.entry() {
            Entry::Stored if self.blocked.is_empty() => self.store(publish, cx),
            Entry::Stored | Entry::Blocked => {
                self.blocked.push(publish, cx);
                None
            }
            Entry::Rejected { retry_after } => publish.answered(cx.shed(retry_after)),
            Entry::StoredInPlaceOfOldest if self.drop_oldest(cx) => self.store(publish, cx),
            Entry::StoredInPlaceOfOldest | Entry::Dropped => Self::drop_newest(publish, cx),
        }
    }

    fn on_withdraw<O: Observer>(
        &mut self,
        publish: Publish,
        sent_at: SimTime,
        cx: &mut Context<O>,
    ) {
        self.blocked.withdraw(publish, sent_at, cx);
    }

    fn on_declined<O: Observer>(&mut self, cx: &mut Context<O>) {
        if !self.ready.is_empty() || !self.returned.is_empty() {
            self.wake(cx);
        }
    }

    #[inline]
    fn on_fetch<O: Observer>(
        &mut self,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    ) {
        while batch.len() < fetch.at_most as usize {
            let Some(stored) = self.pop(cx) else { break };
            batch.push(self.deliver(stored, fetch, cx));
        }
        if batch.is_empty() && !self.hungry.contains(&fetch.by.consumer) {
            self.hungry.push_back(fetch.by.consumer);
        }
        if fetch.commit == Commit::Before {
            self.admit_blocked(cx);
        }
        if !self.hungry.is_empty() {
            self.on_declined(cx);
        }
    }

    #[inline]
    fn on_commit<O: Observer>(
        &mut self,
        _: Client,
        _: Commit,
        batch: &[Delivered],
        cx: &mut Context<O>,
    ) {
        let mut failed = Vec::new();
        for delivered in batch {
            let Some(stored) = self.unacknowledged.take(delivered.tag) else { continue };
            match delivered.verdict {
                Verdict::Failed => {
                    failed.push(stored);
                    continue;
                }
                Verdict::Rejected => cx.messages()[stored.message].note(Fate::Lost),
                Verdict::Done => {}
            }
            cx.change(self.node, Gauge::InFlight, -1);
            self.retire(stored.message, cx);
            cx.release(stored.message);
        }
        self.give_back(failed, cx);
        self.admit_blocked(cx);
    }

    /// What was delivered went back into the queue when it crashed.
    fn on_unheard<O: Observer>(
        &mut self,
        _: Client,
        _: Commit,
        _: &[Delivered],
        _: &mut Context<O>,
    ) {
    }

    fn on_presence<O: Observer>(
        &mut self,
        consumer: Consumer,
        _: Address,
        presence: Presence,
        cx: &mut Context<O>,
    ) {
        self.absent.retain(|other| *other != consumer);
        if presence.is_present() {
            cx.post(Some(consumer.available(0)));
            return self.admit_blocked(cx);
        }
        self.absent.push(consumer);
        self.hungry.retain(|other| *other != consumer);
        let taken = self.unacknowledged.take_all(|other| other == consumer);
        self.give_back(taken, cx);
    }

    fn accepts(&self) -> bool {
        self.entry() != Entry::Blocked && !matches!(self.entry(), Entry::Rejected { .. })
    }

    fn on_timer<O: Observer>(&mut self, timer: u32, _: &mut Context<O>) -> Sent {
        unreachable!("a plain queue sets no timers, and timer {timer} is due")
    }

    fn on_crash<O: Observer>(&mut self, cx: &mut Context<O>) -> u32 {
        self.blocked.reset(cx);
        let taken = self.unacknowledged.take_all(|_| true);
        self.give_back(taken, cx);
        if self.settings.durable {
            return 0;
        }
        let mut lost = 0;
        while self.drop_oldest(cx) {
            lost += 1;
        }
        lost
    }

    fn on_restart<O: Observer>(&mut self, cx: &mut Context<O>) {
        for consumer in std::mem::take(&mut self.hungry) {
            cx.post(Some(consumer.available(0)));
        }
    }

    fn oldest(&self, _: NodeId, messages: &Messages) -> Option<SimTime> {
        let open = self.unacknowledged.open.iter().flatten().map(|(stored, _)| stored.message);
        let returned = self.returned.iter().map(|stored| stored.message);
        let delivered = open.chain(returned).map(|message| messages[message].produced_at);
        delivered.chain(self.ready.oldest(messages)).min()
    }

    fn bytes(&self) -> usize {
        let Queue { ready, returned, unacknowledged, blocked, .. } = self;
        let delivered = [returned.bytes(), unacknowledged.open.bytes()];
        delivered.into_iter().chain([ready.bytes(), blocked.bytes()]).sum()
    }

    fn starves_consumers(&self) -> bool {
        !self.hungry.is_empty() && self.lag() > self.unacknowledged.count
    }
}
