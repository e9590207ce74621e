//! The parts of brokers: their nodes, and which of them is published to and consumed from.

use super::Builder;
use crate::model::broker::Address;
use crate::model::id::NodeId;
use crate::scenario::document::{Broker, Consume, Document, Publish};
use crate::scenario::parts;
use crate::scenario::queues;

impl Builder<'_> {
    /// The nodes of a broker's parts.
    pub(super) fn nodes_of_parts(&self, name: &str) -> impl Iterator<Item = NodeId> + use<> {
        let Document { producers, services, brokers, .. } = self.document;
        let whole = producers.len() + services.len() + brokers.len();
        let before = brokers.iter().take_while(|(other, _)| *other != name);
        let first: usize =
            before.map(|(name, broker)| parts::of(self.document, name, broker).len()).sum();
        (whole + first..).map(NodeId::new)
    }

    /// The part of a broker that is published to.
    pub(super) fn destination(&self, publish: &Publish) -> Address {
        match &self.document.brokers[&publish.to] {
            Broker::Queue(_) => Address::default(),
            Broker::Log(log) => Builder::topic(log, publish),
            Broker::Sqs(sqs) => self.address_at_sqs(sqs, publish),
            Broker::Amqp(amqp) => self.way(amqp, publish),
        }
    }

    /// The part of a broker that a subscription of `service` is for.
    pub(super) fn source(&self, service: &str, consume: &Consume) -> Address {
        match &self.document.brokers[&consume.from] {
            Broker::Queue(_) => Address::default(),
            Broker::Log(log) => self.group(log, service, consume),
            Broker::Sqs(_) => self.queue_of(&consume.from, consume.queue.as_ref()),
            Broker::Amqp(_) => self.queue_of(&consume.from, consume.queue.as_ref()),
        }
    }

    /// The queue of a broker that is meant.
    pub(super) fn queue_of(&self, broker: &str, stated: Option<&String>) -> Address {
        let queue = queues::queue(self.document, broker, stated);
        let all = queues::of(self.document, broker).unwrap_or_default();
        address(all.iter().position(|other| Some(*other) == queue))
    }
}

/// The part of this number.
pub(super) fn address(index: Option<usize>) -> Address {
    let index = index.expect("parts were checked at load");
    Address(u16::try_from(index).expect("their number was checked at load"))
}
