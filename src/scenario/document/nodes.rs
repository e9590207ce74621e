//! Producers and services, and what passes between them and brokers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::adaptive_throttle::AdaptiveThrottle;
use crate::policy::circuit_breaker::CircuitBreaker;
use crate::policy::commit::Commit;
use crate::policy::compatibility::{Compatibility, Fields};
use crate::policy::concurrency_control::ConcurrencyControl;
use crate::policy::concurrency_limit::ConcurrencyLimit;
use crate::policy::contention::Contention;
use crate::policy::discipline::Discipline;
use crate::policy::exhaustion::WhenExhausted;
use crate::policy::failure::OnFailure;
use crate::policy::idempotency::Idempotency;
use crate::policy::jobs::Jobs;
use crate::policy::load_shedding::LoadShedding;
use crate::policy::log_client::LogClient;
use crate::policy::onward_keys::OnwardKeys;
use crate::policy::partitioner::PartitionBy;
use crate::policy::redelivery::Heartbeat;
use crate::policy::restart::Restart;
use crate::policy::retry::Retry;
use crate::policy::warm_up::WarmUp;
use crate::policy::works_on::WorksOn;
use crate::random::{ArrivalProcess, Distribution, Keys};
use crate::time::{SimDuration, SimTime};

/// A producer makes messages and sends them.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Producer {
    /// When messages are made; several processes add up.
    #[serde(default)]
    pub arrivals: Vec<ArrivalProcess>,
    /// Which keys the messages have: what each is about, such as a user. A log partitions by it unless a publish says otherwise, and
    /// messages of one key that take effect in another order than they were made in are counted (`out_of_order`).
    #[serde(default)]
    pub keys: Keys,
    /// Jobs that depend on one another: every arrival makes one of each, a run (default: every arrival makes one message). The key of a
    /// job is its run, and one that was begun before all that it needs was done counts as `out_of_order`.
    #[serde(default)]
    pub jobs: Option<Jobs>,
    /// The class of the messages, a number from 0 to 65535: a label for the reader, by which nothing is decided (default: none).
    #[serde(default)]
    pub class: Option<u16>,
    /// How important the messages are where that counts: 0 is the most important.
    #[serde(default)]
    pub priority: u8,
    /// How many messages there are already when the run begins, all to be sent at once.
    #[serde(default)]
    pub initial_backlog: u64,
    /// The fields of its messages before any `schema_change`, each with its type (default: what its changes take to be there). A change of
    /// a field that is not there is refused then.
    #[serde(default)]
    pub schema: Fields,
    /// Where each message goes, in order; the first that fails ends it.
    pub sends: Vec<Sending>,
}

/// A service has workers. They answer calls, work on messages from brokers, and may send on.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// How many pieces of work are done at the same time, 1 or more.
    #[serde(default = "one")]
    #[schemars(default = "one", range(min = 1))]
    pub workers: u32,
    /// How many requests are held at the same time, in line or in work, 1 or more (default: without limit).
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub threads: Option<u32>,
    /// How many connections wait to be accepted while all threads are taken. With 0, one more request meets
    /// `when_exhausted` at once; above 0 it waits, and when these places are taken too, connecting times out.
    #[serde(default)]
    pub accept_backlog: u32,
    /// Who in line is served next.
    #[serde(default)]
    pub discipline: Discipline,
    /// How long a worker works on one message or request, without waiting for others.
    pub service_time: Distribution,
    /// How much workers slow one another down.
    #[serde(default)]
    pub contention: Contention,
    /// What happens to a request that finds all threads taken.
    #[serde(default)]
    pub when_exhausted: WhenExhausted,
    /// How long the service stays down after a crash.
    #[serde(default)]
    pub restart: Restart,
    /// How much slower the service is after a start (default: not at all).
    #[serde(default)]
    pub warm_up: Option<WarmUp>,
    /// When requests are refused although there is room (default: never).
    #[serde(default)]
    pub load_shedding: Option<LoadShedding>,
    /// How many requests are held at most, learned from how long they take; what is beyond is refused (default: without limit).
    #[serde(default)]
    pub concurrency_limit: Option<ConcurrencyLimit>,
    /// Whether work that was done already is recognized.
    #[serde(default)]
    pub idempotency: Idempotency,
    /// Whether pieces of work on the same record at the same time conflict.
    #[serde(default)]
    pub concurrency_control: ConcurrencyControl,
    /// What a worker works on at once: each message by itself, a batch of them, or two that belong together.
    #[serde(default)]
    pub works_on: WorksOn,
    /// Which version of its messages the service reads, where a `schema_change` makes several (default: the first).
    #[serde(default)]
    pub reads: Reads,
    /// The fields of the messages that it sends on before any `schema_change`, each with its type (default: what its changes take to be
    /// there). A change of a field that is not there is refused then.
    #[serde(default)]
    pub schema: Fields,
    /// What the service sends on for each message or request, in order, holding its worker while it waits.
    #[serde(default)]
    pub sends: Vec<Sending>,
    /// Which keys the messages have that it sends on: what a log partitions by, and the message group of a FIFO queue (default: none).
    /// With keys, those that take effect in another order than they were sent on in are counted (`out_of_order`).
    #[serde(default)]
    pub keys: OnwardKeys,
    /// Whether what it sends on remembers when the first message of the chain was produced; then `journey_…` at the services further on
    /// tells how long the whole way took (default false: it costs some time and memory).
    #[serde(default)]
    pub follow: bool,
    /// Which brokers the service takes messages from.
    #[serde(default)]
    pub consumes: Vec<Consume>,
}

