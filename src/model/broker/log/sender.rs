//! The client of a link that publishes to a log: to which partition a message goes, and with which others.

use std::collections::VecDeque;

use super::requests::Requests;
use crate::model::broker::Publish;
use crate::model::id::NodeId;
use crate::policy::log_client::LogClient;
use crate::policy::partitioner::PartitionerState;
use crate::time::{SimDuration, SimTime};

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
    /// Its requests, if they take time or have a limit.
    pub(super) requests: Option<Requests>,
    /// Its transactions, if it sends in them: the first of its node's, one for each worker.
    pub(super) transactions: Option<usize>,
    /// For each partition those that go together, as far as they have come.
    batches: Vec<Vec<Publish>>,
    /// When the first of each began to wait, and of which partition; the earliest first. What has gone since is no longer there.
    due: VecDeque<(SimTime, usize)>,
}

impl Sender {
    /// A client of `node` that has sent nothing yet, and whose messages take `one_way` to arrive.
    #[must_use]
    pub fn new(
        node: NodeId,
        settings: LogClient,
        partitioner: PartitionerState,
        one_way: SimDuration,
    ) -> Sender {
        let requests = Requests::new(&settings, one_way);
        let is_plain = !settings.gathers() && settings.transaction.is_none() && requests.is_none();
        let is_known = settings.is_idempotent();
        Sender {
            node,
            settings,
            partitioner,
            is_plain,
            is_known,
            requests,
            transactions: None,
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

    /// Gives back all that wait or are under way.
    pub(super) fn empty(&mut self) -> Vec<Publish> {
        self.due.clear();
        let mut all = self.requests.as_mut().map(Requests::empty).unwrap_or_default();
        all.extend(self.batches.iter_mut().flat_map(std::mem::take));
        all
    }

    /// Since when a partition has something that may go by itself: now, if there is enough of it.
    fn ripe_at(&self, (due, partition): (SimTime, usize), now: SimTime) -> SimTime {
        let is_full = self.batches[partition].len() >= self.settings.batch as usize;
        if is_full { now } else { due }
    }

    /// Whether a request may leave now, and something has waited for long enough to go in it.
    pub(super) fn may_leave(&mut self, now: SimTime) -> bool {
        let has_room = self.requests.as_mut().is_some_and(|all| all.next_room(now) <= now);
        has_room && self.due.iter().any(|one| self.ripe_at(*one, now) <= now)
    }

    /// Those that go in one request: a batch of every partition for which there is anything. What remains waits for the next one.
    pub(super) fn take_request(&mut self, now: SimTime) -> Vec<(usize, Vec<Publish>)> {
        let waiting: Vec<usize> = self.due.drain(..).map(|(_, partition)| partition).collect();
        let mut parts = Vec::new();
        for partition in waiting {
            let mut going = std::mem::take(&mut self.batches[partition]);
            let rest = going.split_off(going.len().min(self.settings.batch as usize));
            if !rest.is_empty() {
                self.batches[partition] = rest;
                self.due.push_back((now, partition));
            }
            parts.push((partition, going));
        }
        parts
    }

    /// When something will happen to its requests, if no timer is set that is due before.
    pub(super) fn next_timer(&mut self, now: SimTime) -> Option<SimTime> {
        let ripe = self.due.iter().map(|one| self.ripe_at(*one, now)).min();
        let requests = self.requests.as_mut()?;
        let leaves = ripe.map(|at| at.max(requests.next_room(now)));
        let next = leaves.into_iter().chain(requests.next_done_at()).min()?;
        requests.is_earlier(next).then_some(next)
    }
}
