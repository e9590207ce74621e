//! Queues of SQS: values out of the range that SQS allows, dead-letter queues that lead nowhere, and leases that end too early.

use super::links::sendings;
use super::names::is_name;
use super::settings::{all, not_zero};
use super::{Finding, about, node};
use crate::model::broker::MOST_SHARDS;
use crate::policy::redelivery::{Heartbeat, LONGEST_LEASE};
use crate::random::{ArrivalProcess, Keys};
use crate::scenario::document::{
    Broker, Document, Fifo, Producer, Sending, Sqs, SqsQueue, Standard,
};
use crate::scenario::path::Path;
use crate::scenario::{queues, suggest};
use crate::time::SimDuration;

/// The most messages that one receive gives (`MaxNumberOfMessages`).
const MOST_AT_ONCE: u32 = 10;

const MINUTE: SimDuration = SimDuration::from_secs(60);
const DAY_S: u64 = 86_400;

/// Values out of range.
pub(super) fn settings(sqs: &Sqs, path: &Path) -> Vec<Finding> {
    let path = path.key("queues");
    let mut findings = Vec::new();
    if sqs.queues.is_empty() {
        let help = "give it one: {\"orders\": {\"standard\": {}}}";
        findings.push(Finding::error(path.clone(), "this broker has no queues", help));
    }
    for (name, queue) in &sqs.queues {
        let path = path.key(name);
        if !is_name(name) {
            let message = format!("`{name}` is not a name for a queue");
            let help =
                "a name has small letters, digits, `_` and `-`, and begins with a letter or digit";
            findings.push(Finding::error(path.clone(), message, help).on_key());
        }
        findings.extend(of_queue(queue, &path.key(queue.kind())));
    }
    findings
}

fn of_queue(queue: &SqsQueue, path: &Path) -> Vec<Finding> {
    let (times, in_flight_limit) = match queue {
        SqsQueue::Standard(one) => {
            ([one.wait_time, one.poll_every, one.retention, one.delay], one.in_flight_limit)
        }
        SqsQueue::Fifo(one) => {
            ([one.wait_time, one.poll_every, one.retention, one.delay], one.in_flight_limit)
        }
    };
    let [wait_time, poll_every, retention, delay] = times;
    let nano = SimDuration::from_nanos(1);
    let seconds = SimDuration::from_secs;
    let timeout = queue.visibility_timeout();
    let mut findings: Vec<Finding> = [
        ("visibility_timeout", timeout, nano, LONGEST_LEASE),
        ("wait_time", wait_time, SimDuration::ZERO, seconds(20)),
        ("poll_every", poll_every, nano, seconds(DAY_S)),
        ("retention", retention, MINUTE, seconds(14 * DAY_S)),
        ("delay", delay, SimDuration::ZERO, seconds(15 * 60)),
    ]
    .into_iter()
    .filter_map(|(field, value, least, most)| within(path, field, value, least, most))
    .collect();
    findings.extend(not_zero(path, "in_flight_limit", in_flight_limit));
    let told = queue.redrive().map(|rule| rule.check()).unwrap_or_default();
    findings.extend(all(&path.key("redrive"), told));
    let told = queue.redrive_back().map(|rule| rule.check()).unwrap_or_default();
    findings.extend(all(&path.key("redrive_back"), told));
    match queue {
        SqsQueue::Standard(standard) => findings.extend(of_standard(standard, path)),
        SqsQueue::Fifo(fifo) => findings.extend(of_fifo(fifo, path)),
    }
    findings
}

fn of_standard(queue: &Standard, path: &Path) -> Vec<Finding> {
    let Standard { shards, short_poll_reach, duplicate_probability, .. } = *queue;
    let mut findings = Vec::new();
    if !(1..=MOST_SHARDS).contains(&shards) {
        let message = format!("`shards` is {shards}");
        let help = format!("it must be from 1 to {MOST_SHARDS}");
        findings.push(Finding::error(path.key("shards"), message, help));
    }
    for (field, value, fits) in [
        ("short_poll_reach", short_poll_reach, short_poll_reach > 0.0 && short_poll_reach <= 1.0),
        (
            "duplicate_probability",
            duplicate_probability,
            (0.0..1.0).contains(&duplicate_probability),
        ),
    ] {
        let message = format!("`{field}` is {value}");
        let help = match field {
            "short_poll_reach" => "it must be above 0 and at most 1",
            _ => "it must be from 0 to below 1",
        };
        findings.extend((!fits).then(|| Finding::error(path.key(field), message, help)));
    }
    findings
}

fn of_fifo(queue: &Fifo, path: &Path) -> Vec<Finding> {
    let mut findings: Vec<Finding> = all(&path.key("quota"), queue.quota.check()).collect();
    findings.extend(not_zero(path, "look_ahead", queue.look_ahead));
    findings
}

