//! From a blueprint and a seed to a simulation that is ready to run.
//!
//! Every use of chance has a stream named after its node and purpose, so another node changes none of them.

mod service;

use std::collections::{BTreeMap, VecDeque};

use super::blueprint::{Blueprint, BrokerKindPlan, BrokerPlan, LinkPlan, ProducerPlan};
use super::broker::{
    Amqp, Broker, BrokerKind, Log, LogSettings, Queue, Sender, Sqs, SqsChance, SqsSettings,
};
use super::content::Contents;
use super::context::{Common, Route};
use super::deadlines::Deadlines;
use super::event::Event;
use super::faults::Faults;
use super::id::{Arena, Id, NodeId};
use super::jobs;
use super::message::{MOST_LOOPS, Messages};
use super::network::{Latency, Network, Path};
use super::observation::Observer;
use super::order::KeyOrder;
use super::outbound::{Link, LinkParts, Owner, Target};
use super::packet::Pauses;
use super::producer::{ClosedLoop, Producer, Source};
use super::service::{Patience, Service};
use super::world::{Role, World};
use crate::engine::{Calendar, Lane, Simulation};
use crate::policy::adaptive_throttle::AdaptiveThrottleState;
use crate::policy::circuit_breaker::CircuitBreakerState;
use crate::policy::partitioner::{Partitioner, PartitionerState};
use crate::policy::retry::Retry;
use crate::random::trace::{TraceReader, end_run};
use crate::random::{ArrivalProcess, Chance, Distribution, KeyedStream, Keys, Stream};
use crate::time::{SimDuration, SimTime};

/// A simulation of `blueprint` at its start: replication `replication` of `seed`, reported to `observer`.
pub fn simulate<O: Observer>(
    blueprint: &Blueprint,
    seed: u64,
    replication: u32,
    observer: O,
) -> Simulation<World<O>> {
    let mut builder = Builder::new(blueprint, seed, replication);
    for plan in &blueprint.producers {
        builder.add_producer(plan);
    }
    for plan in &blueprint.services {
        builder.add_service(plan);
    }
    builder.finish(observer)
}

/// What the messages of one node have in common.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    priority: u8,
    is_followed: bool,
    is_keyed: bool,
    is_by_worker: bool,
}

struct Builder<'a> {
    blueprint: &'a Blueprint,
    seed: u64,
    replication: u32,
    calendar: Calendar<Event>,
    /// Lanes by what waits in them and for how long: equal constants share one.
    lanes: BTreeMap<(Waiting, SimDuration), Lane>,
    sources: Arena<Source>,
    producers: Arena<Producer>,
    links: Arena<Link>,
    owners: Vec<Owner>,
    routes: Vec<Route>,
    paths: Vec<Path>,
    services: Arena<Service>,
    roles: Vec<Role>,
    orders: Vec<Option<KeyOrder>>,
    patience: Vec<Option<Patience>>,
}

/// What waits in a lane. Events of one kind have one rank, so they leave a lane in the order in which they entered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting {
    ForAnswer,
    ForArrival,
}

