//! The hot path: what each fact does to the numbers.
//!
//! It runs several times for each message, tens of millions of times a second, so a fact costs a few increments in
//! arrays and nothing else. It is inlined where the fact is reported: the variant is known there, and the match goes.

use super::level::Level;
use super::marks;
use super::recorder::Recorder;
use super::summary::NodeKind;
use super::window::Count;
use crate::model::id::NodeId;
use crate::model::observation::{Gauge, Mark, Observation, Observer, Site};
use crate::time::{SimDuration, SimTime};

impl Observer for Recorder {
    #[inline(always)]
    fn observe(&mut self, now: SimTime, observation: Observation) {
        match observation {
            Observation::Produced { by } => self.made(by, Count::Produced),
            Observation::Moved { from, to } => self.moved(now, from, to),
            Observation::Settled { by, fate } => self.made(by, Count::of_fate(fate)),
            Observation::Offered { by, at } => {
                self.linked(by, at, Count::Offered, 1);
                self.recovery.offered(now);
            }
            Observation::Attempted { by, at, retry, count } => {
                self.linked(by, at, Count::Attempted, count);
                if retry {
                    self.linked(by, at, Count::Retried, count);
                }
            }
            Observation::AttemptFailed { by, at, failure, count } => {
                self.linked(by, at, Count::of_failure(failure), count);
            }
            Observation::Answered { by, at, latency } => {
                self.linked(by, at, Count::Answered, 1);
                self.nodes[by.index()].window.latency.record(latency);
            }
            Observation::Unanswered { by, at } => self.linked(by, at, Count::Unanswered, 1),
            Observation::Started { at, waited } => {
                self.nodes[at.index()].window.waiting.record(waited);
            }
            Observation::LeftLine { at, waited } => {
                self.nodes[at.index()].window.left_line_nanos += u128::from(waited.as_nanos());
            }
            Observation::Journeyed { at, journey } => self.nodes[at.index()].journeyed(journey),
            Observation::Completed { at } => self.here(at, Count::Completed),
            Observation::Mattered { by, at } => {
                self.linked(by, at, Count::Mattered, 1);
                self.recovery.mattered(now);
            }
            Observation::Effect { by, at, sojourn, duplicate } => {
                self.effect(by, at, sojourn, duplicate);
            }
            Observation::Overtaken { by, at } => self.linked(by, at, Count::OutOfOrder, 1),
            Observation::Unmatched { by, at } => self.linked(by, at, Count::Unmatched, 1),
            Observation::Misread { by, at } => self.linked(by, at, Count::Misread, 1),
            Observation::Suppressed { at } => self.here(at, Count::Suppressed),
            Observation::Redelivered { at } => self.here(at, Count::Redelivered),
            Observation::Retired { at, age } => {
                self.nodes[at.index()].window.reach_age(now, age);
            }
            Observation::Unblocked { by, blocked } => {
                self.nodes[by.index()].window.blocked_nanos += u128::from(blocked.as_nanos());
            }
            Observation::Changed { at, gauge, by } => self.changed(now, at, gauge, by),
            Observation::Marked { at, mark } => self.marked(now, at, mark),
        }
    }

    #[inline(always)]
    fn observe_entry(&mut self, now: SimTime, by: NodeId, at: NodeId) {
        self.entry(now, by, at);
    }

    #[inline(always)]
    fn observe_exit(&mut self, now: SimTime, by: NodeId, at: NodeId, sojourn: SimDuration) {
        self.exit(now, by, at, sojourn);
    }

    #[inline(always)]
    fn observe_storage(&mut self, now: SimTime, by: NodeId, at: NodeId) {
        self.storage(now, by, at);
    }

    #[inline(always)]
    fn observe_consumption(
        &mut self,
        now: SimTime,
        nodes: (NodeId, NodeId, NodeId),
        sojourn: SimDuration,
    ) {
        self.consumption(now, nodes, sojourn);
    }
}

impl Recorder {
    #[inline]
    fn made(&mut self, by: NodeId, what: Count) {
        self.nodes[by.index()].window.by.add(what, 1);
    }

