//! Traces: very long ones, pipes, and files that change while they are used.

use std::env;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicI32;

use pileup::experiment::sink::Discard;
use pileup::experiment::{self, Control, Limits, Options};
use pileup::scenario::source::Source;
use pileup::scenario::{self, Overrides, Scenario};
use serde_json::Value;

use super::{skipped, with_peak_memory};
use crate::workplace::{Ended, SMALL, Workplace};

/// A scenario whose arrivals are those of `trace.csv`, over nearly twelve days.
fn traced() -> String {
    let burst = r#"{ "burst": { "at": "1s", "count": 20 } }"#;
    assert!(SMALL.contains(burst));
    SMALL
        .replace(burst, r#"{ "trace": { "csv": "trace.csv" } }"#)
        .replace(r#""10s", "sample_every": "1s""#, r#""1000000s", "sample_every": "1h""#)
        .replace(r#""100ms""#, r#""1ms""#)
        .replace(r#""expect": [ { "metric": "effects", "equals": 20 } ]"#, r#""expect": []"#)
}

/// `lines` arrivals at equal distances, over the first 900,000 seconds.
fn write_trace(place: &Workplace, lines: u64) {
    let mut file = BufWriter::new(File::create(place.path().join("trace.csv")).unwrap());
    writeln!(file, "time").unwrap();
    for line in 0..lines {
        let millis = line * 900_000_000 / lines;
        writeln!(file, "{}.{:03}", millis / 1000, millis % 1000).unwrap();
    }
    file.flush().unwrap();
}

/// The most memory that a run with so many lines takes; all of them have arrived by its end.
fn peak_of_a_run(place: &Workplace, lines: u64) -> Option<u64> {
    write_trace(place, lines);
    let mut command = place.command("run traced.json --no-charts --format json");
    let (output, peak) = with_peak_memory(&mut command);
    let summary: Value = serde_json::from_str(&Ended::from(output).with(0).out).unwrap();
    assert_eq!(summary["variants"]["base"]["metrics"]["produced"]["mean"], lines);
    peak
}

/// Held in memory, each line would take at least 16 bytes.
#[track_caller]
fn assert_that_traces_are_streamed(lines: u64) {
    let place = Workplace::new();
    place.write("traced.json", &traced());
    let few = peak_of_a_run(&place, 1_000);
    let many = peak_of_a_run(&place, lines);
    if let (Some(few), Some(many)) = (few, many) {
        assert!(many < few + lines * 4, "{lines} lines take {many} bytes, a thousand {few}");
    }
}

#[test]
fn a_trace_of_two_million_lines_is_streamed() {
    assert_that_traces_are_streamed(2_000_000);
}

/// It writes 600 MB and takes a while, so only `make validate` goes through with it.
#[test]
fn a_trace_of_fifty_million_lines_is_streamed() {
    if env::var_os("VALIDATION").is_none() {
        return skipped("`make validate` reads so long a trace");
    }
    assert_that_traces_are_streamed(50_000_000);
}

#[test]
#[cfg(unix)]
fn a_trace_that_is_a_pipe_or_a_folder_is_refused() {
    let place = Workplace::new();
    place.write("traced.json", &traced());
    let ended = place.shell("mkfifo trace.csv && exec \"$PILEUP\" run traced.json").with(2);
    assert!(ended.err.contains("trace.csv is not a file"), "{}", ended.err);
    fs::remove_file(place.path().join("trace.csv")).unwrap();
    fs::create_dir(place.path().join("trace.csv")).unwrap();
    place.pileup("run traced.json").refused("trace.csv is not a file");
}

/// What comes of a run whose trace changes after it was checked.
fn run_after(change: impl FnOnce(&Workplace)) -> String {
    let place = Workplace::new();
    place.write("traced.json", &traced());
    write_trace(&place, 100);
    let source = Source::File(place.path().join("traced.json"));
    let scenario = scenario::load(&source, &Overrides::default()).unwrap();
    change(&place);
    let error = run(&scenario).expect_err("the trace has changed");
    let told = error.to_string();
    let shown = format!(
        "the trace {} has changed since it was checked: ",
        place.path().join("trace.csv").display()
    );
    told.strip_prefix(&shown).unwrap_or_else(|| panic!("{told}")).to_owned()
}

fn run(scenario: &Scenario) -> std::io::Result<()> {
    let (one, stop) = (NonZeroUsize::MIN, AtomicI32::new(0));
    let options = Options { replications: one, jobs: one, limits: Limits::default() };
    let control = Control { stop: &stop, progress: &|_| {} };
    experiment::run(scenario, options, &Discard, &control).map(drop)
}

#[test]
fn a_trace_that_changes_after_it_was_checked_is_an_error_and_no_bug() {
    let write = |text: &'static str| move |place: &Workplace| place.write("trace.csv", text);
    assert_eq!(
        run_after(write("time\n5\n3\n")),
        "line 3: 3s comes after 5s; sort the rows by `time`"
    );
    assert!(run_after(write("")).starts_with("line 1: there is no column `time`"));
    let removed = run_after(|place| fs::remove_file(place.path().join("trace.csv")).unwrap());
    assert!(removed.contains("No such file"), "{removed}");
}
