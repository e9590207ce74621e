//! `results/` holds what pileup makes of the shipped scenarios: made again, every file is the same to the last byte.
//!
//! Time series are not kept in the repository; their hashes stand in the manifest, which is compared but for its wall time.
//! After a change that is meant: `make results`, then read the difference.
//!
//! The files were made on Linux on x86-64 and are compared there only: the last digit of `exp` and `ln`, from which lognormal
//! and other times are drawn, is left to the mathematics library of each system.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicI32;
use std::thread;

use pileup::experiment::{Control, Limits, Options, run};
use pileup::report::folder::Folder;
use pileup::report::timeseries::Timeseries;
use pileup::report::write::{WriteOptions, write};
use pileup::scenario::source::Source;
use pileup::scenario::{Overrides, builtin, load};
use serde_json::Value;

/// Simulates a scenario into `place`, as `make results` does, on so many threads.
fn make(name: &str, place: &Path, jobs: NonZeroUsize) {
    let source = Source::File(format!("scenarios/{name}.json").into());
    let scenario = load(&source, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    let folder = Folder::begin(place, name, false).unwrap_or_else(|error| panic!("{error}"));
    let options = Options { replications: NonZeroUsize::MIN, jobs, limits: Limits::default() };
    let control = Control { stop: &AtomicI32::new(0), progress: &|_| {} };
    let results = run(&scenario, options, &Timeseries::new(folder.path()), &control).unwrap();
    let options = WriteOptions { charts: true, png: false, wall_time_s: 0.0 };
    write(&results, folder, options).unwrap_or_else(|error| panic!("{error}"));
}

/// The manifest but for the wall time. It has a hash of every other file of its folder.
fn manifest(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap_or_else(|error| {
        panic!("{}: {error}; run `make results`", folder.display());
    });
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    assert!(manifest["wall_time_s"].take().is_number());
    manifest
}

/// The files of a folder by their names, but for those that the repository doesn't keep.
fn files(folder: &Path, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            names.extend(files(&entry.path(), &format!("{name}/")));
        } else {
            names.insert(name);
        }
    }
    names.remove("timeseries.csv");
    names
}

/// What differs between the results in the repository and those in `made`.
fn differences(name: &str, made: &Path) -> Vec<String> {
    let kept = Path::new("results").join(name);
    let names: BTreeSet<String> = files(&kept, "").union(&files(made, "")).cloned().collect();
    let differs = |name: &String| match name.as_str() {
        "manifest.json" => manifest(&kept) != manifest(made),
        _ => fs::read(kept.join(name)).ok() != fs::read(made.join(name)).ok(),
    };
    names.into_iter().filter(differs).map(|file| format!("results/{name}/{file}")).collect()
}

#[test]
fn results_has_a_folder_for_every_scenario_and_nothing_else() {
    let kept: BTreeSet<String> = fs::read_dir("results")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| Path::new("results").join(name).join("manifest.json").exists())
        .filter(|name| name != "comparison")
        .collect();
    let shipped: BTreeSet<String> =
        builtin::list().iter().map(|builtin| builtin.name.to_owned()).collect();
    assert_eq!(kept, shipped, "run `make results`");
}

/// Once, every scenario on all cores. With `DETERMINISM_REPEATS` so often on one, two and seven threads, several scenarios side by side: a
/// debug build, a release build and every repetition are held to the same bytes.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn results_come_out_the_same_again() {
    let repeats = std::env::var("DETERMINISM_REPEATS").ok().map(|text| text.parse().unwrap());
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (threads, side_by_side) = match repeats {
        Some(repeats) => ([1, 2, 7].repeat(repeats), cores),
        None => (vec![cores], 1),
    };
    let next = Mutex::new(builtin::list().iter());
    let different = Mutex::new(Vec::new());
    let work = || {
        loop {
            let Some(builtin) = next.lock().unwrap().next() else { return };
            let temporary = tempfile::tempdir().unwrap();
            let made = temporary.path().join(builtin.name);
            for jobs in &threads {
                make(builtin.name, &made, NonZeroUsize::new(*jobs).unwrap());
                different.lock().unwrap().extend(differences(builtin.name, &made));
            }
        }
    };
    thread::scope(|scope| (0..side_by_side).for_each(|_| drop(scope.spawn(work))));
    let different = different.into_inner().unwrap();
    assert!(different.is_empty(), "run `make results`, if it is meant:\n{}", different.join("\n"));
}
