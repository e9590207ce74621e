//! Which mutants the tests notice: the unit tests of their module first, then the exact rules and what is said of bad scenarios, then all unit
//! tests. Those that live meet the random worlds and theory as well, which take longest.
//!
//! Each outcome is written down at once, so that a run that was stopped can be taken up; the last one of a mutant counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Fate;
use crate::build::{self, Built};
use crate::mutant::Mutant;

/// What is left out in the end: what came before, the program and the machine, what looks at files that are the same for all mutants, and
/// what takes minutes by itself.
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
/// A mutant that isn't done by then, in seconds of the processor, never is: tests take a fraction of it. So it doesn't matter what else runs.
const PATIENCE: [u32; 2] = [60, 900];
/// A mutant that takes more memory than this, in KiB, fails.
const MEMORY: u32 = 8 << 20;

/// What became of the mutants, by name.
pub struct Outcomes {
    path: PathBuf,
    known: BTreeMap<String, String>,
}

impl Outcomes {
    pub fn read(path: &Path) -> Outcomes {
        let text = fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(','));
        let known = lines.map(|(outcome, name)| (name.to_owned(), outcome.to_owned())).collect();
        Outcomes { path: path.to_owned(), known }
    }

    fn of(&self, mutant: &Mutant) -> Option<&str> {
        self.known.get(&mutant.name).map(String::as_str)
    }

    fn note(&mut self, mutant: &Mutant, outcome: &str) {
        let mut file =
            OpenOptions::new().create(true).append(true).open(&self.path).expect("a file");
        writeln!(file, "{outcome},{}", mutant.name).expect("room on the disk");
        println!("{outcome}: {}", mutant.name);
        self.known.insert(mutant.name.clone(), outcome.to_owned());
    }

    /// How many there are of each outcome, and whom nobody noticed.
    pub fn figures(&self, sample: &[Mutant]) -> String {
        let of = |outcome: &str| {
            let these = sample.iter().filter(|mutant| self.of(mutant) == Some(outcome));
            these.map(|mutant| mutant.name.as_str()).collect::<Vec<_>>()
        };
        let [caught, later, endless, survived, missed, impossible] =
            ["caught", "later", "endless", "survived", "missed", "impossible"].map(of);
        let noticed = caught.len() + later.len() + endless.len();
        let tested = noticed + survived.len() + missed.len();
        let mut text = String::new();
        let _ = writeln!(
            text,
            "Not Rust once mutated: {}. Of the other {tested} the tests noticed {noticed} ({:.1} %): {} by unit tests and exact rules, {} of them \
             because they never ended, {} by random worlds and theory alone. Not noticed: {}, of which {} have not met random worlds and theory.",
            impossible.len(),
            100.0 * noticed as f64 / tested.max(1) as f64,
            caught.len() + endless.len(),
            endless.len(),
            later.len(),
            survived.len() + missed.len(),
            survived.len(),
        );
        text.push('\n');
        for name in missed.iter().chain(&survived) {
            let _ = writeln!(text, "* `{name}`");
        }
        text
    }
}

/// Tests each mutant of which no outcome is known, quick tests first.
pub fn try_all(tree: &Path, sample: &[Mutant], built: &Built, outcomes: &mut Outcomes) {
    let programs = executables(tree).expect("what can be checked can be built");
    let untouched = Trial { tree, programs: &programs, number: sample.len(), file: "" };
    assert_eq!(untouched.quick(), "survived", "tests that fail anyway");
    assert_eq!(untouched.slow(), "missed", "tests that fail anyway");
    let woven = |number: &usize| built.fates[*number] == Fate::Woven;
    let trial =
        |number: usize| Trial { tree, programs: &programs, number, file: &sample[number].file };
    for (mutant, _) in
        sample.iter().zip(&built.fates).filter(|(_, fate)| **fate == Fate::Impossible)
    {
        if outcomes.of(mutant).is_none() {
            outcomes.note(mutant, "impossible");
        }
    }
    for number in (0..sample.len()).filter(woven) {
        if outcomes.of(&sample[number]).is_none() {
            outcomes.note(&sample[number], trial(number).quick());
        }
    }
    for number in (0..sample.len()).filter(woven) {
        if outcomes.of(&sample[number]) == Some("survived") {
            outcomes.note(&sample[number], trial(number).slow());
        }
    }
    for (mutant, _) in sample.iter().zip(&built.fates).filter(|(_, fate)| **fate == Fate::Alone) {
        if outcomes.of(mutant).is_none() {
            outcomes.note(mutant, alone(tree, mutant, built));
        }
    }
}

