//! Names within brokers that have queues of their own. Such a queue is called `aws/orders` in results.

use super::document::{Broker, Document};

/// The queues of a broker of this name, if it is of a kind that has any of its own.
#[must_use]
pub fn of<'a>(document: &'a Document, name: &str) -> Option<Vec<&'a str>> {
    match document.brokers.get(name)? {
        Broker::Queue(_) | Broker::Log(_) => None,
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
