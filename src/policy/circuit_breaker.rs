//! A caller that stops calling what keeps failing, and looks from time to time whether it is back.
//!
//! Closed, calls pass and their outcomes are watched. When too many fail the breaker opens: for a while every call fails at
//! once, without reaching the callee, which spares the callee the load and the caller the timeout. Then it is half open: a
//! few calls probe; if they succeed it closes, if one fails it opens again. The pattern is Michael Nygard's ("Release It!",
//! 2007). It acts on the whole callee: where only part of the calls fail, it refuses the good ones too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use super::sliding_counts::SlidingCounts;
use crate::time::{SimDuration, SimTime};

/// When a caller stops calling a callee, and how it starts again. The defaults are those of Hystrix ("Configuration", its
/// wiki); resilience4j opens for 60 s at 50 % of the last 100 calls and probes with 10 calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct CircuitBreaker {
    /// What opens the breaker (default: half of at least 20 calls within 10s fail, as in Hystrix).
    #[serde(default)]
    pub trip_on: TripOn,
    /// How long it rejects every call after it has opened; the first call at or after the end of that time is a probe
    /// (default 5s: Hystrix, `sleepWindowInMilliseconds`).
    #[serde(default = "default_open_for")]
    pub open_for: SimDuration,
    /// How many probes must succeed before it closes, 1 or more; while they are out, further calls are rejected (default 1:
    /// Hystrix; resilience4j's `permittedNumberOfCallsInHalfOpenState` is 10).
    #[serde(default = "default_probes")]
    pub probes: u32,
}

/// What opens a circuit breaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TripOn {
    /// So many failures in a row, 1 or more; any success starts the count again.
    ConsecutiveFailures(u32),
    /// Too large a share of the calls of the last seconds failed.
    FailureRatio {
        /// The share of failures from which it opens, above 0 and at most 1 (default 0.5: Hystrix,
        /// `errorThresholdPercentage`; resilience4j, `failureRateThreshold`).
        #[serde(default = "default_ratio")]
        ratio: f64,
        /// The window over which outcomes are counted, in ten slices (default 10s: Hystrix, `rollingStats.timeInMilliseconds`).
        #[serde(default = "default_window")]
        window: SimDuration,
        /// How many outcomes there must be in the window before the share means anything (default 20: Hystrix,
        /// `requestVolumeThreshold`; resilience4j's `minimumNumberOfCalls` is 100).
        #[serde(default = "default_min_calls")]
        min_calls: u32,
    },
}

impl Default for TripOn {
    fn default() -> TripOn {
        TripOn::FailureRatio {
            ratio: default_ratio(),
            window: default_window(),
            min_calls: default_min_calls(),
        }
    }
}

impl Default for CircuitBreaker {
    fn default() -> CircuitBreaker {
        CircuitBreaker {
            trip_on: TripOn::default(),
            open_for: default_open_for(),
            probes: default_probes(),
        }
    }
}

fn default_ratio() -> f64 {
    0.5
}

fn default_window() -> SimDuration {
    SimDuration::from_secs(10)
}

fn default_min_calls() -> u32 {
    20
}

fn default_open_for() -> SimDuration {
    SimDuration::from_secs(5)
}

fn default_probes() -> u32 {
    1
}

impl CircuitBreaker {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = match self.trip_on {
            TripOn::ConsecutiveFailures(failures) => {
                check::found([check::at_least_one("trip_on.consecutive_failures", failures)])
            }
            TripOn::FailureRatio { ratio, window, min_calls } => check::found([
                check::share("trip_on.failure_ratio.ratio", ratio),
                check::longer_than_zero("trip_on.failure_ratio.window", window),
                check::at_least_one("trip_on.failure_ratio.min_calls", min_calls),
            ]),
        };
        problems.extend(check::longer_than_zero("open_for", self.open_for));
        problems.extend(check::at_least_one("probes", self.probes));
        problems
    }
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Yes,
    /// It may, and its outcome decides whether the breaker closes.
    Probe,
    /// It is rejected without reaching the callee.
    No {
        /// When to ask again, at the earliest.
        until: SimTime,
    },
}

