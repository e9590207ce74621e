//! Jobs that depend on one another: needs that are no jobs, jobs that wait for themselves, and what jobs have no use for.

use super::{Finding, node};
use crate::policy::jobs::Jobs;
use crate::random::{ArrivalProcess, Keys};
use crate::scenario::document::{Document, Producer};
use crate::scenario::path::Path;
use crate::scenario::suggest;

/// The most jobs of a run.
const MOST_JOBS: usize = 1_000;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, producer) in &document.producers {
        if let Some(jobs) = &producer.jobs {
            let path = node("producers", name);
            findings.extend(of_needs(jobs, &path.key("jobs").key("needs")));
            findings.extend(of_producer(producer, &path));
        }
    }
    findings
}

fn of_needs(jobs: &Jobs, path: &Path) -> Vec<Finding> {
    if jobs.needs.is_empty() {
        let help = "give it two: {\"extract\": [], \"clean\": [\"extract\"]}";
        return vec![Finding::error(path.clone(), "there are no jobs", help)];
    }
    if jobs.needs.len() > MOST_JOBS {
        let message = format!("{} jobs are too many for one run", jobs.needs.len());
        let help = format!("the limit is {MOST_JOBS}");
        return vec![Finding::error(path.clone(), message, help)];
    }
    let known: Vec<&str> = jobs.needs.keys().map(String::as_str).collect();
    let unknown = |(job, place, need): (&str, usize, &str)| {
        let message = format!("`{job}` needs `{need}`, which is no job");
        Finding::error(path.key(job).index(place), message, suggest::help(need, &known))
    };
    let mut findings: Vec<Finding> = jobs.unknown().into_iter().map(unknown).collect();
    if let Some(circle) = jobs.circle() {
        let message = format!("jobs need one another in a circle: {}", circle.join(" → "));
        let help = "none of them can ever begin; take one of these needs away";
        findings.push(Finding::error(path.key(circle[0]), message, help));
    }
    findings
}

fn of_producer(producer: &Producer, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if producer.keys != Keys::None {
        let help = "remove it: all jobs of a run have the run as their key";
        findings.push(Finding::error(path.key("keys"), "jobs have keys of their own", help));
    }
    if producer.sends.len() > 1 {
        let message = format!("jobs are sent to {} places", producer.sends.len());
        let help = "a job is done when its work is, so leave one place";
        findings.push(Finding::error(path.key("sends"), message, help));
    }
    for (index, process) in producer.arrivals.iter().enumerate() {
        if matches!(process, ArrivalProcess::ClosedLoop { .. } | ArrivalProcess::Trace { .. }) {
            let message = "runs of jobs come neither from users who wait nor from a trace";
            let help = "take another process; each of its arrivals is a run";
            findings.push(Finding::error(path.key("arrivals").index(index), message, help));
        }
    }
    findings
}