fn one() -> u32 {
    1
}

/// The version that a service reads. Versions are counted at each node that makes messages, from 1. Of a node that writes fewer versions
/// than others, a higher number means the latest; one that no node writes is refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reads {
    /// The version from the start of the run, 1 or more.
    #[serde(default = "one")]
    #[schemars(default = "one", range(min = 1))]
    pub version: u32,
    /// When the service is deployed anew to read another one (default: never).
    #[serde(default)]
    pub upgrade: Option<Upgrade>,
}

impl Default for Reads {
    fn default() -> Reads {
        Reads { version: one(), upgrade: None }
    }
}

impl Reads {
    /// From when on it reads which version, counted from 0.
    #[must_use]
    pub fn steps(&self) -> Vec<(SimTime, usize)> {
        let later = self.upgrade.map(|upgrade| (upgrade.at, upgrade.to));
        let steps = [(SimTime::ZERO, self.version)].into_iter().chain(later);
        steps.map(|(from, version)| (from, version.saturating_sub(1) as usize)).collect()
    }
}

/// A consumer that reads another version from a time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upgrade {
    /// From when on.
    pub at: SimTime,
    /// The version that it reads then, 1 or more.
    #[schemars(range(min = 1))]
    pub to: u32,
}

/// How a message leaves a node.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Sending {
    /// Ask a service, and wait for its answer.
    Call(Call),
    /// Hand the message to a broker, and wait only for its confirmation.
    Publish(Publish),
}

/// A call to a service.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The service.
    pub to: String,
    /// How long a message is on its way, each way.
    #[serde(default = "at_once")]
    #[schemars(default = "at_once")]
    pub latency: Distribution,
    /// After how long the caller gives an attempt up (default: never).
    #[serde(default)]
    pub timeout: Option<SimDuration>,
    /// For how long the work is worth doing, from when the sender begins with this step (default: for ever). Then the sender gives it up,
    /// whatever `timeout` and `retry` allow. As a deadline of gRPC it goes along with the request: a callee turns away what is too late when
    /// its turn comes, and what it calls others for has no more time than is left.
    #[serde(default)]
    pub deadline: Option<SimDuration>,
    /// How long an attempt waits in line before its caller hangs up (default: as long as it takes). It leaves the line then, is never
    /// worked on, and has failed (`timed_out`); after a `timeout` the work is done all the same.
    #[serde(default)]
    pub patience: Option<Distribution>,
    /// Whether, when and how often a failed attempt is repeated.
    #[serde(default)]
    pub retry: Retry,
    /// When the caller stops calling for a while (default: never).
    #[serde(default)]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// How the caller holds itself back when the callee rejects (default: not at all).
    #[serde(default)]
    pub adaptive_throttle: Option<AdaptiveThrottle>,
    /// Whether the sender needs the outcome before it goes on. Nothing is decided by it: `pileup advise` asks (default: it does if
    /// another step follows).
    #[serde(default)]
    pub needs_answer: Option<bool>,
    /// How long after it was made the work may be done at the latest. Nothing is decided by it: `pileup advise` asks (default: no
    /// limit).
    #[serde(default)]
    pub due_within: Option<SimDuration>,
}

