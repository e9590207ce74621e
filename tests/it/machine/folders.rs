//! The place of the results is not what it was: gone, or taken by another run.

use std::fs;
use std::process::Child;

use crate::workplace::{Ended, Workplace};

/// Waits until `child` writes into the folder under construction beside `out/endless`.
pub fn wait_until_it_writes(place: &Workplace, child: &mut Child) {
    let partial = format!("out/.endless.partial-{}", child.id());
    while !place.exists(&partial) || place.names(&partial).is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it ends before it has begun");
        std::thread::yield_now();
    }
}

#[test]
fn an_output_folder_that_vanishes_during_the_run_is_an_error() {
    let place = Workplace::new();
    let arguments = "run endless.json --out out/endless --max-events 2e6";
    let mut child = place.command(arguments).spawn().unwrap();
    wait_until_it_writes(&place, &mut child);
    fs::remove_dir_all(place.path().join("out")).unwrap();
    let ended = Ended::from(child.wait_with_output().unwrap()).with(1);
    let words = ["error: out/endless", "no such file or directory; it was removed meanwhile"];
    for words in words {
        assert!(ended.err.contains(words), "{}", ended.err);
    }
    assert!(!place.exists("out"), "it is not made again with half of the files");
}

#[test]
fn the_loss_of_one_run_of_several_is_an_error() {
    let place = Workplace::new();
    let arguments = "run endless.json --out out/endless --max-events 2e6 --jobs 1 --replications 2";
    let mut child = place.command(arguments).spawn().unwrap();
    wait_until_it_writes(&place, &mut child);
    let partial = place.path().join(format!("out/.endless.partial-{}", child.id()));
    fs::remove_file(partial.join(".timeseries-0-0.part")).unwrap();
    let ended = Ended::from(child.wait_with_output().unwrap()).with(1);
    assert!(ended.err.contains("error: out/endless/timeseries.csv"), "{}", ended.err);
    assert_eq!(place.names("out"), [""; 0]);
}

#[test]
fn runs_into_the_same_folder_at_once_leave_one_whole_result() {
    let place = Workplace::new();
    for _ in 0..4 {
        let start = |_| place.command("run small.json --out out --quiet").spawn().unwrap();
        let children: Vec<Child> = (0..6).map(start).collect();
        for child in children {
            Ended::from(child.wait_with_output().unwrap()).with(0);
        }
        place.holds_a_result("out");
    }
    assert_eq!(
        place.names("."),
        ["endless.json", "out", "small.json", "unmet.json", "wrong.json"],
        "nothing half-written is left"
    );
}

#[test]
fn of_two_scenarios_that_want_the_same_folder_at_once_the_later_is_refused() {
    let place = Workplace::new();
    let arguments = "run endless.json --out out --max-events 2e6";
    let mut child = place.command(arguments).spawn().unwrap();
    while !place.exists(&format!(".out.partial-{}", child.id())) {
        assert!(child.try_wait().unwrap().is_none(), "it ends before it has begun");
    }
    place.pileup("run small.json --out out").with(0);
    let ended = Ended::from(child.wait_with_output().unwrap()).with(2);
    assert!(ended.err.contains("holds the result of another scenario, `small`"), "{}", ended.err);
    place.holds_a_result("out");
    assert_eq!(place.json("out/manifest.json")["scenario"], "small");
}