impl<'a> Builder<'a> {
    fn new(blueprint: &'a Blueprint, seed: u64, replication: u32) -> Builder<'a> {
        let parts = blueprint.brokers.iter().map(|broker| broker.kind.parts().len()).sum::<usize>();
        let whole = blueprint.producers.len() + blueprint.services.len() + blueprint.brokers.len();
        let nodes = whole + parts;
        Builder {
            blueprint,
            seed,
            replication,
            calendar: Calendar::new(),
            lanes: BTreeMap::new(),
            sources: Arena::default(),
            producers: Arena::default(),
            links: Arena::default(),
            owners: Vec::new(),
            routes: Vec::new(),
            paths: Vec::new(),
            services: Arena::default(),
            roles: vec![Role::Producer; nodes],
            orders: (0..nodes).map(|_| None).collect(),
            patience: Vec::new(),
        }
    }

    fn stream(&self, name: &str) -> Stream {
        Stream::new(self.seed, self.replication, name)
    }

    fn keyed(&self, name: &str) -> KeyedStream {
        KeyedStream::new(self.seed, self.replication, name)
    }

    fn add_producer(&mut self, plan: &ProducerPlan) {
        let id = Id::new(self.producers.len());
        let name = format!("producer/{}", plan.name);
        let sent = Sent { priority: plan.priority, ..Sent::default() };
        let (first, last) = self
            .add_links(&name, Owner::Producer(id), plan.node, sent, &plan.sends)
            .expect("a producer sends");
        let mut loops = Vec::new();
        if plan.initial_backlog > 0 {
            let backlog = ArrivalProcess::Burst {
                at: SimTime::ZERO,
                count: plan.initial_backlog,
                over: SimDuration::ZERO,
            };
            self.add_source(id, &backlog, None, &format!("{name}/initial_backlog"));
        }
        for (index, source) in plan.arrivals.iter().enumerate() {
            let stream_name = format!("{name}/arrivals/{index}");
            if let Some((users, think_time)) = source.process.closed_loop() {
                let stream = self.stream(&stream_name);
                assert!(loops.len() < MOST_LOOPS, "at most {MOST_LOOPS} closed loops per producer");
                loops.push(ClosedLoop { users, think_time, stream });
            } else {
                let trace = source.trace.as_ref().map(|trace| (trace.0)());
                self.add_source(id, &source.process, trace, &stream_name);
            }
        }
        let calendar = &mut self.calendar;
        let producer = Producer::new(id, plan.node, first, last, loops, calendar);
        self.producers.push(producer);
        if plan.keys != Keys::None || plan.arrivals.iter().any(|source| source.trace.is_some()) {
            let keys = plan.keys.sampler(self.keyed(&format!("{name}/keys")));
            self.orders[plan.node.index()] = Some(KeyOrder::new(keys));
        }
    }

    fn add_source(
        &mut self,
        producer: Id<Producer>,
        process: &ArrivalProcess,
        trace: Option<Box<dyn std::io::Read + Send>>,
        stream_name: &str,
    ) {
        let trace = trace.map(|file| match (TraceReader::new(file), process) {
            (Ok(reader), _) => reader,
            (Err(problem), ArrivalProcess::Trace { csv }) => end_run(csv, problem),
            (Err(problem), _) => unreachable!("only a trace is read from a file: {problem}"),
        });
        let arrivals = process.start(self.blueprint.horizon, self.stream(stream_name), trace);
        let id = Id::new(self.sources.len());
        let source = Source::start(id, producer, arrivals, &mut self.calendar);
        self.sources.push(source);
    }

    /// Adds the links of one node, side by side; the first and the last of them.
    fn add_links(
        &mut self,
        name: &str,
        owner: Owner,
        by: NodeId,
        sent: Sent,
        plans: &[LinkPlan],
    ) -> Option<(Id<Link>, Id<Link>)> {
        let ends_at_broker = matches!(plans.last()?.target, Target::Publish(..));
        let salt = self.keyed(name).at(0, 0).below(u64::MAX);
        let mut slot = 0;
        for (step, plan) in plans.iter().enumerate() {
            let step = u8::try_from(step).expect("at most eight steps");
            let link_name = format!("{name}/sends/{step}");
            let link = self.link(&link_name, by, plan);
            self.links.push(link);
            let draws = self.keyed(&format!("{link_name}/patience"));
            let lasts = plan.patience.as_ref().map(Distribution::sampler);
            self.patience.push(lasts.map(|lasts| Patience { lasts, draws }));
            self.owners.push(owner);
            let readers = self.readers(plan);
            let all_of = if readers > 1 { (((1_u16 << readers) - 1) << slot) as u8 } else { 0 };
            let (at, retries) = (plan.at, plan.retry != Retry::None);
            self.routes.push(Route {
                by,
                at,
                step,
                ends_at_broker,
                retries,
                slot,
                all_of,
                priority: sent.priority,
                is_followed: sent.is_followed,
                is_keyed: sent.is_keyed,
                is_by_worker: sent.is_by_worker,
                salt,
            });
            slot += readers;
            let path = self.path(plan);
            self.paths.push(path);
        }
        let count = self.links.len();
        Some((Id::new(count - plans.len()), Id::new(count - 1)))
    }

    /// How many independent readers a link has.
    fn readers(&self, plan: &LinkPlan) -> u8 {
        match plan.target {
            Target::Call(_) => 1,
            Target::Publish(broker, to) => self.blueprint.brokers[broker.index()].kind.readers(to),
        }
    }

    fn link(&mut self, name: &str, by: NodeId, plan: &LinkPlan) -> Link {
        let throttle = plan.adaptive_throttle.as_ref().map(|throttle| {
            (AdaptiveThrottleState::new(throttle), self.stream(&format!("{name}/throttle")))
        });
        let parts = LinkParts {
            id: Id::new(self.links.len()),
            by,
            at: plan.at,
            target: plan.target,
            timeout: plan.timeout,
            retry: plan.retry.clone(),
            buffer: plan.buffer(),
            delivery_timeout: plan.client.delivery_timeout,
            deadline: plan.deadline,
            inherits_deadlines: self.blueprint.has_deadlines(),
            breaker: plan.circuit_breaker.as_ref().map(CircuitBreakerState::new),
            throttle,
            rounds: self.stream(&format!("{name}/rounds")),
            draws: self.keyed(&format!("{name}/backoff")),
        };
        let lanes = &mut self.lanes;
        Link::new(parts, &mut self.calendar, &mut |calendar, delay| {
            *lanes.entry((Waiting::ForAnswer, delay)).or_insert_with(|| calendar.add_lane())
        })
    }

    fn path(&mut self, plan: &LinkPlan) -> Path {
        let Some(latency) = &plan.latency else { return Path::new(Latency::None) };
        Path::new(match latency.constant_value() {
            Some(SimDuration::ZERO) => Latency::None,
            Some(constant) => {
                let calendar = &mut self.calendar;
                let key = (Waiting::ForArrival, constant);
                let lane = *self.lanes.entry(key).or_insert_with(|| calendar.add_lane());
                Latency::Constant(constant, lane)
            }
            None => Latency::Random(latency.sampler()),
        })
    }

    /// A log, with a client for every link that publishes to it.
    fn log(
        &self,
        id: Id<Broker>,
        plan: &BrokerPlan,
        settings: &LogSettings,
        partitioners: &[Partitioner],
    ) -> Log {
        let name = format!("broker/{}", plan.name);
        let client = |(index, link): (usize, &LinkPlan)| match link.target {
            Target::Publish(broker, to) if broker == id => {
                let draws = self.stream(&format!("{name}/client/{index}"));
                let partitions = settings.topics[to.index()].partitions.len() as u32;
                let how = &partitioners[to.index()];
                let partitioner = PartitionerState::new(how, link.partition_by, partitions, draws);
                let settings = link.client.clone();
                let one_way = link.latency.as_ref().map_or(0.0, |latency| latency.mean_s());
                let one_way = SimDuration::from_secs_f64(one_way);
                Some(Sender::new(self.routes[index].by, settings, partitioner, one_way))
            }
            Target::Publish(..) | Target::Call(_) => None,
        };
        let clients = self.blueprint.links().enumerate().map(client).collect();
        Log::new(id, plan.node, settings, clients, &mut self.stream(&format!("{name}/members")))
    }

    fn sqs(&self, id: Id<Broker>, plan: &BrokerPlan, settings: &SqsSettings) -> Sqs {
        let chance = settings.queues.iter().map(|queue| {
            let name = format!("broker/{}/{}", plan.name, queue.name);
            SqsChance {
                places: self.keyed(&format!("{name}/places")),
                turns: self.stream(&format!("{name}/turns")),
                duplicates: self.keyed(&format!("{name}/duplicates")),
            }
        });
        Sqs::new(id, plan.node, settings, chance)
    }

    fn finish<O: Observer>(mut self, observer: O) -> Simulation<World<O>> {
        let mut brokers = Arena::default();
        for plan in &self.blueprint.brokers {
            let id = Id::new(brokers.len());
            let kind = match &plan.kind {
                BrokerKindPlan::Queue(settings) => {
                    BrokerKind::Queue(Queue::new(plan.node, settings.clone()))
                }
                BrokerKindPlan::Log(settings, partitioners) => {
                    BrokerKind::Log(self.log(id, plan, settings, partitioners))
                }
                BrokerKindPlan::Sqs(settings) => BrokerKind::Sqs(self.sqs(id, plan, settings)),
                BrokerKindPlan::Amqp(settings) => {
                    BrokerKind::Amqp(Amqp::new(id, plan.node, settings.clone()))
                }
            };
            brokers.push(Broker::new(plan.node, kind));
            for node in plan.kind.parts().into_iter().chain([plan.node]) {
                self.roles[node.index()] = Role::Broker(id);
            }
        }
        let (seed, replication) = (self.seed, self.replication);
        let faults = Faults::start(
            &self.blueprint.faults,
            self.blueprint.horizon,
            |label| Stream::new(seed, replication, &format!("fault/{label}")),
            &mut self.calendar,
        );
        let jobs = jobs::runs(self.blueprint, self.roles.len());
        let network = Network::new(self.paths, KeyedStream::new(seed, replication, "network"));
        let contents = Contents::start(self.blueprint, self.roles.len(), |label| {
            KeyedStream::new(seed, replication, &format!("fault/{label}"))
        });
        let common = Common {
            jobs,
            messages: Messages::default(),
            observer,
            routes: self.routes,
            orders: self.orders,
            contents,
            patience: if self.patience.iter().all(Option::is_none) {
                Vec::new()
            } else {
                self.patience
            },
            origins: BTreeMap::new(),
            makers: BTreeMap::new(),
            deadlines: self.blueprint.has_deadlines().then(Deadlines::default),
            pauses: Pauses::default(),
            outbox: VecDeque::new(),
        };
        let mut world = World {
            sources: self.sources,
            producers: self.producers,
            links: self.links,
            owners: self.owners,
            services: self.services,
            brokers,
            roles: self.roles,
            faults,
            network,
            common,
        };
        world.open(&mut self.calendar);
        Simulation::new(world, self.calendar)
    }
}
