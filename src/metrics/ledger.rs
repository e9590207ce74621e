//! Where every message ended up. It balances exactly, or the run is refused as a bug.

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
