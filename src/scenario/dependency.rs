//! Who depends on whom in a scenario, whatever lies between: a call in one variant, a broker in another.

use indexmap::IndexMap;

use super::Scenario;
use super::document::{Document, Publish, Sending};
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
    /// How many services take it from that broker.
    pub consumers: usize,
    /// Whether the sender needs the outcome, if the scenario says so.
    pub needs_answer: Option<bool>,
    /// Whether a later step is sent only if this one succeeds.
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
                let callees = callees(document, sending);
                for to in &callees {
                    let way = way(variant, sending, step + 1 < sends.len(), callees.len());
                    found.entry((from.as_str(), to)).or_default().push(way);
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

fn way(variant: usize, sending: &Sending, is_waited_for: bool, consumers: usize) -> Way {
    let (broker, needs_answer, due_within) = match sending {
        Sending::Call(call) => (None, call.needs_answer, call.due_within),
        Sending::Publish(publish) => {
            (Some(publish.to.clone()), publish.needs_answer, publish.due_within)
        }
    };
    Way { variant, broker, consumers, needs_answer, is_waited_for, due_within }
}

/// The services that do the work in the end.
fn callees<'a>(document: &'a Document, sending: &'a Sending) -> Vec<&'a str> {
    match sending {
        Sending::Call(call) => vec![&call.to],
        Sending::Publish(publish) => {
            let consuming = document.services.iter().filter(|(_, service)| {
                service.consumes.iter().any(|consume| {
                    consume.from == publish.to && is_same_topic(publish, consume.topic.as_ref())
                })
            });
            consuming.map(|(name, _)| name.as_str()).collect()
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
