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
