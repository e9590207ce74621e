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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Chance, Stream};

    fn breaker(text: &str) -> CircuitBreakerState {
        let settings: CircuitBreaker = serde_json::from_str(text).unwrap();
        assert_eq!(settings.check(), []);
        CircuitBreakerState::new(&settings)
    }

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(millis)
    }

    #[test]
    fn it_opens_probes_at_the_end_of_its_time_and_closes_on_a_success() {
        let mut breaker = breaker(r#"{"trip_on": {"consecutive_failures": 2}, "open_for": "10s"}"#);
        assert_eq!(breaker.admit(at(0)), Admission::Yes);
        assert_eq!(breaker.on_outcome(at(0), false), None);
        assert_eq!(breaker.on_outcome(at(1000), false), Some(Transition::Opened));
        assert_eq!(breaker.admit(at(1000)), Admission::No { until: at(11_000) });
        assert_eq!(breaker.admit(at(10_999)), Admission::No { until: at(11_000) });
        assert_eq!(breaker.admit(at(11_000)), Admission::Probe);
        assert_eq!(breaker.admit(at(11_000)), Admission::No { until: at(21_000) });
        assert_eq!(breaker.on_outcome(at(11_500), true), Some(Transition::Closed));
        assert_eq!(breaker.on_outcome(at(11_600), false), None);
        assert_eq!(breaker.admit(at(11_600)), Admission::Yes);
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_the_whole_time_again() {
        let mut breaker = breaker(r#"{"trip_on": {"consecutive_failures": 1}, "open_for": "10s"}"#);
        breaker.on_outcome(at(0), false);
        assert_eq!(breaker.admit(at(10_000)), Admission::Probe);
        assert_eq!(breaker.on_outcome(at(12_000), false), Some(Transition::Opened));
        assert_eq!(breaker.admit(at(21_999)), Admission::No { until: at(22_000) });
        assert_eq!(breaker.admit(at(22_000)), Admission::Probe);
    }

    #[test]
    fn it_closes_when_as_many_probes_have_succeeded_as_are_asked_for() {
        let mut breaker =
            breaker(r#"{"trip_on": {"consecutive_failures": 1}, "open_for": "1s", "probes": 2}"#);
        breaker.on_outcome(at(0), false);
        assert_eq!(breaker.admit(at(1000)), Admission::Probe);
        assert_eq!(breaker.admit(at(1000)), Admission::Probe);
        assert_eq!(breaker.admit(at(1000)), Admission::No { until: at(2000) });
        assert_eq!(breaker.on_outcome(at(1100), true), None);
        assert_eq!(breaker.on_outcome(at(1200), true), Some(Transition::Closed));
    }

    #[test]
    fn late_outcomes_do_not_move_an_open_breaker() {
        let mut breaker = breaker(r#"{"trip_on": {"consecutive_failures": 1}, "open_for": "10s"}"#);
        breaker.on_outcome(at(0), false);
        assert_eq!(breaker.on_outcome(at(5000), false), None);
        assert_eq!(breaker.on_outcome(at(5000), true), None);
        assert_eq!(breaker.admit(at(10_000)), Admission::Probe);
    }

    #[test]
    fn a_success_breaks_a_row_of_failures() {
        let mut breaker = breaker(r#"{"trip_on": {"consecutive_failures": 2}}"#);
        let outcomes =
            [false, true, false, false].map(|success| breaker.on_outcome(at(0), success));
        assert_eq!(outcomes, [None, None, None, Some(Transition::Opened)]);
    }

    #[test]
    fn a_ratio_trips_at_half_of_twenty_calls_and_not_before() {
        let mut breaker = breaker("{}");
        let opens: Vec<bool> =
            (0..20).map(|call| breaker.on_outcome(at(0), call % 2 == 0).is_some()).collect();
        assert_eq!(opens.iter().position(|opens| *opens), Some(19));
    }

    #[test]
    fn a_ratio_forgets_outcomes_older_than_its_window() {
        let mut breaker = breaker("{}");
        (0..19).for_each(|_| assert_eq!(breaker.on_outcome(at(0), false), None));
        assert_eq!(breaker.on_outcome(at(10_000), false), None);
    }

    /// Calls every 0.1 s, half of which fail, against 5 failures in a row and 9.95 s open. By renewal over closed and open
    /// periods (Feller, volume 1, chapter XIII): a closed period takes (0.5^-5 − 1) ÷ 0.5 = 62 calls, an open one rejects 99.
    #[test]
    fn half_the_calls_failing_leaves_a_quarter_of_them_through() {
        const CALLS: u64 = 1_000_000;
        let mut breaker =
            breaker(r#"{"trip_on": {"consecutive_failures": 5}, "open_for": "9950ms"}"#);
        let mut outcomes = Stream::new(1, 0, "outcomes");
        let mut rejected = 0_u64;
        let mut openings = 0_u64;
        for call in 0..CALLS {
            match breaker.admit(at(100 * call)) {
                Admission::No { .. } => rejected += 1,
                Admission::Yes | Admission::Probe => {
                    let changed = breaker.on_outcome(at(100 * call), outcomes.chance(0.5));
                    openings += u64::from(changed == Some(Transition::Opened));
                }
            }
        }
        assert_eq!(rejected.div_ceil(openings), 99);
        let share = rejected as f64 / CALLS as f64;
        assert!((share - 0.755_725_19).abs() < 0.01, "{share}");
    }
}
