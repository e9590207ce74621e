//! Which mutants the tests notice: the unit tests of their module first, then all of them, then the exact rules, then the random worlds
//! and theory, which take longest.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Fate;
use crate::mutant::Mutant;

/// What is left out in the end: what came before, documents, the program and the machine, and what takes minutes by itself.
const SKIPPED: [&str; 11] = [
    "rules::",
    "architecture",
    "machine::",
    "results::",
    "docs::",
    "cli::",
    "validation::",
    "dependencies",
    "advice",
    "scenarios::every_scenario",
    "determinism",
];
/// A mutant that isn't done by then never is: tests take a fraction of it.
const PATIENCE: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(900)];

/// Tests each mutant of which no outcome is known, and writes down the outcome.
pub fn try_all(tree: &Path, sample: &[Mutant], fates: &[Fate]) {
    let outcomes = tree.join("outcomes.csv");
    let known = fs::read_to_string(&outcomes).unwrap_or_default();
    let known: BTreeMap<&str, &str> =
        known.lines().filter_map(|line| line.split_once(',')).map(|(a, b)| (b, a)).collect();
    let programs = executables(tree);
    let unmutated = outcome(tree, sample.len(), "", &programs);
    assert_eq!(unmutated, "missed", "tests that fail anyway");
    for (number, (mutant, fate)) in sample.iter().zip(fates).enumerate() {
        if known.contains_key(mutant.name.as_str()) {
            continue;
        }
        let outcome = match fate {
            Fate::Impossible => "impossible",
            Fate::Alone => "alone",
            Fate::Woven => outcome(tree, number, &mutant.file, &programs),
        };
        let mut file =
            OpenOptions::new().create(true).append(true).open(&outcomes).expect("a file");
        writeln!(file, "{outcome},{}", mutant.name).expect("room on the disk");
        println!("{outcome}: {}", mutant.name);
    }
}

fn outcome(tree: &Path, number: usize, file: &str, programs: &[PathBuf; 2]) -> &'static str {
    let [unit, whole] = programs;
    let module = file.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::");
    let module = [module.trim_end_matches("::mod")];
    let skipped: Vec<&str> = SKIPPED.iter().flat_map(|name| ["--skip", name]).collect();
    let stages: [(&Path, &[&str], Duration); 4] = [
        (unit, &module, PATIENCE[0]),
        (unit, &[], PATIENCE[0]),
        (whole, &["rules::"], PATIENCE[0]),
        (whole, &skipped, PATIENCE[1]),
    ];
    for (tests, arguments, patience) in stages {
        let child = Command::new(tests)
            .args(arguments)
            .current_dir(tree)
            .env("PILEUP_MUTANT", number.to_string())
            .env("PROPTEST_RNG_SEED", "20131209")
            // A test that fails is enough: nobody looks for a smaller one.
            .env("PROPTEST_MAX_SHRINK_ITERS", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match wait(child.expect("tests"), patience) {
            Some(true) => {}
            Some(false) => return "caught",
            None => return "endless",
        }
    }
    "missed"
}

/// Whether the tests passed; nothing if they didn't end.
fn wait(mut child: Child, patience: Duration) -> Option<bool> {
    let start = Instant::now();
    while start.elapsed() < patience {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status.success());
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("a child that can be killed");
    child.wait().expect("a child");
    None
}

/// The programs of the unit tests and of the integration tests.
fn executables(tree: &Path) -> [PathBuf; 2] {
    let arguments = ["test", "--no-run", "--lib", "--test", "it", "--message-format=json"];
    let output = Command::new("cargo").args(arguments).current_dir(tree).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let program = |name: &str| {
        let artifacts =
            messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut ours = artifacts.filter(|message| {
            message["target"]["name"] == name && message["profile"]["test"] == true
        });
        ours.find_map(|message| message["executable"].as_str().map(PathBuf::from)).expect(name)
    };
    [program("pileup"), program("it")]
}
