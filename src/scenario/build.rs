//! Names → ids, settings → plans: from the document of a variant to a blueprint, and to what its recorder has to know.

mod amqp;
mod links;
mod log;
mod parts;
mod sqs;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::ResolvedVariant;
use super::document::{self, Alert, Document, Sending, Settling};
use super::flow::{self, Prediction};
use super::logs;
use super::parts as names;
use crate::metrics::alert::{AlertRule, Bad};
use crate::metrics::column;
use crate::metrics::recorder::{MOST_POINTS, NodeLabel, RecorderPlan};
use crate::metrics::summary::NodeKind;
use crate::model::blueprint::{
    Blueprint, BrokerKindPlan, BrokerPlan, FaultEffect, FaultPlan, FaultTiming, PathEffect,
    ProducerPlan, ServicePlan, SourcePlan, SubscriptionPlan, Trace,
};
use crate::model::broker::QueueSettings;
use crate::model::fault::{Fault, Reach, SchemaChange};
use crate::model::health::Ailment;
use crate::model::id::{Id, NodeId};
use crate::model::outbound::Link;
use crate::policy::contention::Contention;
use crate::random::ArrivalProcess;
use crate::random::trace::end_run;
use crate::time::{SimDuration, SimTime};

/// A variant, ready to be simulated and recorded.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is simulated.
    pub blueprint: Blueprint,
    /// What the recorder has to know.
    pub recorder: RecorderPlan,
    /// The length of a window.
    pub window: SimDuration,
    /// How much of the beginning is left out of averages.
    pub settling: Settling,
    /// From and until when the trigger lasts that recovery is measured from.
    pub trigger: Option<(SimTime, SimTime)>,
    /// Scheduled faults: kind, node, from, until.
    pub fault_windows: Vec<(&'static str, String, SimTime, SimTime)>,
    /// What arithmetic says of each service.
    pub predictions: Vec<Prediction>,
}

impl ResolvedVariant {
    /// This variant, ready to be simulated and recorded.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Builder { document: &self.document }.plan()
    }
}

struct Builder<'a> {
    document: &'a Document,
}

