//! One value of the summary over the replications of a variant.

use crate::experiment::results::{Replication, VariantResult};
use crate::metrics::aggregate::{Aggregate, Difference, aggregate, difference};
use crate::metrics::column::SUMMARY_COLUMNS;
use crate::metrics::summary::NodeMetrics;
use crate::metrics::summary_column::{self, Across};

/// Whose values are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole system.
    Total,
    /// A node, by its place in the list of nodes.
    Node(usize),
}

/// The metrics of a node, or of the whole system, in one run.
#[must_use]
pub fn metrics(run: &Replication, scope: Scope) -> Option<&NodeMetrics> {
    match scope {
        Scope::Total => Some(&run.metrics.total),
        Scope::Node(index) => run.metrics.nodes.get(index),
    }
}

/// A value of the summary in each replication, by its place in the table of columns.
#[must_use]
pub fn values(variant: &VariantResult, scope: Scope, column: usize) -> Vec<Option<f64>> {
    let value = |run| metrics(run, scope).and_then(|node| *node.summary.get(column)?);
    variant.replications.iter().map(value).collect()
}

/// The same as one value.
#[must_use]
pub fn summary(variant: &VariantResult, scope: Scope, column: usize) -> Aggregate {
    let across = SUMMARY_COLUMNS.get(column).map_or(Across::Mean, |column| column.across);
    aggregate(across, &values(variant, scope, column))
}

/// The total of a metric by name; without a value if there is no such metric.
#[must_use]
pub fn total(variant: &VariantResult, name: &str) -> Aggregate {
    let nothing = Aggregate { mean: None, ci95: None, with_value: 0, replications: 0 };
    summary_column::index(name).map_or(nothing, |column| summary(variant, Scope::Total, column))
}

/// What a variant has more of than `first`, by the place of the metric in the table of columns. Replications with the same number
/// saw the same chance in both.
#[must_use]
pub fn more(first: &VariantResult, variant: &VariantResult, column: usize) -> Option<Difference> {
    let across = SUMMARY_COLUMNS.get(column)?.across;
    let of = |variant| values(variant, Scope::Total, column);
    difference(across, &of(first), &of(variant))
}
