//! What is kept of one node, and what is kept of one row of results.

use super::column::{COLUMNS, Kind, Peak};
use super::histogram::Histogram;
use super::ledger::Ledger;
use super::level::Levels;
use super::reading::{Age, Reading};
use super::rows::Rows;
use super::series::SeriesBuilder;
use super::summary::NodeKind;
use super::window::{Count, Measures};
use crate::time::{SimDuration, SimTime};

/// What changes at a node with every fact, and what its closed windows add up to.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) window: Measures,
    pub(super) levels: Levels,
    /// The sum of all closed windows since the run settled, and of those before.
    past: Box<Measures>,
    early: Option<Box<Measures>>,
    /// How long whole ways took of messages that came from other services, since the run settled.
    journeys: Option<Box<Histogram>>,
    /// Brokers and their parts: age of the oldest unfinished message when the last window closed.
    age: Option<SimDuration>,
}

impl Node {
    pub(super) fn new(kind: NodeKind) -> Node {
        Node {
            kind,
            window: Measures::default(),
            levels: Levels::default(),
            past: Box::default(),
            early: None,
            journeys: None,
            age: None,
        }
    }

    /// Completes the window that ends at `end`, in which the oldest unfinished message of a broker is from `oldest`.
    pub(super) fn close(&mut self, end: SimTime, oldest: Option<SimTime>) {
        (self.window.busy, self.window.staffed) = self.levels.close_areas(end);
        self.age = self.age_at(end, oldest);
    }

    /// Begins the next window.
    pub(super) fn roll(&mut self, end: SimTime) {
        self.past.add(&self.window);
        self.window.clear();
        self.levels.roll(end);
    }

    /// The run has settled: averages begin anew.
    pub(super) fn settle(&mut self, now: SimTime) {
        self.early = Some(std::mem::take(&mut self.past));
        self.journeys = None;
        self.levels.settle(now);
    }

    /// A message that came from another service has its effect, so long after the first of its chain was produced.
    #[cold]
    pub(super) fn journeyed(&mut self, journey: SimDuration) {
        self.journeys.get_or_insert_default().record(journey);
    }

    /// Age of the oldest unfinished message where messages are stored: 0 if there is none.
    pub(super) fn age_at(&self, now: SimTime, oldest: Option<SimTime>) -> Option<SimDuration> {
        self.kind
            .holds_messages()
            .then(|| oldest.map_or(SimDuration::ZERO, |produced| now.since(produced)))
    }

    /// Its age when the last window closed.
    pub(super) fn closed_age(&self) -> Option<SimDuration> {
        self.age
    }

    /// Everything measured from the start of the run until `now`.
    pub(super) fn so_far(&self, now: SimTime) -> Measures {
        let mut measures = self.since_settled(now);
        if let Some(early) = &self.early {
            measures.add(early);
        }
        measures
    }

    /// Everything measured since the run settled: from its start, if it wasn't told when.
    pub(super) fn since_settled(&self, now: SimTime) -> Measures {
        let mut measures = Measures::clone(&self.past);
        measures.add(&self.window);
        let (busy, staffed) = self.levels.open_areas(now);
        measures.busy += busy;
        measures.staffed += staffed;
        measures
    }

    /// The window from `start` to `end`, when it is complete and not yet rolled.
    pub(super) fn window_reading(&self, start: SimTime, end: SimTime) -> Reading<'_> {
        let mut reading = self.reading(&self.window, end, self.age);
        reading.seconds = end.since(start).as_secs_f64();
        reading.lag_before = Some(self.levels.lag_before);
        reading
    }

    /// The run so far, from what [`Node::so_far`] gave.
    pub(super) fn reading<'a>(
        &'a self,
        measures: &'a Measures,
        now: SimTime,
        age: Option<SimDuration>,
    ) -> Reading<'a> {
        Reading {
            row: Rows::of(self.kind),
            sends: self.sends(),
            seconds: now.as_secs_f64(),
            now,
            measures,
            journeys: self.journeys.as_deref(),
            levels: &self.levels,
            age: age.map(|age| Age::new(now, age, measures)),
            lag_before: None,
        }
    }

    /// Where the messages that it made are: those not settled are pending.
    pub(super) fn ledger(&self) -> Ledger {
        let early = |what| self.early.as_ref().map_or(0, |early| early.by.get(what));
        let count = |what| early(what) + self.past.by.get(what) + self.window.by.get(what);
        let mut ledger = Ledger {
            produced: count(Count::Produced),
            succeeded: count(Count::Succeeded),
            uncertain: count(Count::Uncertain),
            lost: count(Count::Lost),
            expired: count(Count::Expired),
            dead_lettered: count(Count::DeadLettered),
            rejected: count(Count::Rejected),
            abandoned: count(Count::Abandoned),
            pending: 0,
        };
        ledger.pending = ledger.produced.saturating_sub(ledger.settled());
        ledger
    }

    /// Whether it makes messages or sends them on; of a service that is known once it has done so.
    fn sends(&self) -> bool {
        let has_sent =
            |by: &super::window::Counts| by.get(Count::Produced) + by.get(Count::Offered) > 0;
        match self.kind {
            NodeKind::Producer => true,
            NodeKind::Service => {
                let early = self.early.as_ref().is_some_and(|early| has_sent(&early.by));
                early || has_sent(&self.past.by) || has_sent(&self.window.by)
            }
            NodeKind::Broker | NodeKind::Partition | NodeKind::Group | NodeKind::Queue => false,
        }
    }
}

/// What is kept of a row: the whole system, or a node.
#[derive(Debug)]
pub(super) struct RowState {
    /// For each of `COLUMNS` its value in the last window; NaN where there is none.
    pub(super) values: Vec<f64>,
    /// For each gauge of `COLUMNS`, in their order, its highest value in the last window.
    pub(super) maxima: Vec<f64>,
    /// For each gauge, its highest value in the run.
    pub(super) peaks: Vec<Option<Peak>>,
    pub(super) series: SeriesBuilder,
}

impl RowState {
    pub(super) fn new(series_points: usize) -> RowState {
        let gauges = COLUMNS.iter().filter(|column| column.kind == Kind::Gauge).count();
        RowState {
            values: vec![f64::NAN; COLUMNS.len()],
            maxima: vec![f64::NAN; gauges],
            peaks: vec![None; gauges],
            series: SeriesBuilder::new(series_points),
        }
    }

    /// Evaluates every column for the window that ends at `end`.
    pub(super) fn fill(&mut self, end: SimTime, reading: &Reading) {
        for (value, column) in self.values.iter_mut().zip(COLUMNS) {
            *value = column.read(reading).unwrap_or(f64::NAN);
        }
        let gauges = COLUMNS.iter().filter(|column| column.kind == Kind::Gauge);
        for ((gauge, maximum), peak) in gauges.zip(&mut self.maxima).zip(&mut self.peaks) {
            let highest = gauge.read_highest(reading);
            *maximum = highest.map_or(f64::NAN, |highest| highest.value);
            *peak = match (*peak, highest) {
                (Some(before), Some(now)) => Some(before.higher(now)),
                (before, now) => before.or(now),
            };
        }
        self.series.push(end.as_secs_f64(), &self.values, &self.maxima);
    }
}
