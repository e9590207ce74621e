//! The tests of bad days of the machine, run by themselves, to tell how each of them ended.

use std::env;
use std::process::Command;

/// What happens to the machine, and whether pileup stood it.
#[derive(Debug)]
pub struct Fault {
    pub what: String,
    pub passed: bool,
}

/// Runs them all in a process of their own.
pub fn all() -> Vec<Fault> {
    let mut tests = Command::new(env::current_exe().unwrap());
    tests.args(["machine::", "--test-threads=2"]);
    let output = tests.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut faults: Vec<Fault> = text.lines().filter_map(fault).collect();
    assert!(faults.len() > 10, "{text}");
    faults.sort_by(|a, b| a.what.cmp(&b.what));
    faults
}

/// Of a line such as `test machine::disk::a_full_disk_is_told ... ok`.
fn fault(line: &str) -> Option<Fault> {
    let (name, verdict) = line.strip_prefix("test machine::")?.split_once(" ... ")?;
    let (family, sentence) = name.split_once("::")?;
    Some(Fault {
        what: format!("{family}: {}", sentence.replace('_', " ")),
        passed: verdict == "ok",
    })
}
