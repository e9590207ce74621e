//! A finished run read back, so that `compare` draws it with the code that drew it first.
//!
//! Numbers come from `summary.json` and `manifest.json`, curves from `timeseries.csv` (thinned as they were during the run).
//! A folder without time series is still compared: it has no curves.

mod files;
mod overlay;
mod series;

use super::error::{At, Error};
use super::folder::MANIFEST;
use super::json::parse_stop;
use super::timeseries::TIMESERIES;
use super::vocabulary;
use crate::experiment::results::{
    ExpectationResult, FaultWindow, ReferenceLine, Replication, Results, VariantResult,
};
use crate::metrics::column::COLUMNS;
use crate::metrics::summary::{NodeMetrics, RunMetrics};
use files::{Manifest, Metric, RunEntry, Summary, Variant};
use serde::de::DeserializeOwned;
use serde_json::Map;
use std::fs;
use std::path::Path;

pub use overlay::overlay;

/// A result folder, read back.
#[derive(Debug, Clone)]
pub struct Finished {
    /// What it holds.
    pub results: Results,
    /// Whether there are curves.
    pub has_timeseries: bool,
}

/// Reads the result folder that `pileup run` has written to `folder`.
///
/// # Errors
/// If it is no such folder, or its files can't be understood.
pub fn read(folder: &Path) -> Result<Finished, Error> {
    if !folder.join(MANIFEST).is_file() {
        let problem = format!("holds no result of pileup (there is no {MANIFEST})");
        return Err(Error::unusable(
            folder,
            problem,
            "name a folder that `pileup run` has written",
        ));
    }
    let manifest: Manifest = parsed(&folder.join(MANIFEST))?;
    let summary: Summary = parsed(&folder.join("summary.json"))?;
    let mut results = results(manifest, summary, folder)?;
    let timeseries = folder.join(TIMESERIES);
    let has_timeseries = timeseries.is_file();
    if has_timeseries {
        series::read(&timeseries, &mut results)?;
    }
    let marks = folder.join("marks.csv");
    if marks.is_file() {
        series::read_marks(&marks, &mut results)?;
    }
    Ok(Finished { results, has_timeseries })
}

fn parsed<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = fs::read_to_string(path).at(path)?;
    serde_json::from_str(&text).map_err(|error| damaged(path, &error.to_string()))
}

/// A file that pileup would not have written so.
fn damaged(path: &Path, problem: &str) -> Error {
    Error::unusable(path, problem, "run the scenario again, the file is damaged")
}

fn results(manifest: Manifest, summary: Summary, folder: &Path) -> Result<Results, Error> {
    let mut runs = manifest.runs.into_iter();
    let mut variants = Vec::new();
    for (name, variant) in summary.variants {
        let variant: Variant = serde_json::from_value(variant)
            .map_err(|error| damaged(&folder.join("summary.json"), &error.to_string()))?;
        let entries: Vec<RunEntry> = runs.by_ref().take(variant.replications()).collect();
        variants.push(variant_result(name, &variant, &entries));
    }
    Ok(Results {
        name: manifest.scenario,
        title: manifest.title,
        question: manifest.question,
        description: manifest.description,
        duration_s: manifest.duration_s,
        sample_every_s: manifest.sample_every_s,
        seed: manifest.seed,
        replications: manifest.replications.max(1),
        document: manifest.document,
        trigger_s: manifest.trigger_s,
        fault_windows: manifest.fault_windows.into_iter().map(FaultWindow::from).collect(),
        references: manifest.references.into_iter().filter_map(reference).collect(),
        variants,
        expectations: summary.expectations.into_iter().map(ExpectationResult::from).collect(),
        stopped: manifest.stopped.as_deref().and_then(parse_stop),
    })
}

/// A prediction of a column that this version still has.
fn reference(line: files::Reference) -> Option<ReferenceLine> {
    let metric = COLUMNS.iter().find(|column| column.name == line.metric)?.name;
    let files::Reference { variant, node, label, points, .. } = line;
    Some(ReferenceLine { variant, metric, node, label, points })
}

fn variant_result(name: String, variant: &Variant, runs: &[RunEntry]) -> VariantResult {
    let run = |(replication, run): (usize, &RunEntry)| Replication {
        metrics: run_metrics(variant, replication),
        events: run.events,
        reached_s: run.reached_s,
        complete: run.complete,
    };
    VariantResult {
        name,
        description: variant.description.clone(),
        warm_up_s: variant.warm_up_s,
        predictions: Vec::new(),
        replications: runs.iter().enumerate().map(run).collect(),
    }
}

fn run_metrics(variant: &Variant, replication: usize) -> RunMetrics {
    let node =
        |name: &String, kind: Option<&str>, metrics: &Map<String, serde_json::Value>| NodeMetrics {
            name: name.clone(),
            kind: kind.and_then(vocabulary::parse_kind),
            summary: values(metrics, replication),
            series: Default::default(),
            ledger: None,
        };
    let nodes =
        variant.nodes.iter().map(|(name, one)| node(name, one.kind.as_deref(), &one.metrics));
    RunMetrics {
        total: node(&String::new(), None, &variant.metrics),
        nodes: nodes.collect(),
        marks: Vec::new(),
    }
}

/// The values of one replication, in the order of the columns of this version.
fn values(metrics: &Map<String, serde_json::Value>, replication: usize) -> Vec<Option<f64>> {
    let value = |name: &str| {
        let metric: Metric = serde_json::from_value(metrics.get(name)?.clone()).ok()?;
        match metric.values {
            Some(values) => values.get(replication).copied().flatten(),
            None => metric.mean,
        }
    };
    vocabulary::summary_columns().map(value).collect()
}

#[cfg(test)]
mod tests;
