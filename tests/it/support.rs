//! Worlds built by hand in a few lines, and runs of them that also check the books.
//!
//! Nodes are added callee first, because whoever sends or consumes names the other side: brokers, then services, then producers.
//! Settings are written as in a scenario file. Every run here ends with the ledger checked against the world itself.

use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use pileup::engine::Simulation;
use pileup::metrics::recorder::{NodeLabel, Recorder, RecorderPlan};
use pileup::metrics::summary::{NodeKind, RunMetrics};
use pileup::model::blueprint::{
    Blueprint, BrokerKindPlan, BrokerPlan, FaultEffect, FaultPlan, FaultTiming, LinkPlan,
    PathEffect, ProducerPlan, ServicePlan, SourcePlan, SubscriptionPlan, Trace,
};
use pileup::model::broker::{
    Address, AmqpConsumer, AmqpQueueSettings, AmqpSettings, Broker, Consumer, GroupConsumer,
    GroupSettings, LogSettings, Order, Polling, QueueSettings, SqsQueueSettings, SqsSettings,
    TopicSettings, Way,
};
use pileup::model::build::simulate;
use pileup::model::health::Ailment;
use pileup::model::id::{Id, NodeId};
use pileup::model::observation::{Observation, Observer};
use pileup::model::outbound::{Link, Target};
use pileup::model::service::Service;
use pileup::model::world::World;
use pileup::policy::commit::Commit;
use pileup::policy::exhaustion::WhenExhausted;
use pileup::policy::idempotency::Idempotency;
use pileup::policy::length_limit::AtLimit;
use pileup::policy::overflow::Overflow;
use pileup::policy::partitioner::{PartitionBy, Partitioner};
use pileup::policy::quota::Quota;
use pileup::policy::redelivery::Heartbeat;
use pileup::policy::restart::Restart;
use pileup::policy::retry::Retry;
use pileup::policy::returns::{DeliveryLimit, QueueType};
use pileup::random::ArrivalProcess;
use pileup::scenario::source::Source;
use pileup::scenario::{Overrides, load};
use pileup::time::{Rate, SimDuration, SimTime};
use serde::de::DeserializeOwned;

