//! Every scenario in `scenarios/` and `scenarios/validation/`: it says what it teaches, and what it says comes out.
//!
//! The folder is walked, so a new file is tested without a line here. A warning that is meant stands in the file as a
//! comment of its own line, `// Warns: ` and the message; any other warning is a mistake.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI32;
use std::{fs, thread};

use pileup::experiment::results::{ExpectationResult, Results};
use pileup::experiment::sink::Discard;
use pileup::experiment::{Control, Limits, Options, run};
use pileup::scenario::source::Source;
use pileup::scenario::{Overrides, Scenario, load};

fn shipped() -> Vec<PathBuf> {
    let folders = ["scenarios", "scenarios/validation"].map(|folder| fs::read_dir(folder).unwrap());
    let mut paths: Vec<PathBuf> =
        folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
}

fn loaded(path: &Path, overrides: &Overrides) -> Scenario {
    load(&Source::File(path.to_path_buf()), overrides).unwrap_or_else(|error| panic!("{error}"))
}

fn results(scenario: &Scenario) -> Results {
    let jobs = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let options = Options { replications: NonZeroUsize::MIN, jobs, limits: Limits::default() };
    let (stop, progress) = (AtomicI32::new(0), |_| {});
    let control = Control { stop: &stop, progress: &progress };
    run(scenario, options, &Discard, &control).unwrap()
}

fn in_words(expected: &ExpectationResult) -> String {
    let ExpectationResult { variant, metric, node, at, wanted, got, .. } = expected;
    let node = node.as_deref().unwrap_or("in total");
    let at = at.as_deref().unwrap_or("the end");
    format!("{variant}: {metric} ({node}, at {at}): {wanted}, got {got:?}")
}

#[test]
fn every_scenario_meets_its_expectations() {
    let mut missed = Vec::new();
    for path in shipped() {
        let results = results(&loaded(&path, &Overrides::default()));
        assert!(results.stopped.is_none(), "{} stops early", path.display());
        let wrong = results.expectations.iter().filter(|expected| !expected.met).map(in_words);
        missed.extend(wrong.map(|words| format!("{}: {words}", results.name)));
    }
    assert!(missed.is_empty(), "not as expected:\n{}", missed.join("\n"));
}

#[test]
fn every_scenario_says_what_it_asks_assumes_and_expects() {
    assert!(shipped().len() >= 11, "{} scenarios", shipped().len());
    for path in shipped() {
        let scenario = loaded(&path, &Overrides::default());
        let name = &scenario.name;
        assert!(!scenario.title.is_empty() && scenario.question.ends_with('?'), "{name}");
        assert!(!scenario.description.is_empty(), "{name} assumes nothing?");
        assert!(scenario.expectations.iter().any(|one| one.because.is_some()), "{name}");
        for variant in &scenario.variants {
            let only = Some(&variant.name);
            let mut expected = scenario.expectations.iter().map(|one| one.variant.as_ref());
            let concerned = expected.any(|variant| variant.is_none() || variant == only);
            assert!(concerned, "{name} expects nothing of {}", variant.name);
            let is_described = variant.description.as_deref().is_some_and(|d| d.ends_with('.'));
            assert!(is_described || scenario.variants.len() == 1, "{name}: {}", variant.name);
        }
    }
}

#[test]
fn no_scenario_warns_of_anything_that_it_does_not_mean() {
    for path in shipped() {
        let text = fs::read_to_string(&path).unwrap();
        let meant: BTreeSet<&str> =
            text.lines().filter_map(|line| line.trim().strip_prefix("// Warns: ")).collect();
        let scenario = loaded(&path, &Overrides::default());
        let warned: BTreeSet<&str> =
            scenario.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(warned, meant, "{}", path.display());
    }
}

#[test]
fn the_predicted_lag_is_told_only_where_the_queue_takes_the_whole_burst() {
    let variants = ["queue", "backpressure-block", "backpressure-credit"].map(str::to_owned);
    let overrides = Overrides { variants: variants.to_vec(), ..Overrides::default() };
    let results = results(&loaded(Path::new("scenarios/incident-2013.json"), &overrides));
    let predicted = |metric: &str| {
        let lines = results.references.iter().filter(|line| line.metric == metric);
        lines.map(|line| line.variant.clone()).collect::<Vec<_>>()
    };
    assert_eq!(predicted("lag"), ["queue"]);
    assert_eq!(predicted("pending"), ["queue", "backpressure-block", "backpressure-credit"]);
}

/// With less of a backlog, to be quick: 600,000 above the limit, worked off at 1,000/s − 250/s in 800 s. Alerts are read at the
/// ends of windows, here every 60 s: from the first on, and until the one after.
#[test]
fn the_alert_on_an_unbounded_backlog_is_raised_and_clears() {
    let overrides = Overrides {
        variants: vec!["as-it-is".to_owned()],
        sets: vec!["producers.campaign.initial_backlog=1600000".to_owned()],
        ..Overrides::default()
    };
    let results = results(&loaded(Path::new("scenarios/unbounded-backlog.json"), &overrides));
    let marks = &results.variants[0].replications[0].metrics.marks;
    let alert = marks.iter().filter(|mark| mark.detail.contains("a million behind"));
    let when: Vec<_> = alert.map(|mark| (mark.kind, mark.time_s)).collect();
    assert_eq!(when, [("alert_raised", 360.0), ("alert_cleared", 840.0)]);
}

fn drain_of_the_incident(seed: Option<u64>) -> f64 {
    let overrides = Overrides { seed, variants: vec!["queue".to_owned()], ..Overrides::default() };
    let results = results(&loaded(Path::new("scenarios/incident-2013.json"), &overrides));
    results.variants[0].replications[0].metrics.total.value("drain_time_s").unwrap()
}

/// B ÷ (μ − λ): 20,000 at once, 40/s done, 12.5/s + 5/s that reach the same worker.
const FLUID_DRAIN_S: f64 = 20_000.0 / (40.0 - 17.5);

fn deviation(drain_s: f64) -> f64 {
    (drain_s / FLUID_DRAIN_S - 1.0).abs()
}

#[test]
fn the_queue_of_the_incident_drains_as_arithmetic_says_within_2_percent() {
    let drain_s = drain_of_the_incident(None);
    assert!(deviation(drain_s) < 0.02, "{drain_s} s instead of {FLUID_DRAIN_S} s");
}

/// The standard deviation over seeds is √(B (λ + μ cv²) ÷ (μ − λ)³) = 7.0 s, 0.8 % (measured over these seeds: 6.2 s).
#[test]
fn the_queue_of_the_incident_drains_within_4_percent_at_any_seed() {
    for seed in 1..=20 {
        let drain_s = drain_of_the_incident(Some(seed));
        assert!(deviation(drain_s) < 0.04, "{drain_s} s at seed {seed}");
    }
}
