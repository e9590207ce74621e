//! What was delivered, and what of it is committed.
//!
//! A commit says how far a partition is done with, so the next one makes up for one that was not heard. Where a piece of work failed the
//! consumer goes back to it, and all behind it is delivered again; that is its own doing, and needs no broker.

use super::group::Group;
use crate::model::context::Context;
use crate::model::observation::Observer;
use crate::model::service::{Delivered, Verdict};
use crate::policy::commit::Commit;

const OFFSET_BITS: u32 = 44;

/// The partition and the offset of a delivery, in one number.
pub(super) fn tag(partition: usize, offset: u64) -> u64 {
    ((partition as u64) << OFFSET_BITS) | offset
}

/// Those two again.
pub(super) fn untag(tag: u64) -> (usize, u64) {
    ((tag >> OFFSET_BITS) as usize, tag & ((1 << OFFSET_BITS) - 1))
}

impl Group {
    /// A member is done with a batch, and commits it if it is heard. Whoever has lost a partition meanwhile commits nothing there. What was
    /// collected over several polls may have gaps, where a partition was another's for a while.
    #[inline]
    pub(super) fn end_batch<O: Observer>(
        &mut self,
        member: usize,
        commit: Commit,
        batch: &[Delivered],
        is_heard: bool,
        cx: &mut Context<O>,
    ) {
        let mut is_halted = false;
        let in_order =
            |a: &Delivered, b: &Delivered| untag(a.tag).0 == untag(b.tag).0 && a.tag < b.tag;
        for run in batch.chunk_by(in_order) {
            let (number, _) = untag(run[0].tag);
            if self.owner(number) != Some(member) {
                continue;
            }
            let failed = |delivered: &Delivered| delivered.verdict == Verdict::Failed;
            let done = run.iter().position(failed).unwrap_or(run.len());
            let next = run
                .get(done)
                .map_or(untag(run[run.len() - 1].tag).1 + 1, |failed| untag(failed.tag).1);
            if done < run.len() {
                self.cursors[number].seek(next, self.sites[number], cx);
            }
            let halts = done < run.len() && !is_halted;
            self.cursors[number].is_halted = halts;
            if halts {
                is_halted = true;
                self.turn_to(member, number);
            }
            match commit {
                Commit::After | Commit::Each if is_heard => self.commit(number, next, cx),
                Commit::After | Commit::Each => self.cursors[number].unheard = next,
                Commit::Before | Commit::Transaction | Commit::Auto { .. } => {}
            }
        }
    }

    /// A member asks for this partition's messages next: it does not get past one on which work failed.
    fn turn_to(&mut self, member: usize, partition: usize) {
        let halted = &mut self.members[member];
        let place = halted.partitions.iter().position(|other| *other == partition);
        halted.turn = place.unwrap_or(halted.turn);
    }

    /// A member commits what it has not been able to commit before.
    pub(super) fn commit_unheard<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        if !self.members[member].is_alive {
            return;
        }
        for place in 0..self.members[member].partitions.len() {
            let number = self.members[member].partitions[place];
            let done = self.cursors[number].unheard;
            if done > self.cursors[number].committed {
                self.commit(number, done, cx);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_says_where_a_delivery_is_from() {
        for place in [(0, 0), (9_999, 7), (1, (1 << OFFSET_BITS) - 1)] {
            assert_eq!(untag(tag(place.0, place.1)), place);
        }
    }
}
