//! Which member of a group reads which partition, and what becomes of a partition that changes hands.

use super::group::{Group, Rewound};
use super::member::{Member, Standing};
use super::partition::Partition;
use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::observation::{Mark, Observer};
use crate::policy::assignment::first_round;
use crate::policy::membership::Isolation;

impl Group {
    /// Whether it is given only what is committed.
    #[inline]
    pub(super) fn reads_committed(&self) -> bool {
        self.settings.membership.isolation == Isolation::ReadCommitted
    }

    /// Passes over offsets behind the last commit at which there is nothing.
    pub(super) fn pass<O: Observer>(
        &mut self,
        partition: &Partition,
        number: usize,
        cx: &mut Context<O>,
    ) {
        let (from, committed_only) = (self.cursors[number].committed, self.reads_committed());
        let is_void = |offset: &u64| partition.is_void(*offset, committed_only);
        let to = from + (from..partition.end()).take_while(is_void).count() as u64;
        if to > from {
            let (cursor, at) = (&mut self.cursors[number], self.sites[number]);
            cursor.seek(cursor.position.max(to), at, cx);
            cursor.commit(to, at, cx);
        }
    }

    /// What was delivered of a partition and not committed is delivered again.
    pub(super) fn start_again<O: Observer>(&mut self, partition: usize, cx: &mut Context<O>) {
        let (committed, position) =
            (self.cursors[partition].committed, self.cursors[partition].position);
        if let (Some(member), true) = (self.owners[partition], committed < position) {
            let offsets = committed..position;
            self.rewound.push(Rewound { member, partition, offsets });
        }
        self.cursors[partition].unheard = committed;
        self.cursors[partition].is_halted = false;
        self.cursors[partition].seek(committed, self.sites[partition], cx);
    }

    /// Who is to read each partition; `None` where somebody has to give it up first.
    pub(super) fn deal(&self, joined: &[usize], in_rounds: bool) -> Vec<Option<usize>> {
        let place = |member: usize| joined.iter().position(|other| *other == member);
        let owners: Vec<Option<usize>> =
            self.owners.iter().map(|owner| owner.and_then(place)).collect();
        let topics = [owners.len() as u32];
        let wanted = self.settings.membership.assignor.assign(&topics, &owners, joined.len());
        let granted = if in_rounds {
            first_round(&owners, &wanted)
        } else {
            wanted.into_iter().map(Some).collect()
        };
        granted.into_iter().map(|place| place.map(|place| joined[place])).collect()
    }

    /// Each member's own list of what it reads.
    pub(super) fn note_owners(&mut self) {
        self.is_news = true;
        self.members.iter_mut().for_each(|member| member.partitions.clear());
        for (partition, owner) in self.owners.iter().enumerate() {
            if let Some(owner) = owner {
                self.members[*owner].partitions.push(partition);
            }
        }
    }

    /// A member is in the group no longer; what it read is read by nobody until it is dealt out.
    pub(super) fn put_out<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        self.members[member].standing = Standing::Out;
        self.members[member].session_end = None;
        self.members[member].is_doomed = self.members[member].in_transaction;
        self.orphan(member, cx);
    }

    pub(super) fn orphan<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        for partition in 0..self.owners.len() {
            if self.owners[partition] == Some(member) {
                self.start_again(partition, cx);
                self.owners[partition] = None;
                self.revoked[partition] = false;
            }
        }
        self.note_owners();
    }
}

/// Of larger topics nobody wants to hear who reads which partition.
pub(super) const MOST_TOLD: usize = 64;

impl Group {
    /// Tells who reads which partition, where that has changed. Who is dead, or waits for what it gets, reads nothing.
    #[cold]
    pub(super) fn tell_news<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.is_news = false;
        for partition in 0..self.told.len() {
            let reader = self.reader(partition).filter(|member| self.members[*member].is_alive);
            let before = std::mem::replace(&mut self.told[partition], reader);
            if before == reader {
                continue;
            }
            let [.., at] = self.sites[partition];
            let group = self.settings.node;
            if let Some((member, worker)) = before.map(|member| self.named(member)) {
                cx.mark(at, Mark::Revoked { group, member, worker });
            }
            if let Some((member, worker)) = reader.map(|member| self.named(member)) {
                cx.mark(at, Mark::Assigned { group, member, worker });
            }
        }
    }

    /// The node of a member, and which of its workers it is, if there are several.
    fn named(&self, member: usize) -> (NodeId, Option<u32>) {
        let Member { node, worker, .. } = self.members[member];
        let same = self.members.iter().filter(|other| other.node == node).count();
        (node, (same > 1).then_some(worker))
    }
}
