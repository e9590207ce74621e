//! Brokers with queues of their own: queues that don't exist, and the word where nothing has queues.

use super::links::sendings;
use super::{Finding, node};
use crate::scenario::document::{Broker, Consume, Document, Sending};
use crate::scenario::exchanges;
use crate::scenario::path::Path;
use crate::scenario::queues;
use crate::scenario::suggest;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, sending) in sendings(document) {
        if let Sending::Publish(publish) = sending
            && exchanges::amqp(document, &publish.to).is_none()
        {
            let path = path.key("publish");
            findings.extend(queue(document, &path, &publish.to, publish.queue.as_ref()));
        }
    }
    for (name, service) in &document.services {
        for (index, consume) in service.consumes.iter().enumerate() {
            let path = node("services", name).key("consumes").index(index);
            findings.extend(queue(document, &path, &consume.from, consume.queue.as_ref()));
            findings.extend(polled(document, &path, consume));
        }
    }
    findings
}

/// Only a plain queue can be asked now and then: at the other brokers their own settings say how clients get messages.
fn polled(document: &Document, path: &Path, consume: &Consume) -> Option<Finding> {
    let is_plain = matches!(document.brokers.get(&consume.from)?, Broker::Queue(_));
    let message = format!("`{}` is no plain queue, and is not polled like one", consume.from);
    let help = "remove it; an `sqs` queue has `poll_every` and `wait_time` of its own";
    let is_wrong = consume.poll_every.is_some() && !is_plain;
    is_wrong.then(|| Finding::error(path.key("poll_every"), message, help))
}

/// A queue, stated or not, of what is published to or consumed from.
fn queue(
    document: &Document,
    path: &Path,
    broker: &str,
    stated: Option<&String>,
) -> Option<Finding> {
    let field = path.key("queue");
    let Some(known) = queues::of(document, broker) else {
        let is_broker = document.brokers.contains_key(broker) && stated.is_some();
        let message = format!("`{broker}` has no queues of its own");
        return is_broker.then(|| Finding::error(field, message, "remove it"));
    };
    match stated {
        Some(stated) if !known.contains(&stated.as_str()) => {
            let message = format!("`{broker}` has no queue `{stated}`");
            Some(Finding::error(field, message, suggest::help(stated, &known)))
        }
        None if known.len() > 1 => {
            let message = format!("`{broker}` has several queues, and `queue` is missing");
            let help = format!("possible here: {}", suggest::list(&known));
            Some(Finding::error(path.clone(), message, help))
        }
        Some(_) | None => None,
    }
}
