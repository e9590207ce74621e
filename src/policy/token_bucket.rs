//! Tokens counted exactly, in billionths: ten deposits of 0.1 are one token, which floating point does not promise.

use crate::time::{Rate, SimTime};

/// Billionths in a token. A rate of one token a second is then one a nanosecond, so a refill needs no division.
const PARTS: f64 = 1e9;

/// The most tokens that a bucket can hold.
pub(super) const MOST_TOKENS: f64 = 1e9;

/// A bucket that holds up to so many tokens, filled by deposits and by time.
#[derive(Debug, Clone)]
pub struct Tokens {
    parts: u64,
    capacity: u64,
    parts_per_nano: f64,
    filled_at: SimTime,
}

/// A number of tokens in billionths.
pub(super) fn parts(tokens: f64) -> u64 {
    (tokens * PARTS).round() as u64
}

impl Tokens {
    /// A bucket that starts with `initial` tokens.
    #[must_use]
    pub(super) fn new(initial: f64, capacity: f64, refill: Rate) -> Tokens {
        let capacity = parts(capacity);
        let parts_per_nano = refill.as_per_second();
        Tokens {
            parts: parts(initial).min(capacity),
            capacity,
            parts_per_nano,
            filled_at: SimTime::ZERO,
        }
    }

    /// How much is in it now, in billionths.
    pub(super) fn level(&mut self, now: SimTime) -> u64 {
        let gained = now.since(self.filled_at).as_nanos() as f64 * self.parts_per_nano;
        self.filled_at = self.filled_at.max(now);
        self.parts = self.parts.saturating_add(gained.round() as u64).min(self.capacity);
        self.parts
    }

    /// Whether there is a whole token.
    pub fn has_one(&mut self, now: SimTime) -> bool {
        self.level(now) >= parts(1.0)
    }

    /// Takes a whole token out.
    pub fn take_one(&mut self, now: SimTime) {
        self.take(now, parts(1.0));
    }

    /// Puts in so many billionths; what doesn't fit is gone.
    pub(super) fn put(&mut self, now: SimTime, parts: u64) {
        self.parts = self.level(now).saturating_add(parts).min(self.capacity);
    }

    /// Takes out so many billionths, as far as there are.
    pub(super) fn take(&mut self, now: SimTime, parts: u64) {
        self.parts = self.level(now).saturating_sub(parts);
    }
}
