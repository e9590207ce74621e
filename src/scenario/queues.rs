//! Names within brokers that have queues of their own. Such a queue is called `aws/orders` in results.

use super::document::{Broker, Consume, Document, SqsQueue};

/// The queues of a broker of this name, if it is of a kind that has any of its own.
#[must_use]
pub fn of<'a>(document: &'a Document, name: &str) -> Option<Vec<&'a str>> {
    match document.brokers.get(name)? {
        Broker::Queue(_) | Broker::Log(_) => None,
        Broker::Sqs(sqs) => Some(sqs.queues.keys().map(String::as_str).collect()),
        Broker::Amqp(amqp) => Some(amqp.queues.keys().map(String::as_str).collect()),
    }
}

/// The queue that is meant: the stated one, or the only one.
#[must_use]
pub fn queue<'a>(
    document: &'a Document,
    broker: &str,
    stated: Option<&'a String>,
) -> Option<&'a str> {
    let queues = of(document, broker)?;
    let only = || queues.first().copied().filter(|_| queues.len() == 1);
    stated.map(String::as_str).or_else(only)
}

/// The services that consume from a queue.
pub fn consumers<'a>(
    document: &'a Document,
    broker: &'a str,
    name: &'a str,
) -> impl Iterator<Item = (&'a str, usize)> {
    let all = document.services.iter().flat_map(|(service, node)| {
        let consumes = node.consumes.iter().enumerate();
        consumes.map(move |(index, consume)| (service.as_str(), index, consume))
    });
    let these = all.filter(move |(_, _, consume)| {
        consume.from == broker && queue(document, broker, consume.queue.as_ref()) == Some(name)
    });
    these.map(|(service, index, _)| (service, index))
}

/// Whether any service consumes from a queue.
#[must_use]
pub fn is_consumed(document: &Document, broker: &str, name: &str) -> bool {
    consumers(document, broker, name).next().is_some()
}

/// Whether what is consumed from keeps a strict order within its message groups.
#[must_use]
pub fn is_fifo(document: &Document, consume: &Consume) -> bool {
    let Some(Broker::Sqs(sqs)) = document.brokers.get(&consume.from) else { return false };
    let name = queue(document, &consume.from, consume.queue.as_ref());
    match name.and_then(|name| sqs.queues.get(name)) {
        Some(SqsQueue::Fifo(_)) => true,
        Some(SqsQueue::Standard(_)) | None => false,
    }
}
