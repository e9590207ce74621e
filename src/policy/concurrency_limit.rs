//! A service that finds out by itself how many requests it should hold.
//!
//! A fixed number of threads is a guess made long before the overload. By Little's law the right number is throughput times
//! time, and both change: with the traffic, with the data, with the neighbours. An adaptive limit watches how long requests take.
//! While they take what they always took, there is room for more; when they begin to take longer, or fail, the limit shrinks, and what
//! is beyond it is shed at the door. The two rules are the ones that Netflix's concurrency-limits library has; the defaults are its own
//! (`AIMDLimit`, `Gradient2Limit`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::SimDuration;

/// How a service adapts the number of requests that it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ConcurrencyLimit {
    /// Additive increase, multiplicative decrease: one more while at least half of the limit is in use, a tenth less for each request
    /// that failed or took too long.
    Aimd {
        /// How many requests are held at first, 1 or more (default 20).
        #[serde(default = "twenty")]
        initial: u32,
        /// The lowest limit, 1 or more (default 20).
        #[serde(default = "twenty")]
        min: u32,
        /// The highest limit (default 200).
        #[serde(default = "two_hundred")]
        max: u32,
        /// What a bad request leaves of the limit, above 0 and below 1 (default 0.9).
        #[serde(default = "nine_tenths")]
        backoff: f64,
        /// How long a request may take, in line and in work, and not be bad (default 5s).
        #[serde(default = "five_seconds")]
        too_long: SimDuration,
        /// After how long a refused caller is asked to come back (default: not said).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<SimDuration>,
    },
    /// By how much the time of the moment exceeds the time of the long run: the limit follows their ratio.
    Gradient {
        /// How many requests are held at first, 1 or more (default 20).
        #[serde(default = "twenty")]
        initial: u32,
        /// The lowest limit, 1 or more (default 20).
        #[serde(default = "twenty")]
        min: u32,
        /// The highest limit (default 200).
        #[serde(default = "two_hundred")]
        max: u32,
        /// By what factor requests may take longer than in the long run before the limit shrinks, 1 or more (default 1.5).
        #[serde(default = "one_and_a_half")]
        tolerance: f64,
        /// The share of each new estimate in the limit, above 0 and at most 1 (default 0.2).
        #[serde(default = "a_fifth")]
        smoothing: f64,
        /// How many requests may wait beyond the estimate (default 4).
        #[serde(default = "four")]
        queue: u32,
        /// Over how many requests the long run is averaged, 1 or more (default 600).
        #[serde(default = "six_hundred")]
        window: u32,
        /// After how long a refused caller is asked to come back (default: not said).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<SimDuration>,
    },
}

fn twenty() -> u32 {
    20
}
fn two_hundred() -> u32 {
    200
}
fn nine_tenths() -> f64 {
    0.9
}
fn five_seconds() -> SimDuration {
    SimDuration::from_secs(5)
}
fn one_and_a_half() -> f64 {
    1.5
}
fn a_fifth() -> f64 {
    0.2
}
fn four() -> u32 {
    4
}
fn six_hundred() -> u32 {
    600
}

/// So many requests pass before the average of the long run forgets the first: it is a plain mean until then.
const WARM_UP: u32 = 10;

/// A request that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Done {
    /// How long it took, in line and in work.
    pub took: SimDuration,
    /// How many requests were held when it was over, itself included.
    pub held: u32,
    /// Whether it failed.
    pub failed: bool,
}

/// What a service has learned.
#[derive(Debug, Clone)]
pub struct ConcurrencyLimitState {
    rule: ConcurrencyLimit,
    limit: f64,
    /// What requests take in the long run, in seconds.
    long_s: f64,
    /// How many it was averaged over, up to [`WARM_UP`].
    seen: u32,
}

impl ConcurrencyLimit {
    fn bounds(&self) -> (u32, u32, u32) {
        match *self {
            ConcurrencyLimit::Aimd { initial, min, max, .. }
            | ConcurrencyLimit::Gradient { initial, min, max, .. } => (initial, min, max),
        }
    }

