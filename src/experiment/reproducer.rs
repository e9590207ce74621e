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

/// A thread's stay in a run. It ends with this value, also when an internal error unwinds: the next run of the thread is
/// never taken for this one.
#[must_use]
pub(super) struct Stay(());

pub(super) fn enter(reproducer: Reproducer) -> Stay {
    CURRENT.with(|current| *current.borrow_mut() = Some(reproducer));
    Stay(())
}

pub(super) fn reach(simulated: SimTime) {
    CURRENT.with(|current| {
        if let Some(reproducer) = current.borrow_mut().as_mut() {
            reproducer.simulated = simulated;
        }
    });
}

impl Drop for Stay {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|current| *current.borrow_mut() = None);
    }
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    fn run(scenario: &str) -> Reproducer {
        Reproducer {
            scenario: scenario.into(),
            variant: "base".into(),
            seed: 1,
            replication: 0,
            simulated: SimTime::ZERO,
        }
    }

    #[test]
    fn a_run_is_left_even_by_an_internal_error() {
        let broken = panic::catch_unwind(|| {
            let _stay = enter(run("storm"));
            assert_eq!(current(), Some(run("storm")));
            panic::resume_unwind(Box::new("the ledger does not balance"));
        });
        assert!(broken.is_err());
        assert_eq!(current(), None);
    }

    #[test]
    fn how_far_it_is_stands_in_it() {
        let _stay = enter(run("storm"));
        reach(SimTime::from_nanos(7));
        assert_eq!(current().map(|run| run.simulated), Some(SimTime::from_nanos(7)));
    }
}
