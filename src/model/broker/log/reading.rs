//! Giving members what they may read, and letting go of what all groups are done with.

use std::collections::BTreeMap;

use super::group::Rewound;
use super::partition::Record;
use super::{Log, delivery};
use crate::model::broker::Fetch;
use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::observation::{Mark, Observation, Observer, Place};
use crate::model::service::{Delivered, Verdict};

impl Log {
    /// Gives a member what its partitions have, one partition after the other.
    #[inline]
    pub(super) fn fill<O: Observer>(
        &mut self,
        group: usize,
        member: usize,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        cx: &mut Context<O>,
    ) {
        let reader = &mut self.groups[group];
        let topic = &mut self.topics[reader.settings.topic];
        let (lost, committed_only) = (self.cluster.lost, reader.reads_committed());
        let count = reader.members[member].partitions.len();
        let turn = reader.members[member].turn;
        for place in (0..count).map(|offset| (turn + offset) % count) {
            let number = reader.members[member].partitions[place];
            reader.reset(&mut topic.partitions[number], number, cx);
            let partition = &mut topic.partitions[number];
            if partition.replicas.as_ref().is_some_and(|replicas| !replicas.is_led(lost)) {
                continue;
            }
            let cursor = &mut reader.cursors[number];
            let (mut next, to) = (cursor.position, partition.readable(committed_only));
            let most = if cursor.is_halted { 1 } else { fetch.at_most as usize };
            while next < to && batch.len() < most {
                let offset = next;
                next += 1;
                if partition.is_void(offset, committed_only) {
                    continue;
                }
                let Record { message, slot, hops } = partition.give(offset, cx.messages());
                let (slot, deliveries) = (slot + reader.place, cursor.deliver(offset));
                if deliveries > 1 {
                    cx.observe(Observation::Redelivered { at: self.node });
                    cx.observe(Observation::Redelivered { at: reader.settings.node });
                }
                cx.messages()[message].hold();
                let tag = delivery::tag(number, offset);
                batch.push(Delivered {
                    message,
                    tag,
                    deliveries,
                    slot,
                    hops,
                    verdict: Verdict::default(),
                });
            }
            cursor.seek(next, reader.sites[number], cx);
            if cursor.is_halted && !batch.is_empty() {
                return;
            }
            if batch.len() == fetch.at_most as usize {
                reader.members[member].turn = place + 1;
                return;
            }
        }
    }

    /// Lets go of what all groups have committed. `done` says what that means for a message that is still in work.
    #[inline]
    pub(super) fn let_go<O: Observer>(
        &mut self,
        group: usize,
        in_work_at: Option<NodeId>,
        cx: &mut Context<O>,
    ) {
        if self.groups[group].is_news || !self.groups[group].rewound.is_empty() {
            self.tell_members(group, cx);
        }
        while let Some(member) = self.groups[group].ended.pop() {
            if let Some(place) = self.transaction_of(group, member) {
                self.complete(place, cx);
            }
        }
        let topic = &mut self.topics[self.groups[group].settings.topic];
        while let Some(number) = self.groups[group].committed.pop() {
            if topic.partitions[number].has_void() {
                self.groups[group].pass(&topic.partitions[number], number, cx);
            }
            let done =
                topic.groups.iter().map(|group| self.groups[*group].cursors[number].committed);
            let done = done.min().unwrap_or(0);
            while let Some(message) = topic.partitions[number].take_before(done, cx.messages()) {
                let age = cx.now.since(cx.produced_at(message));
                for at in self.groups[group].sites[number] {
                    cx.observe(Observation::Retired { at, age });
                }
                cx.messages()[message].acknowledge();
                if let Some(node) = in_work_at {
                    cx.move_to(message, node, Place::Service);
                }
                cx.release(message);
            }
        }
    }

    /// Tells who reads what now, and how much was worked on in vain by those who did.
    #[cold]
    pub(super) fn tell_members<O: Observer>(&mut self, group: usize, cx: &mut Context<O>) {
        let telling = &mut self.groups[group];
        let partitions = &self.topics[telling.settings.topic].partitions;
        let mut replayed = BTreeMap::new();
        for Rewound { member, partition, offsets } in std::mem::take(&mut telling.rewound) {
            let given = offsets.filter_map(|offset| partitions[partition].given(offset));
            let messages = &cx.common.messages;
            let worked_on = given
                .filter(|record| messages[record.message].has_effect(record.slot + telling.place));
            *replayed.entry(telling.members[member].node).or_insert(0) += worked_on.count() as u64;
        }
        for (member, count) in replayed.into_iter().filter(|(_, count)| *count > 0) {
            cx.mark(telling.settings.node, Mark::Replayed { member, count });
        }
        telling.tell_news(cx);
    }

    /// All groups pass over what is no longer there in a partition.
    pub(super) fn pass_void<O: Observer>(
        &mut self,
        topic: usize,
        number: usize,
        cx: &mut Context<O>,
    ) {
        for place in 0..self.topics[topic].groups.len() {
            let group = self.topics[topic].groups[place];
            self.groups[group].committed.push(number);
            self.let_go(group, None, cx);
        }
    }
}
