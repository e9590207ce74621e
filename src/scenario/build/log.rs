//! From a log as written to a log as it is built: topics, groups and their members.

use super::Builder;
use super::parts::address;
use crate::model::blueprint::BrokerKindPlan;
use crate::model::broker::{
    Address, Consumer, GroupConsumer, GroupSettings, LogSettings, TopicSettings,
};
use crate::scenario::document::{Consume, Log, Publish};
use crate::scenario::logs::{self, Reading};

impl Builder<'_> {
    pub(super) fn log(&self, name: &str, log: &Log) -> BrokerKindPlan {
        let mut nodes = self.nodes_of_parts(name);
        let mut node = || nodes.next().expect("nodes have no end");
        let mut topics = Vec::new();
        for topic in log.topics.values() {
            let partitions = (0..topic.partitions).map(|_| node()).collect();
            topics.push(TopicSettings {
                partitions,
                retention: topic.retention.clone(),
                replication: topic.replication.clone(),
                delay: topic.delay,
            });
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
        let (nodes, failover) = (logs::nodes(log), log.failover);
        BrokerKindPlan::Log(LogSettings { topics, groups, nodes, failover }, partitioners)
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

    /// The topic of a log that is published to.
    pub(super) fn topic(log: &Log, publish: &Publish) -> Address {
        let topic = logs::topic(log, publish.topic.as_ref());
        address(topic.and_then(|topic| log.topics.get_index_of(topic)))
    }

    /// The group of a log that a subscription of `service` is for.
    pub(super) fn group(&self, log: &Log, service: &str, consume: &Consume) -> Address {
        let topic = logs::topic(log, consume.topic.as_ref());
        let group = logs::group(service, consume);
        let readings = logs::readings(self.document, &consume.from, log);
        let found = readings.iter().position(|one| (Some(one.topic), one.group) == (topic, group));
        address(found)
    }
}
