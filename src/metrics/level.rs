//! What goes up and down at one node, or in the whole system: followed at every event, so that peaks and areas are exact.

use super::summary::NodeKind;
use crate::model::observation::{Gauge, Place};
use crate::time::SimTime;

/// Everything that goes up and down. The places of unfinished messages stand in the order of their own enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    AtProducer,
    InRetryQueue,
    AtBroker,
    AtService,
    Pending,
    Waiting,
    InFlight,
    RetryBacklog,
    HeldAtProducer,
    Lag,
    Workers,
    Excess,
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
    "waiting",
    "in_flight",
    "retry_backlog",
    "held_at_producer",
    "lag",
    "workers",
    "excess",
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
            Gauge::Excess => Level::Excess,
            Gauge::Up => Level::Up,
        }
    }

    /// The level of the whole system to which this one counts, at a node of this kind. A delivered message is in flight
    /// at its broker and in work at its service: the whole counts work.
    pub(super) fn in_total(self, kind: NodeKind) -> Level {
        match (self, kind) {
            (_, NodeKind::Partition | NodeKind::Group | NodeKind::Queue)
            | (Level::Up, _)
            | (Level::InFlight, NodeKind::Producer | NodeKind::Broker) => Level::Nowhere,
            (level, _) => level,
        }
    }
}

/// One level: now, the highest since the window began, and the area under it.
///
/// The area needs no visit at every step: ∫ level dt from 0 to T is T · level(T) − Σ change · time of change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Track {
    pub(super) now: i64,
    pub(super) highest: i64,
    pub(super) highest_at: SimTime,
    /// All the values that it fell to, by bit: negative if one of them was.
    fell_to: i64,
    moment: i128,
}

impl Track {
    #[inline]
    pub(super) fn raise(&mut self, now: SimTime, by: i64) {
        self.now += by;
        self.moment += i128::from(by) * i128::from(now.as_nanos());
        if self.now > self.highest {
            (self.highest, self.highest_at) = (self.now, now);
        }
    }

    #[inline]
    fn touch(&mut self, now: SimTime) {
        if self.now + 1 > self.highest {
            (self.highest, self.highest_at) = (self.now + 1, now);
        }
    }

    #[inline]
    pub(super) fn lower(&mut self, now: SimTime, by: i64) {
        self.now -= by;
        self.moment -= i128::from(by) * i128::from(now.as_nanos());
        self.fell_to |= self.now;
    }

    /// The level added up over time, from the start of the run, in nanoseconds.
    pub(super) fn area(&self, now: SimTime) -> i128 {
        i128::from(self.now) * i128::from(now.as_nanos()) - self.moment
    }
}

/// All the levels of one node, or of the whole system.
#[derive(Debug, Clone, Default)]
pub(super) struct Levels {
    tracks: [Track; LEVELS],
    /// Worker-nanoseconds at work and on duty when the window began.
    closed: (i128, i128),
    /// The area under each level when the run settled; nothing before that.
    settled: Option<Box<[i128; LEVELS]>>,
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
    pub(super) fn lower(&mut self, now: SimTime, level: Level, by: i64) {
        self.tracks[level as usize].lower(now, by);
    }

    /// Each goes up by one and down again at this instant: nothing stays of it but a peak.
    #[inline]
    pub(super) fn touch<const N: usize>(&mut self, now: SimTime, levels: [Level; N]) {
        for level in levels {
            self.tracks[level as usize].touch(now);
        }
    }

    /// Each goes up by one.
    #[inline(always)]
    pub(super) fn raise_each<const N: usize>(&mut self, now: SimTime, levels: [Level; N]) {
        for level in levels {
            self.raise(now, level, 1);
        }
    }

    /// Each goes down by one.
    #[inline(always)]
    pub(super) fn lower_each<const N: usize>(&mut self, now: SimTime, levels: [Level; N]) {
        for level in levels {
            self.lower(now, level, 1);
        }
    }

    /// Up or down by a signed amount.
    #[inline]
    pub(super) fn change(&mut self, now: SimTime, level: Level, by: i64) {
        if by >= 0 {
            self.raise(now, level, by);
        } else {
            self.lower(now, level, -by);
        }
    }

    /// Worker-nanoseconds at work and on duty since the last [`Levels::close_areas`].
    pub(super) fn open_areas(&self, now: SimTime) -> (i128, i128) {
        let (busy, staffed) = self.areas(now);
        (busy - self.closed.0, staffed - self.closed.1)
    }

