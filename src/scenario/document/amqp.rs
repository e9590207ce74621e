//! A broker with exchanges and queues, as RabbitMQ is one.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::credit_flow::Ingress;
use crate::policy::length_limit::AtLimit;
use crate::policy::returns::{DeliveryLimit, QueueType};
use crate::policy::routing::{ExchangeType, HeaderMatch};
use crate::time::SimDuration;

/// A broker with exchanges and queues.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amqp {
    /// Its exchanges, by name, besides the default exchange, which passes a message on to the queue that its routing key names.
    #[serde(default)]
    pub exchanges: IndexMap<String, Exchange>,
    /// Its queues, by name; at least one.
    pub queues: IndexMap<String, AmqpQueue>,
    /// Which queue gets what from which exchange, besides what the default exchange does (default: none).
    #[serde(default)]
    pub bindings: Vec<Binding>,
    /// How much memory there is before publishers have to wait (default: enough).
    #[serde(default)]
    pub memory: Option<Memory>,
    /// How much disk space there is before publishers have to wait (default: enough).
    #[serde(default)]
    pub disk: Option<Disk>,
    /// How fast messages are taken in, and how far publishers may run ahead of that (default: at once, so nobody does).
    #[serde(default)]
    pub ingress: Option<Ingress>,
    /// How large a message is, in bytes, 1 or more (default 1024, an assumption).
    #[serde(default = "a_kilobyte")]
    #[schemars(default = "a_kilobyte", range(min = 1))]
    pub message_bytes: u64,
    /// After how long what a consumer had in hand that died is delivered again (default 5ms; measured at RabbitMQ 3.10.8: 4.4 ms from a
    /// classic queue, 7.7 ms from a quorum queue).
    #[serde(default = "a_moment")]
    #[schemars(default = "a_moment")]
    pub requeue_after: SimDuration,
    /// After how long a consumer that is out of reach counts as gone; until then it is sent messages (default 1min: the heartbeat timeout
    /// that RabbitMQ suggests to clients).
    #[serde(default = "a_minute")]
    #[schemars(default = "a_minute")]
    pub heartbeat_timeout: SimDuration,
    /// How long a consumer may leave a message unacknowledged until it loses all that it has in hand (default 30min: `consumer_timeout`
    /// of 1,800,000 ms; since RabbitMQ 4.3 only quorum queues keep to it).
    #[serde(default = "half_an_hour")]
    #[schemars(default = "half_an_hour")]
    pub consumer_timeout: SimDuration,
    /// How often it is looked at what consumers have had in hand for too long (default 1min, as RabbitMQ does).
    #[serde(default = "a_minute")]
    #[schemars(default = "a_minute")]
    pub timeout_check_every: SimDuration,
}

fn a_moment() -> SimDuration {
    SimDuration::from_millis(5)
}

fn a_minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn half_an_hour() -> SimDuration {
    SimDuration::from_secs(1_800)
}

impl Amqp {
    /// How many messages may wait in a queue.
    #[must_use]
    pub fn max_length(&self, queue: &AmqpQueue) -> Option<u64> {
        let by_bytes = queue.max_length_bytes.map(|bytes| bytes / self.message_bytes);
        queue.max_length.into_iter().chain(by_bytes).min()
    }
}

/// An exchange passes what is published to it on to queues.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// By what it chooses them (default "direct", an assumption: RabbitMQ wants to be told).
    #[serde(rename = "type", default)]
    pub exchange_type: ExchangeType,
    /// The exchange that gets what no binding matches (default: none; it is dropped): `alternate-exchange`.
    #[serde(default)]
    pub alternate: Option<String>,
}

/// A binding: what a queue, or another exchange, gets from an exchange.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The exchange.
    pub exchange: String,
    /// The queue; either it or `to_exchange` has to be there.
    #[serde(default)]
    pub queue: Option<String>,
    /// Instead of a queue, the exchange that gets it, to pass it on as if it had been published there (RabbitMQ's extension "Exchange to
    /// Exchange Bindings").
    #[serde(default)]
    pub to_exchange: Option<String>,
    /// At a direct exchange the routing key; at a topic exchange a pattern of words: `*` is one word, `#` any number (default: the empty
    /// key).
    #[serde(default)]
    pub key: Option<String>,
    /// At a headers exchange, the headers that a message has to have (default: none).
    #[serde(default)]
    pub headers: Option<HeaderMatch>,
}

/// A queue of a broker with exchanges.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AmqpQueue {
    /// How it keeps its messages: on one node, or replicated (default "classic", as that of `queue.declare`).
    #[serde(rename = "type")]
    pub queue_type: QueueType,
    /// Whether messages survive a crash of the broker (default true; a quorum queue's always do). Messages count as persistent.
    pub durable: Option<bool>,
    /// How many messages may wait, 1 or more; those in the hands of consumers don't count (default: without limit): `max-length`.
    #[schemars(range(min = 1))]
    pub max_length: Option<u64>,
    /// How many bytes may wait, at least one message's (default: without limit): `max-length-bytes`. Where there are both limits, the first
    /// one that is reached counts.
    #[schemars(range(min = 1))]
    pub max_length_bytes: Option<u64>,
    /// What happens at that limit (default "drop_head": `overflow`).
    pub overflow: AtLimit,
    /// How long a message may wait (default: without limit): `message-ttl`. It expires only when it is the first in line.
    pub message_ttl: Option<SimDuration>,
    /// After how long without consumers the queue is deleted with all that it holds (default: never): `expires`.
    pub expires: Option<SimDuration>,
    /// The exchange to which messages go that were refused, expired, were too many or came back too often; "" is the default exchange
    /// (default: none; they are dropped).
    pub dead_letter_exchange: Option<String>,
    /// The routing key that they have then (default: the one that they came with).
    pub dead_letter_routing_key: Option<String>,
    /// At a quorum queue, how often a message may come back (default 20, as since RabbitMQ 4.0; before, "unlimited"). As in RabbitMQ 4.0
    /// to 4.2 every return counts.
    pub delivery_limit: Option<DeliveryLimit>,
    /// Whether one consumer gets everything, and the others stand by (default false).
    pub single_active_consumer: bool,
}

/// When memory is short.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// The memory of the broker, in bytes.
    pub bytes: u64,
    /// The share of it above which nobody may publish, above 0 and at most 1 (default 0.6: `vm_memory_high_watermark` since RabbitMQ 4.0;
    /// 0.4 before).
    #[serde(default = "watermark")]
    #[schemars(default = "watermark")]
    pub watermark: f64,
    /// How much memory a stored message takes, in bytes, 1 or more (default: its size, the `message_bytes` of the broker).
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub message_bytes: Option<u64>,
    /// How often memory is looked at (default 2500ms: `memory_monitor_interval`).
    #[serde(default = "often")]
    #[schemars(default = "often")]
    pub check_every: SimDuration,
}

/// When disk space is short. Durable queues keep their messages on disk until they are acknowledged. How often the space is looked at
/// depends on how much is left: every 100ms to 10s (`rabbit_disk_monitor`).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// How many bytes are free while no messages are stored.
    pub bytes: u64,
    /// How many have to be free, or nobody may publish (default 50000000: `disk_free_limit` of 50 MB).
    #[serde(default = "fifty_megabytes")]
    #[schemars(default = "fifty_megabytes")]
    pub limit: u64,
}

fn fifty_megabytes() -> u64 {
    50_000_000
}

fn watermark() -> f64 {
    0.6
}

fn a_kilobyte() -> u64 {
    1_024
}

fn often() -> SimDuration {
    SimDuration::from_millis(2_500)
}
