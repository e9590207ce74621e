//! What a scenario expects, held against what came.

use super::replication::Probe;
use super::results::{ExpectationResult, Replication};
use crate::metrics::column;
use crate::metrics::summary::NodeMetrics;
use crate::model::id::NodeId;
use crate::scenario::Scenario;
use crate::scenario::document::{Expectation, Wanted};
use crate::time::SimTime;

/// One expectation of one variant, ready to be decided.
#[derive(Debug)]
pub(super) struct Awaited<'a> {
    expectation: &'a Expectation,
    wanted: Wanted,
    /// Which of the variant's probes tells its value; `None` for the end of the run.
    probe: Option<usize>,
}

/// What is expected of the variant called `variant`, and what has to be probed for that within the run.
pub(super) fn awaited<'a>(
    scenario: &'a Scenario,
    variant: &str,
    horizon: SimTime,
    node_of: impl Fn(&str) -> Option<NodeId>,
) -> (Vec<Awaited<'a>>, Vec<Probe>) {
    let (mut all, mut probes) = (Vec::new(), Vec::new());
    for expectation in &scenario.expectations {
        if expectation.variant.as_deref().is_some_and(|name| name != variant) {
            continue;
        }
        let at = expectation.at.filter(|at| *at < horizon);
        let probe = at.zip(column::lookup(&expectation.metric)).map(|(at, column)| {
            let node = expectation.node.as_deref().and_then(&node_of);
            probes.push(Probe { at, node, column });
            probes.len() - 1
        });
        let wanted = expectation.conditions().into_iter();
        all.extend(wanted.map(|wanted| Awaited { expectation, wanted, probe }));
    }
    (all, probes)
}

impl Awaited<'_> {
    /// Decides over all replications, each with the values of its probes.
    pub(super) fn decide(
        &self,
        variant: &str,
        runs: &[(&Replication, &[Option<f64>])],
    ) -> ExpectationResult {
        let values: Vec<Option<f64>> =
            runs.iter().map(|(replication, probed)| self.value(replication, probed)).collect();
        let worst = values.iter().copied().max_by(|a, b| self.miss(*a).total_cmp(&self.miss(*b)));
        let Expectation { metric, node, at, because, .. } = self.expectation;
        ExpectationResult {
            variant: variant.to_owned(),
            metric: metric.clone(),
            node: node.clone(),
            at: at.map(|at| at.to_string()),
            wanted: in_words(self.wanted),
            got: worst.flatten(),
            met: !values.is_empty() && values.iter().all(|value| self.miss(*value) == 0.0),
            because: because.clone(),
        }
    }

    fn value(&self, replication: &Replication, probed: &[Option<f64>]) -> Option<f64> {
        if let Some(probe) = self.probe {
            return probed[probe];
        }
        let metrics = &replication.metrics;
        let row: &NodeMetrics = match &self.expectation.node {
            None => &metrics.total,
            Some(name) => metrics.nodes.iter().find(|node| node.name == *name)?,
        };
        row.value(&self.expectation.metric)
    }

    /// How far a value is from what was wanted: 0 if it is met, infinitely far where there should be a value and is none.
    fn miss(&self, value: Option<f64>) -> f64 {
        match (self.wanted, value) {
            (Wanted::Never, None) => 0.0,
            (Wanted::Never, Some(_)) | (_, None) => f64::INFINITY,
            (Wanted::Equals(wanted), Some(value)) => (value - wanted).abs(),
            (Wanted::AtMost(limit), Some(value)) => (value - limit).max(0.0),
            (Wanted::AtLeast(limit), Some(value)) => (limit - value).max(0.0),
            (Wanted::Between(low, high), Some(value)) => (low - value).max(value - high).max(0.0),
        }
    }
}

fn in_words(wanted: Wanted) -> String {
    match wanted {
        Wanted::Equals(value) => format!("equals {value}"),
        Wanted::AtMost(limit) => format!("at most {limit}"),
        Wanted::AtLeast(limit) => format!("at least {limit}"),
        Wanted::Between(low, high) => format!("between {low} and {high}"),
        Wanted::Never => "never".to_owned(),
    }
}
