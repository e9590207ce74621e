//! What is counted at one node: in one window, or in the whole run.
//!
//! A fact with two ends is counted once as `by` at the node that made or sent the message, and once as `at` where it
//! happened; the whole system is the sum of one side, so that nothing is counted twice. Counting is an increment in an
//! array: it happens tens of millions of times a second.

use super::histogram::Histogram;
use super::summary::NodeKind;
use crate::model::observation::{Failure, Fate, Gauge, Place};
use crate::time::{SimDuration, SimTime};

/// Everything that is counted. Fates and failures stand in the order of their own enums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Produced,
    Succeeded,
    Uncertain,
    Lost,
    Expired,
    DeadLettered,
    Rejected,
    Abandoned,
    Offered,
    Attempted,
    Retried,
    Refused,
    Shed,
    TimedOut,
    Reset,
    Errors,
    BreakerOpen,
    Answered,
    Unanswered,
    Completed,
    Mattered,
    Effects,
    Duplicates,
    Suppressed,
    Redelivered,
    Crashes,
    Restarts,
}

const COUNTS: usize = Count::Restarts as usize + 1;

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
        }
        self.add_common(node);
    }

    fn add_common(&mut self, other: &Measures) {
        self.by.merge(&other.by);
        self.at.merge(&other.at);
        self.blocked_nanos += other.blocked_nanos;
        self.waiting.merge(&other.waiting);
        self.reach_age(other.age_at, other.age);
    }

    /// Begins anew, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.latency.clear();
        self.sojourn.clear();
        self.waiting.clear();
        (self.by, self.at) = (Counts::default(), Counts::default());
        (self.blocked_nanos, self.busy, self.staffed) = (0, 0, 0);
        (self.age, self.age_at) = (SimDuration::ZERO, SimTime::ZERO);
    }
}

/// Everything that goes up and down. The places of unfinished messages stand in the order of their own enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    AtProducer,
    InRetryQueue,
    AtBroker,
    AtService,
    Pending,
    RetryBacklog,
    HeldAtProducer,
    Waiting,
    InFlight,
    Lag,
    Workers,
    Up,
    /// Where a gauge is kept that has no meaning for the whole system.
    Nowhere,
}

/// Name of each level in messages to people, in order.
pub(super) const LEVEL_NAMES: [&str; LEVELS] = [
    "pending_at_producer",
    "pending_in_retry_queue",
    "pending_at_broker",
    "pending_at_service",
    "pending",
    "retry_backlog",
    "held_at_producer",
    "waiting",
    "in_flight",
    "lag",
    "workers",
    "up",
    "nothing",
];

const LEVELS: usize = Level::Nowhere as usize + 1;

impl Level {
    #[inline]
    pub(super) fn of_place(place: Place) -> Level {
        match place {
            Place::Producer => Level::AtProducer,
            Place::RetryQueue => Level::InRetryQueue,
            Place::Broker => Level::AtBroker,
            Place::Service => Level::AtService,
        }
    }

    #[inline]
    pub(super) fn of_gauge(gauge: Gauge) -> Level {
        match gauge {
            Gauge::RetryBacklog => Level::RetryBacklog,
            Gauge::HeldAtProducer => Level::HeldAtProducer,
            Gauge::Waiting => Level::Waiting,
            Gauge::InFlight => Level::InFlight,
            Gauge::Lag => Level::Lag,
            Gauge::Workers => Level::Workers,
            Gauge::Up => Level::Up,
        }
    }

    /// The level of the whole system to which this one counts, at a node of this kind. A delivered message is in flight
    /// at its broker and in work at its service: the whole counts work.
    pub(super) fn in_total(self, kind: NodeKind) -> Level {
        match (self, kind) {
            (Level::Up, _) | (Level::InFlight, NodeKind::Producer | NodeKind::Broker) => {
                Level::Nowhere
            }
            (level, _) => level,
        }
    }
}

/// One level: now, and the highest and lowest since the window began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Track {
    pub(super) now: i64,
    pub(super) highest: i64,
    pub(super) highest_at: SimTime,
    lowest: i64,
}