fn within(
    path: &Path,
    field: &str,
    value: SimDuration,
    least: SimDuration,
    most: SimDuration,
) -> Option<Finding> {
    let help = if value < least && least == SimDuration::from_nanos(1) {
        "it must be longer than 0s".to_owned()
    } else if value < least {
        format!("it must be at least {least}")
    } else {
        format!("it must be at most {most}")
    };
    let message = format!("`{field}` is {value}");
    (value < least || value > most).then(|| Finding::error(path.key(field), message, help))
}

fn too_late(path: &Path, heartbeat: Heartbeat, timeout: SimDuration) -> Option<Finding> {
    let message = format!("the first heartbeat comes after {}", heartbeat.every);
    let help = format!("the message is visible again after {timeout}: beat more often");
    (heartbeat.every >= timeout).then(|| Finding::error(path.key("every"), message, help))
}

/// How queues hang together with one another, and with those who use them.
pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in places(document) {
        findings.extend(at.dead_letters());
        findings.extend(at.moved_back());
        findings.extend(at.use_of_it());
        findings.extend(at.consumers());
    }
    findings.extend(without_groups(document));
    findings.extend(message_timers(document));
    findings
}

/// Delays of messages where there are none, or longer ones than SQS allows; and heartbeats that nobody hears.
fn message_timers(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, sending) in sendings(document) {
        let Sending::Publish(publish) = sending else { continue };
        let Some(delay) = publish.delay else { continue };
        let path = path.key("publish");
        let Some(Broker::Sqs(sqs)) = document.brokers.get(&publish.to) else {
            findings.extend(foreign(document, &publish.to, path.key("delay")));
            continue;
        };
        let queue = queues::queue(document, &publish.to, publish.queue.as_ref());
        if let Some(SqsQueue::Fifo(_)) = queue.and_then(|queue| sqs.queues.get(queue)) {
            let message = "at a FIFO queue a message can't have a delay of its own";
            let help = "give the queue a `delay`, for all of them";
            findings.push(Finding::error(path.key("delay"), message, help));
        }
        let most = SimDuration::from_secs(15 * 60);
        findings.extend(within(&path, "delay", delay, SimDuration::ZERO, most));
    }
    for (name, service) in &document.services {
        for (index, consume) in service.consumes.iter().enumerate() {
            let is_sqs = matches!(document.brokers.get(&consume.from), Some(Broker::Sqs(_)));
            let path = node("services", name).key("consumes").index(index).key("heartbeat");
            if consume.heartbeat.is_some() && !is_sqs {
                findings.extend(foreign(document, &consume.from, path));
            }
        }
    }
    findings
}

/// A word that another kind of broker doesn't know.
fn foreign(document: &Document, broker: &str, path: Path) -> Option<Finding> {
    let message = format!("`{broker}` is no `sqs` broker, and has no `{}`", path.tail());
    let is_broker = document.brokers.contains_key(broker);
    is_broker.then(|| Finding::error(path, message, "remove it"))
}

/// Consumers whose work takes longer than their leases, where everything else is right.
pub(super) fn slow_work(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in places(document) {
        let consumers = queues::consumers(document, at.broker, at.queue);
        findings.extend(consumers.filter_map(|(service, index)| at.too_slow(service, index)));
    }
    findings
}

fn places(document: &Document) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    for (broker, kind) in &document.brokers {
        let Broker::Sqs(sqs) = kind else { continue };
        for (queue, settings) in &sqs.queues {
            let path = node("brokers", broker).key("sqs").key("queues").key(queue);
            found.push(Place { document, broker, sqs, queue, settings, path });
        }
    }
    found
}

/// A queue that is being checked.
struct Place<'a> {
    document: &'a Document,
    broker: &'a str,
    sqs: &'a Sqs,
    queue: &'a str,
    settings: &'a SqsQueue,
    path: Path,
}

