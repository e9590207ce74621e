//! Counts of two kinds of things over the last so many seconds, in constant memory.
//!
//! The window is cut into ten slices, as Hystrix, Finagle and others do: the oldest slice is forgotten whole when a new one
//! begins, so the window's length varies by a tenth.

use crate::time::{SimDuration, SimTime};

const SLICES: usize = 10;

/// How many of each of two kinds were counted within the window.
#[derive(Debug, Clone)]
pub(super) struct SlidingCounts {
    slice_nanos: u64,
    /// The number of the newest slice, counted from the start of the run.
    newest: u64,
    slices: [[u64; 2]; SLICES],
}

impl SlidingCounts {
    /// Nothing counted yet.
    pub(super) fn new(window: SimDuration) -> SlidingCounts {
        let slice_nanos = (window.as_nanos() / SLICES as u64).max(1);
        SlidingCounts { slice_nanos, newest: 0, slices: [[0; 2]; SLICES] }
    }

    /// Counts one of `kind` (0 or 1).
    pub(super) fn count(&mut self, now: SimTime, kind: usize) {
        self.forget_old(now);
        self.slices[(self.newest % SLICES as u64) as usize][kind] += 1;
    }

    /// How many of each kind there are in the window that ends now.
    pub(super) fn totals(&mut self, now: SimTime) -> [u64; 2] {
        self.forget_old(now);
        self.slices.iter().fold([0, 0], |sum, slice| [sum[0] + slice[0], sum[1] + slice[1]])
    }

    fn forget_old(&mut self, now: SimTime) {
        let current = now.as_nanos() / self.slice_nanos;
        let passed = current.saturating_sub(self.newest).min(SLICES as u64);
        for step in 1..=passed {
            self.slices[((current + 1 - step) % SLICES as u64) as usize] = [0; 2];
        }
        self.newest = self.newest.max(current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    #[test]
    fn a_count_is_forgotten_once_its_slice_has_left_the_window() {
        let mut counts = SlidingCounts::new(SimDuration::from_secs(10));
        counts.count(at(0), 0);
        counts.count(at(5), 1);
        assert_eq!(counts.totals(at(9)), [1, 1]);
        assert_eq!(counts.totals(at(10)), [0, 1]);
        assert_eq!(counts.totals(at(15)), [0, 0]);
    }

    #[test]
    fn a_long_silence_empties_the_window() {
        let mut counts = SlidingCounts::new(SimDuration::from_secs(10));
        (0..10).for_each(|second| counts.count(at(second), 0));
        assert_eq!(counts.totals(at(9)), [10, 0]);
        assert_eq!(counts.totals(at(1_000_000)), [0, 0]);
    }
}
