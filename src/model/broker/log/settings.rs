//! What the scenario says of a log, with ids instead of names.

use crate::model::broker::Consumer;
use crate::model::id::NodeId;
use crate::policy::membership::Membership;
use crate::policy::replication::Replication;
use crate::policy::retention::Retention;
use crate::time::SimDuration;

/// What the scenario says of a log.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// Its topics.
    pub topics: Vec<TopicSettings>,
    /// How many nodes it has.
    pub nodes: u32,
    /// How long it takes until the loss of one is noticed.
    pub failover: SimDuration,
    /// The groups that read them.
    pub groups: Vec<GroupSettings>,
}

impl LogSettings {
    /// The nodes at which lag is reported: those of partitions and those of groups.
    pub fn parts(&self) -> impl Iterator<Item = NodeId> {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions).copied();
        partitions.chain(self.groups.iter().map(|group| group.node))
    }
}

impl LogSettings {
    /// The groups that read a topic.
    pub fn readers(&self, topic: usize) -> impl Iterator<Item = usize> {
        let groups = self.groups.iter().enumerate();
        groups.filter(move |(_, group)| group.topic == topic).map(|(index, _)| index)
    }
}

/// What the scenario says of a topic.
#[derive(Debug, Clone)]
pub struct TopicSettings {
    /// For each partition the node at which its lag is reported.
    pub partitions: Vec<NodeId>,
    /// How long messages are kept.
    pub retention: Retention,
    /// On how many nodes each partition is stored.
    pub replication: Replication,
    /// How long consumers wait before they work on a message.
    pub delay: SimDuration,
}

/// What the scenario says of a group.
#[derive(Debug, Clone)]
pub struct GroupSettings {
    /// Where its lag is reported.
    pub node: NodeId,
    /// The topic that it reads, among those of its log.
    pub topic: usize,
    /// How it keeps its members.
    pub membership: Membership,
    /// Who consumes for it.
    pub consumers: Vec<GroupConsumer>,
}

/// A service that consumes for a group: each of its workers is a member.
#[derive(Debug, Clone, Copy)]
pub struct GroupConsumer {
    /// Which of its subscriptions it is.
    pub consumer: Consumer,
    /// Its node.
    pub node: NodeId,
    /// How many workers it has.
    pub workers: u32,
}
