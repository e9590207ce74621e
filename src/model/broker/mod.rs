//! A broker holds messages between those who publish and those who consume.
//!
//! Nothing outside this folder knows which broker it talks to. A publisher names an [`Address`] and gets an answer, at once or later. The
//! idle worker of a consumer asks ([`Fetch`]) and is given a batch of [`Delivered`] messages, or is told by `Packet::Available` when there
//! is something; when it is done with the batch it says so. What an address means, and what a broker's own timers mean
//! (`Event::Broker`, with a number of the broker's making), stays in the broker's file.
//!
//! A broker holds a message while it stores it (`hold`, `release`) and one more time for each copy that it delivers. Lag, waiting and in
//! flight it reports for itself and, where it has parts (partitions, groups, queues), for the node of each part.
//!
//! To add one: a file with a type that implements [`Storage`], a variant of [`BrokerKind`] and its arm in `with!`; its settings and its arm
//! in `model/build.rs`. If its consumers are members of a group, each worker by itself, its subscriptions are built with `by_worker`.

mod amqp;
mod backlog;
mod blocked;
mod consumer;
mod deliveries;
mod log;
mod pages;
mod queue;
mod sqs;
mod storage;
mod straight;

pub use amqp::{Amqp, AmqpConsumer, AmqpQueueSettings, AmqpSettings, MOST_QUEUES, Way};
pub use consumer::{Client, Consumer, Presence, Word};
pub use log::{
    GroupConsumer, GroupSettings, Log, LogSettings, MOST_GROUPS, MOST_MEMBERS, Sender,
    TopicSettings,
};
pub use queue::{Queue, QueueSettings};
pub use sqs::{MOST_SHARDS, Order, Polling, Sqs, SqsChance, SqsQueueSettings, SqsSettings};
pub use storage::Storage;

use super::context::Context;
use super::id::{Id, NodeId};
use super::message::{MessageId, Messages};
use super::observation::{CrashCause, Gauge, Mark, Observer};
use super::outbound::Link;
use super::packet::{Answer, Packet, Sent};
use super::service::Delivered;
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
    /// Where it is published to.
    pub to: Address,
}

/// Which part of a broker is meant: a topic, a queue, an exchange with a routing key, a group. Only the broker knows what it means; a
/// broker without parts has one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Address(pub u16);

impl Address {
    /// Its number among the parts of its kind.
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// An idle worker's question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetch {
    /// Who asks.
    pub by: Client,
    /// The node of the consumer.
    pub node: NodeId,
    /// How many messages it takes at most.
    pub at_most: u32,
    /// When the messages count as done.
    pub commit: Commit,
}

/// The kinds of brokers.
#[derive(Debug)]
pub enum BrokerKind {
    /// A plain queue.
    Queue(Queue),
    /// A partitioned log.
    Log(Log),
    /// Queues of messages that are leased.
    Sqs(Sqs),
    /// Exchanges and queues.
    Amqp(Amqp),
}

/// Does the same with whichever kind of broker it is.
macro_rules! with {
    ($kind:expr, $broker:ident => $does:expr) => {
        match $kind {
            BrokerKind::Queue($broker) => $does,
            BrokerKind::Log($broker) => $does,
            BrokerKind::Sqs($broker) => $does,
            BrokerKind::Amqp($broker) => $does,
        }
    };
}

/// A broker node: what all kinds have in common.
#[derive(Debug)]
pub struct Broker {
    node: NodeId,
    kind: BrokerKind,
    up: bool,
    /// Nodes that it has lost, by bit.
    lost_nodes: u32,
    /// Links to tell when publishes are accepted again.
    watchers: Vec<Id<Link>>,
    /// Consumers that asked while it was down.
    turned_away: Vec<Client>,
}

impl Broker {
    /// A broker that is up and empty.
    #[must_use]
    pub fn new(node: NodeId, kind: BrokerKind) -> Broker {
        Broker {
            node,
            kind,
            up: true,
            lost_nodes: 0,
            watchers: Vec::new(),
            turned_away: Vec::new(),
        }
    }

    /// Its node.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The start of the run.
    pub fn open<O: Observer>(&mut self, cx: &mut Context<O>) {
        cx.change(self.node, Gauge::Up, 1);
        with!(&mut self.kind, broker => broker.open(cx));
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
            return self.turned_away.push(fetch.by);
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
        by: Client,
        commit: Commit,
        batch: &[Delivered],
        cx: &mut Context<O>,
    ) {
        if self.up {
            with!(&mut self.kind, broker => broker.on_commit(by, commit, batch, cx));
            self.tell_watchers(cx);
        } else {
            with!(&mut self.kind, broker => broker.on_unheard(by, commit, batch, cx));
        }
    }

    /// A consumer gives these deliveries up, to be put aside at the part `to`; whether they are.
    pub fn on_set_aside<O: Observer>(
        &mut self,
        to: Address,
        given_up: &[Delivered],
        cx: &mut Context<O>,
    ) -> bool {
        self.up && with!(&mut self.kind, broker => broker.on_set_aside(to, given_up, cx))
    }

    /// What a worker may do that has just told of what it has done.
    pub fn word(&mut self) -> Word {
        with!(&mut self.kind, broker => broker.word())
    }

    /// A fault takes nodes away, or gives them back.
    pub fn set_lost_nodes<O: Observer>(&mut self, lost: u32, cx: &mut Context<O>) {
        if lost != self.lost_nodes {
            self.lost_nodes = lost;
            with!(&mut self.kind, broker => broker.on_nodes_lost(lost, cx));
        }
    }

    /// A consumer comes or goes.
    pub fn on_presence<O: Observer>(
        &mut self,
        consumer: Consumer,
        from: Address,
        presence: Presence,
        cx: &mut Context<O>,
    ) {
        self.turned_away.retain(|other| other.consumer != consumer);
        with!(&mut self.kind, broker => broker.on_presence(consumer, from, presence, cx));
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
        for Client { consumer, worker, .. } in std::mem::take(&mut self.turned_away) {
            cx.post(Some(consumer.available(worker)));
        }
    }

    /// Looks whether what has to hold at every moment does.
    ///
    /// # Panics
    /// If it does not.
    pub fn audit(&self) {
        with!(&self.kind, broker => broker.audit());
    }

    /// When the oldest message was produced that is stored or not acknowledged at `node`, its own or that of a part.
    #[must_use]
    pub fn oldest(&self, node: NodeId, messages: &Messages) -> Option<SimTime> {
        with!(&self.kind, broker => broker.oldest(node, messages))
    }

    /// Memory taken by what is stored, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        with!(&self.kind, broker => broker.bytes())
    }

    /// Whether a consumer waits for work although there is a message for it.
    #[must_use]
    pub fn starves_consumers(&self) -> bool {
        self.up && with!(&self.kind, broker => broker.starves_consumers())
    }
}

impl Publish {
    /// Its outcome, on the way back to its publisher; the hold on the message goes with it.
    #[inline]
    #[must_use]
    pub fn answered(self, answer: Answer) -> Sent {
        let Publish { link, message, attempt, .. } = self;
        Some(Packet::Answer { link, message, attempt, answer })
    }
}
