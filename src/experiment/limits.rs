//! What ends a run before its horizon, and how an experiment says how far it is.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use super::results::Stop;

/// How much one run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events of one run.
    pub max_events: u64,
    /// Memory for all that waits, of all runs that go on at the same time, in bytes.
    pub max_memory: u64,
}

impl Default for Limits {
    /// Twenty thousand million events, which take about half an hour, and 4 GiB.
    fn default() -> Limits {
        Limits { max_events: 20_000_000_000, max_memory: 4 << 30 }
    }
}

/// The caller's hand on a running experiment.
pub struct Control<'a> {
    /// 0, or the number of the signal that asks the experiment to stop.
    pub stop: &'a AtomicI32,
    /// Is told now and then how far the experiment is, from any thread.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Control<'_> {
    /// Whether the caller wants the experiment to stop.
    pub(super) fn asks_to_stop(&self) -> Option<Stop> {
        match self.stop.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(Stop::Signal(signal)),
        }
    }
}

/// How far an experiment is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The part of all simulated time that is done, 0 to 1.
    pub done: f64,
    /// Events simulated so far.
    pub events: u64,
    /// Runs that have ended.
    pub runs_done: usize,
    /// Runs in all.
    pub runs: usize,
}

/// Adds up the progress of all runs.
#[derive(Debug)]
pub(super) struct Tracker {
    runs: usize,
    /// In units of a billionth of a run.
    done: AtomicU64,
    events: AtomicU64,
    runs_done: AtomicU64,
}

const UNITS_PER_RUN: f64 = 1e9;

impl Tracker {
    pub(super) fn new(runs: usize) -> Tracker {
        let zero = || AtomicU64::new(0);
        Tracker { runs, done: zero(), events: zero(), runs_done: zero() }
    }

    /// A run has come from one part of its time to another, with so many events.
    pub(super) fn advance(&self, from: f64, to: f64, events: u64) {
        let units = ((to - from) * UNITS_PER_RUN) as u64;
        self.done.fetch_add(units, Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    pub(super) fn end_run(&self) {
        self.runs_done.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn progress(&self) -> Progress {
        let done = self.done.load(Ordering::Relaxed) as f64 / UNITS_PER_RUN;
        Progress {
            done: (done / self.runs as f64).min(1.0),
            events: self.events.load(Ordering::Relaxed),
            runs_done: self.runs_done.load(Ordering::Relaxed) as usize,
            runs: self.runs,
        }
    }
}
