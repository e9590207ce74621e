//! A service that has just started is slower than one that has run for a while.
//!
//! Code is not compiled yet, caches are empty, connections are still to be opened. A service that restarts into its full
//! load therefore meets it at its weakest, which is one way in which a crash repeats itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::SimDuration;

/// How much slower a service works after a start. A time t after it, service times are multiplied by 1 + `extra` ·
/// e^(−t / `time_constant`). There is no published standard curve, so there are no defaults; for a Java service, an `extra`
/// of 2 to 9 with 20s to 60s is of the right size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct WarmUp {
    /// How much longer the very first request takes, as a multiple of the normal time, 0 or more.
    pub extra: f64,
    /// The time in which the extra falls to 37 %.
    pub time_constant: SimDuration,
}

impl WarmUp {
    /// What service times are multiplied by, so long after the start.
    #[must_use]
    pub fn slowdown(&self, since_start: SimDuration) -> f64 {
        let elapsed = since_start.as_secs_f64() / self.time_constant.as_secs_f64();
        1.0 + self.extra * (-elapsed).exp()
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        check::found([
            check::at_least("extra", self.extra, 0.0),
            check::longer_than_zero("time_constant", self.time_constant),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_is_whole_at_the_start_a_third_after_one_time_constant_and_nothing_in_the_end() {
        let warm_up = WarmUp { extra: 4.0, time_constant: SimDuration::from_secs(30) };
        assert_eq!(warm_up.slowdown(SimDuration::ZERO), 5.0);
        let after_one = warm_up.slowdown(SimDuration::from_secs(30));
        assert!((after_one - (1.0 + 4.0 / std::f64::consts::E)).abs() < 1e-12);
        assert_eq!(warm_up.slowdown(SimDuration::MAX), 1.0);
    }

    #[test]
    fn a_warm_up_of_no_length_is_told() {
        let warm_up = WarmUp { extra: -1.0, time_constant: SimDuration::ZERO };
        let paths: Vec<_> = warm_up.check().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["extra", "time_constant"]);
    }
}
