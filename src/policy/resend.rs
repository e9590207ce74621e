//! A retry queue that is sent again as a batch, instead of entry by entry.
//!
//! Many senders of webhooks and payments do not time each entry by itself: a job wakes up, takes what failed, and sends it
//! again. Whatever failed since the last round then arrives in one instant, so the size of the blow grows with the length
//! of the outage. Taking at most so many, or spreading them over a while, are the two remedies.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

use super::check::{self, Problem};
use super::shorthand::{self, Shorthand, in_either_form};
use crate::time::SimDuration;

/// When a sender's whole retry queue is sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = shorthand::also_words(&["on_recovery"]))]
pub enum Resend {
    /// In rounds: at times `every`, 2 · `every`, … from the start of the run.
    Rounds {
        /// The time between rounds.
        every: SimDuration,
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

/// How many entries go at once: a number, or "all".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AtMost {
    /// The whole queue.
    #[default]
    All,
    /// So many, oldest first.
    Of(u64),
}

impl Shorthand for AtMost {
    const EXPECTING: &'static str = "a number of entries, or \"all\"";
    const WORDS: &'static [&'static str] = &["all"];

    fn from_text(text: &str) -> Option<Result<AtMost, String>> {
        (text == "all").then_some(Ok(AtMost::All))
    }

    fn from_count(count: u64) -> Option<AtMost> {
        Some(AtMost::Of(count))
    }
}

impl<'de> Deserialize<'de> for AtMost {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<AtMost, D::Error> {
        shorthand::read(input)
    }
}

impl Serialize for AtMost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            AtMost::All => serializer.serialize_str("all"),
            AtMost::Of(count) => serializer.serialize_u64(*count),
        }
    }
}

impl JsonSchema for AtMost {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AtMost".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How many entries go at once: a number of 1 or more, or \"all\".",
            "oneOf": [{ "type": "integer", "minimum": 1 }, { "const": "all" }]
        })
    }
}

impl Resend {
    /// The time between rounds, if there are rounds.
    #[must_use]
    pub fn every(&self) -> Option<SimDuration> {
        match *self {
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
        match *self {
            Resend::Rounds { every, spread_over, .. } => check::found([
                check::longer_than_zero("rounds.every", every),
                check::unless(some, "rounds.at_most", wrong),
                check::unless(
                    spread_over <= every,
                    "rounds.spread_over",
                    format!(
                        "is {spread_over}, longer than the {every} between rounds; it must not be"
                    ),
                ),
            ]),
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

    fn spread_over(&self) -> SimDuration {
        match *self {
            Resend::Rounds { spread_over, .. } | Resend::OnRecovery { spread_over, .. } => {
                spread_over
            }
        }
    }
}
