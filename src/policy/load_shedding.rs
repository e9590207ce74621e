//! Refusing requests before the service is full.
//!
//! A request that will wait longer than its caller does is work for nobody. Refusing it at the door costs almost nothing,
//! keeps the waiting of the others short, and tells the caller now instead of at its timeout. What to look at is the
//! question: the length of the line is easy but says nothing about time; waiting time is what callers feel; and where some
//! requests matter more than others, those that matter least go first ("Handling Overload", Site Reliability Engineering,
//! 2016, chapter 21: criticality).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use super::token_bucket::{MOST_TOKENS, Tokens};
use crate::time::{Rate, SimDuration};

/// When a service refuses a request although it has room. None of the thresholds has a default: they follow from the
/// service's own speed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LoadShedding {
    /// When more than so many requests wait. For a waiting time of D with c workers and service time s, that is c · D / s.
    QueueLength {
        /// The longest line that still lets a request in.
        above: u32,
        /// After how long the caller is asked to come back (default: not said).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<SimDuration>,
    },
    /// When more than so many requests are held, waiting or in work.
    InFlight {
        /// The most requests that may be inside for another to be let in.
        above: u32,
        /// After how long the caller is asked to come back (default: not said).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<SimDuration>,
    },
    /// When the request at the head of the line has waited longer than so long.
    WaitingTime {
        /// The longest waiting time that still lets a request in.
        above: SimDuration,
        /// After how long the caller is asked to come back (default: not said).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<SimDuration>,
    },
    /// When more requests come than a rate allows: a token bucket, full at the start, of which each request takes a token.
    Rate {
        /// How many tokens a second are put into the bucket.
        limit: Rate,
        /// How many it holds at most, 1 or more: so many are let in at once after a pause.
        burst: f64,
        /// After how long the caller is asked to come back (default: not said).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<SimDuration>,
    },
    /// When the service is fuller than the request's priority allows.
    Priority {
        /// For each priority, 0 (most important) first, the utilization (0 to 1: requests held ÷ threads) above which such
        /// requests are refused; none may exceed the one before. Priorities beyond the list go by its last value.
        thresholds: Vec<f64>,
        /// After how long the caller is asked to come back (default: not said).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<SimDuration>,
    },
}

/// What a service knows when a request comes, not counting that request.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Load {
    /// Requests waiting.
    pub waiting: u64,
    /// Requests held, waiting or in work.
    pub in_flight: u64,
    /// How long the request at the head of the line has waited; zero if there is none.
    pub oldest_waited: SimDuration,
    /// Requests held ÷ threads, 0 to 1.
    pub utilization: f64,
    /// Whether the rate limit, if that is the rule, has no token left.
    pub is_over_rate: bool,
}

impl LoadShedding {
    /// Whether a request of this priority is refused under this load.
    #[must_use]
    pub fn sheds(&self, load: &Load, priority: u8) -> bool {
        match self {
            LoadShedding::QueueLength { above, .. } => load.waiting > u64::from(*above),
            LoadShedding::InFlight { above, .. } => load.in_flight > u64::from(*above),
            LoadShedding::WaitingTime { above, .. } => load.oldest_waited > *above,
            LoadShedding::Rate { .. } => load.is_over_rate,
            LoadShedding::Priority { thresholds, .. } => thresholds
                .get(usize::from(priority))
                .or(thresholds.last())
                .is_some_and(|threshold| load.utilization > *threshold),
        }
    }

    /// After how long a refused caller is asked to come back, if that is said.
    #[must_use]
    pub fn retry_after(&self) -> Option<SimDuration> {
        match *self {
            LoadShedding::QueueLength { retry_after, .. }
            | LoadShedding::InFlight { retry_after, .. }
            | LoadShedding::WaitingTime { retry_after, .. }
            | LoadShedding::Rate { retry_after, .. }
            | LoadShedding::Priority { retry_after, .. } => retry_after,
        }
    }

