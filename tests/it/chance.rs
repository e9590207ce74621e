//! Scenarios made by chance, as the fuzz targets make them, and what fuzzing has kept: for every day, and for machines without
//! a fuzzer.

use std::fs;
use std::path::PathBuf;

use pileup::random::trace::check_trace;
use pileup::random::{Chance, Stream};
use pileup::scenario::schema::schema;

#[path = "../../fuzz/src/generator.rs"]
mod generator;
#[path = "../../fuzz/src/whole.rs"]
mod whole;

/// Everything that fuzzing has kept for a target.
fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = format!("fuzz/corpus/{target}");
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

/// Runs the scenario that `bytes` stand for; `false` if it isn't valid.
fn run(schema: &serde_json::Value, bytes: &[u8]) -> bool {
    let text = generator::scenario(schema, bytes).to_string();
    let Some(scenario) = whole::read(&text, &[]) else { return false };
    // A ledger that doesn't balance is a panic.
    let results = whole::run(&scenario);
    assert_eq!(results.variants.len(), 1, "{text}");
    true
}

#[test]
fn scenarios_made_by_chance_come_to_an_end_and_balance() {
    let schema = schema();
    let mut chance = Stream::new(1, 0, "bytes");
    let valid = (0..150).filter(|_| {
        let length = 10 + chance.below(150);
        let bytes: Vec<u8> = (0..length).map(|_| chance.below(256) as u8).collect();
        run(&schema, &bytes)
    });
    let valid = valid.count();
    assert!(valid > 15, "{valid} of 150 are valid: hardly anything is tested");
}

#[test]
fn whole_scenarios_that_fuzzing_kept_still_come_to_an_end() {
    let schema = schema();
    for file in corpus("whole_scenarios") {
        run(&schema, &fs::read(file).unwrap());
    }
}

#[test]
fn a_scenario_made_by_chance_can_be_reported() {
    let schema = schema();
    let mut chance = Stream::new(2, 0, "bytes");
    let scenarios = (0..).find_map(|_| {
        let bytes: Vec<u8> = (0..200).map(|_| chance.below(256) as u8).collect();
        whole::read(&generator::scenario(&schema, &bytes).to_string(), &[])
    });
    let report = whole::report(&whole::run(&scenarios.unwrap()));
    assert!(report.contains("Made by chance"), "{report}");
}

#[test]
fn texts_that_fuzzing_kept_are_still_read_or_refused() {
    for file in corpus("scenario_reader") {
        let Ok(text) = fs::read_to_string(file) else { continue };
        if let Some(scenario) = whole::read(&text, &[]) {
            scenario.variants.iter().for_each(|variant| drop(variant.plan()));
        }
    }
    for file in corpus("overrides") {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let sets: Vec<String> = text.lines().take(4).map(str::to_owned).collect();
        let base = fs::read_to_string("scenarios/producer-burst.json").unwrap();
        let _ = whole::read(&base, &sets);
    }
    for file in corpus("trace_reader") {
        let _ = check_trace(Box::new(fs::File::open(file).unwrap()));
    }
}
