//! From a log as written to a log as it is built: topics, groups and their members.

use super::Builder;
use crate::metrics::recorder::NodeLabel;
use crate::metrics::summary::NodeKind;
use crate::model::blueprint::BrokerKindPlan;
use crate::model::broker::{
    Address, Consumer, GroupConsumer, GroupSettings, LogSettings, TopicSettings,
};
use crate::model::id::NodeId;
use crate::scenario::document::{Consume, Log, Publish};
use crate::scenario::logs::{self, Reading};

impl Builder<'_> {
    /// The parts of all logs, which come after all other nodes.
    pub(super) fn parts(&self) -> Vec<NodeLabel> {
        let mut labels = Vec::new();
        for (name, log) in self.logs() {
            let (partitions, groups) = logs::parts(self.document, name, log);
            let label = |kind| move |name| NodeLabel { name, kind };
            labels.extend(partitions.into_iter().map(label(NodeKind::Partition)));
            labels.extend(groups.into_iter().map(label(NodeKind::Group)));
        }
        labels
    }

    fn logs(&self) -> impl Iterator<Item = (&str, &Log)> {
        let names = self.document.brokers.keys();
        names.filter_map(|name| Some((name.as_str(), logs::log(self.document, name)?)))
    }

    /// The node of the first part of a log.
    fn first_part(&self, name: &str) -> usize {
        let document = self.document;
        let whole = document.producers.len() + document.services.len() + document.brokers.len();
        let before = self.logs().take_while(|(other, _)| *other != name);
        let parts = |(name, log)| {
            let (partitions, groups) = logs::parts(document, name, log);
            partitions.len() + groups.len()
        };
        whole + before.map(parts).sum::<usize>()
    }

    pub(super) fn log(&self, name: &str, log: &Log) -> BrokerKindPlan {
        let mut next = self.first_part(name);
        let mut node = || {
            next += 1;
            NodeId::new(next - 1)
        };
        let mut topics = Vec::new();
        for topic in log.topics.values() {
            let partitions = (0..topic.partitions).map(|_| node()).collect();
            topics.push(TopicSettings { partitions, retention: topic.retention.clone() });
        }
        let mut groups = Vec::new();
        for reading in logs::readings(self.document, name, log) {
            groups.push(GroupSettings {
                node: node(),
                topic: log.topics.get_index_of(reading.topic).expect("topics were checked at load"),
                membership: log.groups.get(reading.group).cloned().unwrap_or_default(),
                consumers: self.consumers(&reading),
            });
        }
        let partitioners = log.topics.values().map(|topic| topic.partitioner.clone()).collect();
        BrokerKindPlan::Log(LogSettings { topics, groups }, partitioners)
    }

    fn consumers(&self, reading: &Reading) -> Vec<GroupConsumer> {
        let consumer = |(service, subscription): &(&str, usize)| GroupConsumer {
            consumer: Consumer {
                service: self.service(service),
                subscription: *subscription as u8,
            },
            node: self.node(service),
            workers: self.document.services[*service].workers,
        };
        reading.consumers.iter().map(consumer).collect()
    }

    /// Which topic of a log is published to.
    pub(super) fn destination(&self, publish: &Publish) -> Address {
        let Some(log) = logs::log(self.document, &publish.to) else { return Address::default() };
        let topic = logs::topic(log, publish.topic.as_ref());
        address(topic.and_then(|topic| log.topics.get_index_of(topic)))
    }

    /// Which group of a log a subscription of `service` is for.
    pub(super) fn source(&self, service: &str, consume: &Consume) -> Address {
        let Some(log) = logs::log(self.document, &consume.from) else { return Address::default() };
        let topic = logs::topic(log, consume.topic.as_ref());
        let group = logs::group(service, consume);
        let readings = logs::readings(self.document, &consume.from, log);
        let found = readings.iter().position(|one| (Some(one.topic), one.group) == (topic, group));
        address(found)
    }
}

fn address(index: Option<usize>) -> Address {
    let index = index.expect("topics and groups were checked at load");
    Address(u16::try_from(index).expect("their number was checked at load"))
}
