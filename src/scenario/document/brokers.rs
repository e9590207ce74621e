//! The kinds of broker.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::amqp::Amqp;
use super::sqs::Sqs;
use crate::policy::compatibility::Compatibility;
use crate::policy::membership::Membership;
use crate::policy::overflow::Overflow;
use crate::policy::partitioner::Partitioner;
use crate::policy::replication::Replication;
use crate::policy::retention::Retention;
use crate::time::SimDuration;

/// A broker holds messages between those who publish and those who consume.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Broker {
    /// A plain queue: first in, first out, each message to one consumer.
    Queue(Queue),
    /// A partitioned log as Apache Kafka is one: topics, read by consumer groups that don't know of one another.
    Log(Log),
    /// Queues as those of Amazon SQS: whoever receives a message leases it, and has to delete it before the lease ends.
    Sqs(Sqs),
    /// Exchanges that pass messages on to queues, which push them to their consumers, as RabbitMQ does.
    Amqp(Amqp),
}

/// A plain queue.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// How many messages it holds, stored or delivered and not acknowledged, 1 or more (default: without limit).
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub capacity: Option<u64>,
    /// What happens to a message that finds it full.
    #[serde(default)]
    pub when_full: Overflow,
    /// Whether messages survive a crash of the broker.
    #[serde(default = "yes")]
    #[schemars(default = "yes")]
    pub durable: bool,
}

fn yes() -> bool {
    true
}

/// A partitioned log.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Its topics, by name; at least one.
    pub topics: IndexMap<String, Topic>,
    /// Consumer groups that are not kept as the defaults say, by name.
    #[serde(default)]
    pub groups: IndexMap<String, Membership>,
    /// How many nodes (brokers) it runs on, from 1 to 32 (default: as many as the topic with most `replicas` needs).
    #[serde(default)]
    #[schemars(range(min = 1, max = 32))]
    pub nodes: Option<u32>,
    /// How long it takes until the loss of a node is noticed and others lead what it led (default 9s: `broker.session.timeout.ms`).
    #[serde(default = "nine_seconds")]
    #[schemars(default = "nine_seconds")]
    pub failover: SimDuration,
}

fn nine_seconds() -> SimDuration {
    SimDuration::from_secs(9)
}

/// A topic of a log.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// How many partitions it has, 1 or more: so many members of a group can work at once.
    #[schemars(range(min = 1))]
    pub partitions: u32,
    /// How producers choose the partition of a message.
    #[serde(default)]
    pub partitioner: Partitioner,
    /// How long messages are kept, read or not.
    #[serde(default)]
    pub retention: Retention,
    /// On how many nodes each partition is stored.
    #[serde(default)]
    pub replication: Replication,
    /// The registry of schemas of the topic, by what it asks of a new one: whoever brings one that it does not take can't write with it,
    /// and those messages are `rejected` at once (default: none, and every schema is written).
    #[serde(default)]
    pub registry: Option<Compatibility>,
    /// How long a message is in the topic before its consumers work on it (default: not at all). With it a topic for dead letters is a
    /// retry topic: consumers pause until the time has come, and go on with their heartbeats.
    #[serde(default)]
    pub delay: SimDuration,
}
