//! From facts to numbers: `Recorder` hears every observation of a run and closes a window whenever it is told to.
//!
//! What adds up is kept per node and summed when a window closes. What goes up and down is followed exactly, event by
//! event, for each node and for the whole system, because a sum of peaks is not the peak of a sum.
//! How a fact is counted is in `observe`; what the numbers mean is in `column`.

use super::alert::{AlertRule, AlertState, Change};
use super::column::{self, Column};
use super::ledger::Ledger;
use super::level::{Level, Levels};
use super::little;
use super::marks::Marks;
use super::node::{Node, RowState};
use super::reading::{Age, Reading};
use super::recovery::Recovery;
use super::rows::Rows;
use super::summary::{NodeKind, NodeMetrics, Readings, RunMetrics, Verdicts, summarize};
use super::window::Measures;
use crate::model::id::NodeId;
use crate::time::{SimDuration, SimTime};

/// Points that a time series keeps in memory at most.
pub const MOST_POINTS: usize = 2_048;
/// Points of all series of a run together: with more than 31 nodes each is shorter, down to [`FEWEST_POINTS`].
const MOST_POINTS_OF_A_RUN: usize = 65_536;
const FEWEST_POINTS: usize = 64;

/// What a recorder has to know of the run that it listens to.
#[derive(Debug, Clone)]
pub struct RecorderPlan {
    /// Every node, in the order of their ids.
    pub nodes: Vec<NodeLabel>,
    /// What to call each fault of the scenario, in marks.
    pub faults: Vec<String>,
    /// When the trigger ends that recovery is measured from.
    pub trigger_end: Option<SimTime>,
    /// Messages that the offered load alone would hold pending: at or below it a backlog is drained.
    pub drained_at: f64,
    /// Whether the fresh offered load, without retries, is below capacity.
    pub fresh_load_below_capacity: bool,
    /// What to watch.
    pub alerts: Vec<AlertRule>,
    /// Points that a series may keep, at most [`MOST_POINTS`]; 0 keeps no series.
    pub series_points: usize,
}

/// A node as results call it.
#[derive(Debug, Clone)]
pub struct NodeLabel {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
}

/// Tells when the oldest unfinished message of a broker, or of a part of one, was produced; it is asked for those only.
pub type Oldest<'a> = &'a mut dyn FnMut(NodeId) -> Option<SimTime>;

/// Listens to a run and turns it into numbers.
#[derive(Debug)]
pub struct Recorder {
    pub(super) plan: RecorderPlan,
    pub(super) nodes: Vec<Node>,
    pub(super) total: Levels,
    pub(super) recovery: Recovery,
    pub(super) marks: Marks,
    /// Which rows the whole system stands for.
    whole: Rows,
    /// Of the whole system, the window that is being closed.
    total_window: Measures,
    /// The row of the whole system, then that of each node.
    rows: Vec<RowState>,
    /// Each rule's place in `COLUMNS`, and how it stands.
    alerts: Vec<(usize, AlertState)>,
    closed: SimTime,
    /// When averages begin.
    settles: SimTime,
}

/// The values of one closed window, in the order of `COLUMNS`; NaN where there is no value.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Whose; `None` for the whole system.
    pub node: Option<NodeId>,
    /// Counters of the window, gauges at its end.
    pub values: &'a [f64],
    /// For each gauge of `COLUMNS`, in their order, the highest within the window.
    pub maxima: &'a [f64],
}

impl Recorder {
    /// A recorder that has heard nothing yet.
    #[must_use]
    pub fn new(plan: RecorderPlan) -> Recorder {
        let rows = plan.nodes.len() + 1;
        let fair = (MOST_POINTS_OF_A_RUN / rows).max(FEWEST_POINTS);
        let points = plan.series_points.min(MOST_POINTS).min(fair);
        let watched = |rule: &AlertRule| column::index(rule.column.name).unwrap_or_default();
        Recorder {
            nodes: plan.nodes.iter().map(|label| Node::new(label.kind)).collect(),
            total: Levels::default(),
            recovery: Recovery::new(plan.trigger_end, plan.drained_at),
            marks: Marks::default(),
            whole: Rows::of_total(plan.nodes.iter().map(|label| label.kind)),
            total_window: Measures::default(),
            rows: (0..rows).map(|_| RowState::new(points)).collect(),
            alerts: plan.alerts.iter().map(|rule| (watched(rule), AlertState::default())).collect(),
            closed: SimTime::ZERO,
            settles: SimTime::ZERO,
            plan,
        }
    }

    /// Rates, ratios, means and percentiles of the whole run leave out what was before `at`, the end of a window. Everything else counts it.
    pub fn settle_at(&mut self, at: SimTime) {
        self.settles = at;
    }

