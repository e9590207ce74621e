//! What holds for a log at every moment. Tests ask for it between events; a run doesn't pay for it.

use super::Log;
use super::group::Group;
use super::partition::Partition;

impl Log {
    /// Looks whether all that has to hold does.
    ///
    /// # Panics
    /// If it does not: that is a bug.
    pub(super) fn check(&self) {
        for group in &self.groups {
            group.check_owners();
            group.check_offsets(&self.topics[group.settings.topic].partitions);
        }
    }
}

impl Group {
    /// A partition is read by one member at most, and each knows what it reads.
    fn check_owners(&self) {
        let mut readers = vec![None; self.owners.len()];
        for (member, reading) in self.members.iter().enumerate() {
            for partition in &reading.partitions {
                let other = readers[*partition].replace(member);
                assert_eq!(other, None, "{member} reads partition {partition} of another");
            }
        }
        assert_eq!(readers, self.owners, "everybody knows what everybody reads");
    }

    /// What is committed was given, and what is given is there.
    fn check_offsets(&self, partitions: &[Partition]) {
        for (number, (cursor, partition)) in self.cursors.iter().zip(partitions).enumerate() {
            let order = [partition.base(), cursor.committed, cursor.position, partition.end()];
            assert!(order.is_sorted(), "base, committed, position and end of {number}: {order:?}");
        }
    }
}