/// One that can't be built together with the others.
fn alone(tree: &Path, mutant: &Mutant, built: &Built) -> &'static str {
    let woven = build::mutate(tree, mutant, built);
    let outcome = executables(tree).map_or("impossible", |programs| {
        let trial = Trial { tree, programs: &programs, number: usize::MAX, file: &mutant.file };
        match trial.quick() {
            "survived" => trial.slow(),
            outcome => outcome,
        }
    });
    fs::write(tree.join(&mutant.file), woven).expect("a folder to write to");
    outcome
}

/// A mutant, by its number, that meets tests.
struct Trial<'a> {
    tree: &'a Path,
    /// Of the unit tests, and of the integration tests.
    programs: &'a [PathBuf; 2],
    number: usize,
    file: &'a str,
}

impl Trial<'_> {
    fn quick(&self) -> &'static str {
        let [unit, whole] = self.programs;
        let module =
            self.file.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::");
        let module = [module.trim_end_matches("::mod")];
        let stages: [(&Path, &[&str]); 3] = [
            (unit, &module),
            (whole, &["rules::", "invalid_scenarios", "docs::generated"]),
            (unit, &[]),
        ];
        for (tests, arguments) in stages {
            match self.passes(tests, arguments, PATIENCE[0]) {
                Some(true) => {}
                Some(false) => return "caught",
                None => return "endless",
            }
        }
        "survived"
    }

    fn slow(&self) -> &'static str {
        let skipped: Vec<&str> = SKIPPED.iter().flat_map(|name| ["--skip", name]).collect();
        match self.passes(&self.programs[1], &skipped, PATIENCE[1]) {
            Some(true) => "missed",
            Some(false) | None => "later",
        }
    }

    /// Whether the tests pass; nothing if they don't end.
    fn passes(&self, tests: &Path, arguments: &[&str], patience: u32) -> Option<bool> {
        const OUT_OF_TIME: [i32; 2] = [9, 24];
        let limits = format!("ulimit -t {patience}; ulimit -v {MEMORY}; exec \"$0\" \"$@\"");
        let status = Command::new("sh")
            .args(["-c", &limits])
            .arg(tests)
            .args(arguments)
            .current_dir(self.tree)
            .env("PILEUP_MUTANT", self.number.to_string())
            .env("PROPTEST_RNG_SEED", "20131209")
            // A test that fails is enough: nobody looks for a smaller one.
            .env("PROPTEST_MAX_SHRINK_ITERS", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("a shell");
        let is_over = status.signal().is_some_and(|signal| OUT_OF_TIME.contains(&signal));
        (!is_over).then_some(status.success())
    }
}

/// The programs of the unit tests and of the integration tests, if they can be built.
fn executables(tree: &Path) -> Option<[PathBuf; 2]> {
    let arguments = ["test", "--no-run", "--lib", "--test", "it", "--message-format=json"];
    let output = Command::new("cargo").args(arguments).current_dir(tree).output().expect("cargo");
    if !output.status.success() {
        return None;
    }
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let program = |name: &str| {
        let artifacts =
            messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut ours = artifacts.filter(|message| {
            message["target"]["name"] == name && message["profile"]["test"] == true
        });
        ours.find_map(|message| message["executable"].as_str().map(PathBuf::from)).expect(name)
    };
    Some([program("pileup"), program("it")])
}
