//! Runs of jobs that depend on one another: what is done of each, what is held back, and what was begun too early.

use std::collections::BTreeMap;

use super::blueprint::Blueprint;
use super::id::Id;
use super::message::MessageId;
use super::outbound::Link;
use crate::policy::jobs::{JobGraph, Release};
use crate::time::SimTime;

/// For each of so many nodes its runs, if it makes jobs; nothing at all if none does.
#[must_use]
pub fn runs(blueprint: &Blueprint, nodes: usize) -> Vec<Option<JobRuns>> {
    let mut runs: Vec<Option<JobRuns>> = Vec::new();
    for (plan, link) in blueprint.producers_with_links() {
        if let Some(jobs) = &plan.jobs {
            runs.resize_with(nodes, || None);
            runs[plan.node.index()] = Some(JobRuns::new(jobs.graph(), jobs.release, link));
        }
    }
    runs
}

/// The runs of one producer that are not done.
#[derive(Debug)]
pub struct JobRuns {
    graph: JobGraph,
    release: Release,
    /// Where jobs are sent.
    pub link: Id<Link>,
    runs: BTreeMap<u32, Run>,
}

#[derive(Debug)]
struct Run {
    since: SimTime,
    jobs: Vec<Job>,
    left: usize,
}

#[derive(Debug, Clone, Copy)]
struct Job {
    /// How many of those that it needs are not done.
    missing: u32,
    is_done: bool,
    /// Its work was begun before all of those were.
    is_early: bool,
    /// Its message, while it is held back.
    held: Option<MessageId>,
}

/// What follows from a job's being done.
#[derive(Debug, Default)]
pub struct Done {
    /// Its work had been begun before all that it needs was done.
    pub is_early: bool,
    /// The jobs that may be sent now.
    pub ready: Vec<MessageId>,
    /// Since when they were held.
    pub since: SimTime,
}

impl JobRuns {
    /// No runs yet.
    #[must_use]
    pub fn new(graph: JobGraph, release: Release, link: Id<Link>) -> JobRuns {
        JobRuns { graph, release, link, runs: BTreeMap::new() }
    }

    /// How many jobs a run has.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.graph.len() as u32
    }

    /// The run that message `ordinal` belongs to.
    #[must_use]
    pub fn run_of(&self, ordinal: u32) -> u32 {
        ordinal / self.size()
    }

    /// A run begins, whose messages these are, the first with this number; those that are not held back.
    pub fn begin(&mut self, now: SimTime, first: u32, messages: &[MessageId]) -> Vec<MessageId> {
        let holds = self.release == Release::WhenReady;
        let job = |(needs, message): (&u32, &MessageId)| Job {
            missing: *needs,
            is_done: false,
            is_early: false,
            held: Some(*message).filter(|_| holds && *needs > 0),
        };
        let jobs: Vec<Job> = self.graph.needs.iter().zip(messages).map(job).collect();
        let free = jobs.iter().zip(messages).filter(|(job, _)| job.held.is_none());
        let free = free.map(|(_, message)| *message).collect();
        let run = self.run_of(first);
        self.runs.insert(run, Run { since: now, left: jobs.len(), jobs });
        free
    }

    fn job(&mut self, ordinal: u32) -> Option<&mut Job> {
        let (run, place) = (self.run_of(ordinal), ordinal % self.size());
        self.runs.get_mut(&run)?.jobs.get_mut(place as usize)
    }

    /// The work on a job begins.
    pub fn begin_work(&mut self, ordinal: u32) {
        if let Some(job) = self.job(ordinal) {
            job.is_early = job.missing > 0;
        }
    }

    /// A job has its first effect, at one of its destinations.
    pub fn finish(&mut self, ordinal: u32) -> Done {
        let (run, place) = (self.run_of(ordinal), (ordinal % self.size()) as usize);
        let Some(under_way) = self.runs.get_mut(&run) else { return Done::default() };
        if std::mem::replace(&mut under_way.jobs[place].is_done, true) {
            return Done::default();
        }
        let mut ready = Vec::new();
        for next in &self.graph.needed_by[place] {
            let job = &mut under_way.jobs[*next];
            job.missing -= 1;
            if job.missing == 0 {
                ready.extend(job.held.take());
            }
        }
        let done = Done { is_early: under_way.jobs[place].is_early, ready, since: under_way.since };
        under_way.left -= 1;
        if under_way.left == 0 {
            self.runs.remove(&run);
        }
        done
    }
}
