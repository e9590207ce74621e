//! Workloads: scenario files, run through the ordinary path, with everything measured and nothing written.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicI32;

use pileup::experiment::results::Results;
use pileup::experiment::sink::Discard;
use pileup::experiment::{self, Control, Limits, Options};
use pileup::model::build::simulate;
use pileup::scenario::source::Source;
use pileup::scenario::{self, Overrides, Scenario};

use crate::clock::{cpu_seconds, wall_seconds};

/// What a run took, and how much was done in it.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// Seconds.
    pub seconds: f64,
    /// How many times the thing was done whose cost is of interest.
    pub operations: f64,
}

/// What the cost of a run is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// Messages produced.
    Message,
    /// Attempts, first ones and retries.
    Attempt,
}

impl Took {
    /// Nanoseconds for each.
    pub fn nanos_each(&self) -> f64 {
        self.seconds * 1e9 / self.operations
    }
}

/// A workload of `benches/workloads/`, with values restated as by `--set`.
pub fn load(name: &str, sets: &[&str]) -> Scenario {
    let file = PathBuf::from(format!("benches/workloads/{name}.json"));
    read(&Source::File(file), sets)
}

/// The scenario that `source` holds, which has no mistake.
pub fn read(source: &Source, sets: &[&str]) -> Scenario {
    let sets = sets.iter().map(|set| (*set).to_owned()).collect();
    scenario::load(source, &Overrides { sets, ..Overrides::default() })
        .unwrap_or_else(|error| panic!("{error}"))
}

/// What `scenario` gives, on so many threads.
pub fn results(scenario: &Scenario, replications: usize, jobs: usize) -> Results {
    let count = |number| NonZeroUsize::new(number).expect("at least one");
    let limits = Limits { max_memory: 8 << 30, ..Limits::default() };
    let options = Options { replications: count(replications), jobs: count(jobs), limits };
    let control = Control { stop: &AtomicI32::new(0), progress: &|_| {} };
    experiment::run(scenario, options, &Discard, &control).expect("nothing is written")
}

/// The value of a summary column, for all nodes together.
pub fn value(results: &Results, column: &str) -> f64 {
    results.variants[0].replications[0].metrics.total.value(column).unwrap_or(f64::NAN)
}

/// Runs `scenario` once, with everything measured.
pub fn run(scenario: &Scenario, per: Per) -> Took {
    let (seconds, results) = cpu_seconds(|| results(scenario, 1, 1));
    Took { seconds, operations: value(&results, per.column()) }
}

/// Runs `scenario` once with nobody listening; `operations` is what the run with everything measured counted.
pub fn run_unrecorded(scenario: &Scenario, operations: f64) -> Took {
    let plan = scenario.variants[0].plan();
    let (seconds, ()) = cpu_seconds(|| {
        let mut simulation = simulate(&plan.blueprint, scenario.seed, 0, ());
        simulation.run_until(plan.blueprint.horizon, u64::MAX);
    });
    Took { seconds, operations }
}

/// The time on the wall of several replications on so many threads.
pub fn run_replications(scenario: &Scenario, replications: usize, jobs: usize) -> Took {
    let (seconds, _) = wall_seconds(|| results(scenario, replications, jobs));
    Took { seconds, operations: replications as f64 }
}

impl Per {
    fn column(self) -> &'static str {
        match self {
            Per::Message => "produced",
            Per::Attempt => "attempts",
        }
    }

    /// One of them, in words.
    pub fn word(self) -> &'static str {
        match self {
            Per::Message => "message",
            Per::Attempt => "attempt",
        }
    }
}

/// `threes` times the same: two producers that call one service at 90 % load, each with a timeout of its own. Whatever their
/// number, about `messages` are made, and a service sees 900 of them in a window.
pub fn many_nodes(threes: usize, messages: usize) -> Scenario {
    let seconds = messages as f64 / (900.0 * threes as f64);
    let nanos = |seconds: f64| format!("{}ns", (seconds * 1e9) as u64);
    let mut producers = serde_json::Map::new();
    let mut services = serde_json::Map::new();
    for three in 0..threes {
        for side in 0..2 {
            let timeout = format!("{}ms", 1_000 + 2 * three + side);
            let call = serde_json::json!({ "to": format!("server-{three}"), "timeout": timeout });
            let arrivals = serde_json::json!([{ "poisson": { "rate": "450/s" } }]);
            producers.insert(
                format!("web-{three}-{side}"),
                serde_json::json!({ "arrivals": arrivals, "sends": [{ "call": call }] }),
            );
        }
        let service = serde_json::json!({ "service_time": { "exponential": { "mean": "1ms" } } });
        services.insert(format!("server-{three}"), service);
    }
    let document = serde_json::json!({
        "title": format!("{threes} times two producers and a service"),
        "question": "What does a node cost?",
        "duration": nanos(seconds), "sample_every": nanos(seconds.min(1.0)),
        "producers": producers, "services": services,
    });
    let content = document.to_string();
    let shown = "many nodes".to_owned();
    read(&Source::Text { name: "many-nodes".to_owned(), shown, content }, &[])
}
