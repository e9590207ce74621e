//! Whether a consumer recognizes work that was done already.
//!
//! At-least-once delivery hands out a message twice when a consumer dies between the work and its acknowledgement. An
//! idempotency key, remembered with the effect, makes the second delivery harmless; but only if effect and key become
//! durable together. When one is written after the other, a crash in between leaves an effect without its key, and the
//! duplicate that follows is silent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use super::shorthand::{self, Shorthand, in_either_form};
use crate::time::SimDuration;

/// How a service recognizes a message whose effect has been made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = shorthand::also_words(&["check_then_act", "transactional"]))]
pub enum Idempotency {
    /// It doesn't: every delivery that is worked on has its effect (the default).
    #[default]
    None,
    /// It looks for the message's key before the work, makes the effect, and records the key after it, in a write of its own.
    CheckThenAct {
        /// The time between the effect and the record of its key, in which a crash leaves an effect without a key (default
        /// 5ms, an assumption: one write to a database in the same data center).
        #[serde(default = "default_gap")]
        gap: SimDuration,
    },
    /// It makes the effect and records the key in one transaction: both, or neither.
    Transactional {
        /// What the transaction adds to each service time (default 0s).
        #[serde(default)]
        cost: SimDuration,
    },
}

in_either_form!(Idempotency);

impl Shorthand for Idempotency {
    const EXPECTING: &'static str = "\"none\", \"check_then_act\" or \"transactional\", or one of the last two with its settings";
    const WORDS: &'static [&'static str] = &["none", "check_then_act", "transactional"];

    fn from_text(text: &str) -> Option<Result<Idempotency, String>> {
        match text {
            "none" => Some(Ok(Idempotency::None)),
            "check_then_act" => Some(Ok(Idempotency::CheckThenAct { gap: default_gap() })),
            "transactional" => Some(Ok(Idempotency::Transactional { cost: SimDuration::ZERO })),
            _ => None,
        }
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<Idempotency, D::Error> {
        Idempotency::deserialize(map)
    }
}

fn default_gap() -> SimDuration {
    SimDuration::from_millis(5)
}

impl Idempotency {
    /// What a transaction adds to the work before its effect: effect and key become durable together, at its end.
    #[inline]
    #[must_use]
    pub fn transaction_time(&self) -> SimDuration {
        match *self {
            Idempotency::None | Idempotency::CheckThenAct { .. } => SimDuration::ZERO,
            Idempotency::Transactional { cost } => cost,
        }
    }

    /// How long after the effect its key becomes durable: a crash within that time leaves an effect without its key.
    #[must_use]
    pub fn effect_before_key(&self) -> SimDuration {
        match *self {
            Idempotency::None | Idempotency::Transactional { .. } => SimDuration::ZERO,
            Idempotency::CheckThenAct { gap } => gap,
        }
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match *self {
            Idempotency::None | Idempotency::Transactional { .. } => Vec::new(),
            Idempotency::CheckThenAct { gap } => check::found([check::unless(
                gap > SimDuration::ZERO,
                "check_then_act.gap",
                "is no time at all, which is what \"transactional\" means; write that, or a longer gap",
            )]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_check_outside_the_transaction_leaves_a_gap_after_the_effect() {
        let millis = SimDuration::from_millis;
        for (form, extra, gap) in [
            (Idempotency::None, millis(0), millis(0)),
            (Idempotency::CheckThenAct { gap: millis(5) }, millis(0), millis(5)),
            (Idempotency::Transactional { cost: millis(2) }, millis(2), millis(0)),
        ] {
            assert_eq!((form.transaction_time(), form.effect_before_key()), (extra, gap));
            assert_eq!(form.check(), []);
        }
    }

    #[test]
    fn a_gap_of_no_length_is_told_to_be_a_transaction() {
        let form = Idempotency::CheckThenAct { gap: SimDuration::ZERO };
        assert_eq!(form.check()[0].0, "check_then_act.gap");
    }
}
