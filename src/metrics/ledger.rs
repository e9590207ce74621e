//! Where every message ended up. It balances exactly, or the run is refused as a bug.

use std::ops::AddAssign;

/// How many messages are in each state, for one producer or for a whole variant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Messages that came into being.
    pub produced: u64,
    /// At least one effect, and whoever had to know it knows.
    pub succeeded: u64,
    /// At least one effect, but the caller gave up or the acknowledgement never arrived.
    pub uncertain: u64,
    /// Accepted by somebody who then lost it.
    pub lost: u64,
    /// Outlived its retention, time to live or deadline.
    pub expired: u64,
    /// Moved to a dead-letter queue.
    pub dead_lettered: u64,
    /// Refused to the producer, who gave up at once.
    pub rejected: u64,
    /// The producer gave up after its attempts.
    pub abandoned: u64,
    /// Still unfinished somewhere.
    pub pending: u64,
}

impl Ledger {
    /// Messages that are finished, whatever became of them.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.succeeded
            + self.uncertain
            + self.lost
            + self.expired
            + self.dead_lettered
            + self.rejected
            + self.abandoned
    }

    /// Whether every message is in exactly one state.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.produced == self.settled() + self.pending
    }
}

impl AddAssign for Ledger {
    fn add_assign(&mut self, other: Ledger) {
        self.produced += other.produced;
        self.succeeded += other.succeeded;
        self.uncertain += other.uncertain;
        self.lost += other.lost;
        self.expired += other.expired;
        self.dead_lettered += other.dead_lettered;
        self.rejected += other.rejected;
        self.abandoned += other.abandoned;
        self.pending += other.pending;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_of_several_is_the_sum_of_theirs() {
        let one = Ledger {
            produced: 1,
            succeeded: 2,
            uncertain: 3,
            lost: 4,
            expired: 5,
            dead_lettered: 6,
            rejected: 7,
            abandoned: 8,
            pending: 9,
        };
        let mut sum = Ledger::default();
        (0..3).for_each(|_| sum += one);
        let wanted = Ledger {
            produced: 3,
            succeeded: 6,
            uncertain: 9,
            lost: 12,
            expired: 15,
            dead_lettered: 18,
            rejected: 21,
            abandoned: 24,
            pending: 27,
        };
        assert_eq!(sum, wanted);
        assert_eq!(sum.settled(), 105);
    }

    #[test]
    fn it_balances_when_no_message_is_missing_and_none_is_counted_twice() {
        let mut ledger =
            Ledger { produced: 10, succeeded: 6, lost: 1, pending: 3, ..Ledger::default() };
        assert!(ledger.balances());
        ledger += Ledger { produced: 2, abandoned: 1, uncertain: 1, ..Ledger::default() };
        assert!(ledger.balances());
        assert_eq!((ledger.produced, ledger.settled()), (12, 9));
        ledger += Ledger { rejected: 1, ..Ledger::default() };
        assert!(!ledger.balances());
    }
}
