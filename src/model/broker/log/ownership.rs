//! Which member of a group reads which partition, and what becomes of a partition that changes hands.

use super::group::Group;
use super::member::Standing;
use super::partition::Partition;
use crate::model::context::Context;
use crate::model::observation::Observer;
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
        let committed = self.cursors[partition].committed;
        self.cursors[partition].unheard = committed;
        self.cursors[partition].is_halted = false;
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
