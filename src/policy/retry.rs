//! Whether and when a message that failed is sent again.
//!
//! A retry turns a short fault into no fault at all, and an overload into a longer one: it adds load exactly when there is
//! too much. How many attempts, how far apart, how much out of step, and how many in all are four separate questions:
//! `max_attempts`, `backoff` (or a fixed `schedule`), `jitter` and `budget`. Where a sender keeps what failed in a retry
//! queue and sends it again as a batch, `resend` says when.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

use super::backoff::{Backoff, Jitter};
use super::check::{self, Problem};
pub use super::limit::MaxAttempts;
use super::resend::Resend;
use super::retry_budget::RetryBudget;
use super::shorthand::{self, Shorthand};
use crate::random::{Chance, KeyedStream};
use crate::time::SimDuration;

/// Whether a failed message is sent again: "none", or the rules by which it is.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "settings: there is one for each link, read where it stands at every failure"
)]
pub enum Retry {
    /// One attempt only.
    #[default]
    None,
    /// More attempts, by these rules.
    Rules(RetryRules),
}

/// How a failed message is sent again. Of `backoff`, `schedule` and `resend` at most one is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct RetryRules {
    /// How many attempts in all, the first included: 2 to 65535, or "unlimited" (default 3: standard mode of the AWS SDKs;
    /// with a `schedule`, one more than its entries).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<MaxAttempts>,
    /// How the delay grows from attempt to attempt (default: exponential from 1s, doubling, up to 20s: standard mode of the
    /// AWS SDKs). The delay runs from the failure of the attempt before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// How delays are spread by chance (default: "full" with an exponential backoff, as in the AWS SDKs; otherwise "none").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Jitter>,
    /// The delays before the second, third, … attempt, one by one; if more attempts are allowed, the last one repeats. Senders
    /// of webhooks publish such lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Vec<SimDuration>>,
    /// Send the whole retry queue as a batch instead of timing each entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resend: Option<Resend>,
    /// How many retries this sender may make in all (default: no limit).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<RetryBudget>,
    /// How likely a failed message is sent again at all, from 0 to 1; otherwise its sender gives up, like a user who doesn't press the
    /// button once more (default 1: always).
    #[serde(default = "always", skip_serializing_if = "is_always")]
    pub persistence: f64,
    /// Whether the sender obeys a callee that says when to come back: it then waits exactly so long instead of its own delay,
    /// as gRPC (gRFC A6, pushback) and urllib3 (`respect_retry_after_header`) do (default true).
    #[serde(default = "obeyed")]
    pub retry_after: bool,
}

fn obeyed() -> bool {
    true
}

fn always() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_always(persistence: &f64) -> bool {
    *persistence == 1.0
}

impl Default for RetryRules {
    fn default() -> RetryRules {
        RetryRules {
            max_attempts: None,
            backoff: None,
            jitter: None,
            schedule: None,
            resend: None,
            budget: None,
            persistence: always(),
            retry_after: obeyed(),
        }
    }
}

/// The default of AWS SDKs' standard mode.
const DEFAULT_MAX_ATTEMPTS: u64 = 3;

/// The number of an attempt is kept in 16 bits.
const MOST_ATTEMPTS: u64 = u16::MAX as u64;

impl Retry {
    /// How long after its latest failure the message called `identity` is sent again, having failed so many times (1 or
    /// more); `None`: not at all, its attempts are used up. For a sender that resends in batches the delay is zero: the batch
    /// says when.
    #[must_use]
    pub fn delay(&self, failures: u32, draws: KeyedStream, identity: u64) -> Option<SimDuration> {
        let draw = |failure| draws.at(identity, failure).unit();
        match self {
            Retry::None => None,
            Retry::Rules(rules) if rules.used_up(failures) => None,
            Retry::Rules(rules) => Some(rules.delay(failures, draw)),
        }
    }

    /// The delay, if it is the same after every failure, whatever chance says.
    #[must_use]
    pub fn constant_delay(&self) -> Option<SimDuration> {
        match self {
            Retry::None => None,
            Retry::Rules(rules) => rules.constant_delay(),
        }
    }

