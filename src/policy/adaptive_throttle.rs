//! A client that refuses its own calls in proportion to the refusals it gets.
//!
//! Refusing a request costs a server work too: enough refused requests overload it by themselves. So each client counts its
//! requests and those that were accepted, and when it makes more than K times as many as are accepted, drops the surplus
//! before it leaves: p = max(0, (requests − K · accepts) ÷ (requests + 1)). Unlike a circuit breaker it has no states and
//! no cliff. From "Handling Overload", Site Reliability Engineering (Beyer et al., 2016), chapter 21.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use super::sliding_counts::SlidingCounts;
use crate::time::{SimDuration, SimTime};

/// How a caller throttles itself against one callee.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct AdaptiveThrottle {
    /// K, how many requests go per accepted one before any is dropped, 1 or more (default 2: the book's).
    #[serde(default = "default_multiplier")]
    pub multiplier: f64,
    /// The window over which requests are counted (default 2min: the book's).
    #[serde(default = "default_window")]
    pub window: SimDuration,
}

fn default_multiplier() -> f64 {
    2.0
}

fn default_window() -> SimDuration {
    SimDuration::from_secs(120)
}

impl Default for AdaptiveThrottle {
    fn default() -> AdaptiveThrottle {
        AdaptiveThrottle { multiplier: default_multiplier(), window: default_window() }
    }
}

impl AdaptiveThrottle {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        check::found([
            check::at_least("multiplier", self.multiplier, 1.0),
            check::longer_than_zero("window", self.window),
        ])
    }
}

/// What one caller remembers of one callee.
#[derive(Debug, Clone)]
pub struct AdaptiveThrottleState {
    multiplier: f64,
    counts: SlidingCounts,
}

const REQUESTS: usize = 0;
const ACCEPTS: usize = 1;

impl AdaptiveThrottleState {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(settings: &AdaptiveThrottle) -> AdaptiveThrottleState {
        AdaptiveThrottleState {
            multiplier: settings.multiplier,
            counts: SlidingCounts::new(settings.window),
        }
    }

    /// How likely the next request is to be dropped.
    pub fn drop_probability(&mut self, now: SimTime) -> f64 {
        let [requests, accepts] = self.counts.totals(now).map(|count| count as f64);
        ((requests - self.multiplier * accepts) / (requests + 1.0)).max(0.0)
    }

    /// Whether a request goes, given a number `unit` drawn between 0 and 1. Dropped requests count as requests.
    pub fn admit(&mut self, now: SimTime, unit: f64) -> bool {
        let goes = unit >= self.drop_probability(now);
        self.counts.count(now, REQUESTS);
        goes
    }

    /// The callee accepted a request, whatever became of it.
    pub fn on_accept(&mut self, now: SimTime) {
        self.counts.count(now, ACCEPTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Chance, Stream};

    #[test]
    fn nothing_is_dropped_while_at_least_half_is_accepted() {
        let mut throttle = AdaptiveThrottleState::new(&AdaptiveThrottle::default());
        for request in 0..1000 {
            assert!(throttle.admit(SimTime::ZERO, 0.0));
            if request % 2 == 0 {
                throttle.on_accept(SimTime::ZERO);
            }
        }
    }

    #[test]
    fn the_surplus_over_k_times_the_accepts_is_dropped() {
        let mut throttle = AdaptiveThrottleState::new(&AdaptiveThrottle::default());
        (0..99).for_each(|_| assert!(throttle.admit(SimTime::ZERO, 1.0)));
        (0..10).for_each(|_| throttle.on_accept(SimTime::ZERO));
        assert_eq!(throttle.drop_probability(SimTime::ZERO), (99.0 - 2.0 * 10.0) / 100.0);
        assert!(!throttle.admit(SimTime::ZERO, 0.78));
        assert!(throttle.admit(SimTime::ZERO, 0.80));
    }

    /// The book's reading of K: the backend sees K requests for each one that it accepts.
    #[test]
    fn an_overloaded_callee_sees_twice_what_it_accepts() {
        let mut throttle = AdaptiveThrottleState::new(&AdaptiveThrottle::default());
        let mut draws = Stream::new(1, 0, "throttle");
        let (mut sent, mut accepted) = (0_u32, 0_u32);
        for second in 0..600 {
            let now = SimTime::ZERO + SimDuration::from_secs(second);
            let goes = (0..1000).filter(|_| throttle.admit(now, draws.unit())).count() as u32;
            (0..goes.min(100)).for_each(|_| throttle.on_accept(now));
            if second >= 240 {
                sent += goes;
                accepted += goes.min(100);
            }
        }
        let ratio = f64::from(sent) / f64::from(accepted);
        assert!((ratio - 2.0).abs() < 0.05, "{ratio}");
    }

    #[test]
    fn a_k_below_one_is_told() {
        let settings = AdaptiveThrottle { multiplier: 0.5, ..AdaptiveThrottle::default() };
        assert_eq!(settings.check()[0].0, "multiplier");
        assert_eq!(AdaptiveThrottle::default().check(), []);
    }
}