    /// After how long a refused caller is asked to come back, if that is said.
    #[must_use]
    pub fn retry_after(&self) -> Option<SimDuration> {
        match *self {
            ConcurrencyLimit::Aimd { retry_after, .. }
            | ConcurrencyLimit::Gradient { retry_after, .. } => retry_after,
        }
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let (initial, min, max) = self.bounds();
        let within = format!("is {initial}; it must be from `min` ({min}) to `max` ({max})");
        let (tag, own) = match *self {
            ConcurrencyLimit::Aimd { backoff, too_long, .. } => (
                "aimd",
                check::found([
                    check::unless(
                        backoff > 0.0 && backoff < 1.0,
                        "backoff",
                        format!("is {backoff}; it must be above 0 and below 1"),
                    ),
                    check::longer_than_zero("too_long", too_long),
                ]),
            ),
            ConcurrencyLimit::Gradient { tolerance, smoothing, window, .. } => (
                "gradient",
                check::found([
                    check::at_least("tolerance", tolerance, 1.0),
                    check::share("smoothing", smoothing),
                    check::at_least_one("window", window),
                ]),
            ),
        };
        let bounds = check::found([
            check::at_least_one("min", min),
            check::unless(min <= initial && initial <= max, "initial", within),
        ]);
        check::under(tag, bounds.into_iter().chain(own).collect()).collect()
    }
}

impl ConcurrencyLimitState {
    /// Nothing learned yet.
    #[must_use]
    pub fn new(rule: ConcurrencyLimit) -> ConcurrencyLimitState {
        let (initial, _, _) = rule.bounds();
        ConcurrencyLimitState { rule, limit: f64::from(initial), long_s: 0.0, seen: 0 }
    }

    /// The rule that it follows.
    #[must_use]
    pub fn rule(&self) -> &ConcurrencyLimit {
        &self.rule
    }

    /// Whether one more request is let in while `held` are held.
    #[must_use]
    pub fn admits(&self, held: u32) -> bool {
        f64::from(held) < self.limit.floor()
    }

    /// Forgets everything, as a process does that starts again.
    pub fn reset(&mut self) {
        *self = ConcurrencyLimitState::new(self.rule.clone());
    }

    /// Learns from a request that is over.
    pub fn learn(&mut self, done: Done) {
        let (_, min, max) = self.rule.bounds();
        let half_used = f64::from(done.held) * 2.0 >= self.limit;
        let next = match self.rule {
            ConcurrencyLimit::Aimd { backoff, too_long, .. } => {
                if done.failed || done.took > too_long {
                    self.limit * backoff
                } else if half_used {
                    self.limit + 1.0
                } else {
                    self.limit
                }
            }
            ConcurrencyLimit::Gradient { tolerance, smoothing, queue, window, .. } => {
                let gradient = self.gradient(done.took.as_secs_f64(), tolerance, window);
                let estimate = self.limit * gradient + f64::from(queue);
                if half_used {
                    self.limit * (1.0 - smoothing) + estimate * smoothing
                } else {
                    self.limit
                }
            }
        };
        self.limit = next.clamp(f64::from(min), f64::from(max));
    }

