//! Where a metric stands in the rows of a run, by its name.
//!
//! Charts and tables name their metrics; the tables of [`crate::metrics::column`] say in which place of a row they stand.

use crate::metrics::column::{self, COLUMNS, Kind, SUMMARY_COLUMNS};
use crate::metrics::summary::NodeKind;
use crate::metrics::summary_column;

/// The names of all columns of a window, in order.
pub fn columns() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().map(|column| column.name)
}

/// The names of those that are gauges, in the same order.
pub fn gauges() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().filter(|column| column.kind == Kind::Gauge).map(|column| column.name)
}

/// The names of all values of a summary, in order.
pub fn summary_columns() -> impl Iterator<Item = &'static str> {
    SUMMARY_COLUMNS.iter().map(|column| column.name)
}

/// The place of a column in a row of `COLUMNS`.
#[must_use]
pub fn column(name: &str) -> Option<usize> {
    column::index(name)
}

/// The place of a value in a row of `SUMMARY_COLUMNS`.
#[must_use]
pub fn summary_column(name: &str) -> Option<usize> {
    summary_column::index(name)
}

/// What a kind of node is called in files.
#[must_use]
pub fn kind_name(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Producer => "producer",
        NodeKind::Service => "service",
        NodeKind::Broker => "broker",
        NodeKind::Partition => "partition",
        NodeKind::Group => "group",
        NodeKind::Queue => "queue",
    }
}

/// The reverse of [`kind_name`].
#[must_use]
pub fn parse_kind(name: &str) -> Option<NodeKind> {
    let kinds = [
        NodeKind::Producer,
        NodeKind::Service,
        NodeKind::Broker,
        NodeKind::Partition,
        NodeKind::Group,
        NodeKind::Queue,
    ];
    kinds.into_iter().find(|kind| kind_name(*kind) == name)
}