    /// Closes the window that ends at `end`: all earlier events have been observed, and none of `end` or later.
    /// Closing a moment that is not after the last one does nothing.
    pub fn close_window(&mut self, end: SimTime, oldest: Oldest<'_>) {
        if end <= self.closed {
            return;
        }
        self.total_window.clear();
        for (place, node) in self.nodes.iter_mut().enumerate() {
            node.close(end, oldest_of(node.kind, place, oldest));
            self.total_window.add_node(node.kind, &node.window);
        }
        self.fill_rows(end);
        self.look_at_alerts(end);
        self.recovery.close_window(end, self.total.get(Level::Pending).now);
        self.nodes.iter_mut().for_each(|node| node.roll(end));
        self.total.roll(end);
        self.closed = end;
        if end == self.settles {
            self.nodes.iter_mut().for_each(|node| node.settle(end));
            self.total.settle(end);
        }
    }

    /// The rows of the window that was closed last: the whole system, then each node.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().enumerate().map(|(place, row)| Row {
            node: place.checked_sub(1).map(NodeId::new),
            values: &row.values,
            maxima: &row.maxima,
        })
    }

    /// The value of a column at `now`, between events: counters since the start of the run, gauges as they are,
    /// rates and percentiles over the run so far. `node` is `None` for the whole system.
    pub fn reading_at(
        &self,
        now: SimTime,
        node: Option<NodeId>,
        column: &Column,
        oldest: Oldest<'_>,
    ) -> Option<f64> {
        let mut age = |place: usize| {
            let node = &self.nodes[place];
            node.age_at(now, oldest_of(node.kind, place, oldest))
        };
        // A level is what it is now: nothing has to be added up for it.
        let is_level = column.has_mean();
        let Some(id) = node else {
            let age = (0..self.nodes.len()).filter_map(age).max();
            let so_far = if is_level { Measures::default() } else { self.total_so_far(now) };
            return column.read(&self.total_reading(&so_far, now, age));
        };
        let age = age(id.index());
        let node = &self.nodes[id.index()];
        let so_far = if is_level { Measures::default() } else { node.so_far(now) };
        column.read(&node.reading(&so_far, now, age))
    }

    /// Where every message is, or what does not add up.
    ///
    /// # Errors
    /// If a message is missing or counted twice, or a level was ever below zero: a bug of the model.
    pub fn ledger(&self) -> Result<Ledger, String> {
        let mut total = Ledger::default();
        for (node, NodeLabel { name, .. }) in self.nodes.iter().zip(&self.plan.nodes) {
            let ledger = node.ledger();
            if !ledger.balances() {
                return Err(format!("{name} settled more messages than it produced: {ledger:?}"));
            }
            if let Some(level) = node.levels.below_zero() {
                return Err(format!("{level} of {name} fell below zero"));
            }
            total += ledger;
        }
        self.check_places(total.pending)?;
        Ok(total)
    }

    /// Whether Little's law holds at every service. Close the last window first.
    ///
    /// # Errors
    /// If it doesn't somewhere: a bug of the model.
    pub fn littles_law(&self) -> Result<(), String> {
        let nodes = self.nodes.iter().zip(&self.plan.nodes);
        for (node, label) in nodes.filter(|(node, _)| node.kind == NodeKind::Service) {
            little::check(&node.so_far(self.closed), &node.levels, self.closed)
                .map_err(|broken| format!("{}: {broken}", label.name))?;
        }
        Ok(())
    }

    /// What it all comes to. Close the last window first, or what happened in it is not told.
    #[must_use]
    pub fn finish(self) -> RunMetrics {
        let summaries = self.summaries();
        let ledgers: Vec<Ledger> = self.nodes.iter().map(Node::ledger).collect();
        let mut whole = Ledger::default();
        ledgers.iter().for_each(|ledger| whole += *ledger);
        let labels = self.plan.nodes.into_iter().map(|label| (label.name, Some(label.kind)));
        let ledgers = ledgers.into_iter().map(Some);
        let mut rows = std::iter::once((String::new(), None))
            .chain(labels)
            .zip(std::iter::once(Some(whole)).chain(ledgers))
            .zip(summaries.into_iter().zip(self.rows))
            .map(|(((name, kind), ledger), (summary, row))| NodeMetrics {
                name,
                kind,
                summary,
                series: row.series.finish(),
                ledger: ledger.filter(|ledger| has_ledger(kind, ledger)),
            });
        let total = rows.next().expect("the first row is the whole system");
        RunMetrics { total, nodes: rows.collect(), marks: self.marks.finish(self.closed) }
    }

    fn fill_rows(&mut self, end: SimTime) {
        let start = self.closed;
        for (node, row) in self.nodes.iter().zip(&mut self.rows[1..]) {
            row.fill(end, &node.window_reading(start, end));
        }
        let mut rows = std::mem::take(&mut self.rows);
        let mut reading = self.total_reading(&self.total_window, end, self.closed_age());
        reading.seconds = end.since(start).as_secs_f64();
        reading.lag_before = Some(self.total.lag_before);
        rows[0].fill(end, &reading);
        self.rows = rows;
    }

    fn look_at_alerts(&mut self, end: SimTime) {
        for (rule, (place, state)) in self.plan.alerts.iter().zip(&mut self.alerts) {
            let row = &self.rows[rule.node.map_or(0, |node| node.index() + 1)];
            let value = Some(row.values[*place]).filter(|value| !value.is_nan());
            let Some(change) = state.look(rule, end, value) else { continue };
            let kind = match change {
                Change::Raised => "alert_raised",
                Change::Cleared => "alert_cleared",
            };
            let node = rule.node.map_or("", |node| &self.plan.nodes[node.index()].name);
            self.marks.add(end, node, kind, || rule.in_words(value));
        }
    }

    fn closed_age(&self) -> Option<SimDuration> {
        self.nodes.iter().filter_map(Node::closed_age).max()
    }

    fn total_so_far(&self, now: SimTime) -> Measures {
        let mut measures = Measures::default();
        for node in &self.nodes {
            measures.add_node(node.kind, &node.so_far(now));
        }
        measures
    }

    fn total_reading<'a>(
        &'a self,
        measures: &'a Measures,
        now: SimTime,
        age: Option<SimDuration>,
    ) -> Reading<'a> {
        Reading {
            row: self.whole,
            sends: true,
            seconds: now.as_secs_f64(),
            now,
            measures,
            journeys: None,
            levels: &self.total,
            age: age.map(|age| Age::new(now, age, measures)),
            lag_before: None,
        }
    }

    /// The summary of the whole system, then of each node.
    fn summaries(&self) -> Vec<Vec<Option<f64>>> {
        let end = self.closed;
        let fresh_load_below_capacity = self.plan.fresh_load_below_capacity;
        let verdicts = Verdicts { recovery: &self.recovery, fresh_load_below_capacity };
        let (whole, settled) = (self.total_so_far(end), self.total_since_settled(end));
        let reading = |measures| self.total_reading(measures, end, self.closed_age());
        let readings = self.both(reading(&whole), reading(&settled));
        let total = summarize(&readings, &self.rows[0].peaks, Some(&verdicts));
        let nodes = self.nodes.iter().zip(&self.rows[1..]).map(|(node, row)| {
            let (whole, settled) = (node.so_far(end), node.since_settled(end));
            let reading = |measures| node.reading(measures, end, node.closed_age());
            summarize(&self.both(reading(&whole), reading(&settled)), &row.peaks, None)
        });
        std::iter::once(total).chain(nodes).collect()
    }

    fn both<'a>(&self, whole: Reading<'a>, settled: Reading<'a>) -> Readings<'a> {
        let before = if self.settles <= self.closed { self.settles.as_secs_f64() } else { 0.0 };
        let seconds = settled.seconds - before;
        Readings { whole, settled: Reading { seconds, ..settled } }
    }

    fn total_since_settled(&self, now: SimTime) -> Measures {
        let mut measures = Measures::default();
        for node in &self.nodes {
            measures.add_node(node.kind, &node.since_settled(now));
        }
        measures
    }

    /// What waits in each place adds up to what is pending, and that to what was produced and not settled.
    fn check_places(&self, unsettled: u64) -> Result<(), String> {
        let now = |level| self.total.get(level).now;
        let places = [Level::AtProducer, Level::InRetryQueue, Level::AtBroker, Level::AtService];
        let placed: i64 = places.into_iter().map(now).sum();
        let pending = now(Level::Pending);
        if placed != pending || u64::try_from(pending) != Ok(unsettled) {
            return Err(format!(
                "{unsettled} messages are not settled, {pending} are pending, {placed} have a place"
            ));
        }
        match self.total.below_zero() {
            Some(level) => Err(format!("{level} in total fell below zero")),
            None => Ok(()),
        }
    }
}

fn oldest_of(kind: NodeKind, place: usize, oldest: Oldest<'_>) -> Option<SimTime> {
    if kind.holds_messages() { oldest(NodeId::new(place)) } else { None }
}

/// The whole system and producers have a ledger, others only if they made messages.
fn has_ledger(kind: Option<NodeKind>, ledger: &Ledger) -> bool {
    matches!(kind, None | Some(NodeKind::Producer)) || ledger.produced > 0
}