impl Place<'_> {
    /// The dead-letter queue exists, is of the same kind, and nothing goes in a circle.
    fn dead_letters(&self) -> Option<Finding> {
        let to = &self.settings.redrive()?.dead_letter_queue;
        let path = self.path.key(self.settings.kind()).key("redrive").key("dead_letter_queue");
        let Some(target) = self.sqs.queues.get(to) else {
            let known: Vec<&str> = self.sqs.queues.keys().map(String::as_str).collect();
            let message = format!("`{}` has no queue `{to}`", self.broker);
            return Some(Finding::error(path, message, suggest::help(to, &known)));
        };
        if target.kind() != self.settings.kind() {
            let kind = self.settings.kind();
            let message = format!("`{to}` is a {} queue", target.kind());
            let help = format!("the dead-letter queue of a {kind} queue is a {kind} queue as well");
            return Some(Finding::error(path, message, help));
        }
        let next = |name: &&str| {
            let redrive = self.sqs.queues.get(*name).and_then(SqsQueue::redrive);
            redrive.map(|redrive| redrive.dead_letter_queue.as_str())
        };
        let mut way = std::iter::successors(Some(to.as_str()), next).take(self.sqs.queues.len());
        way.any(|name| name == self.queue).then(|| {
            let message = format!("what is put aside from `{}` comes back to it", self.queue);
            Finding::error(path, message, "a dead-letter queue is an end")
        })
    }

    /// Whether a queue puts something aside here.
    fn is_dead_letter_queue(&self) -> bool {
        let redrives = self.sqs.queues.values().filter_map(SqsQueue::redrive);
        redrives.into_iter().any(|redrive| redrive.dead_letter_queue == self.queue)
    }

    fn is_published_to(&self) -> bool {
        let published = |sending: &Sending| match sending {
            Sending::Publish(one) if one.to == self.broker => {
                queues::queue(self.document, &one.to, one.queue.as_ref()) == Some(self.queue)
            }
            Sending::Publish(_) | Sending::Call(_) => false,
        };
        sendings(self.document).into_iter().any(|(_, sending)| published(sending))
    }

    /// Only what was put aside can be moved back.
    fn moved_back(&self) -> Option<Finding> {
        self.settings.redrive_back()?;
        let path = self.path.key(self.settings.kind()).key("redrive_back");
        if !self.is_dead_letter_queue() {
            let message = format!("no queue puts anything aside in `{}`", self.queue);
            let help = "name it as the `dead_letter_queue` of one, or remove this";
            return Some(Finding::error(path, message, help));
        }
        let message = format!("`{}` is published to, too", self.queue);
        let help = "what was not put aside here has nowhere to go back to";
        self.is_published_to().then(|| Finding::error(path, message, help))
    }

    /// A queue that only one side knows, where the broker has others that are in use.
    fn use_of_it(&self) -> Option<Finding> {
        let consumed = queues::is_consumed(self.document, self.broker, self.queue);
        let (message, help) = match (self.is_published_to(), self.is_dead_letter_queue(), consumed)
        {
            (true, _, false) if self.sqs.queues.len() > 1 => (
                format!("nothing consumes from the queue `{}`", self.queue),
                "its messages stay in it",
            ),
            (false, false, _) if self.sqs.queues.len() > 1 => {
                (format!("nothing publishes to the queue `{}`", self.queue), "it stays empty")
            }
            (true | false, _, _) => return None,
        };
        Some(Finding::warning(self.path.clone(), message, help).on_key())
    }

    /// Batches that are too large, and work that takes longer than the lease.
    fn consumers(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (service, index) in queues::consumers(self.document, self.broker, self.queue) {
            let batch = self.document.services[service].consumes[index].batch.unwrap_or(1);
            let path = node("services", service).key("consumes").index(index);
            if batch > MOST_AT_ONCE {
                let message = format!("`batch` is {batch}");
                let help = format!("a receive of SQS gives at most {MOST_AT_ONCE}");
                findings.push(Finding::error(path.key("batch"), message, help));
            }
            if let Some(heartbeat) = self.document.services[service].consumes[index].heartbeat {
                let path = path.key("heartbeat");
                let timeout = self.settings.visibility_timeout();
                findings.extend(too_late(&path, heartbeat, timeout));
                findings.extend(all(&path, heartbeat.check()));
            }
        }
        findings
    }

    fn too_slow(&self, service: &str, index: usize) -> Option<Finding> {
        let timeout = self.settings.visibility_timeout();
        let consume = &self.document.services[service].consumes[index];
        let (batch, heartbeat) = (consume.batch.unwrap_or(1), consume.heartbeat);
        let time_s = f64::from(batch) * self.document.services[service].service_time.mean_s();
        let path = node("services", service).key("consumes").index(index);
        let what = if batch == 1 { "a message takes" } else { "the messages of a batch take" };
        let time = about(time_s);
        let message =
            format!("{what} {time} on average, longer than `visibility_timeout` ({timeout})");
        let help =
            "what is still in work is delivered again; allow more time, or send a `heartbeat`";
        let is_slow = time_s > timeout.as_secs_f64() && heartbeat.is_none();
        is_slow.then(|| Finding::warning(path, message, help))
    }
}

/// Messages without keys are all of one group, of which one receive is in work at a time.
fn without_groups(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, sending) in sendings(document) {
        let Sending::Publish(publish) = sending else { continue };
        let Some(Broker::Sqs(sqs)) = document.brokers.get(&publish.to) else { continue };
        let queue = queues::queue(document, &publish.to, publish.queue.as_ref());
        let is_fifo = queue
            .and_then(|queue| sqs.queues.get(queue))
            .is_some_and(|queue| matches!(queue, SqsQueue::Fifo(_)));
        let keyed = document.producers.iter().any(|(name, one)| {
            path.to_string().starts_with(&format!("{}.", node("producers", name))) && has_keys(one)
        });
        if is_fifo && !keyed {
            let message = format!("what is published to `{}` has no keys", publish.to);
            let help = "all of it is one message group, and is worked on one batch at a time";
            findings.push(Finding::warning(path.key("publish"), message, help));
        }
    }
    findings
}

fn has_keys(producer: &Producer) -> bool {
    let traced = |process: &ArrivalProcess| matches!(process, ArrivalProcess::Trace { .. });
    producer.keys != Keys::None || producer.arrivals.iter().any(traced)
}