impl Builder<'_> {
    fn plan(&self) -> Plan {
        let document = self.document;
        let horizon = SimTime::ZERO + document.duration;
        let trigger = self.trigger();
        // What comes in the long run is what comes after the trigger, unless that lasts to the end.
        let settled = trigger.map(|(from, end)| if end < horizon { end } else { from });
        let predictions = flow::predict(document, settled.unwrap_or(SimTime::ZERO));
        let mut faults: Vec<FaultPlan> = Vec::new();
        for fault in &document.faults {
            let mut plan = self.fault(fault);
            let same = faults.iter().filter(|other| other.node == plan.node).count();
            if faults.iter().any(|other| other.label == plan.label) {
                plan.label = format!("{} #{}", plan.label, same + 1);
            }
            faults.push(plan);
        }
        let recorder = RecorderPlan {
            nodes: self.labels(),
            faults: faults.iter().map(|fault| fault.label.clone()).collect(),
            trigger_end: trigger.map(|(_, end)| end),
            drained_at: self.drained_at(&predictions),
            fresh_load_below_capacity: predictions.iter().all(Prediction::fits),
            alerts: document.alerts.iter().filter_map(|alert| self.alert(alert)).collect(),
            series_points: MOST_POINTS,
        };
        let blueprint = Blueprint {
            horizon,
            producers: self.producers(),
            services: self.services(),
            brokers: self.brokers(),
            faults,
        };
        let fault_windows = document.faults.iter().filter_map(|f| self.fault_window(f)).collect();
        let window = document.sample_every;
        let settling = document.warm_up;
        Plan { blueprint, recorder, window, settling, trigger, fault_windows, predictions }
    }

    fn labels(&self) -> Vec<NodeLabel> {
        let label = |kind| move |name: &String| NodeLabel { name: name.clone(), kind };
        let producers = self.document.producers.keys().map(label(NodeKind::Producer));
        let services = self.document.services.keys().map(label(NodeKind::Service));
        let brokers = self.document.brokers.keys().map(label(NodeKind::Broker));
        let parts = names::all(self.document).map(|(name, kind)| NodeLabel { name, kind });
        producers.chain(services).chain(brokers).chain(parts).collect()
    }

    /// The id of a node; producers come first, then services, then brokers, then the parts of brokers.
    fn node(&self, name: &str) -> NodeId {
        let Document { producers, services, brokers, .. } = self.document;
        let mut names = producers.keys().chain(services.keys()).chain(brokers.keys());
        let count = producers.len() + services.len() + brokers.len();
        let part =
            || names::all(self.document).position(|(part, _)| part == name).map(|at| count + at);
        let place = names.position(|other| other == name).or_else(part);
        NodeId::new(place.expect("names were checked at load"))
    }

    fn service<T>(&self, name: &str) -> Id<T> {
        Id::new(self.document.services.get_index_of(name).expect("names were checked at load"))
    }

    fn broker<T>(&self, name: &str) -> Id<T> {
        Id::new(self.document.brokers.get_index_of(name).expect("names were checked at load"))
    }

    fn producers(&self) -> Vec<ProducerPlan> {
        let plan = |(name, producer): (&String, &document::Producer)| ProducerPlan {
            name: name.clone(),
            node: self.node(name),
            initial_backlog: producer.initial_backlog,
            arrivals: producer.arrivals.iter().map(source).collect(),
            keys: producer.keys,
            jobs: producer.jobs.clone(),
            priority: producer.priority,
            schema: producer.schema.clone(),
            sends: self.links(&producer.sends),
        };
        self.document.producers.iter().map(plan).collect()
    }

    fn services(&self) -> Vec<ServicePlan> {
        let plan = |(name, service): (&String, &document::Service)| ServicePlan {
            name: name.clone(),
            node: self.node(name),
            workers: service.workers,
            threads: service.threads,
            accept_backlog: service.accept_backlog,
            discipline: service.discipline.clone(),
            service_time: service.service_time.clone(),
            contention: Some(service.contention.clone()).filter(|c| *c != Contention::None),
            when_exhausted: service.when_exhausted.clone(),
            restart: service.restart.clone(),
            warm_up: service.warm_up.clone(),
            load_shedding: service.load_shedding.clone(),
            concurrency_limit: service.concurrency_limit.clone(),
            idempotency: service.idempotency.clone(),
            concurrency_control: service.concurrency_control,
            works_on: service.works_on.clone(),
            follow: service.follow,
            keys: service.keys,
            reads: service.reads.steps(),
            schema: service.schema.clone(),
            consumes: service.consumes.iter().map(|one| self.subscription(name, one)).collect(),
            sends: self.links(&service.sends),
        };
        self.document.services.iter().map(plan).collect()
    }

    fn subscription(&self, service: &str, consume: &document::Consume) -> SubscriptionPlan {
        SubscriptionPlan {
            broker: self.broker(&consume.from),
            from: self.source(service, consume),
            batch: logs::batch(self.document, consume),
            commit: consume.commit,
            on_failure: logs::on_failure(self.document, consume),
            aside: logs::aside(self.document, consume).map(|topic| parts::address(Some(topic))),
            poll_every: consume.poll_every.clone(),
        }
    }

    fn brokers(&self) -> Vec<BrokerPlan> {
        let plan = |(name, broker): (&String, &document::Broker)| BrokerPlan {
            name: name.clone(),
            node: self.node(name),
            kind: match broker {
                document::Broker::Queue(queue) => BrokerKindPlan::Queue(self.queue(name, queue)),
                document::Broker::Log(log) => self.log(name, log),
                document::Broker::Sqs(sqs) => self.sqs(name, sqs),
                document::Broker::Amqp(amqp) => self.amqp(name, amqp),
            },
        };
        self.document.brokers.iter().map(plan).collect()
    }

    fn queue(&self, name: &str, queue: &document::Queue) -> QueueSettings {
        let subscriptions = self.document.services.values().flat_map(|service| &service.consumes);
        let mine: Vec<_> = subscriptions.filter(|consume| consume.from == name).collect();
        let windows = mine.iter().filter_map(|consume| consume.credit);
        let credit = windows.map(|credit| u64::from(credit.window)).reduce(|sum, more| sum + more);
        QueueSettings {
            capacity: queue.capacity,
            when_full: queue.when_full.clone(),
            durable: queue.durable,
            credit,
            consumers: mine.len(),
        }
    }

    fn fault(&self, fault: &Fault) -> FaultPlan {
        let timing = fault.timing();
        let from = timing.from.unwrap_or_default();
        let until = timing.until;
        FaultPlan {
            label: label(fault),
            node: self.node(place(fault)),
            effect: self.effect(fault),
            timing: match (timing.mtbf.cloned(), timing.mttr.cloned()) {
                (Some(mtbf), Some(mttr)) => FaultTiming::Random { from, until, mtbf, mttr },
                (None, _) | (_, None) => FaultTiming::Scheduled { from, until },
            },
        }
    }

    fn effect(&self, fault: &Fault) -> FaultEffect {
        let node = |on: &str, ailment| FaultEffect::Node(self.node(on), ailment);
        match fault {
            Fault::Crash(crash) => {
                node(&crash.on, if crash.graceful { Ailment::Stop } else { Ailment::Crash })
            }
            Fault::BrokerLoss(loss) => node(&loss.on, Ailment::NodeLost(loss.node)),
            Fault::Hang(hang) => node(&hang.on, Ailment::Hang),
            Fault::Slowdown(slowdown) => node(&slowdown.on, Ailment::Slowdown(slowdown.factor)),
            Fault::ErrorRate(errors) => node(&errors.on, Ailment::Errors(errors.probability)),
            Fault::Partition(_) => self.on_paths(fault, PathEffect::Cut),
            Fault::Latency(latency) => {
                self.on_paths(fault, PathEffect::Latency(latency.add.clone()))
            }
            Fault::MessageLoss(loss) => self.on_paths(fault, PathEffect::Loss(loss.probability)),
            Fault::SchemaChange(SchemaChange { on, change, .. }) => {
                FaultEffect::SchemaChange { by: self.node(on), change: change.clone() }
            }
            Fault::Poison(poison) => {
                let (by, probability) = (self.node(&poison.on), poison.probability);
                FaultEffect::Poison { by, probability }
            }
        }
    }

    fn on_paths(&self, fault: &Fault, effect: PathEffect) -> FaultEffect {
        let touches = |a: &str, b: &str| match fault.reach() {
            Some(Reach::On(node)) => a == node || b == node,
            Some(Reach::Between(one, other)) => (a, b) == (one, other) || (b, a) == (one, other),
            None => false,
        };
        let links = self.ends().enumerate().filter(|(_, (by, at))| touches(by, at));
        let links = links.map(|(index, _)| Id::<Link>::new(index)).collect();
        let mut cuts = Vec::new();
        for (name, service) in &self.document.services {
            let cut = service.consumes.iter().filter(|consume| touches(name, &consume.from));
            cuts.extend(cut.map(|consume| (self.service(name), self.broker(&consume.from))));
        }
        FaultEffect::Path { links, cuts, effect }
    }

    /// The two ends of every link, in the order of their ids: those of producers come first.
    fn ends(&self) -> impl Iterator<Item = (&str, &str)> {
        let producers = self.document.producers.iter().map(|(name, node)| (name, &node.sends));
        let services = self.document.services.iter().map(|(name, node)| (name, &node.sends));
        producers.chain(services).flat_map(|(name, sends)| {
            sends.iter().map(move |sending| (name.as_str(), target(sending)))
        })
    }

    /// What recovery is measured from: as stated, or else the bursts and the scheduled faults.
    fn trigger(&self) -> Option<(SimTime, SimTime)> {
        if let Some(trigger) = self.document.trigger {
            return Some((trigger.from, trigger.until));
        }
        let producers = self.document.producers.values();
        let backlogs = producers.clone().filter(|producer| producer.initial_backlog > 0);
        let backlogs = backlogs.map(|_| (SimTime::ZERO, SimTime::ZERO));
        let bursts = producers.flat_map(|p| &p.arrivals).filter_map(ArrivalProcess::spike);
        let faults = self.document.faults.iter().filter_map(|fault| self.scheduled(fault));
        let all = backlogs.chain(bursts).chain(faults);
        all.reduce(|(from, until), (f, u)| (from.min(f), until.max(u)))
    }

    /// From and until when a fault lasts that does not come at random.
    fn scheduled(&self, fault: &Fault) -> Option<(SimTime, SimTime)> {
        let timing = fault.timing();
        let horizon = SimTime::ZERO + self.document.duration;
        timing
            .mtbf
            .is_none()
            .then(|| (timing.from.unwrap_or_default(), timing.until.unwrap_or(horizon)))
    }

    fn fault_window(&self, fault: &Fault) -> Option<(&'static str, String, SimTime, SimTime)> {
        let (from, until) = self.scheduled(fault)?;
        Some((fault.kind(), place(fault).to_owned(), from, until))
    }

    /// What the offered load alone would hold: in line, in work and on its way, but one message at least.
    fn drained_at(&self, predictions: &[Prediction]) -> f64 {
        let at_services: f64 =
            predictions.iter().filter_map(|service| service.mean_in_system).sum();
        at_services.ceil().max(1.0)
    }

    fn alert(&self, alert: &Alert) -> Option<AlertRule> {
        let bad = match (alert.above, alert.below) {
            (Some(limit), _) => Bad::Above(limit),
            (None, Some(limit)) => Bad::Below(limit),
            (None, None) => return None,
        };
        Some(AlertRule {
            name: alert.name.clone(),
            column: column::lookup(&alert.metric)?,
            node: alert.node.as_deref().map(|name| self.node(name)),
            bad,
            for_: alert.lasting,
        })
    }
}

fn target(sending: &Sending) -> &str {
    match sending {
        Sending::Call(call) => &call.to,
        Sending::Publish(publish) => &publish.to,
    }
}

/// The node at which a fault is shown.
fn place(fault: &Fault) -> &str {
    match fault.reach() {
        Some(Reach::On(node) | Reach::Between(_, node)) => node,
        None => unreachable!("a fault's place was checked at load"),
    }
}

/// What a fault is called in the report, and in its stream of chance.
fn label(fault: &Fault) -> String {
    let kind = fault.kind();
    match fault.reach() {
        Some(Reach::On(node)) => format!("{kind} at {node}"),
        Some(Reach::Between(one, other)) => format!("{kind} between {one} and {other}"),
        None => kind.to_owned(),
    }
}

fn source(process: &ArrivalProcess) -> SourcePlan {
    let trace = match process {
        ArrivalProcess::Trace { csv } => Some(trace(csv.clone())),
        _ => None,
    };
    SourcePlan { process: process.clone(), trace }
}

fn trace(csv: PathBuf) -> Trace {
    Trace(Arc::new(move || match File::open(&csv) {
        Ok(file) => Box::new(file),
        Err(error) => end_run(&csv, error),
    }))
}
