//! A world as it is to be built: names resolved to ids, settings checked, nothing random drawn yet.
//!
//! One blueprint serves every replication: what differs between them is the seed alone.

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use super::broker::{Address, AmqpSettings, Broker, LogSettings, QueueSettings, SqsSettings};
use super::health::Ailment;
use super::id::{Id, NodeId};
use super::outbound::{Link, Target};
use super::service::Service;
use crate::policy::adaptive_throttle::AdaptiveThrottle;
use crate::policy::circuit_breaker::CircuitBreaker;
use crate::policy::commit::Commit;
use crate::policy::compatibility::{Change, Compatibility, Fields};
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
use crate::policy::partitioner::{PartitionBy, Partitioner};
use crate::policy::restart::Restart;
use crate::policy::retry::Retry;
use crate::policy::warm_up::WarmUp;
use crate::policy::works_on::WorksOn;
use crate::random::{ArrivalProcess, Distribution, Keys};
use crate::time::{SimDuration, SimTime};

/// A world to be built.
#[derive(Debug, Clone)]
pub struct Blueprint {
    /// The end of the run.
    pub horizon: SimTime,
    /// Who makes messages.
    pub producers: Vec<ProducerPlan>,
    /// Who works on them.
    pub services: Vec<ServicePlan>,
    /// Who holds them in between.
    pub brokers: Vec<BrokerPlan>,
    /// What goes wrong from outside.
    pub faults: Vec<FaultPlan>,
}

impl Blueprint {
    /// Whether any call has a deadline.
    #[must_use]
    pub fn has_deadlines(&self) -> bool {
        self.links().any(|link| link.deadline.is_some())
    }

    /// All links, in the order of their ids: those of producers come first.
    pub fn links(&self) -> impl Iterator<Item = &LinkPlan> {
        let producers = self.producers.iter().flat_map(|producer| &producer.sends);
        producers.chain(self.services.iter().flat_map(|service| &service.sends))
    }

    /// All producers, each with the first of its links.
    pub fn producers_with_links(&self) -> impl Iterator<Item = (&ProducerPlan, Id<Link>)> {
        let mut before = 0;
        self.producers.iter().map(move |producer| {
            let first = Id::new(before);
            before += producer.sends.len();
            (producer, first)
        })
    }
}

/// A producer to be built.
#[derive(Debug, Clone)]
pub struct ProducerPlan {
    /// Its name, from which its chance comes.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// Messages made before the run, which are sent first of all.
    pub initial_backlog: u64,
    /// Its arrival processes, added up.
    pub arrivals: Vec<SourcePlan>,
    /// Which keys its messages have.
    pub keys: Keys,
    /// Jobs that depend on one another, of which each arrival makes one each.
    pub jobs: Option<Jobs>,
    /// How urgent its messages are; 0 is the most urgent.
    pub priority: u8,
    /// The fields of its messages, as far as they are told.
    pub schema: Fields,
    /// Its links, in order; at least one.
    pub sends: Vec<LinkPlan>,
}

/// An arrival process to be started.
#[derive(Debug, Clone)]
pub struct SourcePlan {
    /// The process.
    pub process: ArrivalProcess,
    /// Where a trace is read from.
    pub trace: Option<Trace>,
}

/// Opens a trace file anew for each replication. The file was read through once when the scenario was loaded.
#[derive(Clone)]
pub struct Trace(pub Arc<dyn Fn() -> Box<dyn Read + Send> + Send + Sync>);

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}

/// A link to be built.
#[derive(Debug, Clone)]
pub struct LinkPlan {
    /// Where it leads.
    pub target: Target,
    /// The node where it leads.
    pub at: NodeId,
    /// At a log: what of a message decides its partition.
    pub partition_by: PartitionBy,
    /// How long a packet takes, one way.
    pub latency: Option<Distribution>,
    /// The registry that its messages have to pass, if there is one.
    pub registry: Option<Compatibility>,
    /// How long an answer is waited for.
    pub timeout: Option<SimDuration>,
    /// How long callers stay in line.
    pub patience: Option<Distribution>,
    /// For how long the work is worth doing, from when it is asked for.
    pub deadline: Option<SimDuration>,
    /// What happens after a failure.
    pub retry: Retry,
    /// A circuit breaker.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// A client-side throttle.
    pub adaptive_throttle: Option<AdaptiveThrottle>,
    /// At a log: how its client sends.
    pub client: LogClient,
    /// How many messages may be unsettled at once; more wait as long as it takes.
    pub window: Option<u32>,
}

impl LinkPlan {
    /// How many unsettled messages it holds, and how long more of them wait for room, if not for ever.
    #[must_use]
    pub fn buffer(&self) -> Option<(u32, Option<SimDuration>)> {
        let buffer = self.client.buffer.map(|buffer| (buffer.messages, Some(buffer.max_block)));
        buffer.or(self.window.map(|window| (window, None)))
    }
}

