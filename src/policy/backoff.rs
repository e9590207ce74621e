//! How long a caller waits before it tries again, and how it keeps out of step with all the others who do.
//!
//! Clients that failed together retry together. A delay that grows with every failure takes load off a service that is
//! down; but if all compute the same delays, they still come back as one wave, only later. Jitter breaks the wave up.
//! Three of the forms and their names are those of Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
//! 2015: `full` U(0, v), `equal` v/2 + U(0, v/2), `decorrelated` min(max, U(base, 3 · previous delay)).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::SimDuration;

/// How the delay before the next attempt grows with the attempts that failed. The default is exponential from 1 s, doubling,
/// up to 20 s: the standard mode of the AWS SDKs ("Retry behavior", AWS SDKs and Tools Reference Guide).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Backoff {
    /// Try again at once.
    None,
    /// The same delay each time.
    Fixed {
        /// The delay before every further attempt.
        delay: SimDuration,
    },
    /// The delay grows by the same amount with each failure: base, 2 · base, 3 · base, …
    Linear {
        /// The delay before the second attempt, and the amount by which it grows.
        base: SimDuration,
        /// The longest delay (default 20s, as for `exponential`).
        #[serde(default = "default_max")]
        max: SimDuration,
    },
    /// The delay is multiplied with each failure: base, base · factor, base · factor², …
    Exponential {
        /// The delay before the second attempt (default 1s: AWS SDKs, standard mode).
        #[serde(default = "default_base")]
        base: SimDuration,
        /// What each further failure multiplies the delay by, 1 or more (default 2: AWS SDKs, standard mode).
        #[serde(default = "default_factor")]
        factor: f64,
        /// The longest delay (default 20s: `MAX_BACKOFF` of the AWS SDKs, standard mode).
        #[serde(default = "default_max")]
        max: SimDuration,
    },
}

fn default_base() -> SimDuration {
    SimDuration::from_secs(1)
}

fn default_factor() -> f64 {
    2.0
}

fn default_max() -> SimDuration {
    SimDuration::from_secs(20)
}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff::Exponential { base: default_base(), factor: default_factor(), max: default_max() }
    }
}

impl Backoff {
    /// The delay after so many failed attempts (1 or more), before jitter: for `exponential` min(max, base · factor^(n−1)).
    #[must_use]
    pub fn delay(&self, failures: u32) -> SimDuration {
        match *self {
            Backoff::None => SimDuration::ZERO,
            Backoff::Fixed { delay } => delay,
            Backoff::Linear { base, max } => base.scaled(f64::from(failures)).min(max),
            Backoff::Exponential { base, factor, max } => {
                let steps = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
                base.scaled(factor.powi(steps)).min(max)
            }
        }
    }

    /// The delay, if it is the same after every failure.
    #[must_use]
    pub fn constant_delay(&self) -> Option<SimDuration> {
        match *self {
            Backoff::None => Some(SimDuration::ZERO),
            Backoff::Fixed { delay } => Some(delay),
            Backoff::Linear { base, max } => (max <= base).then_some(max),
            Backoff::Exponential { base, factor, max } => {
                (factor == 1.0 || max <= base).then(|| base.min(max))
            }
        }
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match *self {
            Backoff::None => Vec::new(),
            Backoff::Fixed { delay } => check::found([check::unless(
                delay > SimDuration::ZERO,
                "fixed.delay",
                "is no time at all; write a longer one, or \"none\" to try again at once",
            )]),
            Backoff::Linear { base, max } => check::found([
                check::longer_than_zero("linear.base", base),
                check::not_below("linear.max", max, "base", base),
            ]),
            Backoff::Exponential { base, factor, max } => check::found([
                check::longer_than_zero("exponential.base", base),
                check::at_least("exponential.factor", factor, 1.0),
                check::not_below("exponential.max", max, "base", base),
            ]),
        }
    }
}

/// How the delay is spread by chance, so that callers who failed together do not come back together (AWS Architecture Blog,
/// "Exponential Backoff And Jitter", 2015). U(a, b) is a number between a and b, all equally likely.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Jitter {
    /// Exactly the delay v that backoff gives.
    None,
    /// U(0, v): half the delay on average, and the widest spread.
    Full,
    /// v/2 + U(0, v/2): never less than half the delay.
    Equal,
    /// min(max, U(base, 3 · previous delay)): grows by chance instead of by `factor`. Needs an exponential backoff, whose
    /// `base` and `max` it takes.
    Decorrelated,
    /// −v · ln U(0, 1): exponential with mean v, so without memory, like many callers who know nothing of one another. The retrial
    /// queue of theory (Falin and Templeton, "Retrial Queues", 1997) assumes it.
    Exponential,
    /// U(v − share · v, v + share · v): a little before or after the delay. Callers who failed together drift apart slowly.
    Around {
        /// How far from the delay at most, from 0 to 1 (default 0.2: gRPC, "Connection Backoff Protocol").
        #[serde(default = "default_share")]
        share: f64,
    },
}

fn default_share() -> f64 {
    0.2
}

