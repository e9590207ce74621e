//! Messages that are too old, and readers that come too late for them.
//!
//! A cut takes whole segments, read or not. A reader whose next message went with them finds out when it reads next, and goes on where it
//! was told to: at the oldest message that is left, or at the end, which skips all that is still there as well.

use super::Log;
use super::group::Group;
use super::partition::Partition;
use super::timers::Timer;
use crate::model::context::Context;
use crate::model::observation::{Fate, Observer};
use crate::policy::retention::OffsetReset;

impl Log {
    /// Cuts off what is too old, and looks again later.
    pub(super) fn cut<O: Observer>(&mut self, topic: usize, cx: &mut Context<O>) {
        let cut = &mut self.topics[topic];
        for (number, partition) in cut.partitions.iter_mut().enumerate() {
            partition.cut(&cut.retention, cx.now);
            for group in &cut.groups {
                self.groups[*group].expire(partition, number, cx);
            }
        }
        let next = cx.now + cut.retention.check_every;
        self.timers.set(next, Timer::Retention { topic }, cx);
        for place in 0..self.topics[topic].groups.len() {
            self.let_go(self.topics[topic].groups[place], None, cx);
        }
    }
}

impl Group {
    /// What this group has neither read nor can read any more of a partition has expired.
    #[inline]
    pub(super) fn expire<O: Observer>(
        &mut self,
        partition: &mut Partition,
        number: usize,
        cx: &mut Context<O>,
    ) {
        if self.cursors[number].position < partition.start() {
            let start = partition.start();
            self.skip(partition, number, start, Fate::Expired, cx);
            self.cursors[number].is_out_of_range = true;
        }
    }

    /// A member reads on in a partition: if what it would have read is gone, where it was told to go on, if it was told.
    #[inline]
    pub(super) fn reset<O: Observer>(
        &mut self,
        partition: &mut Partition,
        number: usize,
        cx: &mut Context<O>,
    ) {
        self.expire(partition, number, cx);
        if !self.cursors[number].is_out_of_range {
            return;
        }
        match self.settings.membership.auto_offset_reset {
            OffsetReset::Latest => {
                let end = partition.end();
                self.skip(partition, number, end, Fate::Lost, cx);
            }
            OffsetReset::Earliest => {}
            OffsetReset::None => unreachable!("a member that is told nowhere to go on has stopped"),
        }
        self.cursors[number].is_out_of_range = false;
    }

    /// A member that would have to read on where nothing is any more, and was not told where else, stops.
    #[inline]
    pub(super) fn stop_if_lost<O: Observer>(&mut self, member: usize, cx: &mut Context<O>) {
        if self.settings.membership.auto_offset_reset != OffsetReset::None {
            return;
        }
        let lost = |partition: &usize| self.cursors[*partition].is_out_of_range;
        if self.members[member].partitions.iter().any(lost) {
            self.members[member].has_stopped = true;
            self.leave(member, cx);
        }
    }

    /// Everything up to `to` is done with, and this is what became of it.
    fn skip<O: Observer>(
        &mut self,
        partition: &mut Partition,
        number: usize,
        to: u64,
        fate: Fate,
        cx: &mut Context<O>,
    ) {
        let committed_only = self.reads_committed();
        for offset in self.cursors[number].committed..to {
            if partition.is_void(offset, committed_only) {
                continue;
            }
            let record = partition.give(offset, cx.messages());
            cx.messages()[record.message].note(fate);
        }
        self.cursors[number].seek(to, self.sites[number], cx);
        self.commit(number, to, cx);
    }
}
