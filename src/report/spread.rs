//! One value over several replications: its mean, and how sure that mean is.
//!
//! The interval is Student's: mean ± t₀.₉₇₅ · s / √n with n − 1 degrees of freedom (A. M. Law, *Simulation Modeling and
//! Analysis*, 5th ed., section 4.5). With one replication there is none.

use super::vocabulary;
use crate::experiment::results::{Replication, VariantResult};
use crate::metrics::summary::NodeMetrics;

/// A mean over replications.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spread {
    /// The mean, if it exists.
    pub mean: Option<f64>,
    /// Its 95 % confidence interval, if there are at least two values.
    pub ci95: Option<(f64, f64)>,
    /// In how many replications the value exists.
    pub present: usize,
    /// How many replications there are.
    pub of: usize,
}

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

/// A value of the summary over the replications of a variant.
#[must_use]
pub fn summary(variant: &VariantResult, scope: Scope, column: usize) -> Spread {
    let value = |run| metrics(run, scope).and_then(|node| *node.summary.get(column)?);
    let values: Vec<Option<f64>> = variant.replications.iter().map(value).collect();
    let name = vocabulary::summary_columns().nth(column).unwrap_or_default();
    over(&values, means_never(name))
}

/// The total of a metric by name; without a value if there is no such metric.
#[must_use]
pub fn total(variant: &VariantResult, name: &str) -> Spread {
    vocabulary::summary_column(name)
        .map_or_else(Spread::default, |column| summary(variant, Scope::Total, column))
}

/// Whether the absence of a value says that something never happened: one such replication then leaves no mean.
fn means_never(name: &str) -> bool {
    matches!(name, "drain_time_s" | "recovery_time_s")
}

/// The spread of the values that exist. If absence means `never`, one missing value leaves no mean.
#[must_use]
pub fn over(values: &[Option<f64>], never: bool) -> Spread {
    let present: Vec<f64> = values.iter().copied().flatten().filter(|v| v.is_finite()).collect();
    let spread = Spread { present: present.len(), of: values.len(), ..Spread::default() };
    if present.is_empty() || (never && present.len() < values.len()) {
        return spread;
    }
    let mean = mean(&present);
    Spread { mean: Some(mean), ci95: interval(&present, mean), ..spread }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn interval(values: &[f64], mean: f64) -> Option<(f64, f64)> {
    if values.len() < 2 {
        return None;
    }
    let freedom = values.len() - 1;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / freedom as f64;
    let half = student_975(freedom) * (variance / values.len() as f64).sqrt();
    Some((mean - half, mean + half))
}

/// The 97.5 % quantile of Student's distribution: tabled to 10 degrees of freedom, then the first terms of the Cornish–Fisher
/// expansion (M. Abramowitz and I. Stegun, *Handbook of Mathematical Functions*, 26.7.5), right to three decimals.
#[must_use]
pub fn student_975(freedom: usize) -> f64 {
    const TABLE: [f64; 10] =
        [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    const Z: f64 = 1.959_964;
    if let Some(&quantile) = freedom.checked_sub(1).and_then(|row| TABLE.get(row)) {
        return quantile;
    }
    let n = freedom.max(1) as f64;
    Z + (Z.powi(3) + Z) / (4.0 * n)
        + (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / (96.0 * n * n)
        + (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / (384.0 * n.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (freedom, quantile) in [(1, 12.706), (10, 2.228), (11, 2.201), (30, 2.042)] {
            assert!((student_975(freedom) - quantile).abs() < 0.001, "{freedom}");
        }
        assert!((student_975(100_000) - 1.96).abs() < 0.001);
    }

    #[test]
    fn a_mean_of_four_values_has_an_interval() {
        let spread = over(&[Some(1.0), Some(2.0), Some(3.0), Some(4.0)], false);
        assert_eq!(spread.mean, Some(2.5));
        let (low, high) = spread.ci95.unwrap();
        // s = 1.29099, t₃ = 3.182: half the width is 2.054.
        assert!((high - low - 4.108).abs() < 0.001);
    }

    #[test]
    fn one_value_has_no_interval() {
        assert_eq!(over(&[Some(7.0)], false).ci95, None);
    }

    #[test]
    fn a_replication_that_never_recovered_leaves_no_mean() {
        let spread = over(&[Some(60.0), None], true);
        assert_eq!((spread.mean, spread.present, spread.of), (None, 1, 2));
        assert_eq!(over(&[Some(60.0), None], false).mean, Some(60.0));
    }
}
