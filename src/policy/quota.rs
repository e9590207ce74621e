//! How many calls a second an API accepts.
//!
//! A quota is no queue: what comes above it is refused at once, and it is the caller's business to come again. It is counted in a bucket
//! that holds one second's worth, so a pause is made up for by a burst of up to so many.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::check::{self, Problem};
use super::shorthand::{self, Shorthand};
use super::token_bucket::{MOST_TOKENS, Tokens, parts};
use crate::time::{Rate, SimTime};

/// How many calls are accepted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quota {
    /// All.
    Unlimited,
    /// So many a second.
    Of(Rate),
}

/// What is left of a quota.
#[derive(Debug, Clone)]
pub struct QuotaState(Option<Tokens>);

impl Quota {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match self {
            Quota::Unlimited => Vec::new(),
            Quota::Of(rate) => check::found([check::at_least("", rate.as_per_second(), 1.0)]),
        }
    }
}

impl QuotaState {
    /// A quota of which nothing is used.
    #[must_use]
    pub fn new(quota: Quota) -> QuotaState {
        QuotaState(match quota {
            Quota::Unlimited => None,
            Quota::Of(rate) => {
                let calls = rate.as_per_second().min(MOST_TOKENS);
                Some(Tokens::new(calls, calls, rate))
            }
        })
    }

    /// Whether one more call is accepted now; if so, it is counted.
    #[inline]
    pub fn allows(&mut self, now: SimTime) -> bool {
        let Some(tokens) = &mut self.0 else { return true };
        let allowed = tokens.level(now) >= parts(1.0);
        if allowed {
            tokens.take(now, parts(1.0));
        }
        allowed
    }
}

impl Shorthand for Quota {
    const EXPECTING: &'static str = "a rate such as \"300/s\", or \"unlimited\"";
    const WORDS: &'static [&'static str] = &["unlimited"];

    fn from_text(text: &str) -> Option<Result<Quota, String>> {
        if text == "unlimited" {
            return Some(Ok(Quota::Unlimited));
        }
        text.contains('/').then(|| text.parse().map(Quota::Of))
    }
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Quota, D::Error> {
        shorthand::read(input)
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Quota::Unlimited => serializer.serialize_str("unlimited"),
            Quota::Of(rate) => rate.serialize(serializer),
        }
    }
}

impl JsonSchema for Quota {
    fn schema_name() -> Cow<'static, str> {
        "Quota".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let rate = generator.subschema_for::<Rate>();
        json_schema!({
            "description": "How many calls a second are accepted: a rate, or \"unlimited\".",
            "anyOf": [rate, { "type": "string", "const": "unlimited", "description": "All of them." }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimDuration;

    #[test]
    fn a_second_s_worth_is_accepted_at_once_and_then_as_many_as_become_free() {
        let mut quota = QuotaState::new(Quota::Of(Rate::per_second(300.0)));
        let mut accepted = |millis| (0..1000).filter(|_| quota.allows(at(millis))).count();
        assert_eq!([0, 0, 100, 5_000].map(&mut accepted), [300, 0, 30, 300]);
    }

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(millis)
    }

    #[test]
    fn it_is_read_as_a_rate_or_a_word() {
        let read = |text: &str| serde_json::from_str::<Quota>(text);
        assert_eq!(read(r#""300/s""#).unwrap(), Quota::Of(Rate::per_second(300.0)));
        assert_eq!(read(r#""unlimited""#).unwrap(), Quota::Unlimited);
        assert!(read(r#""boundless""#).is_err());
        assert_eq!(Quota::Of(Rate::per_second(0.5)).check().len(), 1);
    }
}
