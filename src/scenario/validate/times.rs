//! Times: that the run is one, and that what the scenario says happens in it.

use super::{Finding, Scope, node};
use crate::random::ArrivalProcess;
use crate::scenario::document::{Document, Settling, Trigger};
use crate::scenario::path::Path;
use crate::time::{SimDuration, SimTime};

/// The most times that an arrival process may be on and off again: some seconds of work.
const MOST_PHASES: u64 = 100_000_000;

/// The most windows of a run: a row of the time series for each, and for each node.
const MOST_WINDOWS: u64 = 10_000_000;

pub(super) fn check(document: &Document, scope: &Scope) -> Vec<Finding> {
    let stated = |field: &str| scope.tree.field(field).is_some();
    let both = stated("duration") && stated("sample_every");
    let mut findings = if both { windows(document) } else { Vec::new() };
    if document.duration == SimDuration::ZERO {
        return findings;
    }
    findings.extend(settling(document));
    findings.extend(trigger(document));
    findings.extend(arrivals(document));
    findings.extend(faults(document));
    findings.extend(expectations(document));
    findings
}

fn windows(document: &Document) -> Vec<Finding> {
    let Document { duration, sample_every, .. } = *document;
    let at = |field: &str| Path::root().key(field);
    let finding = if duration == SimDuration::ZERO {
        Finding::error(at("duration"), "`duration` is 0s", "a run takes some time")
    } else if sample_every == SimDuration::ZERO {
        let help = "a window takes some time; a thousandth of the duration is fine";
        Finding::error(at("sample_every"), "`sample_every` is 0s", help)
    } else if sample_every > duration {
        let message = format!("`sample_every` is {sample_every}, longer than the run");
        Finding::error(at("sample_every"), message, format!("`duration` is {duration}"))
    } else if duration.as_nanos() / sample_every.as_nanos() > MOST_WINDOWS {
        let count = duration.as_nanos() / sample_every.as_nanos();
        let message = format!("`sample_every` cuts the run into {count} windows");
        Finding::error(at("sample_every"), message, "at most 10 million; make it longer")
    } else {
        return Vec::new();
    };
    vec![finding]
}

/// Between two arrivals any number of phases may pass, which is nothing that can be counted or interrupted.
fn phases(process: &ArrivalProcess, path: &Path, document: &Document) -> Option<Finding> {
    let ArrivalProcess::OnOff { mean_on, mean_off, from, until, .. } = process else { return None };
    let end = until.map_or(horizon(document), |until| until.min(horizon(document)));
    let round = mean_on.as_nanos().saturating_add(mean_off.as_nanos()).max(1);
    let rounds = end.as_nanos().saturating_sub(from.as_nanos()) / round;
    let message = format!("this process is on and off {rounds} times in the run");
    let help = "at most 100 million; make `mean_on` or `mean_off` longer";
    (rounds > MOST_PHASES).then(|| Finding::error(path.below("on_off.mean_on"), message, help))
}

/// The end of the run: what begins then or later never does.
fn horizon(document: &Document) -> SimTime {
    SimTime::ZERO + document.duration
}

fn never(path: Path, what: &str, at: SimTime, document: &Document) -> Option<Finding> {
    let message = format!("{what} {at}, when the run is over");
    let help = format!("the run ends at {}", document.duration);
    (at >= horizon(document)).then(|| Finding::error(path, message, help))
}

fn settling(document: &Document) -> Option<Finding> {
    let Settling::After(length) = document.warm_up else { return None };
    let message = format!("`warm_up` is {length}, and nothing of the run is left");
    let help = format!("the run ends at {}", document.duration);
    let path = Path::root().key("warm_up");
    (length >= document.duration).then(|| Finding::error(path, message, help))
}

fn trigger(document: &Document) -> Vec<Finding> {
    let Some(Trigger { from, until }) = document.trigger else { return Vec::new() };
    let path = Path::root().key("trigger");
    let mut findings = Vec::new();
    findings.extend(never(path.key("from"), "the trigger begins at", from, document));
    if until <= from {
        let help = "write the time when it ends, from the start of the run";
        let message = format!("`until` is {until}, not later than `from`");
        findings.push(Finding::error(path.key("until"), message, help));
    }
    findings
}

fn arrivals(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, producer) in &document.producers {
        let path = node("producers", name).key("arrivals");
        for (index, process) in producer.arrivals.iter().enumerate() {
            let path = path.index(index);
            findings.extend(phases(process, &path, document));
            let (below, at) = beginning(process);
            let path = path.below(below);
            findings.extend(never(path, "these arrivals begin at", at, document));
        }
    }
    findings
}

/// When a process begins, and where it says so.
fn beginning(process: &ArrivalProcess) -> (&'static str, SimTime) {
    match process {
        ArrivalProcess::Burst { at, .. } => ("burst.at", *at),
        ArrivalProcess::Constant { from, .. } => ("constant.from", *from),
        ArrivalProcess::Poisson { from, .. } => ("poisson.from", *from),
        ArrivalProcess::Ramp { from, .. } => ("ramp.from", *from),
        ArrivalProcess::Daily { from, .. } => ("daily.from", *from),
        ArrivalProcess::OnOff { from, .. } => ("on_off.from", *from),
        ArrivalProcess::Batches { from, .. } => ("batches.from", *from),
        ArrivalProcess::Trace { .. } | ArrivalProcess::ClosedLoop { .. } => ("", SimTime::ZERO),
    }
}

fn faults(document: &Document) -> Vec<Finding> {
    let path = Path::root().key("faults");
    let begins = |(index, fault): (usize, &crate::model::fault::Fault)| {
        let path = path.index(index).key(fault.kind()).key("from");
        let from = fault.timing().from.unwrap_or_default();
        never(path, "this fault begins at", from, document)
    };
    document.faults.iter().enumerate().filter_map(begins).collect()
}

fn expectations(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, expected) in document.expect.iter().enumerate() {
        let path = Path::root().key("expect").index(index).key("at");
        let Some(at) = expected.at.filter(|at| *at > horizon(document)) else { continue };
        let message = format!("`at` is {at}, when the run is over");
        let help = format!("the run ends at {}", document.duration);
        findings.push(Finding::error(path, message, help));
    }
    findings
}
