//! `manifest.json` and `summary.json` as they are read. Unknown keys are passed over: later versions add some.

use crate::experiment::results::{ExpectationResult, FaultWindow};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
pub struct Manifest {
    pub scenario: String,
    pub title: String,
    pub question: String,
    pub description: Vec<String>,
    pub seed: u64,
    pub replications: usize,
    pub duration_s: f64,
    pub sample_every_s: f64,
    pub trigger_s: Option<(f64, f64)>,
    pub fault_windows: Vec<Fault>,
    pub references: Vec<Reference>,
    pub stopped: Option<String>,
    pub runs: Vec<RunEntry>,
    pub document: Value,
}

#[derive(Debug, Deserialize)]
pub struct RunEntry {
    pub events: u64,
    pub reached_s: f64,
    pub complete: bool,
}

#[derive(Debug, Deserialize)]
pub struct Fault {
    kind: String,
    node: String,
    from_s: f64,
    until_s: f64,
}

impl From<Fault> for FaultWindow {
    fn from(fault: Fault) -> FaultWindow {
        let Fault { kind, node, from_s, until_s } = fault;
        FaultWindow { kind, node, from_s, until_s }
    }
}

#[derive(Debug, Deserialize)]
pub struct Reference {
    pub variant: String,
    pub metric: String,
    pub node: String,
    pub label: String,
    pub points: Vec<(f64, f64)>,
}

#[derive(Debug, Deserialize)]
pub struct Summary {
    pub variants: Map<String, Value>,
    pub expectations: Vec<Expectation>,
}

#[derive(Debug, Deserialize)]
pub struct Variant {
    pub description: Option<String>,
    #[serde(default)]
    pub warm_up_s: Option<f64>,
    pub metrics: Map<String, Value>,
    pub nodes: IndexMap<String, Node>,
}

impl Variant {
    /// How often it was run: fewer times than was wanted, if the experiment was stopped. A metric tells the value of each
    /// replication if there are several.
    pub fn replications(&self) -> usize {
        let metric = self.metrics.values().next();
        let values = metric.and_then(|metric| metric.get("values")?.as_array());
        values.map_or(1, Vec::len)
    }
}

#[derive(Debug, Deserialize)]
pub struct Node {
    pub kind: Option<String>,
    pub metrics: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
pub struct Metric {
    pub mean: Option<f64>,
    pub values: Option<Vec<Option<f64>>>,
}

#[derive(Debug, Deserialize)]
pub struct Expectation {
    variant: String,
    metric: String,
    node: Option<String>,
    at: Option<String>,
    wanted: String,
    got: Option<f64>,
    met: bool,
    because: Option<String>,
}

impl From<Expectation> for ExpectationResult {
    fn from(expectation: Expectation) -> ExpectationResult {
        let Expectation { variant, metric, node, at, wanted, got, met, because } = expectation;
        ExpectationResult { variant, metric, node, at, wanted, got, met, because }
    }
}
