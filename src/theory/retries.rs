//! What retries do to the load: each failure buys another attempt, so the load is highest when the system is weakest.
//!
//! Attempts are taken to fail independently with probability p. Under overload they do not, and it is worse. Source: elementary (the
//! geometric series); on layers, *Site Reliability Engineering* (Beyer et al. 2016), chapter 22; on budgets, the same and Finagle's.

/// Attempts per message with at most `max_attempts` each: (1 - pⁿ) ÷ (1 - p); n if all fail.
#[must_use]
pub fn amplification(failure: f64, max_attempts: u32) -> f64 {
    if failure >= 1.0 {
        return f64::from(max_attempts);
    }
    (1.0 - failure.powf(f64::from(max_attempts))) / (1.0 - failure)
}

/// The part of the messages that never succeed: pⁿ.
#[must_use]
pub fn gives_up(failure: f64, max_attempts: u32) -> f64 {
    failure.powf(f64::from(max_attempts))
}

/// Calls at the bottom of `layers` services, each of which retries the one below with at most `max_attempts`; and the part of the
/// messages that fail at the top. A layer fails when all its attempts did, so each layer multiplies by what its own failures ask for.
#[must_use]
pub fn nested(failure: f64, max_attempts: u32, layers: u32) -> (f64, f64) {
    (0..layers).fold((1.0, failure), |(calls, failure), _| {
        (calls * amplification(failure, max_attempts), gives_up(failure, max_attempts))
    })
}

/// The highest amplification that a retry budget allows: 1 + ratio, whatever fails.
#[must_use]
pub fn budgeted_amplification(ratio: f64, failure: f64, max_attempts: u32) -> f64 {
    amplification(failure, max_attempts).min(1.0 + ratio)
}

/// Whether retries alone keep a service failing once every attempt fails: `arrival_rate` · attempts is more than its `capacity`. Then the
/// overload outlives whatever began it; a delay moves the attempts and removes none.
///
/// Source: N. Bronson, A. Aghayev, A. Charapko and T. Zhu, "Metastable Failures in Distributed Systems", HotOS 2021.
#[must_use]
pub fn storm_sustains_itself(arrival_rate: f64, max_attempts: u32, capacity: f64) -> bool {
    arrival_rate * amplification(1.0, max_attempts) > capacity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn four_attempts_at_30_percent_failure() {
        assert_near(amplification(0.3, 4), 1.417);
        assert_near(gives_up(0.3, 4), 1.0 - 0.9919);
    }

    #[test]
    fn three_layers_of_four_attempts_turn_one_call_into_64() {
        assert_eq!(nested(1.0, 4, 3), (64.0, 1.0));
        let (calls, fails) = nested(0.8, 3, 3);
        assert_near(calls, 4.987_910_7);
        assert_near(fails, 0.002_417_851_6);
    }

    #[test]
    fn a_budget_of_a_tenth_bounds_what_four_attempts_would_quadruple() {
        assert_near(amplification(1.0, 4), 4.0);
        assert_near(budgeted_amplification(0.1, 1.0, 4), 1.1);
    }

    #[test]
    fn forty_calls_a_second_and_three_attempts_keep_a_hundred_a_second_busy_for_ever() {
        assert!(storm_sustains_itself(40.0, 3, 100.0));
        assert!(!storm_sustains_itself(40.0, 2, 100.0));
    }
}
