//! A retry queue that is sent again as a batch, instead of entry by entry.
//!
//! Many senders of webhooks and payments do not time each entry by itself: a job wakes up, takes what failed, and sends it
//! again. Whatever failed since the last round then arrives in one instant, so the size of the blow grows with the length
//! of the outage. Taking at most so many, or spreading them over a while, are the two remedies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
pub use super::limit::AtMost;
use super::shorthand::{self, Shorthand, in_either_form};
use crate::random::Distribution;
use crate::time::SimDuration;

/// When a sender's whole retry queue is sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = shorthand::also_words(&["on_recovery"]))]
pub enum Resend {
    /// In rounds: at times `every`, 2 · `every`, … from the start of the run.
    Rounds {
        /// The time between rounds: always the same, or drawn anew for each. With exponential times and `at_most` 1 the retry queue has
        /// one clock for all of it (a constant retrial rate; G. Fayolle, "A simple telephone exchange with delayed feedbacks", 1986).
        every: Distribution,
        /// How many entries a round takes, oldest first (default "all").
        #[serde(default)]
        at_most: AtMost,
        /// The length of time over which a round spreads its entries evenly (default 0s: all in one instant).
        #[serde(default)]
        spread_over: SimDuration,
    },
    /// As soon as the callee accepts connections again; and at once after a failure if it never stopped.
    OnRecovery {
        /// How many entries are sent at a recovery, oldest first (default "all").
        #[serde(default)]
        at_most: AtMost,
        /// The length of time over which they are spread evenly (default 0s: all in one instant).
        #[serde(default)]
        spread_over: SimDuration,
    },
}

in_either_form!(Resend);

impl Shorthand for Resend {
    const EXPECTING: &'static str =
        "`rounds` or `on_recovery` with its settings, or \"on_recovery\"";
    const WORDS: &'static [&'static str] = &["rounds", "on_recovery"];

    fn from_text(text: &str) -> Option<Result<Resend, String>> {
        match text {
            "on_recovery" => Some(Ok(Resend::OnRecovery {
                at_most: AtMost::All,
                spread_over: SimDuration::ZERO,
            })),
            _ => None,
        }
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<Resend, D::Error> {
        Resend::deserialize(map)
    }
}

impl Resend {
    /// The time between rounds, if there are rounds.
    #[must_use]
    pub fn every(&self) -> Option<&Distribution> {
        match self {
            Resend::Rounds { every, .. } => Some(every),
            Resend::OnRecovery { .. } => None,
        }
    }

    /// How many of a queue of `waiting` entries go now.
    #[must_use]
    pub fn how_many(&self, waiting: u64) -> u64 {
        match self.at_most() {
            AtMost::All => waiting,
            AtMost::Of(count) => waiting.min(count),
        }
    }

    /// How long after the start of the batch its entry `index` of `count` (0 to `count` − 1) is sent: the first at once, the
    /// others at equal distances of spread ÷ count.
    #[must_use]
    pub fn offset(&self, index: u64, count: u64) -> SimDuration {
        let spread = u128::from(self.spread_over().as_nanos());
        let nanos = spread * u128::from(index) / u128::from(count.max(1));
        SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).min(SimDuration::MAX)
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let some = self.at_most() != AtMost::Of(0);
        let wrong = "is 0, so nothing would ever be sent again; write 1 or more, or \"all\"";
        match self {
            Resend::Rounds { every, spread_over, .. } => {
                let problems = every.check().into_iter();
                let problems = problems.map(|(path, wrong)| (join("rounds.every", &path), wrong));
                let mean = SimDuration::from_secs_f64(every.mean_s());
                let fits = check::unless(
                    *spread_over <= mean,
                    "rounds.spread_over",
                    format!(
                        "is {spread_over}, longer than the {mean} between rounds; it must not be"
                    ),
                );
                problems
                    .chain(check::found([
                        check::longer_than_zero("rounds.every", mean),
                        check::unless(some, "rounds.at_most", wrong),
                        fits,
                    ]))
                    .collect()
            }
            Resend::OnRecovery { .. } => {
                check::found([check::unless(some, "on_recovery.at_most", wrong)])
            }
        }
    }

    fn at_most(&self) -> AtMost {
        match *self {
            Resend::Rounds { at_most, .. } | Resend::OnRecovery { at_most, .. } => at_most,
        }
    }

    /// Over how long a batch is spread.
    #[must_use]
    pub fn spread_over(&self) -> SimDuration {
        match *self {
            Resend::Rounds { spread_over, .. } | Resend::OnRecovery { spread_over, .. } => {
                spread_over
            }
        }
    }
}

/// The path of a problem below another.
fn join(above: &str, below: &str) -> String {
    if below.is_empty() { above.to_owned() } else { format!("{above}.{below}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(at_most: AtMost, spread_over: u64) -> Resend {
        Resend::Rounds {
            every: Distribution::constant(SimDuration::from_secs(60)),
            at_most,
            spread_over: SimDuration::from_secs(spread_over),
        }
    }

    #[test]
    fn a_batch_takes_all_that_waits_or_at_most_so_many() {
        for (at_most, waiting, go) in
            [(AtMost::All, 20_000, 20_000), (AtMost::Of(100), 20_000, 100), (AtMost::Of(100), 7, 7)]
        {
            assert_eq!(rounds(at_most, 0).how_many(waiting), go);
        }
    }

    #[test]
    fn a_batch_is_spread_evenly_from_its_start() {
        let offsets = [0, 1, 2, 3].map(|index| rounds(AtMost::All, 60).offset(index, 4));
        assert_eq!(offsets, [0, 15, 30, 45].map(SimDuration::from_secs));
        assert_eq!(rounds(AtMost::All, 0).offset(3, 4), SimDuration::ZERO);
    }

    #[test]
    fn only_rounds_have_a_time_between_them() {
        let on_recovery =
            Resend::OnRecovery { at_most: AtMost::All, spread_over: SimDuration::ZERO };
        assert_eq!(on_recovery.every(), None);
        let minute = Distribution::constant(SimDuration::from_secs(60));
        assert_eq!(rounds(AtMost::All, 0).every(), Some(&minute));
    }

    #[test]
    fn rounds_that_overlap_or_are_empty_are_told() {
        assert_eq!(rounds(AtMost::All, 60).check(), []);
        let paths: Vec<_> =
            rounds(AtMost::Of(0), 61).check().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["rounds.at_most", "rounds.spread_over"]);
    }
}
