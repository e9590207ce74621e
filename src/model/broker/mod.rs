//! A broker holds messages between those who publish and those who consume.
//!
//! Nothing outside this folder knows which broker it talks to: publishers get an answer, consumers ask and are given, and what a
//! broker's own timers mean stays in the broker's file.
//!
//! To add one: a file with a type that implements [`Storage`], a variant of [`BrokerKind`] and its arm in `with!`.

mod backlog;
mod deliveries;
mod queue;

pub use queue::{Queue, QueueSettings};

use super::context::Context;
use super::id::{Id, NodeId};
use super::message::{MessageId, Messages};
use super::observation::{CrashCause, Gauge, Mark, Observer};
use super::outbound::Link;
use super::packet::{Answer, Packet, Sent};
use super::service::{Delivered, Service};
use crate::policy::commit::Commit;
use crate::time::SimTime;

/// A publish that has arrived; it holds its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish {
    /// The link over which it came.
    pub link: Id<Link>,
    /// The message.
    pub message: MessageId,
    /// Which attempt it is.
    pub attempt: u16,
}

/// Who consumes: one subscription of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consumer {
    /// The service.
    pub service: Id<Service>,
    /// Which of its subscriptions.
    pub subscription: u8,
}

/// An idle worker's question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetch {
    /// Who asks.
    pub consumer: Consumer,
    /// The node of the consumer.
    pub node: NodeId,
    /// How many messages it takes at most.
    pub at_most: u32,
    /// When the messages count as done.
    pub commit: Commit,
}

/// What a kind of broker has to be able to do. All of it happens while the broker is up.
pub trait Storage {
    /// A publish has arrived. What comes back is the answer to it, if it is answered at once.
    fn on_publish<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent;

    /// A publisher gives up on an attempt of `sent_at`, which may be waiting for room.
    fn on_withdraw<O: Observer>(&mut self, publish: Publish, sent_at: SimTime, cx: &mut Context<O>);

    /// An idle worker asks for work; it is put into `batch`. If nothing is, the consumer is told when there is something.
    fn on_fetch<O: Observer>(
        &mut self,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    );

    /// A consumer that was told of work has nobody free to take it.
    fn on_declined<O: Observer>(&mut self, cx: &mut Context<O>);

    /// A worker of `consumer` is done with `batch`.
    fn on_commit<O: Observer>(
        &mut self,
        consumer: Consumer,
        batch: &[Delivered],
        cx: &mut Context<O>,
    );

    /// A consumer has gone (`present` is false), with all that it had in hand, or has come back.
    fn on_attend<O: Observer>(&mut self, consumer: Consumer, present: bool, cx: &mut Context<O>);

    /// Whether a publish would be stored.
    fn accepts(&self) -> bool;

    /// One of the broker's own timers is due.
    fn on_timer<O: Observer>(&mut self, timer: u32, cx: &mut Context<O>) -> Sent;

    /// The broker goes down; how many messages it loses.
    fn on_crash<O: Observer>(&mut self, cx: &mut Context<O>) -> u32;

    /// The broker is up again.
    fn on_restart<O: Observer>(&mut self, cx: &mut Context<O>);

    /// When the oldest message was produced that is stored or not acknowledged.
    fn oldest(&self, messages: &Messages) -> Option<SimTime>;

    /// Memory taken by what is stored, in bytes.
    fn bytes(&self) -> usize;
}

/// The kinds of brokers.
#[derive(Debug)]
pub enum BrokerKind {
    /// A plain queue.
    Queue(Queue),
}

/// Does the same with whichever kind of broker it is.
macro_rules! with {
    ($kind:expr, $broker:ident => $does:expr) => {
        match $kind {
            BrokerKind::Queue($broker) => $does,
        }
    };
}

/// A broker node: what all kinds have in common.
#[derive(Debug)]
pub struct Broker {
    node: NodeId,
    kind: BrokerKind,
    up: bool,
    /// Links to tell when publishes are accepted again.
    watchers: Vec<Id<Link>>,
    /// Consumers that asked while it was down.
    turned_away: Vec<Consumer>,
}

impl Broker {
    /// A broker that is up and empty.
    #[must_use]
    pub fn new(node: NodeId, kind: BrokerKind) -> Broker {
        Broker { node, kind, up: true, watchers: Vec::new(), turned_away: Vec::new() }
    }

    /// Its node.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The start of the run.
    pub fn open<O: Observer>(&self, cx: &mut Context<O>) {
        cx.change(self.node, Gauge::Up, 1);
    }

