//! A retry storm in rounds: when more threads make it worse.
//!
//! A service works on one request after the other at rate µ and holds at most C of them (threads and accept backlog together);
//! whoever finds it full is refused. New requests come at rate a < µ. Callers give up after T, and the service works on for them all
//! the same. Failed requests wait in a retry queue, which is longer than C and is resent as a whole every τ.
//!
//! What one round does, in fluid terms:
//!
//! * The resend fills the service up to C at once; the rest is refused and goes back. From then on the service empties at rate µ - a.
//! * Answers come in time for those who find fewer than T·µ ahead of them. The first T·µ of the resent ones do: the retry queue
//!   shrinks by T·µ (by C, if there is no room for so many).
//! * A new request that comes u seconds into the round finds C - (µ - a)·u ahead of it. It is answered too late if u is below
//!   (C - T·µ) ÷ (µ - a), so a·(C - T·µ) ÷ (µ - a) new requests join the retry queue.
//!
//! The queue stands still where both are equal: C\* = T·µ² ÷ a. Above it the storm feeds itself for ever although µ > a; every place
//! beyond T·µ holds only work whose caller will have left.
//!
//! All that supposes that the service is empty again when the next round comes, C ≤ (µ - a)·τ. If it is not, C - (µ - a)·τ requests are still
//! ahead of the resent ones and only T·µ - C + (µ - a)·τ of these are answered in time. Equating again gives
//! C\* = T·µ + (µ - a)²·τ ÷ µ. And from C = T·µ + (µ - a)·τ on nobody at all is answered in time.
//!
//! Derived here; the general notion is that of Bronson, Aghayev, Charapko and Zhu, "Metastable Failures in Distributed Systems" (HotOS 2021).

/// A service with client timeouts whose failed requests are resent together, round by round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryRounds {
    /// T: how long a caller waits.
    pub timeout_s: f64,
    /// µ: requests that the service works off per second.
    pub service_rate: f64,
    /// a: new requests per second, below µ and above 0.
    pub arrival_rate: f64,
    /// τ: the time between two resends.
    pub round_s: f64,
}

impl RetryRounds {
    /// The number of places with which the retry queue shrinks fastest: T·µ, as many as can be answered in time.
    #[must_use]
    pub fn best_threads(&self) -> f64 {
        self.timeout_s * self.service_rate
    }

    /// C\*: with more places than this the retry queue grows for ever.
    #[must_use]
    pub fn boundary_threads(&self) -> f64 {
        let emptied = self.best_threads() * self.service_rate / self.arrival_rate;
        if emptied <= self.emptied_in_a_round() {
            return emptied;
        }
        self.best_threads() + self.spare() * self.emptied_in_a_round() / self.service_rate
    }

    /// From this number of places on nobody is answered in time any more: T·µ + (µ - a)·τ.
    #[must_use]
    pub fn collapse_threads(&self) -> f64 {
        self.best_threads() + self.emptied_in_a_round()
    }

    /// By how much the retry queue grows in a round with `threads` places while it is longer than these; negative if it shrinks.
    #[must_use]
    pub fn drift_per_round(&self, threads: f64) -> f64 {
        let late_for_s = ((threads - self.best_threads()) / self.spare()).clamp(0.0, self.round_s);
        let left_over = (threads - self.emptied_in_a_round()).max(0.0);
        let in_time = (self.best_threads().min(threads) - left_over).max(0.0);
        self.arrival_rate * late_for_s - in_time
    }

    fn spare(&self) -> f64 {
        self.service_rate - self.arrival_rate
    }

    fn emptied_in_a_round(&self) -> f64 {
        self.spare() * self.round_s
    }
}

/// Over how long a retry queue has to be spread so that a service with `threads` places is never full: (B - C) ÷ (µ - a).
#[must_use]
pub fn spread_to_fit_s(backlog: f64, threads: f64, service_rate: f64, arrival_rate: f64) -> f64 {
    super::fluid::drain_time_s(backlog - threads, arrival_rate, service_rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    fn rounds(timeout_s: f64, service_rate: f64) -> RetryRounds {
        RetryRounds { timeout_s, service_rate, arrival_rate: 12.5, round_s: 60.0 }
    }

    #[test]
    fn a_timeout_of_5_s_at_20_a_second_is_best_at_100_turns_at_160_and_collapses_at_550() {
        let storm = rounds(5.0, 20.0);
        assert_near(storm.best_threads(), 100.0);
        assert_near(storm.boundary_threads(), 160.0);
        assert_near(storm.collapse_threads(), 550.0);
    }

    #[test]
    fn the_boundary_moves_with_timeout_and_speed() {
        for (timeout_s, service_rate, boundary, collapse) in [
            (1.0, 15.0, 18.0, 165.0),
            (10.0, 15.0, 175.0, 300.0),
            (10.0, 30.0, 720.0, 1350.0),
            (2.0, 50.0, 400.0, 2350.0),
            (10.0, 100.0, 5593.75, 6250.0),
        ] {
            let storm = rounds(timeout_s, service_rate);
            assert_near(storm.boundary_threads(), boundary);
            assert_near(storm.collapse_threads(), collapse);
        }
    }

    #[test]
    fn the_drift_changes_its_sign_at_the_boundary() {
        let storm = rounds(5.0, 20.0);
        for (threads, drift) in [
            (50.0, -50.0),
            (100.0, -100.0),
            (150.0, -16.666_666_7),
            (170.0, 16.666_666_7),
            (300.0, 233.333_333),
            (600.0, 750.0),
        ] {
            assert_near(storm.drift_per_round(threads), drift);
        }
        assert!(storm.drift_per_round(storm.boundary_threads()).abs() < 1e-9);
        let crowded = rounds(10.0, 15.0);
        assert!(crowded.drift_per_round(crowded.boundary_threads()).abs() < 1e-9);
    }

    #[test]
    fn twenty_thousand_resends_need_44_minutes_to_fit_into_200_threads() {
        assert_near(spread_to_fit_s(20_000.0, 200.0, 20.0, 12.5), 2_640.0);
        assert_near(spread_to_fit_s(20_000.0, 200.0, 100.0, 12.5), 226.285_714);
        assert_eq!(spread_to_fit_s(100.0, 200.0, 20.0, 12.5), 0.0);
    }
}