    /// Takes the worker-nanoseconds at work and on duty since the last time.
    pub(super) fn close_areas(&mut self, now: SimTime) -> (i128, i128) {
        let since = self.open_areas(now);
        self.closed = self.areas(now);
        since
    }

    fn areas(&self, now: SimTime) -> (i128, i128) {
        let area = |level| self.get(level).area(now);
        (area(Level::InFlight) - area(Level::Excess), area(Level::Workers))
    }

    /// Averages over time begin anew.
    pub(super) fn settle(&mut self, now: SimTime) {
        self.settled = Some(Box::new(self.tracks.map(|track| track.area(now))));
    }

    /// The level added up over time since the run settled, in seconds.
    pub(super) fn settled_area_s(&self, level: Level, now: SimTime) -> f64 {
        let before = self.settled.as_ref().map_or(0, |areas| areas[level as usize]);
        (self.get(level).area(now) - before) as f64 / 1e9
    }

    /// Begins the next window.
    pub(super) fn roll(&mut self, now: SimTime) {
        for track in &mut self.tracks {
            (track.highest, track.highest_at) = (track.now, now);
        }
        self.lag_before = self.get(Level::Lag).now;
    }

    /// A level that was ever below zero, which a correct model cannot bring about.
    pub(super) fn below_zero(&self) -> Option<&'static str> {
        let tracks = self.tracks.iter().zip(LEVEL_NAMES);
        tracks
            .filter(|(_, name)| *name != "nothing")
            .find_map(|(track, name)| (track.fell_to < 0).then_some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::recorder_tests::{MAILER, Run, SHOP};
    use crate::model::observation::Fate;

    fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn the_area_under_a_level_is_exact_in_each_window() {
        let mut levels = Levels::default();
        levels.raise(at(2), Level::InFlight, 3);
        levels.raise(at(2), Level::Workers, 4);
        assert_eq!(levels.close_areas(at(4)), (6_000_000_000, 8_000_000_000));
        levels.lower(at(5), Level::InFlight, 1);
        assert_eq!(levels.open_areas(at(10)), (13_000_000_000, 24_000_000_000));
    }

    #[test]
    fn an_average_over_time_leaves_out_what_was_before_the_run_settled() {
        let mut levels = Levels::default();
        levels.raise(at(2), Level::Pending, 3);
        assert_eq!(levels.settled_area_s(Level::Pending, at(4)), 6.0);
        levels.settle(at(4));
        levels.lower(at(5), Level::Pending, 2);
        assert_eq!(levels.settled_area_s(Level::Pending, at(10)), 3.0 + 5.0);
    }

    #[test]
    fn a_window_knows_the_highest_level_within_it_and_when() {
        let mut levels = Levels::default();
        levels.raise(at(1), Level::Lag, 5);
        levels.raise(at(2), Level::Lag, 2);
        levels.lower(at(3), Level::Lag, 6);
        assert_eq!((levels.get(Level::Lag).highest, levels.get(Level::Lag).highest_at), (7, at(2)));
        levels.roll(at(10));
        assert_eq!((levels.get(Level::Lag).highest, levels.lag_before), (1, 1));
    }

    #[test]
    fn a_level_below_zero_is_remembered() {
        let mut levels = Levels::default();
        levels.change(at(1), Level::InFlight, -1);
        levels.change(at(1), Level::InFlight, 1);
        assert_eq!(levels.below_zero(), Some("in_flight"));
    }

    #[test]
    fn work_in_flight_at_a_broker_is_not_counted_again_in_the_whole() {
        assert_eq!(Level::InFlight.in_total(NodeKind::Broker), Level::Nowhere);
        assert_eq!(Level::InFlight.in_total(NodeKind::Service), Level::InFlight);
        assert_eq!(Level::Waiting.in_total(NodeKind::Broker), Level::Waiting);
    }

    /// One message from 1 s to 5 s and a second from 3 s on: (4 + 7) ÷ 10.
    #[test]
    fn the_mean_of_a_level_is_its_area_over_the_time() {
        let mut run = Run::new();
        run.produce(1);
        run.produce(3);
        run.settle(5, (SHOP, Place::Producer), Fate::Succeeded);
        run.close(10);
        let metrics = run.0.finish();
        assert_eq!(metrics.total.value("mean_pending"), Some(1.1));
        assert_eq!(metrics.nodes[SHOP].value("mean_pending"), Some(1.1));
        assert_eq!(metrics.nodes[MAILER].value("mean_lag"), None, "it stores nothing");
    }
}
