//! What one run comes to: a value, or none, for each column, per node and in total.

use super::column::{COLUMNS, Kind, Peak, Reading, SUMMARY_COLUMNS};
use super::detail::DETAILS;
use super::ledger::Ledger;
use super::recovery::Recovery;
use super::series::Series;
use super::summary_column::Source;

/// What kind of node a row speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Makes messages.
    Producer,
    /// Does work.
    Service,
    /// Holds messages.
    Broker,
    /// A part of a broker: messages in order.
    Partition,
    /// A part of a broker: those who read a topic together.
    Group,
    /// A part of a broker: one of its queues.
    Queue,
}

impl NodeKind {
    /// Whether it is a broker or a part of one: messages wait there.
    #[must_use]
    pub const fn holds_messages(self) -> bool {
        match self {
            NodeKind::Broker | NodeKind::Partition | NodeKind::Group | NodeKind::Queue => true,
            NodeKind::Producer | NodeKind::Service => false,
        }
    }

    /// Whether it is a part of another node, which counts for the whole system.
    #[must_use]
    pub const fn is_part(self) -> bool {
        match self {
            NodeKind::Partition | NodeKind::Group | NodeKind::Queue => true,
            NodeKind::Producer | NodeKind::Service | NodeKind::Broker => false,
        }
    }
}

/// Everything that was measured in one run (one variant, one replication).
#[derive(Debug, Clone)]
pub struct RunMetrics {
    /// The whole system.
    pub total: NodeMetrics,
    /// Each node, in the order of the world.
    pub nodes: Vec<NodeMetrics>,
    /// What happened when, in order.
    pub marks: Vec<MarkRow>,
}

/// What was measured at one node, or in total.
#[derive(Debug, Clone)]
pub struct NodeMetrics {
    /// Its name in results; empty for the total.
    pub name: String,
    /// Its kind; `None` for the total.
    pub kind: Option<NodeKind>,
    /// One value for each row of `SUMMARY_COLUMNS`; `None` where it does not exist.
    pub summary: Vec<Option<f64>>,
    /// The bounded time series.
    pub series: Series,
    /// For producers, and for services that send onward: where its messages ended up.
    pub ledger: Option<Ledger>,
}

impl NodeMetrics {
    /// The value of the summary column of this name, if there is such a column and it has a value here.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        *self.summary.get(super::summary_column::index(name)?)?
    }
}

/// A row of `marks.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkRow {
    /// When.
    pub time_s: f64,
    /// At which node; empty for the whole system.
    pub node: String,
    /// What kind: `crash`, `restart`, `fault_begins`, `fault_ends`, `breaker_opens`, `alert_raised`, …
    pub kind: &'static str,
    /// More, in words.
    pub detail: String,
}

/// What only the whole system has.
pub(super) struct Verdicts<'a> {
    pub(super) recovery: &'a Recovery,
    pub(super) fresh_load_below_capacity: bool,
}

/// The whole run, and what is left of it without its beginning: the same where nothing was said of one.
pub(super) struct Readings<'a> {
    pub(super) whole: Reading<'a>,
    pub(super) settled: Reading<'a>,
}

/// One value for each row of [`SUMMARY_COLUMNS`], from readings of the run and the peaks of each of [`COLUMNS`].
pub(super) fn summarize(
    readings: &Readings,
    peaks: &[Option<Peak>],
    verdicts: Option<&Verdicts>,
) -> Vec<Option<f64>> {
    let Readings { whole, settled } = readings;
    let value = |source| match source {
        Source::Whole(place) if COLUMNS[place].kind == Kind::Derived => {
            COLUMNS[place].read(settled)
        }
        Source::Whole(place) | Source::Final(place) => COLUMNS[place].read(whole),
        Source::Peak(place) => peaks[place].map(|peak| peak.value),
        Source::Mean(place) => COLUMNS[place].read_mean(settled),
        Source::Detail(place) => DETAILS[place].read(settled),
        Source::PeakAt(place) => peaks[place].map(|peak| peak.at.as_secs_f64()),
        Source::DrainTime => verdicts?.recovery.drain_time_s(),
        Source::RecoveryTime => verdicts?.recovery.recovery_time_s(),
        Source::Metastable => {
            let Verdicts { recovery, fresh_load_below_capacity } = verdicts?;
            recovery.metastable(*fresh_load_below_capacity).map(f64::from)
        }
    };
    SUMMARY_COLUMNS.iter().map(|column| value(column.source)).collect()
}