/// A service to be built.
#[derive(Debug, Clone)]
pub struct ServicePlan {
    /// Its name, from which its chance comes.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// How many pieces of work are done at once.
    pub workers: u32,
    /// How many requests are held at once; `None` is without bound.
    pub threads: Option<u32>,
    /// How many connections wait for a thread.
    pub accept_backlog: u32,
    /// Who is next.
    pub discipline: Discipline,
    /// How long a piece of work takes.
    pub service_time: Distribution,
    /// How work slows down when many workers are busy.
    pub contention: Option<Contention>,
    /// What happens when the threads run out.
    pub when_exhausted: WhenExhausted,
    /// When it comes back after a crash.
    pub restart: Restart,
    /// How work is slower after a start.
    pub warm_up: Option<WarmUp>,
    /// What is turned away before the threads run out.
    pub load_shedding: Option<LoadShedding>,
    /// How many requests are let in, if that is learned.
    pub concurrency_limit: Option<ConcurrencyLimit>,
    /// How work that was done before is told.
    pub idempotency: Idempotency,
    /// Whether work on the same record conflicts.
    pub concurrency_control: ConcurrencyControl,
    /// What is worked on at once.
    pub works_on: WorksOn,
    /// Whether what it sends on remembers when the first message of the chain was produced.
    pub follow: bool,
    /// Which keys the messages have that it sends on.
    pub keys: OnwardKeys,
    /// From when on it reads which version of messages, counted from 0, in order.
    pub reads: Vec<(SimTime, usize)>,
    /// The fields of what it sends on, as far as they are told.
    pub schema: Fields,
    /// The brokers that it consumes from.
    pub consumes: Vec<SubscriptionPlan>,
    /// Its links onward, in order.
    pub sends: Vec<LinkPlan>,
}

/// A subscription to be made.
#[derive(Debug, Clone)]
pub struct SubscriptionPlan {
    /// The broker.
    pub broker: Id<Broker>,
    /// Which part of it: of a log, the group.
    pub from: Address,
    /// How many messages a worker takes at once.
    pub batch: u32,
    /// When the broker is told that messages are done.
    pub commit: Commit,
    /// What is done with a message on which work failed.
    pub on_failure: OnFailure,
    /// Where in the same broker is put aside what is given up, if it is to be consumed again.
    pub aside: Option<Address>,
    /// After how long a worker that found nothing asks again, if the broker doesn't call.
    pub poll_every: Option<Distribution>,
}

/// A broker to be built.
#[derive(Debug, Clone)]
pub struct BrokerPlan {
    /// Its name.
    pub name: String,
    /// Its node.
    pub node: NodeId,
    /// What kind it is, and its settings.
    pub kind: BrokerKindPlan,
}

/// A kind of broker to be built.
#[derive(Debug, Clone)]
pub enum BrokerKindPlan {
    /// A plain queue.
    Queue(QueueSettings),
    /// A partitioned log, and for each of its topics how clients choose partitions.
    Log(LogSettings, Vec<Partitioner>),
    /// Queues of messages that are leased.
    Sqs(SqsSettings),
    /// Exchanges and queues.
    Amqp(AmqpSettings),
}

impl BrokerKindPlan {
    /// The nodes of its parts, which come after all others.
    #[must_use]
    pub fn parts(&self) -> Vec<NodeId> {
        match self {
            BrokerKindPlan::Queue(_) => Vec::new(),
            BrokerKindPlan::Log(log, _) => log.parts().collect(),
            BrokerKindPlan::Sqs(sqs) => sqs.queues.iter().map(|queue| queue.node).collect(),
            BrokerKindPlan::Amqp(amqp) => amqp.parts().collect(),
        }
    }

    /// How many groups read what is published to one of its parts independently.
    #[must_use]
    pub fn readers(&self, to: Address) -> u8 {
        match self {
            BrokerKindPlan::Queue(_) | BrokerKindPlan::Sqs(_) => 1,
            BrokerKindPlan::Log(log, _) => log.readers(to.index()).count().max(1) as u8,
            BrokerKindPlan::Amqp(amqp) => amqp.ways[to.index()].queues.len().max(1) as u8,
        }
    }

    /// Whether each worker that consumes from it does so for itself.
    #[must_use]
    pub fn is_by_worker(&self) -> bool {
        match self {
            BrokerKindPlan::Queue(_) | BrokerKindPlan::Sqs(_) => false,
            BrokerKindPlan::Log(..) | BrokerKindPlan::Amqp(_) => true,
        }
    }
}

/// A fault that will happen, or may.
#[derive(Debug, Clone)]
pub struct FaultPlan {
    /// What it is called in the report and in its stream of chance: `crash of notification`.
    pub label: String,
    /// The node at which it is marked.
    pub node: NodeId,
    /// What it does while it lasts.
    pub effect: FaultEffect,
    /// When it happens.
    pub timing: FaultTiming,
}

/// What a fault does while it lasts.
#[derive(Debug, Clone)]
pub enum FaultEffect {
    /// Something to a node.
    Node(NodeId, Ailment),
    /// Something to the network.
    Path {
        /// The links on which packets are affected.
        links: Vec<Id<Link>>,
        /// The consumers that are cut off from their brokers, by a partition.
        cuts: Vec<(Id<Service>, Id<Broker>)>,
        /// What happens there.
        effect: PathEffect,
    },
    /// Something to the messages that a node makes: work on them fails.
    Poison {
        /// The node.
        by: NodeId,
        /// The share of its messages.
        probability: f64,
    },
    /// A node writes its messages with another schema from now on.
    SchemaChange {
        /// The node.
        by: NodeId,
        /// What is different from before.
        change: Change,
    },
}

/// What a fault does to packets.
#[derive(Debug, Clone)]
pub enum PathEffect {
    /// Nothing gets through.
    Cut,
    /// Each is lost with this probability.
    Loss(f64),
    /// Each takes so much longer.
    Latency(Distribution),
}

/// When a fault happens.
#[derive(Debug, Clone)]
pub enum FaultTiming {
    /// Once.
    Scheduled {
        /// From when.
        from: SimTime,
        /// Until when, or to the end.
        until: Option<SimTime>,
    },
    /// Again and again.
    Random {
        /// Not before.
        from: SimTime,
        /// Not after.
        until: Option<SimTime>,
        /// From the end of one to the beginning of the next.
        mtbf: Distribution,
        /// How long each lasts.
        mttr: Distribution,
    },
}
