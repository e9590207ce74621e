//! Ctrl-C and SIGTERM, also at the worst moment and more than once.
#![cfg(unix)]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use pileup::random::{Chance, Stream};

use super::folders::wait_until_it_writes;
use crate::workplace::{Ended, Workplace};

/// Starts a run that would go on for very long, and sends it `signal` once it writes.
fn stopped_by(place: &Workplace, signal: &str) -> Ended {
    let arguments = "run endless.json unmet.json --out out --jobs 1 --max-events 2e9";
    let mut child = place.command(arguments).spawn().unwrap();
    wait_until_it_writes(place, &mut child);
    assert!(kill(&child, signal));
    Ended::from(child.wait_with_output().unwrap())
}

/// Whether there was somebody to send it to.
fn kill(child: &Child, signal: &str) -> bool {
    let number = child.id().to_string();
    Command::new("kill").args([signal, &number]).output().unwrap().status.success()
}

#[test]
fn an_interrupted_run_ends_with_130_and_what_it_had_is_kept_and_marked() {
    let place = Workplace::new();
    let ended = stopped_by(&place, "-INT").with(130);
    assert!(ended.err.contains("stopped by signal 2"), "{}", ended.err);
    let manifest = place.json("out/endless/manifest.json");
    assert_eq!((&manifest["complete"], &manifest["stopped"]), (&false.into(), &"signal 2".into()));
    assert_eq!(place.json("out/endless/summary.json")["complete"], false);
    assert_eq!(place.names("out"), ["endless"], "the next scenario is not begun");
    place.holds_a_result("out/endless");
}

#[test]
fn a_terminated_run_ends_with_143() {
    let place = Workplace::new();
    stopped_by(&place, "-TERM").with(143);
    place.holds_a_result("out/endless");
}

/// Every second time there is a second signal. Before the program listens, the system ends it: that is as good.
#[test]
fn a_signal_at_any_moment_leaves_a_whole_result_or_none() {
    let place = Workplace::new();
    place.pileup("run small.json --out earlier").with(0);
    let mut chance = Stream::new(1, 0, "moments");
    for attempt in 0..60 {
        let mut child = place.command("run small.json --out out").spawn().unwrap();
        let mut again = place.command("run small.json --out earlier").spawn().unwrap();
        sleep(Duration::from_micros(chance.below(120_000)));
        for _ in 0..=attempt % 2 {
            kill(&child, "-INT");
            kill(&again, "-TERM");
        }
        for (child, codes, signal) in [(&mut child, [0, 130], 2), (&mut again, [0, 143], 15)] {
            let ended = child.wait().unwrap();
            let expected =
                ended.code().map_or(ended.signal() == Some(signal), |code| codes.contains(&code));
            assert!(expected, "{ended}");
        }
        place.holds_a_result("earlier");
        let mut left = place.names(".");
        left.retain(|name| !name.ends_with(".json"));
        if place.exists("out") {
            place.holds_a_result("out");
            fs::remove_dir_all(place.path().join("out")).unwrap();
            assert_eq!(left, ["earlier", "out"]);
        } else {
            assert_eq!(left, ["earlier"]);
        }
    }
}

#[test]
fn a_second_signal_ends_the_program_at_once_and_leaves_nothing_half_written() {
    let place = Workplace::new();
    for (first, second, code) in
        [("-INT", "-INT", 130), ("-INT", "-TERM", 143), ("-TERM", "-INT", 130)]
    {
        let arguments = "run endless.json unmet.json --out out --jobs 2 --replications 2";
        let mut child = place.command(arguments).spawn().unwrap();
        wait_until_it_writes(&place, &mut child);
        kill(&child, first);
        kill(&child, second);
        let ended = child.wait().unwrap();
        // Where both came so quickly that the first was not heard, or so slowly that all was written by then.
        let may_be = [code, 130, 143];
        assert!(ended.code().is_some_and(|code| may_be.contains(&code)), "{ended}");
        match place.names("out").as_slice() {
            [] => {}
            [name] => {
                assert_eq!(name, "endless");
                place.holds_a_result("out/endless");
                fs::remove_dir_all(place.path().join("out/endless")).unwrap();
            }
            more => panic!("{more:?}"),
        }
    }
}
