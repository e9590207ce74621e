//! A run is a pure function of scenario, variant and seed: the same bytes come out, whatever the number of threads.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicI32;

use pileup::experiment::{self, Control, Limits, Options};
use pileup::report::folder::Folder;
use pileup::report::timeseries::Timeseries;
use pileup::report::write::{WriteOptions, write};
use pileup::scenario::source::Source;
use pileup::scenario::{self, Overrides};

/// Every file of the results of a short incident, two replications of each variant, on `jobs` threads.
fn results(jobs: usize) -> BTreeMap<String, Vec<u8>> {
    let overrides =
        Overrides { sets: vec!["duration=5m".into(), "expect=[]".into()], ..Overrides::default() };
    let source = Source::File("scenarios/incident-2013.json".into());
    let scenario = scenario::load(&source, &overrides).unwrap_or_else(|error| panic!("{error}"));
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::begin(&temporary.path().join("out"), &scenario.name, false).unwrap();
    let (stop, sink) = (AtomicI32::new(0), Timeseries::new(folder.path()));
    let options = Options {
        replications: NonZeroUsize::new(2).unwrap(),
        jobs: NonZeroUsize::new(jobs).unwrap(),
        limits: Limits::default(),
    };
    let control = Control { stop: &stop, progress: &|_| {} };
    let results = experiment::run(&scenario, options, &sink, &control).unwrap();
    let options = WriteOptions { charts: true, png: false, wall_time_s: 0.0 };
    files(&write(&results, folder, options).unwrap())
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.insert(
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(path).unwrap(),
            );
        }
    }
    all
}

#[test]
fn one_two_and_seven_threads_give_the_same_bytes() {
    let one = results(1);
    assert!(one.len() > 10, "{:?}", one.keys());
    for jobs in [2, 7] {
        for (name, bytes) in results(jobs) {
            assert!(one[&name] == bytes, "{name} differs between 1 and {jobs} threads");
        }
    }
}
