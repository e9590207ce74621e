//! Small worlds made at random: any policies, any faults, any way from producer to service.

use std::ops::Range;

use pileup::model::blueprint::{
    BrokerKindPlan, FaultEffect, FaultPlan, FaultTiming, LinkPlan, PathEffect, ServicePlan,
    SourcePlan,
};
use pileup::model::broker::{AmqpQueueSettings, Broker, QueueSettings, SqsQueueSettings};
use pileup::model::health::Ailment;
use pileup::model::id::NodeId;
use pileup::model::outbound::Target;
use pileup::policy::alarm::Watch;
use pileup::policy::commit::Commit;
use pileup::policy::length_limit::AtLimit;
use pileup::policy::returns::{DeliveryLimit, QueueType};
use pileup::time::SimDuration;
use proptest::prelude::*;

use crate::support::{
    Node, Plan, With, bounded, call, classic, fifo, from, json, publish, standard, unbounded, work,
};

/// A world by numbers: each picks one of the choices below.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub seed: u64,
    queue: usize,
    durable: bool,
    commit: Commit,
    on_failure: usize,
    batch: u32,
    /// Where messages are pushed, how many a consumer has in hand; 0 is any number.
    prefetch: u32,
    mail: Shape,
    bank: Shape,
    pub onward: usize,
    /// Whether a second service consumes from the same queue.
    competing: bool,
    pub producers: Vec<Producer>,
    faults: Vec<Fault>,
}

/// What a service is like.
#[derive(Debug, Clone)]
pub struct Shape {
    workers: u32,
    threads: Option<u32>,
    accept_backlog: u32,
    service_time: usize,
    discipline: usize,
    when_exhausted: usize,
    shedding: usize,
    limit: usize,
    idempotency: usize,
}

#[derive(Debug, Clone)]
pub struct Producer {
    arrivals: usize,
    way: usize,
    pub retry: usize,
    timeout: usize,
    latency: usize,
    breaker: bool,
    priority: u8,
}

#[derive(Debug, Clone)]
pub struct Fault {
    what: usize,
    place: usize,
    from_s: u64,
    for_s: u64,
}

pub const ARRIVALS: [&str; 6] = [
    r#"{"burst": {"count": 60, "at": "1s"}}"#,
    r#"{"poisson": {"rate": "8/s", "until": "30s"}}"#,
    r#"{"constant": {"rate": "5/s", "until": "30s"}}; {"burst": {"count": 30, "at": "10s"}}"#,
    r#"{"batches": {"rate": "1/s", "size": {"geometric": {"mean": 4}}, "until": "30s"}}"#,
    r#"{"on_off": {"on_rate": "20/s", "mean_on": "2s", "mean_off": "4s", "until": "30s"}}"#,
    r#"{"closed_loop": {"users": 6, "think_time": {"exponential": {"mean": "1s"}}}};
       {"closed_loop": {"users": 2, "think_time": "3s"}}; {"burst": {"count": 9}}"#,
];
/// The last one has no end.
pub const OPEN_ARRIVALS: Range<usize> = 0..ARRIVALS.len() - 1;

pub const RETRIES: [&str; 9] = [
    r#""none""#,
    r#"{}"#,
    r#"{"max_attempts": 5, "backoff": "none"}"#,
    r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "2s"}}, "retry_after": false}"#,
    r#"{"schedule": ["0s", "1s", "3s"]}"#,
    r#"{"max_attempts": "unlimited", "resend": "on_recovery"}"#,
    r#"{"max_attempts": "unlimited", "resend": {"on_recovery": {"at_most": 5, "spread_over": "3s"}}}"#,
    r#"{"max_attempts": 9, "resend": {"rounds": {"every": "4s", "at_most": 10, "spread_over": "2s"}}}"#,
    r#"{"max_attempts": 9, "backoff": {"fixed": {"delay": "100ms"}}, "budget": "ratio"}"#,
];
/// The last one remembers.
pub const FORGETFUL_RETRIES: Range<usize> = 0..RETRIES.len() - 1;

