//! Who depends on whom in a scenario, whatever lies between: a call in one variant, a broker in another.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::document::{Broker, Consume, Document, Publish, Sending};
use super::{Scenario, exchanges, queues};
use crate::time::SimDuration;

/// A node that sends work, and the service that does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The producer or service that sends.
    pub from: String,
    /// The service that does the work.
    pub to: String,
    /// How it is sent, in each variant in which it is.
    pub ways: Vec<Way>,
}

/// How work is sent in one variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The variant, by its place in the scenario.
    pub variant: usize,
    /// The broker in between; `None` for a call.
    pub broker: Option<String>,
    /// How many copies of it are taken from that broker: one by each group, or from each queue that gets one.
    pub copies: usize,
    /// Whether the sender needs the outcome, if the scenario says so.
    pub needs_answer: Option<bool>,
    /// Whether it is a call, and a later step is sent only if it succeeds. Who publishes waits for a broker, and not for the work.
    pub is_waited_for: bool,
    /// How late the work may be done, if the scenario says so.
    pub due_within: Option<SimDuration>,
}

/// Every dependency of a scenario, in the order of the file.
#[must_use]
pub fn dependencies(scenario: &Scenario) -> Vec<Dependency> {
    let mut found: IndexMap<(&str, &str), Vec<Way>> = IndexMap::new();
    for (variant, resolved) in scenario.variants.iter().enumerate() {
        let document = &resolved.document;
        let producers = document.producers.iter().map(|(name, one)| (name, &one.sends));
        let services = document.services.iter().map(|(name, one)| (name, &one.sends));
        for (from, sends) in producers.chain(services) {
            for (step, sending) in sends.iter().enumerate() {
                let receivers = receivers(document, sending);
                for to in &receivers {
                    let way = way(variant, sending, step + 1 < sends.len(), copies(&receivers));
                    found.entry((from.as_str(), to.service)).or_default().push(way);
                }
            }
        }
    }
    let dependency = |((from, to), ways): ((&str, &str), Vec<Way>)| Dependency {
        from: from.to_owned(),
        to: to.to_owned(),
        ways,
    };
    found.into_iter().map(dependency).collect()
}

fn way(variant: usize, sending: &Sending, is_followed: bool, copies: usize) -> Way {
    let (broker, needs_answer, due_within) = match sending {
        Sending::Call(call) => (None, call.needs_answer, call.due_within),
        Sending::Publish(publish) => {
            (Some(publish.to.clone()), publish.needs_answer, publish.due_within)
        }
    };
    let is_waited_for = is_followed && broker.is_none();
    Way { variant, broker, copies, needs_answer, is_waited_for, due_within }
}

/// A service that does the work in the end, and the copy of it that it gets: whoever shares a copy with others competes for it.
struct Receiver<'a> {
    service: &'a str,
    copy: String,
}

/// How many copies there are.
fn copies(receivers: &[Receiver]) -> usize {
    let copies: BTreeSet<&str> = receivers.iter().map(|one| one.copy.as_str()).collect();
    copies.len()
}

fn receivers<'a>(document: &'a Document, sending: &'a Sending) -> Vec<Receiver<'a>> {
    let publish = match sending {
        Sending::Call(call) => return vec![Receiver { service: &call.to, copy: String::new() }],
        Sending::Publish(publish) => publish,
    };
    let mut found = Vec::new();
    for (service, settings) in &document.services {
        let mine = settings.consumes.iter().filter(|consume| consume.from == publish.to);
        let copy = mine.filter_map(|consume| copy(document, publish, service, consume)).next();
        found.extend(copy.map(|copy| Receiver { service, copy }));
    }
    found
}

/// Which copy of what is published a subscription of `service` gets: a group's, or a queue's.
fn copy(
    document: &Document,
    publish: &Publish,
    service: &str,
    consume: &Consume,
) -> Option<String> {
    let from = || queues::queue(document, &publish.to, consume.queue.as_ref());
    match document.brokers.get(&publish.to)? {
        Broker::Queue(_) => Some(String::new()),
        Broker::Log(_) => {
            let group = consume.group.as_deref().unwrap_or(service);
            is_same_topic(publish, consume.topic.as_ref()).then(|| group.to_owned())
        }
        Broker::Sqs(_) => {
            let to = queues::queue(document, &publish.to, publish.queue.as_ref());
            from().filter(|from| to == Some(*from)).map(str::to_owned)
        }
        Broker::Amqp(amqp) => {
            let from = from()?;
            let place = amqp.queues.get_index_of(from)?;
            let reached = exchanges::queues(amqp, &exchanges::posting(amqp, publish));
            reached.contains(&place).then(|| from.to_owned())
        }
    }
}

/// A topic that is left out is the broker's only one.
fn is_same_topic(publish: &Publish, consumed: Option<&String>) -> bool {
    match (&publish.topic, consumed) {
        (Some(published), Some(consumed)) => published == consumed,
        (None, _) | (_, None) => true,
    }
}
