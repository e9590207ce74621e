//! `VALIDATION.md`: a row for each thing that is known.

use std::fmt::Write as _;
use std::fs;

use super::faults::Fault;
use super::outcome::Outcome;
use super::published::Published;
use super::reference::{LeftOut, Reference};

/// The document as far as it has come.
#[derive(Debug, Default)]
pub struct Document {
    body: String,
    met: usize,
    missed: Vec<String>,
}

const HEAD: &str = "\
# Validation

What others know of queueing systems, and what pileup makes of it. Written by `make validate`, which takes about ten minutes on two cores;
the same version writes the same numbers.

Each reference is a scenario like any other (`tests/data/references/`, `scenarios/validation/`). Where chance plays a part it runs many
times, with independent chance each time. A row is met if the known number lies within the 99.9 % interval of the mean over the runs
(Student's t) *and* that interval is narrow: half of it at most 1 % of a mean, 3 % of a percentile, a tail or a small probability. So an interval
can't be passed by being wide, and of a thousand rows one misses by chance. Where nothing is left to chance, the number has to be met exactly,
or within what stands beside it: rounding, or ties that the source leaves open. Percentiles are told to within 1/256 of them.
";

const COLUMNS: &str = "\
| reference | setting | source | what | expected | simulated | 99.9 % interval | |
|---|---|---|---|---:|---:|---:|---|
";

impl Document {
    pub fn begin(&mut self, chapter: &str) {
        let _ = write!(self.body, "\n## {chapter}\n\n{COLUMNS}");
    }

    /// A reference: what it is stands in its first row.
    pub fn add(&mut self, reference: &Reference, outcomes: &[Outcome]) {
        for (place, outcome) in outcomes.iter().enumerate() {
            let (setting, source) = match place {
                0 => (reference.setting.as_str(), reference.source.as_str()),
                _ => ("", ""),
            };
            let verdict = self.judge(&reference.id, &outcome.what, outcome.missed.as_deref());
            let Outcome { what, expected, simulated, interval, .. } = outcome;
            let _ = writeln!(
                self.body,
                "| `{}` | {setting} | {source} | {what} | {expected} | {simulated} | {interval} | {verdict} |",
                reference.id
            );
        }
    }

    /// What is known and not held to, and why.
    pub fn left_out(&mut self, all: &[LeftOut]) {
        if all.is_empty() {
            return;
        }
        self.body += "\n| left out | because |\n|---|---|\n";
        for LeftOut { what, why } in all {
            let _ = writeln!(self.body, "| {what} | {why} |");
        }
    }

    /// Scenarios that repeat what somebody has published.
    pub fn published(&mut self, all: &[Published]) {
        let _ = write!(self.body, "\n## Published results\n\n{COLUMNS}");
        for one in all {
            let verdict = self.judge(&one.scenario, &one.what, one.missed.as_deref());
            let Published { scenario, setting, source, what, expected, simulated, .. } = one;
            let _ = writeln!(
                self.body,
                "| `{scenario}` | {setting} | {source} | {what} | {expected} | {simulated} | {} | {verdict} |",
                one.interval
            );
        }
    }

    /// What the machine may do meanwhile.
    pub fn faults(&mut self, all: &[Fault]) {
        self.body += "\n## Bad days of the machine\n\nEach is a test of the ordinary suite, in `tests/it/machine/`.\n\n";
        self.body += "| what happens, and what becomes of it | |\n|---|---|\n";
        for Fault { what, passed } in all {
            let verdict = self.judge("machine", what, (!passed).then_some("failed"));
            let _ = writeln!(self.body, "| {what} | {verdict} |");
        }
    }

    fn judge(&mut self, reference: &str, what: &str, missed: Option<&str>) -> String {
        match missed {
            None => {
                self.met += 1;
                "met".to_owned()
            }
            Some(why) => {
                // What has a reason that it isn't met is told, and is no failure.
                if !why.starts_with("not in every run: ") {
                    self.missed.push(format!("{reference}: {what}"));
                }
                format!("not met: {why}")
            }
        }
    }

    pub fn missed(&self) -> usize {
        self.missed.len()
    }

    pub fn finish(&self) -> String {
        let count = format!("\n**{} rows, {} met.**\n", self.met + self.missed(), self.met);
        let mut figures = String::new();
        for (title, file) in
            [("Fuzzing", "fuzz/FIGURES.md"), ("Mutation testing", "mutants/FIGURES.md")]
        {
            if let Ok(text) = fs::read_to_string(file) {
                let _ = write!(figures, "\n## {title}\n\n{text}");
            }
        }
        format!("{HEAD}{count}{}{figures}", self.body)
    }
}