/// A message handed to a broker.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The broker.
    pub to: String,
    /// At a `log`, the topic (default: its only one).
    #[serde(default)]
    pub topic: Option<String>,
    /// At a broker with queues of its own, the queue (default: its only one).
    #[serde(default)]
    pub queue: Option<String>,
    /// At a `log`, what of a message decides its partition, and with it what stays in order.
    #[serde(default)]
    pub partition_by: PartitionBy,
    /// At an `amqp` broker, the exchange (default: the default exchange, where the routing key names a queue).
    #[serde(default)]
    pub exchange: Option<String>,
    /// At an `amqp` broker, the routing key (default: the empty key; at the default exchange `queue`, or the only queue).
    #[serde(default)]
    pub routing_key: Option<String>,
    /// At an `amqp` broker, what a headers exchange looks at (default: nothing).
    #[serde(default)]
    pub headers: Option<BTreeMap<String, String>>,
    /// At an `amqp` broker, whether a message that no queue gets comes back and counts as turned away (default false: it is dropped, and
    /// nobody is told).
    #[serde(default)]
    pub mandatory: Option<bool>,
    /// At an `amqp` broker, whether the sender is told what became of the message (default false, as clients have to ask for it with
    /// `confirm.select`). Without, the sender is done when the broker has taken the message, and what a queue refuses is lost.
    #[serde(default)]
    pub confirms: Option<bool>,
    /// With `confirms`, how many messages the sender has unsettled at once, 1 or more; more wait at the sender (default: any number; what
    /// clients usually allow is 100 to 1000).
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_unconfirmed: Option<u32>,
    /// At an `amqp` broker, how long the message may wait in a queue, if that is shorter than the queue's own limit (default: without
    /// limit): `expiration`.
    #[serde(default)]
    pub ttl: Option<SimDuration>,
    /// At a standard queue of an `sqs` broker, how long after it was sent the message becomes visible, whatever the queue says (default: as
    /// the queue says; at most 15min): a message timer.
    #[serde(default)]
    pub delay: Option<SimDuration>,
    /// The registry of schemas that the sender asks before it writes with a new one: what it can't have, it can't send, and its
    /// messages are `rejected` at once (default: that of the topic, if it has one; else every schema is sent).
    #[serde(default)]
    pub registry: Option<Compatibility>,
    /// How long a message is on its way, each way.
    #[serde(default = "at_once")]
    #[schemars(default = "at_once")]
    pub latency: Distribution,
    /// After how long the sender gives an attempt up (default: never).
    #[serde(default)]
    pub timeout: Option<SimDuration>,
    /// Whether, when and how often a failed attempt is repeated.
    #[serde(default)]
    pub retry: Retry,
    /// At a `log`: how the client library sends, if not as the defaults say.
    #[serde(default)]
    pub client: Option<LogClient>,
    /// Whether the sender needs the outcome before it goes on. Nothing is decided by it: `pileup advise` asks (default: it does if
    /// another step follows).
    #[serde(default)]
    pub needs_answer: Option<bool>,
    /// How long after it was made the work may be done at the latest. Nothing is decided by it: `pileup advise` asks (default: no
    /// limit).
    #[serde(default)]
    pub due_within: Option<SimDuration>,
}

fn at_once() -> Distribution {
    Distribution::constant(SimDuration::ZERO)
}

/// Where a service takes messages from, and how.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consume {
    /// The broker.
    pub from: String,
    /// At a `log`, the topic (default: its only one).
    #[serde(default)]
    pub topic: Option<String>,
    /// At a broker with queues of its own, the queue (default: its only one).
    #[serde(default)]
    pub queue: Option<String>,
    /// At a `log`, the consumer group, of which each worker is a member (default: the name of the service).
    #[serde(default)]
    pub group: Option<String>,
    /// How many messages a worker takes at once, 1 or more (default: 1; at a `log` 500, Kafka's `max.poll.records`).
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub batch: Option<u32>,
    /// At a plain queue, after how long a worker asks again that found nothing; it does nothing meanwhile (default: the queue calls it as
    /// soon as there is something).
    #[serde(default)]
    pub poll_every: Option<Distribution>,
    /// When messages are acknowledged: before the work (a crash loses them) or after it (a crash repeats them).
    #[serde(default)]
    pub commit: Commit,
    /// What becomes of a message on which work failed (default: `halt` at a `log` and a FIFO queue, `requeue` elsewhere).
    #[serde(default)]
    pub on_failure: Option<OnFailure>,
    /// At an `amqp` broker, how many unacknowledged messages each worker has in hand at most, 0 to 65535; 0 is without limit (default 0,
    /// as in AMQP 0-9-1; a quorum queue gives no more than 2,000): `basic.qos`.
    #[serde(default)]
    #[schemars(range(max = 65_535))]
    pub prefetch: Option<u32>,
    /// At an `amqp` broker, who is given messages first: consumers with the highest number, as long as they have room (default 0):
    /// `x-priority`.
    #[serde(default)]
    pub priority: Option<i32>,
    /// At an `sqs` broker, how the service puts the end of visibility off while it works (default: it doesn't): `ChangeMessageVisibility`.
    #[serde(default)]
    pub heartbeat: Option<Heartbeat>,
    /// How many messages producers may have under way to this service, granted by it (default: without limit).
    #[serde(default)]
    pub credit: Option<Credit>,
}

/// Credit that a consumer grants: backpressure without a full queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// How many messages may be accepted and unfinished at once, 1 or more.
    #[schemars(range(min = 1))]
    pub window: u32,
}
