//! What an experiment gives back: plain data, ready to be reported.

use crate::metrics::summary::RunMetrics;
use crate::scenario::flow::Prediction;

/// The results of one scenario: every variant, every replication.
#[derive(Debug, Clone)]
pub struct Results {
    /// The scenario's name: the file's stem, or the built-in's name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The question that it answers.
    pub question: String,
    /// What it assumes, in the author's words.
    pub description: Vec<String>,
    /// Simulated length of a run, in seconds.
    pub duration_s: f64,
    /// Length of a window, in seconds.
    pub sample_every_s: f64,
    /// The seed of the first replication.
    pub seed: u64,
    /// How many replications each variant has.
    pub replications: usize,
    /// The scenario as resolved, for the manifest and for reading it again.
    pub document: serde_json::Value,
    /// From and until when the trigger lasts, in seconds, if there is one.
    pub trigger_s: Option<(f64, f64)>,
    /// Scheduled faults, to shade on charts.
    pub fault_windows: Vec<FaultWindow>,
    /// Straight lines that arithmetic predicts (such as a fluid drain), to draw in charts.
    pub references: Vec<ReferenceLine>,
    /// Each variant, in the order of the file.
    pub variants: Vec<VariantResult>,
    /// What the scenario expects, and what came.
    pub expectations: Vec<ExpectationResult>,
    /// Why the experiment stopped early, if it did: it is then incomplete.
    pub stopped: Option<Stop>,
}

/// One variant.
#[derive(Debug, Clone)]
pub struct VariantResult {
    /// Its name.
    pub name: String,
    /// One sentence on what it is, if the scenario says it.
    pub description: Option<String>,
    /// How much of the beginning of each run its averages leave out, in seconds; `None` if the scenario says nothing of that.
    pub warm_up_s: Option<f64>,
    /// What arithmetic says of each service; nothing of results that were read back.
    pub predictions: Vec<Prediction>,
    /// Each replication.
    pub replications: Vec<Replication>,
}

/// One run.
#[derive(Debug, Clone)]
pub struct Replication {
    /// What was measured.
    pub metrics: RunMetrics,
    /// Events simulated.
    pub events: u64,
    /// The simulated time that was reached, in seconds: the horizon, unless stopped.
    pub reached_s: f64,
    /// Whether the horizon was reached.
    pub complete: bool,
}

/// A fault to shade.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultWindow {
    /// `crash`, `slowdown`, …
    pub kind: String,
    /// Where.
    pub node: String,
    /// From when, in seconds.
    pub from_s: f64,
    /// Until when, in seconds.
    pub until_s: f64,
}

/// A piecewise straight line that arithmetic predicts for a metric of a variant.
#[derive(Debug, Clone)]
pub struct ReferenceLine {
    /// Which variant it belongs to.
    pub variant: String,
    /// Which column it predicts.
    pub metric: &'static str,
    /// The node, or empty for the total.
    pub node: String,
    /// What it is, for the legend: `fluid: B / (μ − λ) = 889 s`.
    pub label: String,
    /// Its corners: seconds, value.
    pub points: Vec<(f64, f64)>,
}

/// One line of `expect`, decided.
#[derive(Debug, Clone)]
pub struct ExpectationResult {
    /// Of which variant.
    pub variant: String,
    /// Of which metric.
    pub metric: String,
    /// Of which node; `None` for the total.
    pub node: Option<String>,
    /// At which time, as written; `None` for the end.
    pub at: Option<String>,
    /// What was wanted: `equals 0`, `between 198000 and 202000`.
    pub wanted: String,
    /// What came: the value furthest from what was wanted over the replications; `None` where it has no value.
    pub got: Option<f64>,
    /// Whether every replication met it.
    pub met: bool,
    /// Why it was expected, in the author's words.
    pub because: Option<String>,
}

/// Why an experiment ended before its horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The limit on events was reached.
    MaxEvents,
    /// The limit on memory was reached.
    MaxMemory,
    /// The program was told to stop (Ctrl-C: 130, SIGTERM: 143).
    Signal(i32),
}
