//! A partition on several nodes: what is safe, who waits until it is, and who waits for a leader.
//!
//! The *high watermark* is the offset before which all replicas in sync have everything: up to there the partition is read, and that
//! much survives the loss of its leader. What lies behind it is lost with the leader, whether or not its publisher was told that it is
//! stored.

use std::collections::VecDeque;

use super::held::Held;
use crate::model::broker::Publish;
use crate::model::packet::Answer;
use crate::policy::log_client::Acks;
use crate::policy::replication::{Nodes, ReplicaSet, Replication};
use crate::time::SimTime;

/// The replicas of a partition.
#[derive(Debug)]
pub(super) struct Replicas {
    pub(super) set: ReplicaSet,
    settings: Replication,
    /// All before this is safe.
    pub(super) high_watermark: u64,
    /// What is not safe, oldest first: when it was written, and its offset.
    unsafe_yet: VecDeque<(SimTime, u64)>,
    /// Publishes that are answered once everything up to their offset is safe.
    pub(super) unanswered: VecDeque<(u64, Publish)>,
    /// Publishes that wait, in order, until the partition can be written to.
    pub(super) held: VecDeque<Held>,
    /// Nodes that are lost, and what each of them has.
    left: Vec<(u32, u64)>,
    /// A timer is set for the first that is not safe.
    pub(super) is_timed: bool,
}

/// Whether a publish can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Open,
    /// It has left, and arrives nowhere.
    Void,
    Refused(Answer),
}

impl Replicas {
    pub(super) fn new(number: u32, settings: &Replication, nodes: u32) -> Replicas {
        Replicas {
            set: ReplicaSet::new(number, settings.replicas, nodes),
            settings: settings.clone(),
            high_watermark: 0,
            unsafe_yet: VecDeque::new(),
            unanswered: VecDeque::new(),
            held: VecDeque::new(),
            left: Vec::new(),
            is_timed: false,
        }
    }

    /// Whether its leader is there. `lost` are the nodes that are gone, whether or not anybody has noticed.
    pub(super) fn is_led(&self, lost: Nodes) -> bool {
        self.set.leader.is_some_and(|leader| lost & (1 << leader) == 0)
    }

    /// Whether a publish with such acks is written.
    pub(super) fn entry(&self, acks: Acks, lost: Nodes) -> Entry {
        match acks {
            Acks::Nobody if !self.is_led(lost) => Entry::Void,
            Acks::Leader | Acks::All if !self.is_led(lost) => Entry::Refused(Answer::Refused),
            Acks::All if self.set.in_sync.count_ones() < self.settings.min_in_sync => {
                Entry::Refused(Answer::Error)
            }
            Acks::Nobody | Acks::Leader | Acks::All => Entry::Open,
        }
    }

    /// The message at `offset` was written to the leader.
    pub(super) fn on_append(&mut self, offset: u64, now: SimTime) {
        self.unsafe_yet.push_back((now, offset));
    }

    /// What has become safe by now: whether there is anything.
    pub(super) fn advance(&mut self, lost: Nodes, now: SimTime) -> bool {
        let Some(leader) = self.set.leader.filter(|_| self.is_led(lost)) else { return false };
        let followers = self.set.in_sync & !(1 << leader);
        if followers & lost != 0 {
            return false;
        }
        let before = self.high_watermark;
        while let Some((since, offset)) = self.unsafe_yet.front().copied() {
            if followers != 0 && since + self.settings.delay > now {
                break;
            }
            self.high_watermark = offset + 1;
            self.unsafe_yet.pop_front();
        }
        self.high_watermark > before
    }

    /// When the next becomes safe, if all goes well.
    pub(super) fn next_safe(&self) -> Option<SimTime> {
        self.unsafe_yet.front().map(|(since, _)| *since + self.settings.delay)
    }

    /// A node is lost, with what it has.
    pub(super) fn on_lost(&mut self, node: u32) {
        if self.set.replicas & (1 << node) != 0 {
            self.left.push((node, self.high_watermark));
        }
    }

    /// A node is back.
    pub(super) fn on_back(&mut self, node: u32) {
        self.left.retain(|(left, _)| *left != node);
    }

    /// How much a node has that was not in sync.
    pub(super) fn had(&self, node: u32) -> u64 {
        let found = self.left.iter().find(|(left, _)| *left == node);
        found.map_or(self.high_watermark, |(_, had)| *had)
    }

    /// Nothing from `offset` on is there any more, as far as it matters: those to be told so.
    pub(super) fn cut(&mut self, offset: u64, end: u64) -> Vec<Publish> {
        self.unsafe_yet.clear();
        self.high_watermark = end;
        let kept = self.unanswered.partition_point(|(at, _)| *at < offset);
        self.unanswered.drain(kept..).map(|(_, publish)| publish).collect()
    }

    /// The next publish that everything up to its offset is safe for, on as many nodes as it has to be.
    pub(super) fn pop_answered(&mut self) -> Option<Publish> {
        let (offset, publish) = *self.unanswered.front()?;
        let enough = self.set.in_sync.count_ones() >= self.settings.min_in_sync;
        (enough && offset < self.high_watermark).then(|| {
            self.unanswered.pop_front();
            publish
        })
    }
}
