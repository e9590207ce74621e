//! The client of a link that publishes to a log: to which partition a message goes, and with which others.

use std::collections::VecDeque;

use crate::model::broker::Publish;
use crate::model::id::NodeId;
use crate::policy::log_client::LogClient;
use crate::policy::partitioner::PartitionerState;
use crate::time::SimTime;

/// A client that publishes.
#[derive(Debug)]
pub struct Sender {
    /// Who it belongs to.
    pub(super) node: NodeId,
    pub(super) settings: LogClient,
    pub(super) partitioner: PartitionerState,
    /// It sends each message by itself and at once.
    pub(super) is_plain: bool,
    /// The broker knows its messages by number.
    pub(super) is_known: bool,
    /// Its transaction, if it has one.
    pub(super) transaction: Option<usize>,
    /// For each partition those that go together, as far as they have come.
    batches: Vec<Vec<Publish>>,
    /// When the first of each began to wait, and of which partition; the earliest first. What has gone since is no longer there.
    due: VecDeque<(SimTime, usize)>,
}

impl Sender {
    /// A client of `node` that has sent nothing yet.
    #[must_use]
    pub fn new(node: NodeId, settings: LogClient, partitioner: PartitionerState) -> Sender {
        let is_plain = !settings.gathers() && settings.transaction.is_none();
        let is_known = settings.is_idempotent();
        Sender {
            node,
            settings,
            partitioner,
            is_plain,
            is_known,
            transaction: None,
            batches: Vec::new(),
            due: VecDeque::new(),
        }
    }

    /// Puts a publish to the others for its partition. Whether it is the first of them, and whether they are enough.
    pub(super) fn gather(
        &mut self,
        publish: Publish,
        partition: usize,
        now: SimTime,
    ) -> (bool, bool) {
        if self.batches.len() <= partition {
            self.batches.resize_with(partition + 1, Vec::new);
        }
        let batch = &mut self.batches[partition];
        batch.push(publish);
        if batch.len() == 1 {
            self.due.push_back((now + self.settings.linger, partition));
        }
        (batch.len() == 1, batch.len() >= self.settings.batch as usize)
    }

    /// Those for a partition, which go now.
    pub(super) fn take_batch(&mut self, partition: usize) -> Vec<Publish> {
        self.due.retain(|(_, of)| *of != partition);
        std::mem::take(&mut self.batches[partition])
    }

    /// The next partition for which some have waited long enough.
    pub(super) fn next_due(&self, now: SimTime) -> Option<usize> {
        self.due.front().filter(|(at, _)| *at <= now).map(|(_, partition)| *partition)
    }

    /// The next partition for which some wait.
    pub(super) fn next_gathered(&self) -> Option<usize> {
        self.due.front().map(|(_, partition)| *partition)
    }

    /// Takes a publish out again; whether it was there.
    pub(super) fn withdraw(&mut self, publish: Publish) -> bool {
        let found = self.batches.iter_mut().enumerate().find_map(|(partition, batch)| {
            Some((partition, batch.iter().position(|one| *one == publish)?))
        });
        let Some((partition, place)) = found else { return false };
        self.batches[partition].remove(place);
        if self.batches[partition].is_empty() {
            self.due.retain(|(_, of)| *of != partition);
        }
        true
    }

    /// Gives back all that wait.
    pub(super) fn empty(&mut self) -> Vec<Publish> {
        self.due.clear();
        self.batches.iter_mut().flat_map(std::mem::take).collect()
    }
}
