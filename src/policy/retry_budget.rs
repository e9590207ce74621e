//! A cap on the share of traffic that may be retries.
//!
//! Backoff limits how fast *one* message is tried again; it does not limit how many messages are. When everything fails,
//! three attempts each treble the load on a service that is already failing. A budget bounds that factor: retries are paid
//! for by first attempts (or by successes), so amplification stays below 1 + ratio however bad things get.
//!
//! `ratio` is the budget of Finagle (`RetryBudget`, "Clients: Retries" in its user guide) and of Linkerd (`retryBudget` of a
//! service profile). `token_bucket` covers the others: the standard retry mode of the AWS SDKs, gRPC's `retryThrottling`
//! (gRFC A6), a plain leaky counter, or a rate limit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use super::shorthand::{self, Shorthand, in_either_form};
use super::sliding_counts::SlidingCounts;
use super::token_bucket::{self, MOST_TOKENS, Tokens};
use crate::time::{Rate, SimDuration, SimTime};

/// How many retries a caller may send to one callee. Written "ratio" or "token_bucket", it has every default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = shorthand::also_words(&["ratio", "token_bucket"]))]
pub enum RetryBudget {
    /// A share of the requests of the last seconds, and a few besides: a retry goes if retries in the window < ratio ·
    /// requests in the window + min_per_second · window.
    Ratio {
        /// Retries per request, above 0 (default 0.2: Finagle's `percentCanRetry`, Linkerd's `retryRatio`).
        #[serde(default = "default_ratio")]
        ratio: f64,
        /// Retries a second that may go whatever the traffic, so that a quiet caller can retry at all (default 10/s: Finagle's
        /// `minRetriesPerSec`, Linkerd's `minRetriesPerSecond`).
        #[serde(default = "default_min_per_second")]
        min_per_second: Rate,
        /// The window over which requests and retries are counted (default 10s: `ttl` of both).
        #[serde(default = "default_window")]
        window: SimDuration,
    },
    /// A bucket of tokens: a retry takes `cost`, and doesn't go if there is less. The defaults are those of the AWS SDKs'
    /// standard mode ("Retry behavior", AWS SDKs and Tools Reference Guide). gRPC's throttling (gRFC A6: maxTokens 10,
    /// tokenRatio 0.1) is capacity 10, cost 0, per_failure 1, per_success 0.1, only_above 5. A counter that starts at 0
    /// and gains 0.1 with each first attempt is initial 0, per_request 0.1, per_success 0, cost 1.
    TokenBucket {
        /// The most tokens that it holds, up to 1,000,000,000 (default 500: AWS SDKs).
        #[serde(default = "default_capacity")]
        capacity: f64,
        /// Tokens at the start of the run (default: full).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        initial: Option<f64>,
        /// Tokens that a retry takes (default 5: AWS SDKs).
        #[serde(default = "default_cost")]
        cost: f64,
        /// Tokens that each first attempt puts in (default 0).
        #[serde(default)]
        per_request: f64,
        /// Tokens that each successful attempt puts in (default 1: AWS SDKs, which give the whole cost back if it was a
        /// retry; that is not modeled).
        #[serde(default = "default_per_success")]
        per_success: f64,
        /// Tokens that each failed attempt takes, retried or not, as far as there are (default 0; gRPC takes 1).
        #[serde(default)]
        per_failure: f64,
        /// A retry goes only while there are more tokens than this (default 0; gRPC asks for more than half the capacity).
        #[serde(default)]
        only_above: f64,
        /// Tokens that time puts in (default 0/s).
        #[serde(default)]
        refill: Rate,
    },
}

in_either_form!(RetryBudget);

impl Shorthand for RetryBudget {
    const EXPECTING: &'static str = "`ratio` or `token_bucket`, alone or with its settings";
    const WORDS: &'static [&'static str] = &["ratio", "token_bucket"];

    fn from_text(text: &str) -> Option<Result<RetryBudget, String>> {
        match text {
            "ratio" => Some(Ok(RetryBudget::default())),
            "token_bucket" => Some(Ok(RetryBudget::TokenBucket {
                capacity: default_capacity(),
                initial: None,
                cost: default_cost(),
                per_request: 0.0,
                per_success: default_per_success(),
                per_failure: 0.0,
                only_above: 0.0,
                refill: Rate::default(),
            })),
            _ => None,
        }
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<RetryBudget, D::Error> {
        RetryBudget::deserialize(map)
    }
}

impl Default for RetryBudget {
    fn default() -> RetryBudget {
        RetryBudget::Ratio {
            ratio: default_ratio(),
            min_per_second: default_min_per_second(),
            window: default_window(),
        }
    }
}

fn default_ratio() -> f64 {
    0.2
}

