//! The parts of brokers, in the order of their nodes, by their names in results: `kafka/orders/3`, `kafka/orders@billing`, `aws/orders`.

use super::document::{Broker, Document};
use super::{logs, queues};
use crate::metrics::summary::NodeKind;

/// The parts of a broker, each with what it is: of a log partitions, then groups.
#[must_use]
pub fn of(document: &Document, name: &str, broker: &Broker) -> Vec<(String, NodeKind)> {
    match broker {
        Broker::Queue(_) => Vec::new(),
        Broker::Amqp(amqp) => {
            let queues = amqp.queues.keys();
            queues.map(|queue| (format!("{name}/{queue}"), NodeKind::Queue)).collect()
        }
        Broker::Log(log) => {
            let (partitions, groups) = logs::parts(document, name, log);
            let partitions = partitions.into_iter().map(|name| (name, NodeKind::Partition));
            partitions.chain(groups.into_iter().map(|name| (name, NodeKind::Group))).collect()
        }
        Broker::Sqs(_) => {
            let queues = queues::of(document, name).unwrap_or_default().into_iter();
            queues.map(|queue| (format!("{name}/{queue}"), NodeKind::Queue)).collect()
        }
    }
}

/// The parts of all brokers.
pub fn all(document: &Document) -> impl Iterator<Item = (String, NodeKind)> {
    document.brokers.iter().flat_map(|(name, broker)| of(document, name, broker))
}