    /// The tokens at the start, if it is a rate that counts.
    #[must_use]
    pub fn allowance(&self) -> Option<Tokens> {
        match *self {
            LoadShedding::Rate { limit, burst, .. } => Some(Tokens::new(burst, burst, limit)),
            LoadShedding::QueueLength { .. }
            | LoadShedding::InFlight { .. }
            | LoadShedding::WaitingTime { .. }
            | LoadShedding::Priority { .. } => None,
        }
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match self {
            LoadShedding::QueueLength { .. }
            | LoadShedding::InFlight { .. }
            | LoadShedding::WaitingTime { .. } => Vec::new(),
            LoadShedding::Rate { limit, burst, .. } => check::found([
                check::unless(
                    limit.as_per_second() > 0.0,
                    "rate.limit",
                    "is 0, which lets nobody in; it must be more",
                ),
                check::unless(
                    (1.0..=MOST_TOKENS).contains(burst),
                    "rate.burst",
                    format!("is {burst}; it must be 1 or more, and at most {MOST_TOKENS}"),
                ),
            ]),
            LoadShedding::Priority { thresholds, .. } => thresholds_problems(thresholds),
        }
    }
}

fn thresholds_problems(thresholds: &[f64]) -> Vec<Problem> {
    let path = |index: usize| format!("priority.thresholds[{index}]");
    let none = check::unless(
        !thresholds.is_empty(),
        "priority.thresholds",
        "is empty; write one utilization per priority, such as [1.0, 0.8, 0.5]",
    );
    let outside = thresholds.iter().enumerate().filter_map(|(index, &threshold)| {
        let wrong = format!("is {threshold}; a utilization lies between 0 and 1");
        check::unless((0.0..=1.0).contains(&threshold), &path(index), wrong)
    });
    let rising = thresholds.windows(2).enumerate().filter_map(|(index, pair)| {
        let wrong =
            format!("is {}, above the {} of a higher priority; it must not be", pair[1], pair[0]);
        check::unless(pair[1] <= pair[0], &path(index + 1), wrong)
    });
    none.into_iter().chain(outside).chain(rising).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_looks_at_its_own_fact_and_sheds_strictly_above_it() {
        let below = Load {
            waiting: 10,
            in_flight: 20,
            oldest_waited: SimDuration::from_secs(1),
            utilization: 0.5,
            is_over_rate: false,
        };
        let second = SimDuration::from_secs(1);
        let retry_after = None;
        for (rule, above) in [
            (LoadShedding::QueueLength { above: 10, retry_after }, Load { waiting: 11, ..below }),
            (LoadShedding::InFlight { above: 20, retry_after }, Load { in_flight: 21, ..below }),
            (
                LoadShedding::WaitingTime { above: second, retry_after },
                Load { oldest_waited: second + SimDuration::from_nanos(1), ..below },
            ),
            (
                LoadShedding::Priority { thresholds: vec![0.5], retry_after },
                Load { utilization: 0.51, ..below },
            ),
        ] {
            assert!(!rule.sheds(&below, 0), "{rule:?}");
            assert!(rule.sheds(&above, 0), "{rule:?}");
        }
    }

    #[test]
    fn the_least_important_requests_are_shed_first() {
        let rule = LoadShedding::Priority { thresholds: vec![1.0, 0.8, 0.5], retry_after: None };
        let shed_at = |utilization| {
            [0, 1, 2, 3]
                .map(|priority| rule.sheds(&Load { utilization, ..Load::default() }, priority))
        };
        assert_eq!(shed_at(0.4), [false, false, false, false]);
        assert_eq!(shed_at(0.6), [false, false, true, true]);
        assert_eq!(shed_at(0.9), [false, true, true, true]);
        assert_eq!(shed_at(1.0), [false, true, true, true]);
    }

    #[test]
    fn thresholds_that_cannot_be_meant_are_told_one_by_one() {
        let told = |thresholds: &[f64]| -> Vec<String> {
            let rule =
                LoadShedding::Priority { thresholds: thresholds.to_vec(), retry_after: None };
            rule.check().into_iter().map(|(path, _)| path).collect()
        };
        assert_eq!(told(&[]), ["priority.thresholds"]);
        assert_eq!(told(&[1.5, 0.5]), ["priority.thresholds[0]"]);
        assert_eq!(told(&[0.5, 0.8]), ["priority.thresholds[1]"]);
    }
}
