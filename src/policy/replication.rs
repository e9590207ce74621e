//! On how many nodes of a cluster a partition is stored, and what the loss of one does to it.
//!
//! One replica leads, the others copy what it has. A copy that keeps up is *in sync*, and what all that are in sync have is safe: it can be
//! read, and it survives. Who copies late was told "done" too early: a leader that dies takes what it had not passed on with it. Names and
//! defaults are those of Apache Kafka (`ReplicationConfigs`, `KRaftConfigs`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::SimDuration;

/// The most nodes of a cluster.
pub const MOST_NODES: u32 = 32;

/// How a topic is stored on the nodes of its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Replication {
    /// On how many nodes each partition is stored, 1 or more (default 1: `default.replication.factor`).
    #[schemars(range(min = 1))]
    pub replicas: u32,
    /// How many replicas have to be in sync for what is published with acks `all` (default 1: `min.insync.replicas`).
    #[schemars(range(min = 1))]
    pub min_in_sync: u32,
    /// Whether a replica that is not in sync may lead if no other is left; what it doesn't have is lost (default: no,
    /// `unclean.leader.election.enable`).
    pub unclean_election: bool,
    /// How long it takes until the other replicas have what their leader has (default 5ms, an assumption: a fetch between two nodes and
    /// its answer).
    pub delay: SimDuration,
    /// How long a node that is back takes until it is in sync again (default 10s, an assumption: it depends on what it missed).
    pub catch_up: SimDuration,
}

impl Default for Replication {
    fn default() -> Replication {
        Replication {
            replicas: 1,
            min_in_sync: 1,
            unclean_election: false,
            delay: SimDuration::from_millis(5),
            catch_up: SimDuration::from_secs(10),
        }
    }
}

impl Replication {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        check::found([
            check::at_least_one("replicas", self.replicas),
            check::at_least_one("min_in_sync", self.min_in_sync),
            check::unless(
                self.min_in_sync <= self.replicas.max(1),
                "min_in_sync",
                format!(
                    "is {}, more than there are `replicas` ({}): nothing could be published with acks `all`",
                    self.min_in_sync, self.replicas
                ),
            ),
        ])
    }
}

/// Nodes, by bit.
pub type Nodes = u32;

/// The replicas of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaSet {
    /// Where it is stored.
    pub replicas: Nodes,
    /// Who has all that is safe. The last one stays in it, even if it is gone: nobody else may lead unless that is allowed.
    pub in_sync: Nodes,
    /// Who leads.
    pub leader: Option<u32>,
}

/// What became of the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Election {
    /// It is the one that it was, or there is still none.
    None,
    /// Another leads that was in sync, or the only one that was is back.
    Clean,
    /// One leads that was not in sync, and has only what it had when it was lost.
    Unclean(u32),
}

impl ReplicaSet {
    /// The replicas of partition `number` in a cluster of `nodes`: it is led by one node, and stored on the next ones as well.
    #[must_use]
    pub fn new(number: u32, replicas: u32, nodes: u32) -> ReplicaSet {
        let bit = |place: u32| 1 << ((number + place) % nodes);
        let all = (0..replicas.min(nodes)).map(bit).fold(0, |all, bit| all | bit);
        ReplicaSet { replicas: all, in_sync: all, leader: Some(number % nodes) }
    }

    /// The cluster has noticed that `node` is gone; `gone` are all that it knows to be.
    pub fn on_gone(&mut self, node: u32, gone: Nodes, unclean: bool) -> Election {
        let others = self.in_sync & !(1 << node);
        if others != 0 {
            self.in_sync = others;
        }
        if self.leader == Some(node) {
            self.leader = None;
        }
        self.elect(gone, unclean)
    }

    /// `node` is back, and has caught up where it could.
    pub fn on_caught_up(&mut self, node: u32) {
        if self.leader.is_some() {
            self.in_sync |= self.replicas & (1 << node);
        }
    }

    /// Finds a leader where there is none.
    pub fn elect(&mut self, gone: Nodes, unclean: bool) -> Election {
        if self.leader.is_some() {
            return Election::None;
        }
        let first = |nodes: Nodes| (nodes != 0).then(|| nodes.trailing_zeros());
        if let Some(next) = first(self.in_sync & !gone) {
            self.leader = Some(next);
            return Election::Clean;
        }
        match first(self.replicas & !gone) {
            Some(next) if unclean => {
                self.leader = Some(next);
                self.in_sync = 1 << next;
                Election::Unclean(next)
            }
            Some(_) | None => Election::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_led_by_one_node_after_the_other() {
        let led = |number| ReplicaSet::new(number, 2, 3);
        assert_eq!([0, 1, 2, 3].map(|number| led(number).leader.unwrap()), [0, 1, 2, 0]);
        assert_eq!([0, 1, 2].map(|number| led(number).replicas), [0b011, 0b110, 0b101]);
    }

    #[test]
    fn who_is_in_sync_leads_next_and_the_last_one_is_waited_for() {
        let mut set = ReplicaSet::new(0, 2, 3);
        assert_eq!(set.on_gone(0, 0b001, false), Election::Clean);
        assert_eq!((set.leader, set.in_sync), (Some(1), 0b010));
        assert_eq!(set.on_gone(1, 0b011, false), Election::None);
        assert_eq!((set.leader, set.in_sync), (None, 0b010));
        assert_eq!(set.elect(0b010, false), Election::None, "node 0 is back and was not in sync");
        assert_eq!(set.elect(0b000, false), Election::Clean, "node 1 is");
        set.on_caught_up(0);
        assert_eq!((set.leader, set.in_sync), (Some(1), 0b011));
    }

    /// `unclean.leader.election.enable`: availability instead of what the others had.
    #[test]
    fn where_it_is_allowed_one_that_was_not_in_sync_leads() {
        let mut set = ReplicaSet::new(0, 2, 2);
        set.on_gone(1, 0b10, true);
        assert_eq!(set.in_sync, 0b01);
        assert_eq!(set.on_gone(0, 0b11, true), Election::None, "nobody is there");
        assert_eq!(set.elect(0b01, true), Election::Unclean(1));
        assert_eq!((set.leader, set.in_sync), (Some(1), 0b10));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let told = |replicas, min_in_sync| {
            let settings = Replication { replicas, min_in_sync, ..Replication::default() };
            settings.check().into_iter().map(|(path, _)| path).collect::<Vec<_>>()
        };
        assert_eq!(told(0, 0), ["replicas", "min_in_sync"]);
        assert_eq!(told(2, 3), ["min_in_sync"]);
        assert!(told(3, 2).is_empty());
    }
}