fn default_min_per_second() -> Rate {
    Rate::per_second(10.0)
}

fn default_window() -> SimDuration {
    SimDuration::from_secs(10)
}

fn default_capacity() -> f64 {
    500.0
}

fn default_cost() -> f64 {
    5.0
}

fn default_per_success() -> f64 {
    1.0
}

impl RetryBudget {
    /// Retries per request in the long run, if that is what it allows.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        match *self {
            RetryBudget::Ratio { ratio, .. } => Some(ratio),
            RetryBudget::TokenBucket { .. } => None,
        }
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match *self {
            RetryBudget::Ratio { ratio, window, .. } => check::found([
                check::above_zero("ratio.ratio", ratio),
                check::longer_than_zero("ratio.window", window),
            ]),
            RetryBudget::TokenBucket {
                capacity,
                initial,
                cost,
                per_request,
                per_success,
                per_failure,
                only_above,
                ..
            } => check::found([
                check::above_zero("token_bucket.capacity", capacity),
                check::unless(
                    capacity <= MOST_TOKENS,
                    "token_bucket.capacity",
                    format!("is {capacity}; it must be at most {MOST_TOKENS}"),
                ),
                check::at_least("token_bucket.initial", initial.unwrap_or(0.0), 0.0),
                within_capacity("token_bucket.initial", initial.unwrap_or(0.0), capacity),
                check::at_least("token_bucket.cost", cost, 0.0),
                within_capacity("token_bucket.cost", cost, capacity),
                check::at_least("token_bucket.per_request", per_request, 0.0),
                check::at_least("token_bucket.per_success", per_success, 0.0),
                check::at_least("token_bucket.per_failure", per_failure, 0.0),
                check::at_least("token_bucket.only_above", only_above, 0.0),
            ]),
        }
    }
}

fn within_capacity(path: &str, tokens: f64, capacity: f64) -> Option<Problem> {
    let wrong =
        format!("is {tokens}, more than the bucket holds; at most {capacity} would be right");
    check::unless(tokens <= capacity, path, wrong)
}

/// What one caller has left of its budget.
#[derive(Debug, Clone)]
pub struct RetryBudgetState(Purse);

#[derive(Debug, Clone)]
enum Purse {
    Ratio {
        ratio: f64,
        reserve: f64,
        counts: SlidingCounts,
    },
    Tokens {
        tokens: Tokens,
        cost: u64,
        per_request: u64,
        per_success: u64,
        per_failure: u64,
        only_above: u64,
    },
}

const REQUESTS: usize = 0;
const RETRIES: usize = 1;

impl RetryBudgetState {
    /// The budget at the start of a run.
    #[must_use]
    pub fn new(settings: &RetryBudget) -> RetryBudgetState {
        RetryBudgetState(match *settings {
            RetryBudget::Ratio { ratio, min_per_second, window } => Purse::Ratio {
                ratio,
                reserve: min_per_second.as_per_second() * window.as_secs_f64(),
                counts: SlidingCounts::new(window),
            },
            RetryBudget::TokenBucket {
                capacity,
                initial,
                cost,
                per_request,
                per_success,
                per_failure,
                only_above,
                refill,
            } => Purse::Tokens {
                tokens: Tokens::new(initial.unwrap_or(capacity), capacity, refill),
                cost: token_bucket::parts(cost),
                per_request: token_bucket::parts(per_request),
                per_success: token_bucket::parts(per_success),
                per_failure: token_bucket::parts(per_failure),
                only_above: token_bucket::parts(only_above),
            },
        })
    }

    /// A message is sent for the first time.
    pub fn on_request(&mut self, now: SimTime) {
        match &mut self.0 {
            Purse::Ratio { counts, .. } => counts.count(now, REQUESTS),
            Purse::Tokens { tokens, per_request, .. } => tokens.put(now, *per_request),
        }
    }

    /// An attempt succeeded.
    pub fn on_success(&mut self, now: SimTime) {
        match &mut self.0 {
            Purse::Ratio { .. } => {}
            Purse::Tokens { tokens, per_success, .. } => tokens.put(now, *per_success),
        }
    }

    /// An attempt failed, whether it will be retried or not.
    pub fn on_failure(&mut self, now: SimTime) {
        match &mut self.0 {
            Purse::Ratio { .. } => {}
            Purse::Tokens { tokens, per_failure, .. } => tokens.take(now, *per_failure),
        }
    }

