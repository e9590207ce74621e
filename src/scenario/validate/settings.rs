//! Values out of range: what every settings type says about itself, and counts that can't be zero.

use super::{Finding, node};
use crate::model::message::MOST_LOOPS;
use crate::policy::discipline::Discipline;
use crate::policy::onward_keys::OnwardKeys;
use crate::scenario::document::{
    Broker, Call, Consume, Credit, Document, Log, Producer, Publish, Queue, Sending, Service, Topic,
};
use crate::scenario::path::Path;
use crate::time::SimDuration;

/// The most destinations of one node.
const MOST_SENDS: usize = 8;

/// The most workers of a service: each is there from the start, and takes memory.
const MOST_WORKERS: u32 = 1_000_000;

/// The most nodes of one kind, which an id can tell apart.
const MOST_NODES: usize = 10_000;

type Told = Vec<(String, String)>;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, producer) in &document.producers {
        findings.extend(of_producer(producer, &node("producers", name)));
    }
    for (name, service) in &document.services {
        findings.extend(of_service(service, &node("services", name)));
    }
    for (name, broker) in &document.brokers {
        findings.extend(of_broker(broker, &node("brokers", name)));
    }
    let faults = Path::root().key("faults");
    for (index, fault) in document.faults.iter().enumerate() {
        findings.extend(all(&faults.index(index), fault.check()));
    }
    findings.extend(too_many(document));
    findings
}

/// The findings of a settings type at `path`.
pub(super) fn all(path: &Path, told: Told) -> impl Iterator<Item = Finding> {
    told.into_iter().map(move |(below, wrong)| Finding::told(path, &below, &wrong))
}

fn of_producer(producer: &Producer, path: &Path) -> Vec<Finding> {
    let Producer {
        arrivals,
        keys,
        jobs: _,
        class: _,
        priority: _,
        initial_backlog: _,
        schema: _,
        sends,
    } = producer;
    let mut findings: Vec<Finding> = all(&path.key("keys"), keys.check()).collect();
    for (index, process) in arrivals.iter().enumerate() {
        findings.extend(all(&path.key("arrivals").index(index), process.check()));
    }
    findings.extend(of_sends(sends, path));
    let loops = arrivals.iter().filter(|process| process.closed_loop().is_some()).count();
    if loops > MOST_LOOPS {
        let message = format!("{loops} closed loops are too many for one producer");
        let limit = format!("the limit is {MOST_LOOPS}");
        findings.push(Finding::error(path.key("arrivals"), message, limit));
    }
    findings
}

fn of_service(service: &Service, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |field: &str, told: Told| findings.extend(all(&path.key(field), told));
    add("discipline", service.discipline.check());
    add("service_time", service.service_time.check());
    add("contention", service.contention.check());
    add("when_exhausted", service.when_exhausted.check());
    add("restart", service.restart.check());
    add("warm_up", service.warm_up.as_ref().map(|rule| rule.check()).unwrap_or_default());
    add(
        "load_shedding",
        service.load_shedding.as_ref().map(|rule| rule.check()).unwrap_or_default(),
    );
    add(
        "concurrency_limit",
        service.concurrency_limit.as_ref().map(|rule| rule.check()).unwrap_or_default(),
    );
    add("idempotency", service.idempotency.check());
    add("works_on", service.works_on.check());
    add("keys", service.keys.check());
    if service.keys != OnwardKeys::None && service.sends.is_empty() {
        let message = "a service that sends nothing on has no keys to choose";
        let help = "take them away, or give it `sends`; keys of what it reads are its producer's";
        findings.push(Finding::error(path.key("keys"), message, help));
    }
    if service.discipline == Discipline::ProcessorSharing && !service.consumes.is_empty() {
        let message =
            "a service that consumes from a broker can't share its workers among requests";
        let help = "messages are worked on one at a time; take another discipline, or two services";
        findings.push(Finding::error(path.key("discipline"), message, help));
    }
    findings.extend(not_zero(path, "workers", service.workers.into()));
    if service.workers > MOST_WORKERS {
        let message = format!("`workers` is {}", service.workers);
        let limit = format!("the limit is {MOST_WORKERS}");
        findings.push(Finding::error(path.key("workers"), message, limit));
    }
    findings.extend(service.threads.and_then(|count| not_zero(path, "threads", count.into())));
    findings.extend(of_sends(&service.sends, path));
    findings.extend(not_zero(&path.key("reads"), "version", service.reads.version.into()));
    let upgrade_path = path.key("reads").key("upgrade");
    let upgrade = service.reads.upgrade.iter();
    findings.extend(upgrade.filter_map(|one| not_zero(&upgrade_path, "to", one.to.into())));
    for (index, consume) in service.consumes.iter().enumerate() {
        let path = path.key("consumes").index(index);
        let Consume { batch, on_failure, credit, poll_every, .. } = consume;
        let told = poll_every.as_ref().map(|every| every.check()).unwrap_or_default();
        findings.extend(all(&path.key("poll_every"), told));
        if poll_every.as_ref().is_some_and(|every| every.mean_s() == 0.0) {
            let message = "`poll_every` is 0";
            let help = "a queue that is empty would be asked without end; give it a time";
            findings.push(Finding::error(path.key("poll_every"), message, help));
        }
        let told = on_failure.as_ref().map(|policy| policy.check()).unwrap_or_default();
        findings.extend(all(&path.key("on_failure"), told));
        findings.extend(batch.and_then(|batch| not_zero(&path, "batch", batch.into())));
        if let Some(Credit { window }) = credit {
            findings.extend(not_zero(&path.key("credit"), "window", (*window).into()));
        }
    }
    findings
}