/// What an outcome changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Calls are rejected from now on.
    Opened,
    /// Calls pass again.
    Closed,
}

/// A caller's circuit breaker for one callee.
#[derive(Debug, Clone)]
pub struct CircuitBreakerState {
    settings: CircuitBreaker,
    position: Position,
    watch: Watch,
}

#[derive(Debug, Clone, Copy)]
enum Position {
    Closed,
    Open { until: SimTime },
    HalfOpen { sent: u32, succeeded: u32 },
}

/// What a closed breaker remembers of the outcomes.
#[derive(Debug, Clone)]
enum Watch {
    Row { failures: u32, limit: u32 },
    Window { counts: SlidingCounts, ratio: f64, min_calls: u32 },
}

const SUCCESSES: usize = 0;
const FAILURES: usize = 1;

impl Watch {
    fn new(trip_on: &TripOn) -> Watch {
        match *trip_on {
            TripOn::ConsecutiveFailures(limit) => Watch::Row { failures: 0, limit },
            TripOn::FailureRatio { ratio, window, min_calls } => {
                Watch::Window { counts: SlidingCounts::new(window), ratio, min_calls }
            }
        }
    }

    /// Notes an outcome, and says whether the breaker trips on it.
    fn trips(&mut self, now: SimTime, success: bool) -> bool {
        match self {
            Watch::Row { failures, limit } => {
                *failures = if success { 0 } else { *failures + 1 };
                *failures >= *limit
            }
            Watch::Window { counts, ratio, min_calls } => {
                counts.count(now, if success { SUCCESSES } else { FAILURES });
                let [successes, failures] = counts.totals(now);
                let calls = successes + failures;
                calls >= u64::from(*min_calls) && failures as f64 >= *ratio * calls as f64
            }
        }
    }
}

impl CircuitBreakerState {
    /// A closed breaker that has seen nothing.
    #[must_use]
    pub fn new(settings: &CircuitBreaker) -> CircuitBreakerState {
        CircuitBreakerState {
            settings: settings.clone(),
            position: Position::Closed,
            watch: Watch::new(&settings.trip_on),
        }
    }

    /// Whether a call may be made now. A call that is admitted must report its outcome, a timeout being a failure.
    pub fn admit(&mut self, now: SimTime) -> Admission {
        match self.position {
            Position::Closed => Admission::Yes,
            Position::Open { until } if now < until => Admission::No { until },
            Position::Open { .. } => self.probe(0, 0),
            Position::HalfOpen { sent, succeeded } if sent < self.settings.probes => {
                self.probe(sent, succeeded)
            }
            Position::HalfOpen { .. } => Admission::No { until: now + self.settings.open_for },
        }
    }

    /// Notes an outcome. While half open every outcome counts as a probe's, even of a call that was sent before the breaker
    /// opened (so it is in resilience4j); while open, late outcomes are ignored.
    pub fn on_outcome(&mut self, now: SimTime, success: bool) -> Option<Transition> {
        match self.position {
            Position::Closed => self.watch.trips(now, success).then(|| self.open(now)),
            Position::Open { .. } => None,
            Position::HalfOpen { .. } if !success => Some(self.open(now)),
            Position::HalfOpen { sent, succeeded } => {
                self.position = Position::HalfOpen { sent, succeeded: succeeded + 1 };
                (succeeded + 1 >= self.settings.probes).then(|| self.close())
            }
        }
    }

    fn probe(&mut self, sent: u32, succeeded: u32) -> Admission {
        self.position = Position::HalfOpen { sent: sent + 1, succeeded };
        Admission::Probe
    }

    fn open(&mut self, now: SimTime) -> Transition {
        self.position = Position::Open { until: now + self.settings.open_for };
        Transition::Opened
    }

    fn close(&mut self) -> Transition {
        self.position = Position::Closed;
        self.watch = Watch::new(&self.settings.trip_on);
        Transition::Closed
    }
}
