//! What is counted at one node: in one window, or in the whole run.
//!
//! A fact with two ends is counted once as `by` at the node that made or sent the message, and once as `at` where it
//! happened; the whole system is the sum of one side, so that nothing is counted twice. Counting is an increment in an
//! array: it happens tens of millions of times a second.

use super::histogram::Histogram;
use super::summary::NodeKind;
use crate::model::observation::{Failure, Fate};
use crate::time::{SimDuration, SimTime};

/// Everything that is counted. What happens to every message comes first, so that it shares a line of the cache; fates and failures
/// stand in the order of their own enums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Produced,
    Offered,
    Attempted,
    Answered,
    Completed,
    Mattered,
    Effects,
    Succeeded,
    Uncertain,
    Lost,
    Expired,
    DeadLettered,
    Rejected,
    Abandoned,
    Retried,
    Refused,
    Shed,
    TimedOut,
    Reset,
    Errors,
    BreakerOpen,
    Unanswered,
    Duplicates,
    OutOfOrder,
    Unmatched,
    Misread,
    Suppressed,
    Redelivered,
    Crashes,
    Restarts,
    Rebalances,
    Replayed,
}

const COUNTS: usize = Count::Replayed as usize + 1;

impl Count {
    #[inline]
    pub(super) fn of_fate(fate: Fate) -> Count {
        match fate {
            Fate::Succeeded => Count::Succeeded,
            Fate::Uncertain => Count::Uncertain,
            Fate::Lost => Count::Lost,
            Fate::Expired => Count::Expired,
            Fate::DeadLettered => Count::DeadLettered,
            Fate::Rejected => Count::Rejected,
            Fate::Abandoned => Count::Abandoned,
        }
    }

    #[inline]
    pub(super) fn of_failure(failure: Failure) -> Count {
        match failure {
            Failure::Refused => Count::Refused,
            Failure::Shed => Count::Shed,
            Failure::TimedOut => Count::TimedOut,
            Failure::Reset => Count::Reset,
            Failure::Error => Count::Errors,
            Failure::BreakerOpen => Count::BreakerOpen,
        }
    }
}

/// A number for each [`Count`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts([u64; COUNTS]);

impl Counts {
    #[inline]
    pub(super) fn add(&mut self, what: Count, more: u64) {
        self.0[what as usize] += more;
    }

    /// One of each.
    #[inline]
    pub(super) fn add_each<const N: usize>(&mut self, each: [Count; N]) {
        for what in each {
            self.add(what, 1);
        }
    }

    pub(super) fn get(&self, what: Count) -> u64 {
        self.0[what as usize]
    }

    fn merge(&mut self, other: &Counts) {
        for (mine, more) in self.0.iter_mut().zip(other.0) {
            *mine += more;
        }
    }
}

/// A highest value, and when it was first reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// How high.
    pub value: f64,
    /// When it was first as high as that.
    pub at: SimTime,
}

impl Peak {
    /// The higher of two, the earlier if they are equal.
    pub(super) fn higher(self, other: Peak) -> Peak {
        if other.value > self.value { other } else { self }
    }
}

/// Everything at one node that adds up over time.
#[derive(Debug, Clone, Default)]
pub(super) struct Measures {
    /// What happened to its own messages and attempts, as their maker or sender.
    pub(super) by: Counts,
    /// What happened in this place.
    pub(super) at: Counts,
    pub(super) blocked_nanos: u128,
    /// In line, of those who left it before work began.
    pub(super) left_line_nanos: u128,
    /// From production to the answer, for messages that it made.
    pub(super) latency: Histogram,
    /// From production to the first effect: at producers of their messages, elsewhere of the messages worked on.
    pub(super) sojourn: Histogram,
    /// In line before work began.
    pub(super) waiting: Histogram,
    /// Workers at work, and workers there are, over time (worker-nanoseconds).
    pub(super) busy: i128,
    pub(super) staffed: i128,
    /// The highest age at which a message was let go, and when.
    pub(super) age: SimDuration,
    pub(super) age_at: SimTime,
}

impl Measures {
    #[inline]
    pub(super) fn reach_age(&mut self, now: SimTime, age: SimDuration) {
        if age > self.age {
            (self.age, self.age_at) = (age, now);
        }
    }

    /// Adds a later window of the same node.
    pub(super) fn add(&mut self, later: &Measures) {
        self.latency.merge(&later.latency);
        self.sojourn.merge(&later.sojourn);
        self.busy += later.busy;
        self.staffed += later.staffed;
        self.add_common(later);
    }

    /// Adds the same window of another node to the whole system: producers stand for what users feel, services for work.
    pub(super) fn add_node(&mut self, kind: NodeKind, node: &Measures) {
        match kind {
            NodeKind::Producer => {
                self.latency.merge(&node.latency);
                self.sojourn.merge(&node.sojourn);
            }
            NodeKind::Service => {
                self.busy += node.busy;
                self.staffed += node.staffed;
            }
            NodeKind::Broker => {}
            NodeKind::Partition | NodeKind::Group | NodeKind::Queue => {
                for what in [Count::Rebalances, Count::Replayed] {
                    self.at.add(what, node.at.get(what));
                }
                return;
            }
        }
        self.add_common(node);
    }

    fn add_common(&mut self, other: &Measures) {
        self.by.merge(&other.by);
        self.at.merge(&other.at);
        self.blocked_nanos += other.blocked_nanos;
        self.left_line_nanos += other.left_line_nanos;
        self.waiting.merge(&other.waiting);
        self.reach_age(other.age_at, other.age);
    }

    /// Begins anew, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.latency.clear();
        self.sojourn.clear();
        self.waiting.clear();
        (self.by, self.at) = (Counts::default(), Counts::default());
        (self.blocked_nanos, self.left_line_nanos, self.busy, self.staffed) = (0, 0, 0, 0);
        (self.age, self.age_at) = (SimDuration::ZERO, SimTime::ZERO);
    }
}
