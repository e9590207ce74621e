//! What it takes to see an internal error again: which run this thread is in, and how far.

use std::cell::RefCell;

use crate::time::SimTime;

/// The run that a thread is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproducer {
    /// The scenario's name.
    pub scenario: String,
    /// The variant.
    pub variant: String,
    /// The seed of the experiment.
    pub seed: u64,
    /// The replication, from 0.
    pub replication: usize,
    /// The error came at or after this simulated time, and before the end of its window.
    pub simulated: SimTime,
}

thread_local! {
    static CURRENT: RefCell<Option<Reproducer>> = const { RefCell::new(None) };
}

/// The run that this thread is in, if it is in one.
#[must_use]
pub fn current() -> Option<Reproducer> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

pub(super) fn enter(reproducer: Reproducer) {
    CURRENT.with(|current| *current.borrow_mut() = Some(reproducer));
}

pub(super) fn reach(simulated: SimTime) {
    CURRENT.with(|current| {
        if let Some(reproducer) = current.borrow_mut().as_mut() {
            reproducer.simulated = simulated;
        }
    });
}

pub(super) fn leave() {
    CURRENT.with(|current| *current.borrow_mut() = None);
}