    /// Whether the sender comes back when the callee says, if it says so.
    #[must_use]
    pub fn obeys_retry_after(&self) -> bool {
        matches!(self, Retry::Rules(RetryRules { retry_after: true, .. }))
    }

    /// How long to wait when the callee has asked for a time: that time if the sender obeys, otherwise its own `delay`.
    #[must_use]
    pub fn obeying(&self, delay: SimDuration, asked: Option<SimDuration>) -> SimDuration {
        asked.filter(|_| self.obeys_retry_after()).unwrap_or(delay)
    }

    /// Whether there is another attempt of the message called `identity` after `failures` failed ones.
    #[must_use]
    pub fn allows_another(&self, failures: u32, draws: KeyedStream, identity: u64) -> bool {
        match self {
            Retry::None => false,
            Retry::Rules(rules) => {
                !rules.used_up(failures) && rules.persists(failures, draws, identity)
            }
        }
    }

    /// Whether there is always another attempt.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        match self {
            Retry::None => false,
            Retry::Rules(rules) => rules.attempts().is_none() && rules.persistence >= 1.0,
        }
    }

    /// How many attempts a message has; `None`: as many as it takes.
    #[must_use]
    pub fn attempts(&self) -> Option<u64> {
        match self {
            Retry::None => Some(1),
            Retry::Rules(rules) => rules.attempts(),
        }
    }

    /// How the retry queue is sent again as a batch, if it is.
    #[must_use]
    pub fn resend(&self) -> Option<&Resend> {
        match self {
            Retry::None => None,
            Retry::Rules(rules) => rules.resend.as_ref(),
        }
    }

    /// The limit on retries in all, if there is one.
    #[must_use]
    pub fn budget(&self) -> Option<&RetryBudget> {
        match self {
            Retry::None => None,
            Retry::Rules(rules) => rules.budget.as_ref(),
        }
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match self {
            Retry::None => Vec::new(),
            Retry::Rules(rules) => rules.check(),
        }
    }
}

impl RetryRules {
    /// How many attempts a message has; `None`: as many as it takes.
    #[must_use]
    pub fn attempts(&self) -> Option<u64> {
        match (self.max_attempts, &self.schedule) {
            (Some(MaxAttempts::Unlimited), _) => None,
            (Some(MaxAttempts::Of(count)), _) => Some(count),
            (None, Some(schedule)) => Some(schedule.len() as u64 + 1),
            (None, None) => Some(DEFAULT_MAX_ATTEMPTS),
        }
    }

    fn used_up(&self, failures: u32) -> bool {
        self.attempts().is_some_and(|attempts| u64::from(failures) >= attempts)
    }

    /// By the second number that belongs to a failure: the first one is the delay's.
    fn persists(&self, failures: u32, draws: KeyedStream, identity: u64) -> bool {
        if self.persistence >= 1.0 {
            return true;
        }
        let mut draws = draws.at(identity, failures);
        draws.unit();
        draws.chance(self.persistence)
    }

    fn delay(&self, failures: u32, draw: impl FnMut(u32) -> f64) -> SimDuration {
        let jitter = self.jitter();
        match (&self.schedule, &self.resend) {
            (Some(schedule), _) => {
                let entry = schedule.get(failures.saturating_sub(1) as usize).or(schedule.last());
                let delay = entry.copied().unwrap_or_default();
                jitter.delay(&Backoff::Fixed { delay }, failures, draw)
            }
            (None, Some(_)) => SimDuration::ZERO,
            (None, None) => jitter.delay(&self.backoff(), failures, draw),
        }
    }

    fn constant_delay(&self) -> Option<SimDuration> {
        let delay = match (&self.schedule, &self.resend) {
            (Some(schedule), _) => {
                let first = schedule.first()?;
                schedule.iter().all(|delay| delay == first).then_some(*first)
            }
            (None, Some(_)) => None,
            (None, None) => self.backoff().constant_delay(),
        };
        delay.filter(|delay| self.jitter() == Jitter::None || *delay == SimDuration::ZERO)
    }

    fn backoff(&self) -> Backoff {
        self.backoff.clone().unwrap_or_default()
    }

