//! What one run comes to: a value, or none, for each column, per node and in total.

use super::ledger::Ledger;
use super::series::Series;

/// What kind of node a row speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Makes messages.
    Producer,
    /// Does work.
    Service,
    /// Holds messages.
    Broker,
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
