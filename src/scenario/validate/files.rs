//! Files that a scenario names: traces of arrivals, and measured durations.
//!
//! They stand beside the scenario. A trace may be long: it is read through once, row by row, and read again by the run;
//! the document keeps the path where it was found. Durations are few and are taken into the document.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path as FilePath;

use super::{Finding, node};
use crate::random::measured::read_durations;
use crate::random::trace::{TraceProblem, check_trace};
use crate::random::{ArrivalProcess, Distribution};
use crate::scenario::document::{Document, Sending};
use crate::scenario::path::Path;
use crate::scenario::refusal::wrong_and_remedy;
use crate::scenario::source;
use crate::time::SimDuration;

/// The longest file of durations that is read.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

pub(super) fn check(document: &mut Document, directory: Option<&FilePath>) -> Vec<Finding> {
    let directory = directory.unwrap_or(FilePath::new(""));
    let mut findings = traces(document, directory);
    for (path, distribution) in distributions(document) {
        let Some(csv) = distribution.csv().filter(|csv| !csv.is_empty()) else { continue };
        match durations(&directory.join(csv)) {
            Ok(values) => *distribution = Distribution::empirical(values),
            Err((message, help)) => {
                findings.push(Finding::error(path.below("empirical.csv"), message, help));
            }
        }
    }
    findings
}

fn traces(document: &mut Document, directory: &FilePath) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, producer) in &mut document.producers {
        let path = node("producers", name).key("arrivals");
        for (index, process) in producer.arrivals.iter_mut().enumerate() {
            let ArrivalProcess::Trace { csv } = process else { continue };
            if csv.as_os_str().is_empty() {
                continue;
            }
            let found = directory.join(&*csv);
            match open(&found).and_then(|file| sound(file, &found)) {
                Ok(()) => *csv = found,
                Err((message, help)) => {
                    let path = path.index(index).below("trace.csv");
                    findings.push(Finding::error(path, message, help));
                }
            }
        }
    }
    findings
}

/// What is wrong with a file, and how to mend it.
type Refused = (String, String);

fn open(path: &FilePath) -> Result<File, Refused> {
    let shown = path.display();
    // A pipe would be empty when the run reads it again, and could be waited for without end.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        let help = "name a file; it is read once to be checked and once by every run";
        return Err((format!("{shown} is not a file"), help.to_owned()));
    }
    File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let help = "it is looked for beside the scenario";
            (format!("there is no file {shown}"), help.to_owned())
        }
        _ => {
            let (problem, help) = source::unreadable(&error);
            (format!("{shown} can't be read: {problem}"), help.to_owned())
        }
    })
}

/// The message of whoever read a line, with the place before it and the remedy apart.
fn at_line(path: &FilePath, line: u64, message: &str) -> Refused {
    let (wrong, remedy) = wrong_and_remedy(message);
    (format!("{}, line {line}: {wrong}", path.display()), remedy.to_owned())
}

fn sound(file: File, path: &FilePath) -> Result<(), Refused> {
    let told = |TraceProblem { line, message }| at_line(path, line, &message);
    check_trace(Box::new(file)).map(|_| ()).map_err(told)
}

fn durations(path: &FilePath) -> Result<Vec<SimDuration>, Refused> {
    let told = |TraceProblem { line, message }| at_line(path, line, &message);
    read_durations(Box::new(open(path)?.take(MAX_BYTES))).map_err(told)
}

/// Every distribution of the document, with its path.
fn distributions(document: &mut Document) -> Vec<(Path, &mut Distribution)> {
    let mut all = Vec::new();
    for (name, producer) in &mut document.producers {
        let path = node("producers", name);
        for (index, process) in producer.arrivals.iter_mut().enumerate() {
            if let ArrivalProcess::ClosedLoop { think_time, .. } = process {
                let path = path.key("arrivals").index(index).below("closed_loop.think_time");
                all.push((path, think_time));
            }
        }
        all.extend(of_sends(&mut producer.sends, &path));
    }
    for (name, service) in &mut document.services {
        let path = node("services", name);
        all.push((path.key("service_time"), &mut service.service_time));
        all.extend(of_sends(&mut service.sends, &path));
    }
    let faults = Path::root().key("faults");
    for (index, fault) in document.faults.iter_mut().enumerate() {
        let path = faults.index(index).key(fault.kind());
        let named = fault.distributions_mut().into_iter();
        all.extend(named.map(|(field, distribution)| (path.key(field), distribution)));
    }
    all
}

fn of_sends<'d>(sends: &'d mut [Sending], path: &Path) -> Vec<(Path, &'d mut Distribution)> {
    let path = path.key("sends");
    let latency = |(index, sending): (usize, &'d mut Sending)| match sending {
        Sending::Call(call) => (path.index(index).below("call.latency"), &mut call.latency),
        Sending::Publish(publish) => {
            (path.index(index).below("publish.latency"), &mut publish.latency)
        }
    };
    sends.iter_mut().enumerate().map(latency).collect()
}