    fn jitter(&self) -> Jitter {
        let exponential = self.schedule.is_none()
            && self.resend.is_none()
            && matches!(self.backoff(), Backoff::Exponential { .. });
        self.jitter.unwrap_or(if exponential { Jitter::Full } else { Jitter::None })
    }

    fn check(&self) -> Vec<Problem> {
        let backoff = self.backoff.as_ref().map(Backoff::check).unwrap_or_default();
        let resend = self.resend.as_ref().map(Resend::check).unwrap_or_default();
        let budget = self.budget.as_ref().map(RetryBudget::check).unwrap_or_default();
        let persistence = check::unless(
            (0.0..=1.0).contains(&self.persistence),
            "persistence",
            format!("is {}; it is a probability, from 0 to 1", self.persistence),
        );
        let own =
            [self.attempts_problem(), self.timing_problem(), self.jitter_problem(), persistence];
        own.into_iter()
            .flatten()
            .chain(check::under("backoff", backoff))
            .chain(check::under("resend", resend))
            .chain(check::under("budget", budget))
            .collect()
    }

    fn attempts_problem(&self) -> Option<Problem> {
        match self.max_attempts {
            None | Some(MaxAttempts::Unlimited | MaxAttempts::Of(2..=MOST_ATTEMPTS)) => None,
            Some(MaxAttempts::Of(count)) => Some((
                "max_attempts".to_string(),
                format!(
                    "is {count}; it counts the first attempt too and must be 2 to {MOST_ATTEMPTS}, or \"unlimited\" \
                     (for a single attempt write \"retry\": \"none\")"
                ),
            )),
        }
    }

    fn timing_problem(&self) -> Option<Problem> {
        let given = [
            ("backoff", self.backoff.is_some()),
            ("schedule", self.schedule.is_some()),
            ("resend", self.resend.is_some()),
        ];
        let given: Vec<_> = given.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
        match (given.as_slice(), &self.schedule) {
            ([first, second, ..], _) => Some((
                (*second).to_string(),
                format!(
                    "stands beside `{first}`; each says when to try again, so keep one of them"
                ),
            )),
            (_, Some(schedule)) => check::unless(
                !schedule.is_empty(),
                "schedule",
                "is empty; write at least one delay, such as [\"15s\", \"1m\", \"5m\"]",
            ),
            (_, None) => None,
        }
    }

    fn jitter_problem(&self) -> Option<Problem> {
        let (wrong, fine) = match self.jitter? {
            Jitter::None => return None,
            Jitter::Around { share } if !(0.0..=1.0).contains(&share) => {
                let wrong = format!("is {share}; it is a share of the delay, from 0 to 1");
                return Some(("jitter.around.share".to_owned(), wrong));
            }
            Jitter::Full | Jitter::Equal | Jitter::Exponential | Jitter::Around { .. } => (
                "does nothing to a batch; to spread it, write `spread_over` in `resend`",
                self.resend.is_none(),
            ),
            Jitter::Decorrelated => (
                "is decorrelated, which needs the `base` and `max` of an exponential backoff",
                self.schedule.is_none()
                    && self.resend.is_none()
                    && matches!(self.backoff(), Backoff::Exponential { .. }),
            ),
        };
        check::unless(fine, "jitter", wrong)
    }
}

impl Shorthand for Retry {
    const EXPECTING: &'static str = "\"none\", or the rules for trying again";
    const WORDS: &'static [&'static str] = &["none"];

    fn from_text(text: &str) -> Option<Result<Retry, String>> {
        (text == "none").then_some(Ok(Retry::None))
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<Retry, D::Error> {
        RetryRules::deserialize(map).map(Retry::Rules)
    }
}

impl<'de> Deserialize<'de> for Retry {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Retry, D::Error> {
        shorthand::read(input)
    }
}

impl Serialize for Retry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Retry::None => serializer.serialize_str("none"),
            Retry::Rules(rules) => rules.serialize(serializer),
        }
    }
}

impl JsonSchema for Retry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Retry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Whether a failed message is sent again: \"none\", or the rules by which it is.",
            "oneOf": [{ "const": "none" }, generator.subschema_for::<RetryRules>()]
        })
    }
}

#[cfg(test)]
mod tests;
