//! Files and folders that may not be read or written.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;

use super::skipped;
use crate::workplace::{Ended, SMALL, Workplace};

/// A user whom permissions concern: nobody, where the tests are run by root.
const NOBODY: u32 = 65_534;

/// A workplace whose folder `closed` may be read, but not written to; and what runs there as somebody who must obey.
struct Closed(Workplace);

impl Closed {
    fn new() -> Option<Closed> {
        let place = Workplace::new();
        fs::create_dir(place.path().join("closed")).unwrap();
        place.write("closed/small.json", SMALL);
        place.write("closed/secret.json", SMALL);
        fs::create_dir(place.path().join("open")).unwrap();
        let closed = Closed(place);
        for (name, mode) in
            [("", 0o755), ("open", 0o777), ("closed", 0o555), ("closed/secret.json", 0)]
        {
            closed.set_mode(name, mode);
        }
        if closed.obedient("list").is_none() {
            skipped("nobody else may run the program");
            return None;
        }
        Some(closed)
    }

    fn set_mode(&self, name: &str, mode: u32) {
        let path = self.0.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// What came of a command in `closed`; `None` if it can't be run by whom it has to be.
    fn obedient(&self, arguments: &str) -> Option<Ended> {
        let mut command = self.0.command(arguments);
        if fs::metadata(self.0.path()).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.current_dir(self.0.path().join("closed"));
        command.output().ok().map(Ended::from)
    }

    fn run(&self, arguments: &str) -> Ended {
        self.obedient(arguments).unwrap()
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.set_mode("closed", 0o755);
    }
}

#[test]
fn a_scenario_in_a_folder_that_may_not_be_written_to_is_run_elsewhere() {
    let Some(closed) = Closed::new() else { return };
    let remedy = "permission denied; choose a folder that you may write to with --out";
    closed.run("run small.json").refused(remedy);
    closed.run("run small.json --out ../open/out").with(0);
    closed.0.holds_a_result("open/out");
    closed.run("check small.json").with(0);
}

#[test]
fn an_output_folder_that_may_not_be_written_to_is_refused_before_anything_is_run() {
    let Some(closed) = Closed::new() else { return };
    closed.run("run ../endless.json --out out").refused("error: out: permission denied");
    closed.run("compare ../open --out out").with(2);
    assert_eq!(closed.0.names("closed"), ["secret.json", "small.json"]);
}

#[test]
fn an_output_folder_that_is_closed_during_the_run_is_an_error_that_says_what_to_do() {
    let Some(closed) = Closed::new() else { return };
    closed.set_mode("open", 0o777);
    let script = "run ../endless.json --out ../open/deep/out --max-events 2e6";
    let mut command = closed.0.command(script);
    if fs::metadata(closed.0.path()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let mut child = command.current_dir(closed.0.path().join("closed")).spawn().unwrap();
    while !closed.0.exists(&format!("open/deep/.out.partial-{}", child.id())) {
        assert!(child.try_wait().unwrap().is_none(), "it ends before it has begun");
    }
    closed.set_mode("open/deep", 0o555);
    let ended = Ended::from(child.wait_with_output().unwrap()).with(1);
    closed.set_mode("open/deep", 0o755);
    let remedy = "permission denied; choose a folder that you may write to with --out";
    assert!(ended.err.contains(remedy), "{}", ended.err);
    assert!(!closed.0.exists("open/deep/out"));
}

#[test]
fn what_may_not_be_read_is_said_with_what_to_do() {
    let Some(closed) = Closed::new() else { return };
    for verb in ["run", "check"] {
        let words =
            "secret.json: this can't be read: permission denied\n  = you need the permission";
        closed.run(&format!("{verb} secret.json --set seed=2")).refused(words);
    }
    let ended = closed.run("new mine").with(1);
    let words = "error: mine.json: permission denied; go to a folder that you may write to";
    assert!(ended.err.contains(words), "{}", ended.err);
}