    /// What a request's time says of the limit: 1 if there is room, at least 0.5 if there isn't.
    fn gradient(&mut self, took_s: f64, tolerance: f64, window: u32) -> f64 {
        let share = if self.seen < WARM_UP {
            self.seen += 1;
            1.0 / f64::from(self.seen)
        } else {
            2.0 / (f64::from(window) + 1.0)
        };
        self.long_s += share * (took_s - self.long_s);
        if self.long_s > 2.0 * took_s {
            // An overload is over: its times are forgotten faster than they came.
            self.long_s *= 0.95;
        }
        if took_s > 0.0 { (tolerance * self.long_s / took_s).clamp(0.5, 1.0) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ConcurrencyLimit {
        serde_json::from_str(text).unwrap()
    }

    fn after(took_ms: u64, held: u32) -> Done {
        Done { took: SimDuration::from_millis(took_ms), held, failed: false }
    }

    /// Netflix's `Gradient2Limit`: times are averaged over all there were at first; what is twice as long as the last one is let go of by a twentieth.
    #[test]
    fn what_is_remembered_of_an_overload_fades_when_it_is_over() {
        let mut state = ConcurrencyLimitState::new(read(r#"{"gradient": {}}"#));
        state.learn(after(1_000, 10));
        assert_eq!(state.long_s, 1.0);
        state.learn(after(100, 10));
        assert!((state.long_s - 0.55 * 0.95).abs() < 1e-12, "{}", state.long_s);
        let mut state = ConcurrencyLimitState::new(read(r#"{"gradient": {}}"#));
        state.learn(after(100, 10));
        state.learn(after(60, 10));
        assert!((state.long_s - 0.08).abs() < 1e-12, "{}", state.long_s);
    }

    #[test]
    fn aimd_grows_by_one_while_half_is_used_and_falls_by_a_tenth() {
        let mut state = ConcurrencyLimitState::new(read(r#"{"aimd": {"min": 1}}"#));
        state.learn(after(10, 10));
        assert!(state.admits(20) && !state.admits(21));
        state.learn(after(10, 9));
        assert!(!state.admits(21), "less than half of it was used");
        state.learn(after(5_001, 9));
        assert!(state.admits(17) && !state.admits(18), "21 · 0.9 = 18.9");
        state.learn(Done { failed: true, ..after(10, 9) });
        assert!(state.admits(16) && !state.admits(17), "18.9 · 0.9 = 17.01");
    }

    #[test]
    fn refused_callers_are_told_when_to_come_back_if_it_says_so() {
        let second = Some(SimDuration::from_secs(1));
        for kind in ["aimd", "gradient"] {
            let limit = |fields: &str| read(&format!(r#"{{"{kind}": {{{fields}}}}}"#));
            assert_eq!(limit("").retry_after(), None);
            assert_eq!(limit(r#""retry_after": "1s""#).retry_after(), second);
        }
    }

    #[test]
    fn no_limit_leaves_its_bounds() {
        let mut state = ConcurrencyLimitState::new(read(r#"{"aimd": {"max": 21}}"#));
        (0..9).for_each(|_| state.learn(after(10, 20)));
        assert!(state.admits(20) && !state.admits(21));
        (0..9).for_each(|_| state.learn(after(6_000, 20)));
        assert!(state.admits(19) && !state.admits(20));
    }

    #[test]
    fn gradient_leaves_room_for_a_line_while_times_are_as_ever() {
        let mut state = ConcurrencyLimitState::new(read(r#"{"gradient": {}}"#));
        state.learn(after(100, 20));
        assert!(state.admits(19) && !state.admits(20), "20 · 0.8 + (20 + 4) · 0.2 = 20.8");
        state.learn(after(100, 20));
        assert!(state.admits(20) && !state.admits(21), "20.8 · 0.8 + 24.8 · 0.2 = 21.6");
    }

    #[test]
    fn gradient_shrinks_when_requests_take_longer() {
        let mut state =
            ConcurrencyLimitState::new(read(r#"{"gradient": {"initial": 100, "min": 1}}"#));
        (0..50).for_each(|_| state.learn(after(100, 1)));
        assert!(state.admits(99), "nothing is learned about a limit that is not used");
        state.learn(after(1_000, 100));
        assert!(state.admits(89) && !state.admits(91), "100 · 0.8 + (100 · 0.5 + 4) · 0.2 = 90.8");
    }

    #[test]
    fn what_a_process_learned_is_gone_when_it_starts_again() {
        let mut state = ConcurrencyLimitState::new(read(r#"{"aimd": {"min": 1}}"#));
        state.learn(after(6_000, 20));
        state.reset();
        assert!(state.admits(19) && !state.admits(20));
    }

    #[test]
    fn settings_that_make_no_sense_are_told() {
        let aimd = r#"{"aimd": {"initial": 5, "backoff": 1, "too_long": "0s"}}"#;
        let paths: Vec<String> = read(aimd).check().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["aimd.initial", "aimd.backoff", "aimd.too_long"]);
        let gradient = r#"{"gradient": {"min": 0, "tolerance": 0.5, "smoothing": 0, "window": 0}}"#;
        assert_eq!(read(gradient).check().len(), 4);
    }
}