    /// A publish has arrived.
    #[inline]
    pub fn on_publish<O: Observer>(&mut self, publish: Publish, cx: &mut Context<O>) -> Sent {
        if !self.up {
            return publish.answered(Answer::Refused);
        }
        with!(&mut self.kind, broker => broker.on_publish(publish, cx))
    }

    /// A publisher gives up on an attempt of `sent_at`.
    pub fn on_withdraw<O: Observer>(
        &mut self,
        publish: Publish,
        sent_at: SimTime,
        cx: &mut Context<O>,
    ) {
        with!(&mut self.kind, broker => broker.on_withdraw(publish, sent_at, cx));
    }

    /// An idle worker asks for work.
    #[inline]
    pub fn on_fetch<O: Observer>(
        &mut self,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    ) {
        if !self.up {
            return self.turned_away.push(fetch.consumer);
        }
        with!(&mut self.kind, broker => broker.on_fetch(fetch, batch, cx));
        self.tell_watchers(cx);
    }

    /// A consumer that was told of work has nobody free: it may be another's.
    pub fn on_declined<O: Observer>(&mut self, cx: &mut Context<O>) {
        if self.up {
            with!(&mut self.kind, broker => broker.on_declined(cx));
        }
    }

    /// A worker is done with what it was given.
    #[inline]
    pub fn on_commit<O: Observer>(
        &mut self,
        consumer: Consumer,
        batch: &[Delivered],
        cx: &mut Context<O>,
    ) {
        if self.up {
            with!(&mut self.kind, broker => broker.on_commit(consumer, batch, cx));
            self.tell_watchers(cx);
        }
    }

    /// A consumer has gone, or has come back.
    pub fn on_attend<O: Observer>(
        &mut self,
        consumer: Consumer,
        present: bool,
        cx: &mut Context<O>,
    ) {
        self.turned_away.retain(|other| *other != consumer);
        with!(&mut self.kind, broker => broker.on_attend(consumer, present, cx));
    }

    /// One of the broker's own timers is due.
    pub fn on_timer<O: Observer>(&mut self, timer: u32, cx: &mut Context<O>) -> Sent {
        with!(&mut self.kind, broker => broker.on_timer(timer, cx))
    }

    /// A publisher whose publishes were refused wants to know when they are accepted.
    pub fn on_watch(&mut self, link: Id<Link>) -> Sent {
        if self.accepts() {
            return Some(Packet::Accepting { link });
        }
        self.watchers.push(link);
        None
    }

    fn accepts(&self) -> bool {
        self.up && with!(&self.kind, broker => broker.accepts())
    }

    #[inline]
    fn tell_watchers<O: Observer>(&mut self, cx: &mut Context<O>) {
        if !self.watchers.is_empty() && self.accepts() {
            for link in std::mem::take(&mut self.watchers) {
                cx.post(Some(Packet::Accepting { link }));
            }
        }
    }

    /// A fault takes the broker down, or lets it up again.
    pub fn set_crashed<O: Observer>(&mut self, crashed: bool, cx: &mut Context<O>) {
        if crashed == self.up {
            self.up = !crashed;
            cx.change(self.node, Gauge::Up, if self.up { 1 } else { -1 });
            if crashed { self.crash(cx) } else { self.come_up(cx) }
        }
    }

    fn crash<O: Observer>(&mut self, cx: &mut Context<O>) {
        let lost = with!(&mut self.kind, broker => broker.on_crash(cx));
        cx.mark(self.node, Mark::Crash { cause: CrashCause::Fault, lost });
    }

    fn come_up<O: Observer>(&mut self, cx: &mut Context<O>) {
        cx.mark(self.node, Mark::Restart);
        with!(&mut self.kind, broker => broker.on_restart(cx));
        self.tell_watchers(cx);
        for Consumer { service, subscription } in std::mem::take(&mut self.turned_away) {
            cx.post(Some(Packet::Available { service, subscription }));
        }
    }

    /// When the oldest message was produced that is stored or not acknowledged.
    #[must_use]
    pub fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        with!(&self.kind, broker => broker.oldest(messages))
    }

    /// Memory taken by what is stored, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        with!(&self.kind, broker => broker.bytes())
    }
}

impl Publish {
    /// Its outcome, on the way back to its publisher; the hold on the message goes with it.
    #[inline]
    #[must_use]
    pub fn answered(self, answer: Answer) -> Sent {
        let Publish { link, message, attempt } = self;
        Some(Packet::Answer { link, message, attempt, answer })
    }
}