    /// Whether a retry may be sent now; if so, it is paid for.
    pub fn try_retry(&mut self, now: SimTime) -> bool {
        match &mut self.0 {
            Purse::Ratio { ratio, reserve, counts } => {
                let [requests, retries] = counts.totals(now);
                let allowed = *ratio * requests as f64 + *reserve;
                let goes = (retries + 1) as f64 <= allowed + 1e-9;
                if goes {
                    counts.count(now, RETRIES);
                }
                goes
            }
            Purse::Tokens { tokens, cost, only_above, .. } => {
                let level = tokens.level(now);
                let goes = level >= *cost && (level > *only_above || *only_above == 0);
                if goes {
                    tokens.take(now, *cost);
                }
                goes
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(text: &str) -> RetryBudgetState {
        let settings: RetryBudget = serde_json::from_str(text).unwrap();
        assert_eq!(settings.check(), []);
        RetryBudgetState::new(&settings)
    }

    /// Calls that reach a callee that always fails, if every request may be retried three times at once.
    fn calls(requests: u64, mut budget: RetryBudgetState) -> u64 {
        let retries = |_| {
            budget.on_request(SimTime::ZERO);
            (0..3).take_while(|_| budget.try_retry(SimTime::ZERO)).count() as u64
        };
        requests + (0..requests).map(retries).sum::<u64>()
    }

    #[test]
    fn a_tenth_of_a_token_a_request_bounds_amplification_at_exactly_one_and_a_tenth() {
        let counter = r#"{"token_bucket": {"capacity": 1e9, "initial": 0, "cost": 1, "per_request": 0.1, "per_success": 0}}"#;
        assert_eq!(calls(100_000, bucket(counter)), 110_000);
    }

    #[test]
    fn a_ratio_bounds_amplification_and_leaves_a_quiet_caller_its_reserve() {
        let ratio = r#"{"ratio": {"ratio": 0.2, "min_per_second": "10/s", "window": "10s"}}"#;
        assert_eq!(calls(100_000, bucket(ratio)), 100_000 + 20_000 + 100);
        assert_eq!(calls(1, bucket(ratio)), 1 + 3);
    }

    #[test]
    fn a_ratio_forgets_requests_and_retries_older_than_its_window() {
        let mut budget = bucket(r#"{"ratio": {"ratio": 0.5, "min_per_second": "0/s"}}"#);
        let later = SimTime::ZERO + SimDuration::from_secs(10);
        (0..4).for_each(|_| budget.on_request(SimTime::ZERO));
        assert!(budget.try_retry(SimTime::ZERO));
        assert!(!budget.try_retry(later));
        (0..2).for_each(|_| budget.on_request(later));
        assert!(budget.try_retry(later));
        assert!(!budget.try_retry(later));
    }

    #[test]
    fn the_aws_bucket_pays_for_a_hundred_retries_and_then_for_one_in_five_successes() {
        let mut budget = bucket(r#""token_bucket""#);
        assert_eq!((0..1000).take_while(|_| budget.try_retry(SimTime::ZERO)).count(), 100);
        (0..4).for_each(|_| budget.on_success(SimTime::ZERO));
        assert!(!budget.try_retry(SimTime::ZERO));
        budget.on_success(SimTime::ZERO);
        assert!(budget.try_retry(SimTime::ZERO));
    }

    #[test]
    fn grpc_throttling_stops_retries_at_half_its_tokens() {
        let mut budget = bucket(
            r#"{"token_bucket": {"capacity": 10, "cost": 0, "per_failure": 1, "per_success": 0.1, "only_above": 5}}"#,
        );
        let goes = |budget: &mut RetryBudgetState| {
            budget.on_failure(SimTime::ZERO);
            budget.try_retry(SimTime::ZERO)
        };
        assert_eq!((0..100).take_while(|_| goes(&mut budget)).count(), 4);
        budget.on_success(SimTime::ZERO);
        assert!(budget.try_retry(SimTime::ZERO));
    }

    #[test]
    fn a_bucket_filled_by_time_admits_its_burst_and_then_its_rate() {
        let mut bucket = bucket(
            r#"{"token_bucket": {"capacity": 20, "cost": 1, "per_success": 0, "refill": "7/s"}}"#,
        );
        let at = |k: u64| SimTime::ZERO + SimDuration::from_nanos(100_000 + k * 20_000_000);
        let admitted: Vec<bool> = (0..500).map(|k| bucket.try_retry(at(k))).collect();
        assert_eq!(admitted.iter().filter(|goes| **goes).count(), 89);
        assert_eq!(admitted.iter().position(|goes| !goes), Some(23));
    }

    #[test]
    fn a_bucket_that_could_never_pay_is_told() {
        let settings: RetryBudget =
            serde_json::from_str(r#"{"token_bucket": {"capacity": 2, "initial": 3}}"#).unwrap();
        let paths: Vec<_> = settings.check().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["token_bucket.initial", "token_bucket.cost"]);
        assert_eq!(RetryBudget::default().check(), []);
    }
}
