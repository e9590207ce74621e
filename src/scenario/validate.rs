//! What is wrong although every field could be read: names that lead nowhere, times outside the run, rules that contradict
//! one another. Every problem at once.
//!
//! Checks run on what each variant resolves to; a finding is told by its path there, and looked up in the file later.
//! Where a value could not even be read, only those checks run that don't take its absence for a mistake.

mod amqp;
mod clusters;
mod contracts;
mod criteria;
mod cycles;
mod files;
mod jobs;
mod links;
mod logs;
mod names;
mod overload;
mod queues;
mod settings;
mod sqs;
mod stages;
mod times;
mod waiting;

use std::path::Path as FilePath;

use super::document::Document;
use super::path::{Path, Step};
use super::refusal::wrong_and_remedy;
use super::tree::Located;
use super::variant::is_section;
use crate::time::SimDuration;

pub use names::names;

/// Something wrong, or probably not meant, at a path of a resolved variant.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Where.
    pub path: Path,
    /// Whether the name of the field is meant rather than its value.
    pub on_key: bool,
    /// Whether it can be simulated all the same.
    pub is_warning: bool,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl Finding {
    fn error(path: Path, message: impl Into<String>, help: impl Into<String>) -> Finding {
        let (message, help) = (message.into(), help.into());
        Finding { path, on_key: false, is_warning: false, message, help }
    }

    fn warning(path: Path, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding { is_warning: true, ..Finding::error(path, message, help) }
    }

    fn on_key(self) -> Finding {
        Finding { on_key: true, ..self }
    }

    /// What a settings type says about the value at `below` it: `is 0; it must be at least 1`.
    fn told(settings: &Path, below: &str, wrong: &str) -> Finding {
        let path = settings.below(below);
        let (what, remedy) = wrong_and_remedy(wrong);
        let message = format!("`{}` {what}", path.tail());
        Finding::error(path, message, remedy)
    }
}

/// What is being checked.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The variant.
    pub variant: &'a str,
    /// Whether everything could be read, so that what is not there is really not there.
    pub sound: bool,
    /// What the variant resolves to, including what could not be read.
    pub tree: &'a Located,
    /// The file.
    pub file: &'a Located,
    /// Where files that the scenario names are.
    pub directory: Option<&'a FilePath>,
}

/// Everything wrong with a variant. Files that it names are looked up: distributions get the measured values that theirs
/// hold, traces the path where they were found.
pub fn check(document: &mut Document, scope: &Scope) -> Vec<Finding> {
    let mut findings = settings::check(document);
    findings.extend(times::check(document, scope));
    findings.extend(files::check(document, scope.directory));
    // From here on, faults at nodes that this variant doesn't have are gone.
    findings.extend(links::check(document, scope));
    findings.extend(logs::check(document));
    findings.extend(clusters::check(document));
    findings.extend(contracts::check(document));
    findings.extend(queues::check(document));
    findings.extend(sqs::check(document));
    findings.extend(amqp::check(document));
    findings.extend(stages::check(document));
    findings.extend(jobs::check(document));
    findings.extend(cycles::check(document));
    findings.extend(criteria::check(document, scope));
    if scope.sound && findings.iter().all(|finding| finding.is_warning) {
        findings.extend(overload::check(document));
        findings.extend(waiting::check(document));
        findings.extend(sqs::slow_work(document));
        findings.extend(amqp::slow_work(document));
        findings.extend(logs::slow_work(document));
    }
    findings
}

/// Whether `path` leads into a node.
pub fn is_within_a_node(path: &Path) -> bool {
    match path.steps() {
        [Step::Key(section), _, ..] => is_section(section),
        _ => false,
    }
}

/// The path of a node.
fn node(section: &str, name: &str) -> Path {
    Path::root().key(section).key(name)
}

/// A time as it is written, to the millisecond; of long ones to the second.
fn about(seconds: f64) -> SimDuration {
    let step = if seconds < 100.0 { 1e-3 } else { 1.0 };
    SimDuration::from_secs_f64((seconds / step).round() * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_settings_say_becomes_a_sentence_and_a_remedy() {
        let path = node("services", "mail").key("restart");
        let finding = Finding::told(&path, "fixed.after", "is 0s; it must be longer");
        assert_eq!(finding.path.to_string(), "services.mail.restart.fixed.after");
        assert_eq!(
            (finding.message.as_str(), finding.help.as_str()),
            ("`after` is 0s", "it must be longer")
        );
    }
}