    #[inline]
    fn here(&mut self, at: NodeId, what: Count) {
        self.nodes[at.index()].window.at.add(what, 1);
    }

    #[inline]
    fn linked(&mut self, by: NodeId, at: NodeId, what: Count, count: u64) {
        self.nodes[by.index()].window.by.add(what, count);
        self.nodes[at.index()].window.at.add(what, count);
    }

    #[inline]
    fn effect(&mut self, by: NodeId, at: NodeId, sojourn: SimDuration, duplicate: bool) {
        self.linked(by, at, Count::Effects, 1);
        if duplicate {
            self.linked(by, at, Count::Duplicates, 1);
            return;
        }
        self.nodes[at.index()].window.sojourn.record(sojourn);
        let maker = &mut self.nodes[by.index()];
        if maker.kind == NodeKind::Producer {
            maker.window.sojourn.record(sojourn);
        }
    }

    /// Leaves first, then enters, so that a move within a node is no peak of it.
    #[inline]
    fn moved(&mut self, now: SimTime, from: Option<Site>, to: Option<Site>) {
        if let Some(Site { node, place }) = from {
            let levels = &mut self.nodes[node.index()].levels;
            levels.lower(now, Level::of_place(place), 1);
            levels.lower(now, Level::Pending, 1);
            self.total.lower(now, Level::of_place(place), 1);
        }
        if let Some(Site { node, place }) = to {
            let levels = &mut self.nodes[node.index()].levels;
            levels.raise(now, Level::of_place(place), 1);
            levels.raise(now, Level::Pending, 1);
            self.total.raise(now, Level::of_place(place), 1);
        }
        let change = i64::from(to.is_some()) - i64::from(from.is_some());
        if change != 0 {
            let before = self.total.get(Level::Pending).now;
            self.total.change(now, Level::Pending, change);
            self.recovery.pending(now, before, before + change);
        }
    }

    #[inline]
    fn changed(&mut self, now: SimTime, at: NodeId, gauge: Gauge, by: i64) {
        let level = Level::of_gauge(gauge);
        let node = &mut self.nodes[at.index()];
        node.levels.change(now, level, by);
        self.total.change(now, level.in_total(node.kind), by);
    }

    #[cold]
    fn marked(&mut self, now: SimTime, at: NodeId, mark: Mark) {
        match mark {
            Mark::Crash { .. } => self.here(at, Count::Crashes),
            Mark::Restart => self.here(at, Count::Restarts),
            Mark::Rebalanced { .. } => self.here(at, Count::Rebalances),
            Mark::Replayed { count, .. } => {
                self.nodes[at.index()].window.at.add(Count::Replayed, count);
            }
            Mark::FaultBegins { .. }
            | Mark::FaultEnds { .. }
            | Mark::BreakerOpens { .. }
            | Mark::BreakerProbes { .. }
            | Mark::BreakerCloses { .. }
            | Mark::Resend { .. }
            | Mark::RebalanceBegins
            | Mark::SessionExpired { .. }
            | Mark::Evicted { .. }
            | Mark::Throttled
            | Mark::DeadLettered { .. }
            | Mark::RedriveBegins
            | Mark::ConsumerTimedOut { .. }
            | Mark::DeadLetters { .. }
            | Mark::QueueDeleted { .. }
            | Mark::MemoryAlarm { .. }
            | Mark::MemoryAlarmClears
            | Mark::DiskAlarm { .. }
            | Mark::DiskAlarmClears
            | Mark::LeadersMoved { .. }
            | Mark::Left { .. }
            | Mark::Assigned { .. }
            | Mark::Revoked { .. } => {}
        }
        let plan = &self.plan;
        let name = |node: NodeId| plan.nodes[node.index()].name.as_str();
        let fault = |number: u16| plan.faults.get(usize::from(number)).map_or("", String::as_str);
        self.marks.add(now, name(at), marks::kind(mark), || marks::detail(mark, fault, name));
    }
}