/// Reads settings as a scenario file states them.
#[track_caller]
pub fn json<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A moment: `at("1.5s")`.
#[track_caller]
pub fn at(text: &str) -> SimTime {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A node of a world that is being built.
#[derive(Debug)]
pub struct Node<T> {
    pub id: Id<T>,
    pub node: NodeId,
}

impl<T> Clone for Node<T> {
    fn clone(&self) -> Node<T> {
        *self
    }
}

impl<T> Copy for Node<T> {}

/// A world that is being built.
#[derive(Debug, Clone)]
pub struct Plan(pub Blueprint);

impl Plan {
    /// A world without nodes that runs for `horizon`.
    pub fn lasting(horizon: &str) -> Plan {
        Plan(Blueprint {
            horizon: at(horizon),
            producers: Vec::new(),
            services: Vec::new(),
            brokers: Vec::new(),
            faults: Vec::new(),
        })
    }

    /// The world of a scenario file that says this.
    #[track_caller]
    pub fn of_scenario(content: &str) -> Plan {
        let (name, shown) = ("test".to_owned(), "test.json".to_owned());
        let source = Source::Text { name, shown, content: content.to_owned() };
        let scenario = load(&source, &Overrides::default());
        let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
        Plan(scenario.variants[0].plan().blueprint)
    }

    fn next_node(&self) -> NodeId {
        let parts = self.0.brokers.iter().map(|broker| broker.kind.parts().len()).sum::<usize>();
        let whole = self.0.producers.len() + self.0.services.len() + self.0.brokers.len();
        NodeId::new(whole + parts)
    }

    /// A log called `log` with one topic of so many partitions, read by groups that are kept as stated.
    #[track_caller]
    pub fn log(&mut self, partitions: usize, retention: &str, groups: &[&str]) -> Node<Broker> {
        let groups: Vec<(usize, &str)> = groups.iter().map(|group| (0, *group)).collect();
        self.topics(&[partitions], retention, &groups)
    }

    /// A log called `log` whose topics have so many partitions, read by groups of a topic each that are kept as stated.
    #[track_caller]
    pub fn topics(
        &mut self,
        topics: &[usize],
        retention: &str,
        groups: &[(usize, &str)],
    ) -> Node<Broker> {
        let (id, node) = (Id::new(self.0.brokers.len()), self.next_node());
        let mut parts = (node.index() + 1..).map(NodeId::new);
        let mut part = || parts.next().expect("nodes have no end");
        let topic = |partitions: &usize| TopicSettings {
            partitions: (0..*partitions).map(|_| part()).collect(),
            retention: json(retention),
            replication: Default::default(),
            delay: SimDuration::ZERO,
        };
        let topics: Vec<TopicSettings> = topics.iter().map(topic).collect();
        let group = |(topic, membership): &(usize, &str)| GroupSettings {
            node: part(),
            topic: *topic,
            membership: json(membership),
            consumers: Vec::new(),
        };
        let groups = groups.iter().map(group).collect();
        let partitioners = vec![Partitioner::RoundRobin; topics.len()];
        let settings = LogSettings { topics, groups, nodes: 1, failover: json(r#""9s""#) };
        let kind = BrokerKindPlan::Log(settings, partitioners);
        self.0.brokers.push(BrokerPlan { name: "log".into(), node, kind });
        Node { id, node }
    }

    /// Queues called `aws` of messages that are leased.
    pub fn sqs<const N: usize>(&mut self, queues: [SqsQueueSettings; N]) -> Node<Broker> {
        let (id, node) = (Id::new(self.0.brokers.len()), self.next_node());
        let part = |place: usize| NodeId::new(node.index() + 1 + place);
        let placed = |(place, queue)| SqsQueueSettings { node: part(place), ..queue };
        let queues = queues.into_iter().enumerate().map(placed).collect();
        let kind = BrokerKindPlan::Sqs(SqsSettings { queues, timers: Vec::new() });
        self.0.brokers.push(BrokerPlan { name: "aws".into(), node, kind });
        Node { id, node }
    }

    /// Everybody who consumes from these queues by now extends what it receives.
    pub fn beat(&mut self, aws: Node<Broker>, every: SimDuration, by: SimDuration) {
        let consumers = self.0.services.iter().enumerate().flat_map(|(service, plan)| {
            let consumes = plan.consumes.iter().enumerate();
            let mine = consumes.filter(|(_, subscription)| subscription.broker == aws.id);
            mine.map(move |(index, _)| Consumer {
                service: Id::new(service),
                subscription: index as u8,
            })
        });
        let beats: Vec<_> = consumers.map(|one| (one, Heartbeat { every, by })).collect();
        let BrokerKindPlan::Sqs(sqs) = &mut self.0.brokers[aws.id.index()].kind else {
            panic!("only leases are extended");
        };
        sqs.queues.iter_mut().for_each(|queue| queue.heartbeats.clone_from(&beats));
    }

    /// A broker called `rabbit` with these queues, of which the first gets everything, and the second its dead letters.
    pub fn rabbit<const N: usize>(&mut self, queues: [AmqpQueueSettings; N]) -> Node<Broker> {
        let (id, node) = (Id::new(self.0.brokers.len()), self.next_node());
        let part = |place: usize| NodeId::new(node.index() + 1 + place);
        let placed = |(place, queue)| AmqpQueueSettings { node: part(place), ..queue };
        let way = |queue| Way { queues: vec![queue], confirms: true, ..Way::default() };
        let kind = BrokerKindPlan::Amqp(AmqpSettings {
            queues: queues.into_iter().enumerate().map(placed).collect(),
            ways: (0..N).map(way).collect(),
            requeue_after: SimDuration::from_millis(5),
            heartbeat_timeout: SimDuration::from_secs(5),
            consumer_timeout: SimDuration::from_secs(1_800),
            timeout_check_every: SimDuration::from_secs(60),
            watches: Vec::new(),
            message_bytes: 1_024,
            ingress: None,
        });
        self.0.brokers.push(BrokerPlan { name: "rabbit".into(), node, kind });
        Node { id, node }
    }

    /// Stores all topics of a log on the nodes of a cluster, as stated.
    #[track_caller]
    pub fn replicate(&mut self, log: Node<Broker>, nodes: u32, replication: &str) {
        let BrokerKindPlan::Log(settings, _) = &mut self.0.brokers[log.id.index()].kind else {
            panic!("only a log is replicated");
        };
        settings.nodes = nodes;
        settings.topics.iter_mut().for_each(|topic| topic.replication = json(replication));
    }

    /// The consumers of a topic wait so long before they work on a message.
    #[track_caller]
    pub fn keep_back(&mut self, log: Node<Broker>, topic: usize, delay: &str) {
        let BrokerKindPlan::Log(settings, _) = &mut self.0.brokers[log.id.index()].kind else {
            panic!("only a log has topics");
        };
        settings.topics[topic].delay = json(&format!("{delay:?}"));
    }

    pub fn queue(&mut self, name: &str, settings: QueueSettings) -> Node<Broker> {
        let (id, node) = (Id::new(self.0.brokers.len()), self.next_node());
        let kind = BrokerKindPlan::Queue(settings);
        self.0.brokers.push(BrokerPlan { name: name.into(), node, kind });
        Node { id, node }
    }

    pub fn service(&mut self, name: &str, plan: ServicePlan) -> Node<Service> {
        let (id, node) = (Id::new(self.0.services.len()), self.next_node());
        for (index, subscription) in plan.consumes.iter().enumerate() {
            match &mut self.0.brokers[subscription.broker.index()].kind {
                BrokerKindPlan::Queue(queue) => queue.consumers += 1,
                BrokerKindPlan::Sqs(sqs) => {
                    sqs.queues[subscription.from.index()].has_reader = true;
                }
                BrokerKindPlan::Amqp(amqp) => {
                    let queue = &mut amqp.queues[subscription.from.index()];
                    queue.consumers.push(AmqpConsumer {
                        consumer: Consumer { service: id, subscription: index as u8 },
                        node,
                        workers: plan.workers,
                        window: Some(1),
                        priority: 0,
                        auto_ack: subscription.commit == Commit::Before,
                    });
                }
                BrokerKindPlan::Log(log, _) => {
                    let consumer = Consumer { service: id, subscription: index as u8 };
                    let workers = plan.workers;
                    log.groups[subscription.from.index()].consumers.push(GroupConsumer {
                        consumer,
                        node,
                        workers,
                    });
                }
            }
        }
        self.0.services.push(ServicePlan { name: name.into(), node, ..plan });
        Node { id, node }
    }

    /// A producer with these arrival processes, separated by semicolons.
    #[track_caller]
    pub fn producer(
        &mut self,
        name: &str,
        arrivals: &str,
        sends: impl IntoIterator<Item = LinkPlan>,
    ) -> &mut ProducerPlan {
        let arrivals = arrivals.split(';').filter(|text| !text.trim().is_empty());
        let source = |text| SourcePlan { process: json::<ArrivalProcess>(text), trace: None };
        let plan = ProducerPlan {
            name: name.into(),
            node: self.next_node(),
            initial_backlog: 0,
            keys: Default::default(),
            jobs: None,
            arrivals: arrivals.map(source).collect(),
            priority: 0,
            schema: Default::default(),
            sends: sends.into_iter().collect(),
        };
        self.0.producers.push(plan);
        self.0.producers.last_mut().expect("one was pushed")
    }

    /// Something is wrong with a node from `from` until `until`.
    pub fn ails(&mut self, node: NodeId, ailment: Ailment, from: &str, until: &str) {
        self.fault(node, FaultEffect::Node(node, ailment), from, until);
    }

    /// A share of the messages that the producer `by` makes from `from` until `until` is poison.
    pub fn poison(&mut self, by: NodeId, probability: f64, from: &str, until: &str) {
        self.fault(by, FaultEffect::Poison { by, probability }, from, until);
    }

    /// The producer `by` writes with another schema from `from` on.
    pub fn change_schema(&mut self, by: NodeId, from: &str, change: &str) {
        let effect = FaultEffect::SchemaChange { by, change: json(change) };
        let timing = FaultTiming::Scheduled { from: at(from), until: None };
        let label = format!("schema change {}", self.0.faults.len());
        self.0.faults.push(FaultPlan { label, node: by, effect, timing });
    }

    /// Something is wrong with all links that lead to `node`.
    pub fn network(&mut self, node: NodeId, effect: PathEffect, from: &str, until: &str) {
        let links = self.links_to(node);
        let cuts = self.consumers_of(node);
        self.fault(node, FaultEffect::Path { links, cuts, effect }, from, until);
    }

    /// No consumer of the broker `node` can reach it; its publishers can.
    pub fn cut_off(&mut self, node: NodeId, from: &str, until: &str) {
        let (links, cuts) = (Vec::new(), self.consumers_of(node));
        self.fault(node, FaultEffect::Path { links, cuts, effect: PathEffect::Cut }, from, until);
    }

    fn fault(&mut self, node: NodeId, effect: FaultEffect, from: &str, until: &str) {
        let timing = FaultTiming::Scheduled { from: at(from), until: Some(at(until)) };
        let label = format!("fault {}", self.0.faults.len());
        self.0.faults.push(FaultPlan { label, node, effect, timing });
    }

    /// The links that lead to a node: those of producers come first, then those of services.
    fn links_to(&self, node: NodeId) -> Vec<Id<Link>> {
        let producers = self.0.producers.iter().flat_map(|producer| &producer.sends);
        let all = producers.chain(self.0.services.iter().flat_map(|service| &service.sends));
        let there = all.enumerate().filter(|(_, link)| link.at == node);
        there.map(|(index, _)| Id::new(index)).collect()
    }

    fn consumers_of(&self, node: NodeId) -> Vec<(Id<Service>, Id<Broker>)> {
        let services = self.0.services.iter().enumerate();
        let pairs = services.flat_map(|(index, service)| {
            service.consumes.iter().map(move |from| (Id::new(index), from.broker))
        });
        pairs.filter(|(_, broker)| self.0.brokers[broker.index()].node == node).collect()
    }

    /// Runs it with seed 1.
    pub fn run(&self) -> Story {
        run(&self.0, 1, 0)
    }

    /// Runs it and keeps every fact.
    pub fn listen(&self) -> Story {
        let observer = Listener { recorder: recorder(&self.0), facts: Some(Vec::new()) };
        finish(&self.0, 1, 0, observer)
    }
}

/// Messages at the times, and with the keys, of a trace: lines of a CSV file with the columns `time` and `key`.
pub fn trace(lines: &str) -> SourcePlan {
    let text = format!("time,key\n{lines}");
    let open = move || Box::new(Cursor::new(text.clone())) as Box<dyn Read + Send>;
    let process = ArrivalProcess::Trace { csv: PathBuf::new() };
    SourcePlan { process, trace: Some(Trace(Arc::new(open))) }
}

/// A service with one worker and as many threads as anybody asks for, whose work takes `service_time`.
#[track_caller]
pub fn work(service_time: &str) -> ServicePlan {
    ServicePlan {
        name: String::new(),
        node: NodeId::new(0),
        workers: 1,
        threads: None,
        accept_backlog: 0,
        discipline: Default::default(),
        service_time: json(service_time),
        contention: None,
        when_exhausted: WhenExhausted::Refuse,
        restart: Restart::default(),
        warm_up: None,
        load_shedding: None,
        concurrency_limit: None,
        idempotency: Idempotency::None,
        concurrency_control: Default::default(),
        works_on: Default::default(),
        follow: false,
        keys: Default::default(),
        reads: Vec::new(),
        schema: Default::default(),
        consumes: Vec::new(),
        sends: Vec::new(),
    }
}

/// A durable queue without bound.
pub fn unbounded() -> QueueSettings {
    QueueSettings {
        capacity: None,
        when_full: Overflow::Block,
        durable: true,
        credit: None,
        consumers: 0,
    }
}

/// A durable queue for `capacity` messages.
pub fn bounded(capacity: u64, when_full: &str) -> QueueSettings {
    QueueSettings { capacity: Some(capacity), when_full: json(when_full), ..unbounded() }
}

/// A subscription to group number `group` of a log.
pub fn member(log: Node<Broker>, group: u16, batch: u32, commit: Commit) -> Vec<SubscriptionPlan> {
    let (from, on_failure) = (Address(group), json(r#""halt""#));
    vec![SubscriptionPlan {
        broker: log.id,
        from,
        batch,
        commit,
        on_failure,
        aside: None,
        poll_every: None,
    }]
}

/// Subscriptions to the groups of a log, each of which reads the topic of its number and puts into the next what it can't do.
pub fn in_turn(log: Node<Broker>, groups: u16, batch: u32) -> Vec<SubscriptionPlan> {
    let subscription = |group: u16| SubscriptionPlan {
        broker: log.id,
        from: Address(group),
        batch,
        commit: Commit::After,
        on_failure: json(r#""dead_letter""#),
        aside: Some(Address(group + 1)),
        poll_every: None,
    };
    (0..groups).map(subscription).collect()
}

/// A standard queue of one server, whose receives wait and whose deletes are heard: one without chance.
pub fn standard(name: &str) -> SqsQueueSettings {
    let order = Order::Standard { shards: 1, short_poll_reach: 1.0, duplicate_probability: 0.0 };
    SqsQueueSettings {
        name: name.into(),
        node: NodeId::new(0),
        visibility_timeout: SimDuration::from_secs(30),
        heartbeats: Vec::new(),
        polling: Polling::Long,
        in_flight_limit: 120_000,
        retention: SimDuration::from_secs(4 * 86_400),
        delay: SimDuration::ZERO,
        redrive: None,
        redrive_back: None,
        has_reader: false,
        order,
    }
}

/// A FIFO queue with the defaults, whose receives wait.
pub fn fifo(name: &str) -> SqsQueueSettings {
    let order = Order::Fifo {
        deduplication_window: SimDuration::from_secs(300),
        quota: Quota::Of(Rate::per_second(300.0)),
        look_ahead: 20_000,
    };
    SqsQueueSettings { order, ..standard(name) }
}

/// A queue of a broker with exchanges that has room for everything.
pub fn classic() -> AmqpQueueSettings {
    AmqpQueueSettings {
        node: NodeId::new(0),
        queue_type: QueueType::Classic,
        durable: true,
        max_length: None,
        overflow: AtLimit::DropHead,
        message_ttl: None,
        expires: None,
        dead_letters: Vec::new(),
        delivery_limit: DeliveryLimit::Unlimited,
        single_active: false,
        consumers: Vec::new(),
    }
}

/// A subscription to queue number `queue` of a broker.
pub fn lease(broker: Node<Broker>, queue: u16, batch: u32) -> Vec<SubscriptionPlan> {
    let (from, commit, on_failure) = (Address(queue), Commit::After, json(r#""requeue""#));
    vec![SubscriptionPlan {
        broker: broker.id,
        from,
        batch,
        commit,
        on_failure,
        aside: None,
        poll_every: None,
    }]
}

/// A subscription.
pub fn from(queue: Node<Broker>, batch: u32, commit: Commit) -> Vec<SubscriptionPlan> {
    let (from, on_failure) = (Address::default(), json(r#""requeue""#));
    vec![SubscriptionPlan {
        broker: queue.id,
        from,
        batch,
        commit,
        on_failure,
        aside: None,
        poll_every: None,
    }]
}

fn link(target: Target, at: NodeId) -> LinkPlan {
    LinkPlan {
        target,
        at,
        partition_by: PartitionBy::Key,
        latency: None,
        registry: None,
        timeout: None,
        deadline: None,
        patience: None,
        retry: Retry::None,
        circuit_breaker: None,
        adaptive_throttle: None,
        client: Default::default(),
        window: None,
    }
}

/// A call without time-out, retry or latency.
pub fn call(to: Node<Service>) -> LinkPlan {
    link(Target::Call(to.id), to.node)
}

/// A publish without time-out, retry or latency.
pub fn publish(to: Node<Broker>) -> LinkPlan {
    link(Target::Publish(to.id, Address::default()), to.node)
}

/// A publish to topic number `topic` of a log.
pub fn publish_to(log: Node<Broker>, topic: u16) -> LinkPlan {
    link(Target::Publish(log.id, Address(topic)), log.node)
}

/// What a link may have besides.
pub trait With: Sized {
    fn client(self, client: &str) -> Self;
    fn timeout(self, timeout: &str) -> Self;
    fn retry(self, retry: &str) -> Self;
    fn latency(self, latency: &str) -> Self;
    fn breaker(self, breaker: &str) -> Self;
}

impl With for LinkPlan {
    #[track_caller]
    fn client(self, client: &str) -> LinkPlan {
        LinkPlan { client: json(client), ..self }
    }

    #[track_caller]
    fn timeout(self, timeout: &str) -> LinkPlan {
        LinkPlan { timeout: Some(timeout.parse().unwrap()), ..self }
    }

    #[track_caller]
    fn retry(self, retry: &str) -> LinkPlan {
        LinkPlan { retry: json(retry), ..self }
    }

    #[track_caller]
    fn latency(self, latency: &str) -> LinkPlan {
        LinkPlan { latency: Some(json(latency)), ..self }
    }

    #[track_caller]
    fn breaker(self, breaker: &str) -> LinkPlan {
        LinkPlan { circuit_breaker: Some(json(breaker)), ..self }
    }
}

/// What became of a run.
#[derive(Debug)]
pub struct Story {
    pub metrics: RunMetrics,
    /// Every fact, if they were asked for.
    pub facts: Vec<(SimTime, Observation)>,
}

impl Story {
    /// A number of the whole system; a metric without a value is a failure of the test.
    #[track_caller]
    pub fn total(&self, metric: &str) -> f64 {
        let value = self.metrics.total.value(metric);
        value.unwrap_or_else(|| panic!("{metric} has no value in total"))
    }

    /// A number of one node.
    #[track_caller]
    pub fn of(&self, node: &str, metric: &str) -> f64 {
        let found = self.metrics.nodes.iter().find(|metrics| metrics.name == node);
        let found = found.unwrap_or_else(|| panic!("there is no {node}"));
        found.value(metric).unwrap_or_else(|| panic!("{metric} of {node} has no value"))
    }

    /// Several counts of the whole system at once.
    #[track_caller]
    pub fn counts<const N: usize>(&self, metrics: [&str; N]) -> [u64; N] {
        metrics.map(|metric| self.total(metric) as u64)
    }

    /// When the facts of a kind happened, in seconds; as often as each happened.
    pub fn times(&self, kind: impl Fn(&Observation) -> bool) -> Vec<f64> {
        let how_often = |fact: &Observation| match fact {
            Observation::Attempted { count, .. } | Observation::AttemptFailed { count, .. } => {
                *count as usize
            }
            _ => 1,
        };
        let chosen = self.facts.iter().filter(|(_, fact)| kind(fact));
        chosen.flat_map(|(now, fact)| vec![now.as_secs_f64(); how_often(fact)]).collect()
    }

    /// When attempts left their sender.
    pub fn attempts(&self) -> Vec<f64> {
        self.times(|fact| matches!(fact, Observation::Attempted { .. }))
    }

    /// When work took effect.
    pub fn effects(&self) -> Vec<f64> {
        self.times(|fact| matches!(fact, Observation::Effect { .. }))
    }

    /// When a call or a publish was settled for good.
    pub fn answers(&self) -> Vec<f64> {
        self.times(|fact| matches!(fact, Observation::Answered { .. }))
    }

    /// When marks of a kind were made.
    pub fn marks(&self, kind: &str) -> Vec<f64> {
        let chosen = self.metrics.marks.iter().filter(|mark| mark.kind == kind);
        chosen.map(|mark| mark.time_s).collect()
    }
}

/// The recorder that counts, and the facts one by one where they are asked for.
#[derive(Debug)]
struct Listener {
    recorder: Recorder,
    facts: Option<Vec<(SimTime, Observation)>>,
}

impl Observer for Listener {
    fn observe(&mut self, now: SimTime, observation: Observation) {
        self.recorder.observe(now, observation);
        if let Some(facts) = &mut self.facts {
            facts.push((now, observation));
        }
    }
}

/// How often a run is interrupted to see that nobody idles beside work.
const LOOKS: u64 = 97;

/// Runs `blueprint` to its horizon and checks the books.
pub fn run(blueprint: &Blueprint, seed: u64, replication: u32) -> Story {
    let observer = Listener { recorder: recorder(blueprint), facts: None };
    finish(blueprint, seed, replication, observer)
}

fn finish(blueprint: &Blueprint, seed: u64, replication: u32, listener: Listener) -> Story {
    /// A number that isn't one of anything else.
    const BETWEEN_AUDITS: u64 = 97;
    let mut simulation = simulate(blueprint, seed, replication, listener);
    for look in 1..=LOOKS {
        let until = SimTime::from_nanos(blueprint.horizon.as_nanos() / LOOKS * look);
        while run_a_while(&mut simulation, until, BETWEEN_AUDITS) {
            simulation.model.audit();
        }
        assert_eq!(simulation.model.idles_beside_work(), None, "work is conserved");
    }
    while run_a_while(&mut simulation, blueprint.horizon, BETWEEN_AUDITS) {
        simulation.model.audit();
    }
    close(blueprint.horizon, &mut simulation.model);
    let unfinished = simulation.model.unfinished() as u64;
    let Listener { recorder, facts } = simulation.model.into_observer();
    let ledger = recorder.ledger().expect("the ledger balances");
    assert_eq!(recorder.littles_law(), Ok(()));
    assert_eq!(ledger.pending, unfinished, "what is pending is what is unfinished");
    Story { metrics: recorder.finish(), facts: facts.unwrap_or_default() }
}

/// Whether so many events were handled, and there may be more of them.
fn run_a_while(simulation: &mut Simulation<World<Listener>>, until: SimTime, events: u64) -> bool {
    let before = simulation.handled();
    simulation.run_until(until, events);
    simulation.handled() - before == events
}

fn close(end: SimTime, world: &mut World<Listener>) {
    let (listener, oldest) = world.observer_and_oldest();
    listener.recorder.close_window(end, &mut |node| oldest(node));
}

/// The parts of brokers: `log/0`, `log/1`, …, `log@0`, …, `aws/orders`, …, `rabbit/0`, …
fn parts(blueprint: &Blueprint) -> Vec<(NodeId, String, NodeKind)> {
    let mut parts = Vec::new();
    for broker in &blueprint.brokers {
        let name = &broker.name;
        if let BrokerKindPlan::Sqs(sqs) = &broker.kind {
            let part = |queue: &SqsQueueSettings| {
                (queue.node, format!("{name}/{}", queue.name), NodeKind::Queue)
            };
            parts.extend(sqs.queues.iter().map(part));
        }
        let queues = match &broker.kind {
            BrokerKindPlan::Amqp(amqp) => &amqp.queues[..],
            BrokerKindPlan::Log(..) | BrokerKindPlan::Queue(_) | BrokerKindPlan::Sqs(_) => &[],
        };
        let queues = queues.iter().enumerate();
        let queues = queues.map(|(at, one)| (one.node, format!("{name}/{at}"), NodeKind::Queue));
        parts.extend(queues);
        let BrokerKindPlan::Log(log, _) = &broker.kind else { continue };
        let partitions = log.topics.iter().flat_map(|topic| &topic.partitions).enumerate();
        parts.extend(
            partitions.map(|(at, node)| (*node, format!("{name}/{at}"), NodeKind::Partition)),
        );
        let groups = log.groups.iter().enumerate();
        parts.extend(
            groups.map(|(at, group)| (group.node, format!("{name}@{at}"), NodeKind::Group)),
        );
    }
    parts
}

/// A recorder for a run of `blueprint`, with one window for all of it.
pub fn recorder(blueprint: &Blueprint) -> Recorder {
    let producers = blueprint.producers.iter().map(|p| (p.node, &p.name, NodeKind::Producer));
    let services = blueprint.services.iter().map(|s| (s.node, &s.name, NodeKind::Service));
    let brokers = blueprint.brokers.iter().map(|b| (b.node, &b.name, NodeKind::Broker));
    let named = producers.chain(services).chain(brokers);
    let named = named.map(|(node, name, kind)| (node, name.clone(), kind));
    let mut nodes: Vec<_> = named.chain(parts(blueprint)).collect();
    nodes.sort_by_key(|(node, ..)| *node);
    let label = |(_, name, kind)| NodeLabel { name, kind };
    Recorder::new(RecorderPlan {
        nodes: nodes.into_iter().map(label).collect(),
        faults: blueprint.faults.iter().map(|fault| fault.label.clone()).collect(),
        trigger_end: None,
        drained_at: 0.0,
        fresh_load_below_capacity: true,
        alerts: Vec::new(),
        series_points: 0,
    })
}
