//! What is written reads back.

use super::*;
use crate::experiment::results::Stop;
use crate::experiment::sink::{RunLabel, Sink};
use crate::report::folder::Folder;
use crate::report::sample;
use crate::report::timeseries::Timeseries;
use crate::report::write::{WriteOptions, write};
use std::path::PathBuf;

/// Writes results as a run would, time series included.
fn written(results: &Results, place: &Path) -> PathBuf {
    let folder = Folder::begin(place, &results.name, false).unwrap();
    let sink = Timeseries::new(folder.path());
    for (variant, one) in results.variants.iter().enumerate() {
        for (replication, run) in one.replications.iter().enumerate() {
            stream(&sink, (variant, &one.name, replication), &run.metrics);
        }
    }
    let options = WriteOptions { charts: false, png: false, wall_time_s: 1.0 };
    write(results, folder, options).unwrap()
}

fn stream(
    sink: &Timeseries,
    (variant, variant_name, replication): (usize, &str, usize),
    run: &RunMetrics,
) {
    let rows: Vec<&NodeMetrics> = std::iter::once(&run.total).chain(&run.nodes).collect();
    let nodes: Vec<String> = rows.iter().map(|node| node.name.clone()).collect();
    let label = RunLabel { variant, variant_name, replication, nodes: &nodes };
    let mut part = sink.open(label).unwrap();
    for (window, end_s) in run.total.series.times_s.iter().enumerate() {
        let row = |columns: &Vec<Vec<f64>>| -> Vec<f64> {
            columns
                .iter()
                .filter(|column| !column.is_empty())
                .map(|column| column[window])
                .collect()
        };
        let values: Vec<Vec<f64>> = rows.iter().map(|node| row(&node.series.values)).collect();
        let maxima: Vec<Vec<f64>> = rows.iter().map(|node| row(&node.series.maxima)).collect();
        let values: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        let maxima: Vec<&[f64]> = maxima.iter().map(Vec::as_slice).collect();
        part.window(*end_s, &values, &maxima).unwrap();
    }
    part.finish().unwrap();
}

/// Everything but NaN, which equals nothing.
fn shown(results: &Results) -> String {
    let mut results = results.clone();
    for run in results.variants.iter_mut().flat_map(|variant| &mut variant.replications) {
        run.metrics.total.ledger = None;
        run.metrics.nodes.iter_mut().for_each(|node| node.ledger = None);
    }
    // Predictions follow from the scenario and are not written.
    results.variants.iter_mut().for_each(|variant| variant.predictions.clear());
    format!("{results:#?}")
}

#[test]
fn a_result_reads_back_as_it_was_written() {
    let temporary = tempfile::tempdir().unwrap();
    for replications in [1, 2] {
        let results = sample::results(30, replications);
        let place = written(&results, &temporary.path().join(&results.name));
        let finished = read(&place).unwrap();
        assert!(finished.has_timeseries);
        let (read, written) = (shown(&finished.results), shown(&results));
        let differ = read.lines().zip(written.lines()).find(|(read, written)| read != written);
        assert_eq!(differ, None);
        assert_eq!(read.lines().count(), written.lines().count());
    }
}

#[test]
fn a_result_without_time_series_still_has_its_numbers() {
    let temporary = tempfile::tempdir().unwrap();
    let results = sample::results(5, 1);
    let place = written(&results, &temporary.path().join("out"));
    fs::remove_file(place.join(TIMESERIES)).unwrap();
    let finished = read(&place).unwrap();
    assert!(!finished.has_timeseries);
    assert_eq!(
        finished.results.variants[0].replications[0].metrics.total.value("crashes"),
        results.variants[0].replications[0].metrics.total.value("crashes")
    );
}

#[test]
fn a_folder_without_a_result_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let error = read(temporary.path()).unwrap_err();
    assert_eq!(error.problem, "holds no result of pileup (there is no manifest.json)");
}

#[test]
fn a_damaged_file_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let place = written(&sample::results(5, 1), &temporary.path().join("out"));
    fs::write(place.join("summary.json"), "{ \"variants\": 3 }").unwrap();
    assert_eq!(read(&place).unwrap_err().path, place.join("summary.json"));
    fs::write(place.join(MANIFEST), "garbage").unwrap();
    assert_eq!(read(&place).unwrap_err().path, place.join(MANIFEST));
}

#[test]
fn variants_of_the_same_name_are_told_apart() {
    let mut other = sample::results(5, 1);
    other.name = "calm".into();
    let names = |results: Vec<Results>| -> Vec<String> {
        let variants = overlay(results).unwrap().variants.into_iter();
        variants.map(|variant| variant.name).filter(|name| name.ends_with("queue")).collect()
    };
    let one = sample::results(5, 1);
    assert_eq!(names(vec![one.clone(), other]), ["incident-2013/queue", "calm/queue"]);
    assert_eq!(
        names(vec![one.clone(), one.clone()]),
        ["incident-2013#1/queue", "incident-2013#2/queue"]
    );
    assert_eq!(names(vec![one]), ["queue"]);
    assert!(overlay(Vec::new()).is_none());
}

#[test]
fn each_variant_of_an_interrupted_experiment_gets_its_own_runs() {
    let temporary = tempfile::tempdir().unwrap();
    let mut results = sample::results(5, 3);
    results.stopped = Some(Stop::Signal(2));
    results.expectations.clear();
    results.variants.truncate(3);
    results.variants[1].replications.truncate(2);
    results.variants[2].replications.truncate(1);
    for (events, variant) in results.variants.iter_mut().enumerate() {
        variant.replications.iter_mut().for_each(|run| run.events = events as u64);
    }
    let place = written(&results, &temporary.path().join("out"));
    let read = read(&place).unwrap().results;
    let runs = |variant: &VariantResult| -> Vec<u64> {
        variant.replications.iter().map(|run| run.events).collect()
    };
    assert_eq!(
        read.variants.iter().map(runs).collect::<Vec<_>>(),
        [vec![0, 0, 0], vec![1, 1], vec![2]]
    );
}