const TIMEOUTS: [Option<&str>; 4] = [None, Some("100ms"), Some("1s"), Some("5s")];
const DEADLINES: [Option<&str>; 4] = [None, None, Some("300ms"), Some("3s")];
const LATENCIES: [Option<&str>; 3] =
    [None, Some(r#""20ms""#), Some(r#"{"exponential": {"mean": "50ms"}}"#)];
pub const SERVICE_TIMES: [&str; 4] = [
    r#""50ms""#,
    r#"{"exponential": {"mean": "100ms"}}"#,
    r#"{"lognormal": {"mean": "80ms", "cv": 2.0}}"#,
    r#""300ms""#,
];
const DISCIPLINES: [&str; 5] = [
    r#""fifo""#,
    r#""lifo""#,
    r#""priority""#,
    r#"{"adaptive_lifo": {"above": 3}}"#,
    r#""processor_sharing""#,
];
const ADAPTIVE: usize = 3;
/// What stands for the adaptive one where the number of workers is odd.
const CODEL: &str = r#"{"codel": {"target": "20ms", "interval": "300ms"}}"#;
const EXHAUSTION: [&str; 5] = [
    r#""refuse""#,
    r#"{"shed": {}}"#,
    r#"{"shed": {"retry_after": "700ms"}}"#,
    r#"{"crash": {"restart_after": "2s"}}"#,
    r#""crash""#,
];
const SHEDDING: [Option<&str>; 5] = [
    None,
    Some(r#"{"queue_length": {"above": 4}}"#),
    Some(r#"{"in_flight": {"above": 5, "retry_after": "300ms"}}"#),
    Some(r#"{"waiting_time": {"above": "500ms"}}"#),
    Some(r#"{"priority": {"thresholds": [1.5, 0.5]}}"#),
];
const LIMITS: [Option<&str>; 3] = [
    None,
    Some(r#"{"aimd": {"initial": 3, "min": 1, "max": 8, "too_long": "200ms"}}"#),
    Some(r#"{"gradient": {"initial": 3, "min": 1, "max": 8, "retry_after": "100ms"}}"#),
];
const IDEMPOTENCY: [&str; 3] = [
    r#""none""#,
    r#"{"check_then_act": {"gap": "30ms"}}"#,
    r#"{"transactional": {"cost": "10ms"}}"#,
];
const ON_FAILURE: [&str; 5] = [
    r#""requeue""#,
    r#"{"requeue": {"attempts": 2, "backoff": {"fixed": {"delay": "300ms"}}}}"#,
    r#""skip""#,
    r#"{"dead_letter": {"attempts": 3, "backoff": {"exponential": {"base": "100ms"}}}}"#,
    r#"{"skip": {"attempts": 2}}"#,
];
const OVERFLOW: [Option<&str>; 6] = [
    None,
    Some(r#""block""#),
    Some(r#"{"reject": {"retry_after": "400ms"}}"#),
    Some(r#""reject""#),
    Some(r#""drop_newest""#),
    Some(r#""drop_oldest""#),
];
/// What comes after those: credit instead of a capacity, and queues whose messages are leased.
const CREDIT: usize = OVERFLOW.len();
const STANDARD: usize = CREDIT + 1;
const FIFO: usize = CREDIT + 2;
/// And queues that push: as they are, that refuse at a limit, that give up what comes back too often, and one of a broker that is soon short
/// of memory.
const CLASSIC: usize = FIFO + 1;
const LIMITED: usize = FIFO + 2;
const QUORUM: usize = FIFO + 3;
const ALARMED: usize = FIFO + 4;

impl Shape {
    fn is_codel(&self) -> bool {
        self.discipline == ADAPTIVE && self.workers % 2 == 1
    }

    fn discipline(&self) -> &'static str {
        if self.is_codel() { CODEL } else { DISCIPLINES[self.discipline] }
    }

    fn plan(&self) -> ServicePlan {
        ServicePlan {
            workers: self.workers,
            threads: self.threads,
            accept_backlog: self.accept_backlog,
            discipline: json(self.discipline()),
            when_exhausted: json(EXHAUSTION[self.when_exhausted]),
            load_shedding: SHEDDING[self.shedding].map(json),
            concurrency_limit: LIMITS[self.limit].map(json),
            idempotency: json(IDEMPOTENCY[self.idempotency]),
            ..work(SERVICE_TIMES[self.service_time])
        }
    }
}

impl Producer {
    fn dress(&self, link: LinkPlan) -> LinkPlan {
        let link = LinkPlan {
            timeout: TIMEOUTS[self.timeout].map(|timeout| timeout.parse().unwrap()),
            deadline: match link.target {
                Target::Call(_) => DEADLINES[(self.timeout + self.latency) % DEADLINES.len()]
                    .map(|after| after.parse().unwrap()),
                Target::Publish(..) => None,
            },
            latency: LATENCIES[self.latency].map(json),
            ..link.retry(RETRIES[self.retry])
        };
        if self.breaker {
            link.breaker(r#"{"trip_on": {"consecutive_failures": 4}}"#)
        } else {
            link
        }
    }
}

impl Recipe {
    fn add_queue(&self, plan: &mut Plan) -> Node<Broker> {
        let leased = |queue: SqsQueueSettings, dead| {
            let visibility_timeout = SimDuration::from_secs(10);
            [SqsQueueSettings { visibility_timeout, redrive: Some((3, 1)), ..queue }, dead]
        };
        match self.queue {
            STANDARD => plan.sqs(leased(standard("queue"), standard("dead"))),
            FIFO => plan.sqs(leased(fifo("queue"), fifo("dead"))),
            CLASSIC..=ALARMED => self.add_rabbit(plan),
            _ => plan.queue("queue", self.queue()),
        }
    }

    fn add_rabbit(&self, plan: &mut Plan) -> Node<Broker> {
        let queue = AmqpQueueSettings { durable: self.durable, ..classic() };
        let (reject, dead_letters) = (AtLimit::RejectPublish, vec![1, 1]);
        let queue = match self.queue {
            LIMITED => AmqpQueueSettings { max_length: Some(8), overflow: reject, ..queue },
            QUORUM => AmqpQueueSettings {
                queue_type: QueueType::Quorum,
                durable: true,
                delivery_limit: DeliveryLimit::Of(3),
                dead_letters,
                ..queue
            },
            _ => queue,
        };
        let rabbit = plan.rabbit([queue, classic()]);
        let BrokerKindPlan::Amqp(settings) = &mut plan.0.brokers[rabbit.id.index()].kind else {
            unreachable!("it was built as one");
        };
        if self.queue == LIMITED {
            settings.ingress = Some(json(r#"{"rate": "40/s", "credit": 3, "more_after": 2}"#));
        }
        if self.queue == ALARMED {
            let every = SimDuration::from_millis(700);
            settings.watches = vec![Watch::Memory { most: 9.0 * 1_024.0, every }];
        }
        rabbit
    }

    /// How many messages a consumer has in hand.
    fn set_prefetch(&self, plan: &mut Plan) {
        let amqp = plan.0.brokers.iter_mut().filter_map(|broker| match &mut broker.kind {
            BrokerKindPlan::Amqp(amqp) => Some(amqp),
            BrokerKindPlan::Queue(_) | BrokerKindPlan::Log(..) | BrokerKindPlan::Sqs(_) => None,
        });
        for consumer in
            amqp.flat_map(|amqp| &mut amqp.queues).flat_map(|queue| &mut queue.consumers)
        {
            consumer.window = Some(u64::from(self.prefetch)).filter(|window| *window > 0);
        }
    }

    fn queue(&self) -> QueueSettings {
        let durable = self.durable;
        match OVERFLOW.get(self.queue) {
            Some(None) => QueueSettings { durable, ..unbounded() },
            Some(Some(rule)) => QueueSettings { durable, ..bounded(8, rule) },
            None => QueueSettings { durable, credit: Some(5), ..unbounded() },
        }
    }

    /// The world, perhaps after nodes that have nothing to do with it.
    pub fn plan(&self, horizon: &str, stranger: bool) -> Plan {
        let mut plan = Plan::lasting(horizon);
        let alien = stranger.then(|| plan.queue("alien queue", unbounded()));
        let queue = self.add_queue(&mut plan);
        let letters = plan.queue("letters", QueueSettings { durable: self.durable, ..unbounded() });
        if let Some(alien) = alien {
            let consumes = from(alien, 2, Commit::After);
            let alien = ServicePlan { consumes, ..work(r#"{"exponential": {"mean": "90ms"}}"#) };
            plan.service("alien service", alien);
        }
        let bank = plan.service("bank", self.bank.plan());
        let onward = r#"{"max_attempts": 3, "backoff": {"fixed": {"delay": "200ms"}}}"#;
        let onward = |link: LinkPlan| link.timeout("1s").retry(onward).latency(r#""1ms""#);
        let sends = match self.onward {
            0 => vec![],
            1 => vec![onward(call(bank))],
            2 => vec![onward(publish(letters))],
            _ => vec![onward(call(bank)), onward(publish(letters))],
        };
        let mut consumes = from(queue, self.batch, self.commit);
        consumes[0].on_failure = json(ON_FAILURE[self.on_failure]);
        // Whoever consumes can't share its workers.
        let discipline = json(DISCIPLINES[self.mail.discipline % (DISCIPLINES.len() - 1)]);
        let mail = ServicePlan { consumes, sends, discipline, ..self.mail.plan() };
        let mail = plan.service("mail", mail);
        let mut consumes = from(letters, 1, Commit::After);
        if self.competing {
            consumes.extend(from(queue, 1, self.commit));
        }
        plan.service("printer", ServicePlan { consumes, ..work(r#""60ms""#) });
        if let Some(alien) = alien {
            let link = publish(alien).latency(r#"{"exponential": {"mean": "9ms"}}"#);
            plan.producer("alien", ARRIVALS[1], [link]).priority = 1;
        }
        for (index, producer) in self.producers.iter().enumerate() {
            let sends = match producer.way {
                0 => vec![call(mail)],
                1 => vec![publish(queue)],
                2 => vec![call(bank), publish(queue)],
                _ => vec![publish(queue), call(mail)],
            };
            let sends = sends.into_iter().map(|link| producer.dress(link));
            let name = format!("producer-{index}");
            plan.producer(&name, ARRIVALS[producer.arrivals], sends).priority = producer.priority;
        }
        self.set_prefetch(&mut plan);
        let nodes = [mail.node, bank.node, queue.node, letters.node];
        for (index, fault) in self.faults.iter().enumerate() {
            fault.add(index, nodes[fault.place], &mut plan);
        }
        if let Some(alien) = alien {
            plan.ails(alien.node, Ailment::Crash, "5s", "6s");
        }
        plan
    }
}

/// When all faults are long over.
pub const CALM_S: f64 = 1_000.0;

impl Recipe {
    /// The world, with messages long after the others, and with its faults or without.
    pub fn followed_by_calm(&self, faulty: bool) -> Plan {
        let mut recipe = self.clone();
        // A crash loop remembers how often it crashed, a learned limit how long requests took, a queue which consumer has waited
        // for longest, and a caller without timeout waits for ever for an answer that was lost.
        recipe.competing = false;
        // Whose turn it is at a broker that pushes follows from all that it sent before, and its consumers may be busy with calls.
        recipe.queue = if recipe.queue >= CLASSIC { 0 } else { recipe.queue };
        // Poison stays in its queue for ever.
        recipe.faults.retain(|fault| ![POISON, SYMBOL].contains(&fault.what));
        for service in [&mut recipe.mail, &mut recipe.bank] {
            service.when_exhausted %= EXHAUSTION.len() - 1;
            service.limit = 0;
            // A line that turns callers away remembers for how long it has stood.
            service.discipline = if service.is_codel() { 0 } else { service.discipline };
        }
        for producer in &mut recipe.producers {
            producer.timeout = producer.timeout.max(1);
        }
        let mut plan = recipe.plan("1100s", false);
        let late = r#"{"poisson": {"rate": "6/s", "from": "1000s", "until": "1020s"}}"#;
        for producer in &mut plan.0.producers {
            producer.arrivals.push(SourcePlan { process: json(late), trace: None });
        }
        if !faulty {
            plan.0.faults.clear();
        }
        plan
    }
}

/// The kinds of faults that never end.
const POISON: usize = 7;
const SYMBOL: usize = 10;

impl Fault {
    fn add(&self, index: usize, node: NodeId, plan: &mut Plan) {
        let [from, until] = [self.from_s, self.from_s + self.for_s].map(|s| format!("{s}s"));
        match self.what {
            0 => plan.ails(node, Ailment::Crash, &from, &until),
            9 => plan.ails(node, Ailment::Stop, &from, &until),
            1 => plan.ails(node, Ailment::Hang, &from, &until),
            2 => plan.ails(node, Ailment::Slowdown(4.0), &from, &until),
            3 => plan.ails(node, Ailment::Errors(0.4), &from, &until),
            4 => plan.network(node, PathEffect::Cut, &from, &until),
            5 => plan.network(node, PathEffect::Loss(0.3), &from, &until),
            6 => plan.network(node, PathEffect::Latency(json(r#""400ms""#)), &from, &until),
            POISON | SYMBOL => {
                let mine = plan.0.producers.iter().filter(|producer| producer.name != "alien");
                let mine: Vec<NodeId> = mine.map(|producer| producer.node).collect();
                let by = mine[index % mine.len()];
                if self.what == POISON {
                    plan.poison(by, 0.2, &from, &until);
                } else {
                    let change = r#"{"add_symbol": {"field": "status", "share": 0.2}}"#;
                    plan.change_schema(by, &from, change);
                }
            }
            _ => plan.0.faults.push(FaultPlan {
                label: format!("random {index}"),
                node,
                effect: FaultEffect::Node(node, Ailment::Crash),
                timing: FaultTiming::Random {
                    from: from.parse().unwrap(),
                    until: Some(until.parse().unwrap()),
                    mtbf: json(r#"{"exponential": {"mean": "3s"}}"#),
                    mttr: json(r#"{"exponential": {"mean": "1s"}}"#),
                },
            }),
        }
    }
}

fn shapes() -> impl Strategy<Value = Shape> {
    let room = (1..4_u32, prop::option::of(1..12_u32), 0..4_u32);
    let rules = (0..SERVICE_TIMES.len(), 0..DISCIPLINES.len(), 0..EXHAUSTION.len());
    let more = (0..SHEDDING.len(), 0..LIMITS.len(), 0..IDEMPOTENCY.len());
    (room, rules, more).prop_map(
        |(
            (workers, threads, accept_backlog),
            (service_time, discipline, when_exhausted),
            (shedding, limit, idempotency),
        )| Shape {
            workers,
            threads,
            accept_backlog,
            service_time,
            discipline,
            when_exhausted,
            shedding,
            limit,
            idempotency,
        },
    )
}

pub fn producers(
    arrivals: Range<usize>,
    retries: Range<usize>,
    breaker: bool,
) -> impl Strategy<Value = Producer> {
    let link = (retries, 0..TIMEOUTS.len(), 0..LATENCIES.len(), any::<bool>());
    (arrivals, 0..4_usize, link, 0..2_u8).prop_map(
        move |(arrivals, way, (retry, timeout, latency, breaks), priority)| Producer {
            arrivals,
            way,
            retry,
            timeout,
            latency,
            breaker: breaker && breaks,
            priority,
        },
    )
}

fn faults() -> impl Strategy<Value = Fault> {
    (0..=SYMBOL, 0..4_usize, 0..30_u64, 1..15_u64).prop_map(|(what, place, from_s, for_s)| Fault {
        what,
        place,
        from_s,
        for_s,
    })
}

pub fn recipes(producer: impl Strategy<Value = Producer>) -> impl Strategy<Value = Recipe> {
    let commit = prop::sample::select(vec![Commit::Before, Commit::After, Commit::Each]);
    let queue = (0..=ALARMED, any::<bool>(), commit, 0..ON_FAILURE.len(), (1..5_u32, 0..5_u32));
    let nodes = (shapes(), shapes(), 0..4_usize, any::<bool>());
    let lists = (prop::collection::vec(producer, 1..4), prop::collection::vec(faults(), 0..5));
    (any::<u64>(), queue, nodes, lists).prop_map(
        |(
            seed,
            (queue, durable, commit, on_failure, (batch, prefetch)),
            (mail, bank, onward, competing),
            (producers, faults),
        )| {
            Recipe {
                seed,
                queue,
                durable,
                commit,
                on_failure,
                batch,
                prefetch,
                mail,
                bank,
                onward,
                competing,
                producers,
                faults,
            }
        },
    )
}

pub fn any_recipe() -> impl Strategy<Value = Recipe> {
    recipes(producers(0..ARRIVALS.len(), 0..RETRIES.len(), true))
}
