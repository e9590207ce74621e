//! What the scenario says of a broker with exchanges and queues, with places in lists instead of names.
//!
//! Exchanges and bindings are gone: which queues a message goes to follows from what is written on it, and that was worked out when the
//! scenario was read.

use crate::model::broker::Consumer;
use crate::model::id::NodeId;
use crate::policy::alarm::Watch;
use crate::policy::credit_flow::Ingress;
use crate::policy::length_limit::AtLimit;
use crate::policy::returns::{DeliveryLimit, QueueType};
use crate::time::SimDuration;

/// What the scenario says of the broker.
#[derive(Debug, Clone)]
pub struct AmqpSettings {
    /// Its queues.
    pub queues: Vec<AmqpQueueSettings>,
    /// Every way that a message may take: first those of publishes, by their addresses, then those of dead letters.
    pub ways: Vec<Way>,
    /// After how long what a consumer had in hand that died is delivered to others.
    pub requeue_after: SimDuration,
    /// After how long a consumer that is out of reach counts as gone.
    pub heartbeat_timeout: SimDuration,
    /// How long a consumer may leave a message unacknowledged.
    pub consumer_timeout: SimDuration,
    /// How often that is looked at.
    pub timeout_check_every: SimDuration,
    /// What may run short, so that publishers have to wait.
    pub watches: Vec<Watch>,
    /// How much of it a message takes, in bytes.
    pub message_bytes: u64,
    /// How fast messages are taken in, if that takes time.
    pub ingress: Option<Ingress>,
}

/// A way from an exchange to queues.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// The queues that get a copy.
    pub queues: Vec<usize>,
    /// How long the publisher says that the message lives.
    pub ttl: Option<SimDuration>,
    /// Whether the publisher wants to have back what no queue gets.
    pub mandatory: bool,
    /// Whether the publisher is told what became of the message.
    pub confirms: bool,
}

/// What the scenario says of a queue.
#[derive(Debug, Clone)]
pub struct AmqpQueueSettings {
    /// Where its lag is reported.
    pub node: NodeId,
    /// How it keeps its messages.
    pub queue_type: QueueType,
    /// Whether it keeps them over a crash.
    pub durable: bool,
    /// How many may wait.
    pub max_length: Option<u64>,
    /// What happens beyond that.
    pub overflow: AtLimit,
    /// How long a message may wait.
    pub message_ttl: Option<SimDuration>,
    /// After how long without consumers it is deleted.
    pub expires: Option<SimDuration>,
    /// For each way by which a message came the one that it takes as a dead letter; empty without a dead-letter exchange.
    pub dead_letters: Vec<usize>,
    /// How often a message may come back.
    pub delivery_limit: DeliveryLimit,
    /// Whether one consumer gets everything.
    pub single_active: bool,
    /// Who consumes from it.
    pub consumers: Vec<AmqpConsumer>,
}

/// A service that consumes from a queue: each of its workers is a consumer.
#[derive(Debug, Clone, Copy)]
pub struct AmqpConsumer {
    /// Which of its subscriptions it is.
    pub consumer: Consumer,
    /// Its node.
    pub node: NodeId,
    /// How many workers it has.
    pub workers: u32,
    /// How many messages each has in hand at most.
    pub window: Option<u64>,
    /// Who gets messages first: the highest.
    pub priority: i32,
    /// Whether a message counts as done when it is delivered.
    pub auto_ack: bool,
}

impl AmqpSettings {
    /// The nodes at which lag is reported.
    pub fn parts(&self) -> impl Iterator<Item = NodeId> {
        self.queues.iter().map(|queue| queue.node)
    }
}

impl AmqpQueueSettings {
    /// Whether what is dead-lettered to it stays for good: nobody consumes from it, and nothing leads on.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.consumers.is_empty() && self.dead_letters.is_empty()
    }
}