impl Jitter {
    /// The delay after so many failures. `draw(k)` is the number between 0 and 1 that belongs to this message's k-th
    /// failure, the same whenever it is asked: decorrelated jitter needs the delay before, and finds it by replaying the
    /// message's own draws, so that no message has to remember it.
    pub fn delay(
        self,
        backoff: &Backoff,
        failures: u32,
        mut draw: impl FnMut(u32) -> f64,
    ) -> SimDuration {
        let delay = backoff.delay(failures);
        match self {
            Jitter::None => delay,
            Jitter::Full => delay.scaled(draw(failures)),
            Jitter::Equal => delay.scaled(0.5 + 0.5 * draw(failures)),
            Jitter::Decorrelated => decorrelated(backoff, failures, draw),
            Jitter::Exponential => delay.scaled(-(1.0 - draw(failures)).ln()),
            Jitter::Around { share } => delay.scaled(1.0 + share * (2.0 * draw(failures) - 1.0)),
        }
    }
}

/// Replays the message's delays up to the present one.
fn decorrelated(backoff: &Backoff, failures: u32, mut draw: impl FnMut(u32) -> f64) -> SimDuration {
    let Backoff::Exponential { base, max, .. } = *backoff else {
        return backoff.delay(failures);
    };
    let (base, max) = (base.as_secs_f64(), max.as_secs_f64());
    let last = (1..=failures)
        .fold(base, |previous, failure| (base + draw(failure) * (3.0 * previous - base)).min(max));
    SimDuration::from_secs_f64(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(secs: f64) -> SimDuration {
        SimDuration::from_secs_f64(secs)
    }

    fn exponential(base: f64, factor: f64, max: f64) -> Backoff {
        Backoff::Exponential { base: seconds(base), factor, max: seconds(max) }
    }

    #[test]
    fn each_backoff_grows_as_its_name_says() {
        for (backoff, delays) in [
            (Backoff::None, [0.0, 0.0, 0.0, 0.0]),
            (Backoff::Fixed { delay: seconds(2.0) }, [2.0, 2.0, 2.0, 2.0]),
            (Backoff::Linear { base: seconds(1.0), max: seconds(3.0) }, [1.0, 2.0, 3.0, 3.0]),
            (exponential(0.1, 2.0, 0.5), [0.1, 0.2, 0.4, 0.5]),
            (Backoff::default(), [1.0, 2.0, 4.0, 8.0]),
        ] {
            let computed = [1, 2, 3, 4].map(|failures| backoff.delay(failures));
            assert_eq!(computed, delays.map(seconds), "{backoff:?}");
        }
    }

    #[test]
    fn the_longest_delay_holds_however_many_failures_there_were() {
        assert_eq!(exponential(0.1, 2.0, 5.0).delay(u32::MAX), seconds(5.0));
    }

    #[test]
    fn a_delay_is_constant_where_nothing_can_change_it() {
        for (backoff, constant) in [
            (Backoff::None, Some(0.0)),
            (Backoff::Fixed { delay: seconds(2.0) }, Some(2.0)),
            (Backoff::Linear { base: seconds(1.0), max: seconds(3.0) }, None),
            (Backoff::Linear { base: seconds(3.0), max: seconds(3.0) }, Some(3.0)),
            (exponential(1.0, 1.0, 5.0), Some(1.0)),
            (exponential(1.0, 2.0, 5.0), None),
        ] {
            assert_eq!(backoff.constant_delay(), constant.map(seconds), "{backoff:?}");
        }
    }

    #[test]
    fn jitter_stays_between_its_published_bounds() {
        let backoff = exponential(1.0, 2.0, 60.0);
        for (jitter, at_zero, at_half, at_one) in [
            (Jitter::None, 4.0, 4.0, 4.0),
            (Jitter::Full, 0.0, 2.0, 4.0),
            (Jitter::Equal, 2.0, 3.0, 4.0),
            (Jitter::Decorrelated, 1.0, 5.75, 27.0),
            (Jitter::Exponential, 0.0, 4.0 * 0.5_f64.ln().abs(), 4.0 * 10.0_f64.ln()),
            (Jitter::Around { share: 0.25 }, 3.0, 4.0, 5.0),
        ] {
            let most = if jitter == Jitter::Exponential { 0.9 } else { 1.0 };
            let third = [0.0, 0.5, most].map(|unit| jitter.delay(&backoff, 3, |_| unit));
            assert_eq!(third, [at_zero, at_half, at_one].map(seconds), "{jitter:?}");
        }
    }

    #[test]
    fn decorrelated_jitter_replays_the_draws_of_the_failures_before() {
        let draws = [0.5, 0.0, 1.0, 0.25];
        let delays = [1, 2, 3, 4].map(|failures| {
            let draw = |failure: u32| draws[failure as usize - 1];
            Jitter::Decorrelated.delay(&exponential(1.0, 2.0, 60.0), failures, draw)
        });
        assert_eq!(delays, [2.0, 1.0, 3.0, 3.0].map(seconds));
    }

    #[test]
    fn settings_that_cannot_be_meant_are_told() {
        let paths = |backoff: Backoff| backoff.check().into_iter().map(|(path, _)| path).collect();
        let told: Vec<Vec<String>> = [
            Backoff::default(),
            Backoff::Fixed { delay: SimDuration::ZERO },
            exponential(1.0, 0.5, 0.5),
            Backoff::Linear { base: SimDuration::ZERO, max: seconds(1.0) },
        ]
        .map(paths)
        .into();
        let wanted: [&[&str]; 4] =
            [&[], &["fixed.delay"], &["exponential.factor", "exponential.max"], &["linear.base"]];
        assert_eq!(told, wanted);
    }
}