impl Track {
    #[inline]
    pub(super) fn raise(&mut self, now: SimTime, by: i64) {
        self.now += by;
        if self.now > self.highest {
            (self.highest, self.highest_at) = (self.now, now);
        }
    }

    #[inline]
    pub(super) fn lower(&mut self, by: i64) {
        self.now -= by;
        self.lowest = self.lowest.min(self.now);
    }
}

/// A level integrated over time without a visit at every step: ∫ level dt from 0 to T is T·level(T) − Σ change·time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Area {
    moment: i128,
    closed: i128,
}

impl Area {
    #[inline]
    pub(super) fn change(&mut self, now: SimTime, by: i64) {
        self.moment += i128::from(by) * i128::from(now.as_nanos());
    }

    /// The area since the last `close`.
    pub(super) fn open(&self, now: SimTime, level: i64) -> i128 {
        i128::from(level) * i128::from(now.as_nanos()) - self.moment - self.closed
    }

    /// Takes the area since the last time.
    pub(super) fn close(&mut self, now: SimTime, level: i64) -> i128 {
        let area = self.open(now, level);
        self.closed += area;
        area
    }
}

/// All the levels of one node, or of the whole system.
#[derive(Debug, Clone, Default)]
pub(super) struct Levels {
    tracks: [Track; LEVELS],
    pub(super) busy: Area,
    pub(super) staffed: Area,
    /// The lag when the window began.
    pub(super) lag_before: i64,
}

impl Levels {
    pub(super) fn get(&self, level: Level) -> &Track {
        &self.tracks[level as usize]
    }

    #[inline]
    pub(super) fn raise(&mut self, now: SimTime, level: Level, by: i64) {
        self.tracks[level as usize].raise(now, by);
    }

    #[inline]
    pub(super) fn lower(&mut self, level: Level, by: i64) {
        self.tracks[level as usize].lower(by);
    }

    /// Up or down by a signed amount.
    #[inline]
    pub(super) fn change(&mut self, now: SimTime, level: Level, by: i64) {
        if by >= 0 {
            self.raise(now, level, by);
        } else {
            self.lower(level, -by);
        }
    }

    /// Begins the next window.
    pub(super) fn roll(&mut self, now: SimTime) {
        for track in &mut self.tracks {
            (track.highest, track.highest_at) = (track.now, now);
        }
        self.lag_before = self.get(Level::Lag).now;
    }

    /// A level that was ever below zero, which a correct model cannot bring about.
    pub(super) fn below_zero(&self) -> Option<(&'static str, i64)> {
        let tracks = self.tracks.iter().zip(LEVEL_NAMES);
        tracks
            .filter(|(_, name)| *name != "nothing")
            .find_map(|(track, name)| (track.lowest < 0).then_some((name, track.lowest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn the_area_under_a_level_is_exact_in_each_window() {
        let mut area = Area::default();
        area.change(at(2), 3);
        assert_eq!(area.close(at(4), 3), 6_000_000_000);
        area.change(at(5), -1);
        assert_eq!(area.close(at(10), 2), 13_000_000_000);
    }

    #[test]
    fn a_window_knows_the_highest_level_within_it_and_when() {
        let mut levels = Levels::default();
        levels.raise(at(1), Level::Lag, 5);
        levels.raise(at(2), Level::Lag, 2);
        levels.lower(Level::Lag, 6);
        assert_eq!((levels.get(Level::Lag).highest, levels.get(Level::Lag).highest_at), (7, at(2)));
        levels.roll(at(10));
        assert_eq!((levels.get(Level::Lag).highest, levels.lag_before), (1, 1));
    }

    #[test]
    fn a_level_below_zero_is_remembered() {
        let mut levels = Levels::default();
        levels.change(at(1), Level::InFlight, -1);
        levels.change(at(1), Level::InFlight, 1);
        assert_eq!(levels.below_zero(), Some(("in_flight", -1)));
    }

    #[test]
    fn work_in_flight_at_a_broker_is_not_counted_again_in_the_whole() {
        assert_eq!(Level::InFlight.in_total(NodeKind::Broker), Level::Nowhere);
        assert_eq!(Level::InFlight.in_total(NodeKind::Service), Level::InFlight);
        assert_eq!(Level::Waiting.in_total(NodeKind::Broker), Level::Waiting);
    }
}
