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
    /// Which of the variant's probes tells its value, and that of the metric that it is to be the same as; `None` for the end of the
    /// run.
    probes: [Option<usize>; 2],
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
        let node = expectation.node.as_deref().and_then(&node_of);
        let probed = [&expectation.metric, &expectation.same_as].map(|metric| {
            let column = metric.as_deref().and_then(column::lookup);
            let (at, column) = at.zip(column)?;
            probes.push(Probe { at, node, column });
            Some(probes.len() - 1)
        });
        let wanted = expectation.conditions().into_iter();
        all.extend(wanted.map(|wanted| Awaited { expectation, wanted, probes: probed }));
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
        let misses = |(replication, probed): &(&Replication, &[Option<f64>])| {
            let value = self.value(replication, probed);
            (value, self.miss(value, self.other(replication, probed)))
        };
        let values: Vec<(Option<f64>, f64)> = runs.iter().map(misses).collect();
        let worst = values.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        let Expectation { node, at, because, .. } = self.expectation;
        ExpectationResult {
            variant: variant.to_owned(),
            metric: self.measure(),
            node: node.clone(),
            at: at.map(|at| at.to_string()),
            wanted: in_words(&self.wanted),
            got: worst.and_then(|(value, _)| *value),
            met: !values.is_empty() && values.iter().all(|(_, miss)| *miss == 0.0),
            because: because.clone(),
        }
    }

    /// What is measured: a metric, or the time of a mark.
    fn measure(&self) -> String {
        match &self.expectation.mark {
            None => self.expectation.metric.clone().unwrap_or_default(),
            Some(mark) => match self.expectation.after {
                None => format!("{mark}_s"),
                Some(after) => format!("{mark}_after_{after}_s"),
            },
        }
    }

    fn value(&self, replication: &Replication, probed: &[Option<f64>]) -> Option<f64> {
        if let Some(mark) = &self.expectation.mark {
            return self.time_of(mark, replication);
        }
        self.metric(self.expectation.metric.as_deref()?, self.probes[0], replication, probed)
    }

    /// The value of the metric that it is to be the same as.
    fn other(&self, replication: &Replication, probed: &[Option<f64>]) -> Option<f64> {
        self.metric(self.expectation.same_as.as_deref()?, self.probes[1], replication, probed)
    }

    fn metric(
        &self,
        metric: &str,
        probe: Option<usize>,
        replication: &Replication,
        probed: &[Option<f64>],
    ) -> Option<f64> {
        if let Some(probe) = probe {
            return probed[probe];
        }
        let metrics = &replication.metrics;
        let row: &NodeMetrics = match &self.expectation.node {
            None => &metrics.total,
            Some(name) => metrics.nodes.iter().find(|node| node.name == *name)?,
        };
        row.value(metric)
    }

    /// When the first of these marks was made that counts.
    fn time_of(&self, mark: &str, replication: &Replication) -> Option<f64> {
        let after = self.expectation.after.unwrap_or_default();
        let node = self.expectation.node.as_deref();
        let mut times = replication.metrics.marks.iter().filter(|row| {
            row.kind == mark
                && node.is_none_or(|node| node == row.node)
                && row.time_s >= after.as_secs_f64()
        });
        times.next().map(|row| row.time_s - after.as_secs_f64())
    }

    /// How far a value is from what was wanted: 0 if it is met, infinitely far where there should be a value and is none.
    fn miss(&self, value: Option<f64>, other: Option<f64>) -> f64 {
        match (&self.wanted, value) {
            (Wanted::Never, None) => 0.0,
            (Wanted::SameAs(_), Some(value)) => other.map_or(f64::INFINITY, |o| (value - o).abs()),
            (Wanted::Never, Some(_)) | (_, None) => f64::INFINITY,
            (Wanted::Equals(wanted), Some(value)) => (value - wanted).abs(),
            (Wanted::AtMost(limit), Some(value)) => (value - limit).max(0.0),
            (Wanted::AtLeast(limit), Some(value)) => (limit - value).max(0.0),
            (Wanted::Between(low, high), Some(value)) => (low - value).max(value - high).max(0.0),
        }
    }
}

fn in_words(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Equals(value) => format!("equals {value}"),
        Wanted::SameAs(metric) => format!("the same as {metric}"),
        Wanted::AtMost(limit) => format!("at most {limit}"),
        Wanted::AtLeast(limit) => format!("at least {limit}"),
        Wanted::Between(low, high) => format!("between {low} and {high}"),
        Wanted::Never => "never".to_owned(),
    }
}