fn of_sends(sends: &[Sending], path: &Path) -> Vec<Finding> {
    let path = path.key("sends");
    let mut findings = Vec::new();
    for (index, sending) in sends.iter().enumerate() {
        let path = path.index(index);
        match sending {
            Sending::Call(call) => findings.extend(of_call(call, &path.key("call"))),
            Sending::Publish(Publish { latency, retry, client, .. }) => {
                let path = path.key("publish");
                findings.extend(all(&path.key("latency"), latency.check()));
                findings.extend(all(&path.key("retry"), retry.check()));
                let client = client.as_ref().map(|client| client.check()).unwrap_or_default();
                findings.extend(all(&path.key("client"), client));
            }
        }
    }
    if sends.len() > MOST_SENDS {
        let message = format!("{} destinations are too many for one node", sends.len());
        findings.push(Finding::error(path, message, format!("the limit is {MOST_SENDS}")));
    }
    findings
}

fn of_call(call: &Call, path: &Path) -> Vec<Finding> {
    let breaker = call.circuit_breaker.as_ref().map(|rule| rule.check()).unwrap_or_default();
    let throttle = call.adaptive_throttle.as_ref().map(|rule| rule.check()).unwrap_or_default();
    let patience = call.patience.as_ref().map(|patience| patience.check()).unwrap_or_default();
    let no_time = call.deadline.filter(|deadline| *deadline == SimDuration::ZERO).map(|_| {
        let help = "nothing could be done in time; it must be longer";
        Finding::error(path.key("deadline"), "`deadline` is 0s", help)
    });
    no_time
        .into_iter()
        .chain(all(&path.key("latency"), call.latency.check()))
        .chain(all(&path.key("patience"), patience))
        .chain(all(&path.key("retry"), call.retry.check()))
        .chain(all(&path.key("circuit_breaker"), breaker))
        .chain(all(&path.key("adaptive_throttle"), throttle))
        .collect()
}

fn of_broker(broker: &Broker, path: &Path) -> Vec<Finding> {
    match broker {
        Broker::Queue(queue) => of_queue(queue, &path.key("queue")),
        Broker::Log(log) => of_log(log, &path.key("log")),
        Broker::Sqs(sqs) => super::sqs::settings(sqs, &path.key("sqs")),
        Broker::Amqp(_) => Vec::new(),
    }
}

fn of_log(log: &Log, path: &Path) -> Vec<Finding> {
    let Log { topics, groups, nodes: _, failover: _ } = log;
    let mut findings = Vec::new();
    for (name, Topic { partitions, partitioner, retention, replication, registry: _, delay: _ }) in
        topics
    {
        let path = path.key("topics").key(name);
        findings.extend(not_zero(&path, "partitions", (*partitions).into()));
        findings.extend(all(&path.key("partitioner"), partitioner.check()));
        findings.extend(all(&path.key("retention"), retention.check()));
        findings.extend(all(&path.key("replication"), replication.check()));
    }
    for (name, membership) in groups {
        findings.extend(all(&path.key("groups").key(name), membership.check()));
    }
    findings
}

fn of_queue(queue: &Queue, path: &Path) -> Vec<Finding> {
    let Queue { capacity, when_full, durable: _ } = queue;
    let mut findings: Vec<Finding> = all(&path.key("when_full"), when_full.check()).collect();
    findings.extend(capacity.and_then(|count| not_zero(path, "capacity", count)));
    findings
}

pub(super) fn not_zero(path: &Path, field: &str, count: u64) -> Option<Finding> {
    let finding =
        || Finding::error(path.key(field), format!("`{field}` is 0"), "it must be at least 1");
    (count == 0).then(finding)
}

fn too_many(document: &Document) -> Vec<Finding> {
    let Document { producers, services, brokers, .. } = document;
    [("producers", producers.len()), ("services", services.len()), ("brokers", brokers.len())]
        .into_iter()
        .filter(|(_, count)| *count > MOST_NODES)
        .map(|(section, count)| {
            let message = format!("{count} {section} are too many");
            Finding::error(Path::root().key(section), message, format!("the limit is {MOST_NODES}"))
        })
        .collect()
}
