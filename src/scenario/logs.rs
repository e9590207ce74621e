//! Names within a log: its topics and the groups that read them, in the order in which results list them.
//!
//! A partition is called `kafka/orders/3` in results and a group `kafka/orders@billing`.

use crate::policy::backoff::Backoff;
use crate::policy::compatibility::Compatibility;
use crate::policy::failure::{OnFailure, Tries};
use crate::policy::replication::MOST_NODES;

use super::document::{Broker, Consume, Document, Log, Publish, Sending};
use super::{exchanges, queues};

/// How many partitions a log may have.
pub const MOST_PARTITIONS: u32 = 10_000;

/// How many messages a poll gives by default: `max.poll.records` of Apache Kafka's `ConsumerConfig`.
const MAX_POLL_RECORDS: u32 = 500;

/// A group that reads a topic, and who consumes for it.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The group.
    pub group: &'a str,
    /// The services that consume for it, each with which of its subscriptions it is.
    pub consumers: Vec<(&'a str, usize)>,
}

/// The log of this name, if there is such a log.
#[must_use]
pub fn log<'a>(document: &'a Document, name: &str) -> Option<&'a Log> {
    match document.brokers.get(name)? {
        Broker::Log(log) => Some(log),
        Broker::Queue(_) | Broker::Sqs(_) | Broker::Amqp(_) => None,
    }
}

/// How many nodes a log has.
#[must_use]
pub fn nodes(log: &Log) -> u32 {
    let needed = log.topics.values().map(|topic| topic.replication.replicas).max();
    log.nodes.or(needed).unwrap_or(1).clamp(1, MOST_NODES)
}

/// The topic that is meant: the stated one, or the only one.
#[must_use]
pub fn topic<'a>(log: &'a Log, stated: Option<&'a String>) -> Option<&'a str> {
    let only = || log.topics.keys().next().filter(|_| log.topics.len() == 1);
    stated.or_else(only).map(String::as_str)
}

/// The group that a subscription of `service` belongs to.
#[must_use]
pub fn group<'a>(service: &'a str, consume: &'a Consume) -> &'a str {
    consume.group.as_deref().unwrap_or(service)
}

/// How many messages a worker takes at once.
#[must_use]
pub fn batch(document: &Document, consume: &Consume) -> u32 {
    let usual = if log(document, &consume.from).is_some() { MAX_POLL_RECORDS } else { 1 };
    consume.batch.unwrap_or(usual)
}

/// What becomes of a message on which work failed: unless it is stated, a consumer to whom order matters doesn't get past it, and any
/// other gives it back.
#[must_use]
pub fn on_failure(document: &Document, consume: &Consume) -> OnFailure {
    let usual = || {
        if log(document, &consume.from).is_some() || queues::is_fifo(document, consume) {
            OnFailure::Halt { backoff: Backoff::None }
        } else {
            OnFailure::Requeue(Tries::default())
        }
    };
    consume.on_failure.clone().unwrap_or_else(usual)
}

/// The topic, by its place in the log, that a message is put into with which a consumer is at its end.
#[must_use]
pub fn aside(document: &Document, consume: &Consume) -> Option<usize> {
    let topic = consume.on_failure.as_ref()?.topic()?;
    log(document, &consume.from)?.topics.get_index_of(topic)
}

/// The registry of the topic that is published to.
#[must_use]
pub fn registry(document: &Document, publish: &Publish) -> Option<Compatibility> {
    let log = log(document, &publish.to)?;
    log.topics.get(topic(log, publish.topic.as_ref())?)?.registry
}

/// How many independent readers what is sent has: the groups of a topic, the queues that a message is routed to; everything else is
/// one.
#[must_use]
pub fn destinations(document: &Document, sending: &Sending) -> usize {
    let Sending::Publish(publish) = sending else { return 1 };
    if let Some(amqp) = exchanges::amqp(document, &publish.to) {
        return exchanges::queues(amqp, &exchanges::posting(amqp, publish)).len().max(1);
    }
    let Some(log) = log(document, &publish.to) else { return 1 };
    let topic = topic(log, publish.topic.as_ref());
    let readings = readings(document, &publish.to, log);
    readings.iter().filter(|reading| Some(reading.topic) == topic).count().max(1)
}

/// Every group of a log with every topic that it reads, in the order of the services.
#[must_use]
pub fn readings<'a>(document: &'a Document, name: &str, log: &'a Log) -> Vec<Reading<'a>> {
    let mut found: Vec<Reading<'a>> = Vec::new();
    for (service, node) in &document.services {
        for (index, consume) in node.consumes.iter().enumerate() {
            if consume.from != name {
                continue;
            }
            let Some(topic) = topic(log, consume.topic.as_ref()) else { continue };
            let group = group(service, consume);
            let consumer = (service.as_str(), index);
            match found.iter_mut().find(|one| (one.topic, one.group) == (topic, group)) {
                Some(reading) => reading.consumers.push(consumer),
                None => found.push(Reading { topic, group, consumers: vec![consumer] }),
            }
        }
    }
    found
}

/// The names in results of a log's parts: partitions, then groups.
#[must_use]
pub fn parts(document: &Document, name: &str, log: &Log) -> (Vec<String>, Vec<String>) {
    let of_topic = |(topic, settings): (&String, &super::document::Topic)| {
        let topic = topic.clone();
        (0..settings.partitions.min(MOST_PARTITIONS))
            .map(move |number| format!("{name}/{topic}/{number}"))
            .collect()
    };
    let partitions: Vec<Vec<String>> = log.topics.iter().map(of_topic).collect();
    let groups = readings(document, name, log);
    let groups = groups.iter().map(|one| format!("{name}/{}@{}", one.topic, one.group));
    (partitions.concat(), groups.collect())
}
