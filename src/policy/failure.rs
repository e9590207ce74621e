//! What a consumer does with a message on which its work failed.
//!
//! Somebody has to decide, for a message that will never succeed is delivered again as long as nobody does. In a log all that comes after
//! it waits meanwhile; in a queue it takes the place of others, again and again. Each way out has its price: to halt costs all the others,
//! to skip costs the message, and a dead-letter queue costs somebody who looks into it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backoff::Backoff;
use super::check::{self, Problem};
use super::shorthand::{self, Shorthand, in_either_form};
use crate::time::SimDuration;

/// What becomes of a delivered message on which work failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = shorthand::also_words(
    &["halt", "requeue", "reject", "skip", "dead_letter"]
))]
pub enum OnFailure {
    /// The consumer stays at it, and reads nothing else until it succeeds. Only where order is kept, and there the default. At a `log`
    /// Kafka's own consumer throws at that record with every poll and does not move on, while its heartbeats go on. At a FIFO queue of
    /// SQS the consumer leaves the rest of its batch, which comes back with the message, and its group waits until then.
    Halt {
        /// The wait before the next try (default: none).
        #[serde(default = "at_once")]
        #[schemars(default = "at_once")]
        backoff: Backoff,
    },
    /// It is given back to the broker, which delivers it again when it does that. At every broker but a `log`, where it is the
    /// default: RabbitMQ's `basic.nack` with `requeue`, as Spring AMQP does by default, or a message of SQS that is not deleted.
    Requeue(Tries),
    /// It is given back to the broker, not to be delivered again: RabbitMQ's `basic.reject` without `requeue`. The broker moves it to
    /// its dead-letter queue, or drops it if there is none.
    Reject(Tries),
    /// The consumer goes on without it, as if it were done. The message is `lost`: accepted, and never worked on with success.
    Skip(Tries),
    /// The consumer puts it aside, into a dead-letter queue or topic of its own, and goes on.
    DeadLetter(DeadLetter),
}

/// How often the consumer itself tries before it puts a message aside, and where to. A topic with a `delay` that is consumed from makes a
/// retry topic: a message is tried again later, and holds nothing up meanwhile. Its order is lost by that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// How often in all, 1 or more (default 1; the error handler of Spring Kafka has 10).
    #[serde(default = "once")]
    #[schemars(default = "once", range(min = 1))]
    pub attempts: u32,
    /// The wait before each further try (default: none, as there).
    #[serde(default = "at_once")]
    #[schemars(default = "at_once")]
    pub backoff: Backoff,
    /// At a `log`, the topic of the same log that it is put into, there into the partition of the same number (default: it is put where
    /// nobody consumes from). If a group reads that topic, only one does; if none does, this is the end of the message.
    #[serde(default)]
    pub topic: Option<String>,
}

/// How often the consumer itself tries before it gives a message up. It works on nothing else meanwhile, so a long back-off may keep it
/// from polling for too long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tries {
    /// How often in all, 1 or more (default 1; the error handler of Spring Kafka has 10).
    #[serde(default = "once")]
    #[schemars(default = "once", range(min = 1))]
    pub attempts: u32,
    /// The wait before each further try (default: none, as there).
    #[serde(default = "at_once")]
    #[schemars(default = "at_once")]
    pub backoff: Backoff,
}

fn once() -> u32 {
    1
}

fn at_once() -> Backoff {
    Backoff::None
}

impl Default for DeadLetter {
    fn default() -> DeadLetter {
        DeadLetter { attempts: once(), backoff: at_once(), topic: None }
    }
}

impl Default for Tries {
    fn default() -> Tries {
        Tries { attempts: once(), backoff: at_once() }
    }
}

in_either_form!(OnFailure);

impl Shorthand for OnFailure {
    const EXPECTING: &'static str = "\"halt\", \"requeue\", \"reject\", \"skip\" or \"dead_letter\", alone or with its settings";
    const WORDS: &'static [&'static str] = &["halt", "requeue", "reject", "skip", "dead_letter"];

    fn from_text(text: &str) -> Option<Result<OnFailure, String>> {
        match text {
            "halt" => Some(Ok(OnFailure::Halt { backoff: at_once() })),
            "requeue" => Some(Ok(OnFailure::Requeue(Tries::default()))),
            "reject" => Some(Ok(OnFailure::Reject(Tries::default()))),
            "skip" => Some(Ok(OnFailure::Skip(Tries::default()))),
            "dead_letter" => Some(Ok(OnFailure::DeadLetter(DeadLetter::default()))),
            _ => None,
        }
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<OnFailure, D::Error> {
        OnFailure::deserialize(map)
    }
}

/// What a consumer does after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It tries again itself, after this time.
    TryAgain(SimDuration),
    /// It stays where it is, and asks for the same message again after this time.
    Halt(SimDuration),
    /// It gives the message back, to be delivered again.
    Requeue,
    /// It gives the message back, not to be delivered again.
    Reject,
    /// It goes on without the message.
    Skip,
    /// It puts the message aside.
    DeadLetter,
}

impl OnFailure {
    /// What a consumer does when it has failed so many times (1 or more) since a message was delivered to it, for the `deliveries`-th
    /// time.
    #[must_use]
    pub fn reaction(&self, failures: u32, deliveries: u32) -> Reaction {
        let then = match self {
            OnFailure::Halt { backoff } => return Reaction::Halt(backoff.delay(deliveries)),
            OnFailure::Requeue(_) => Reaction::Requeue,
            OnFailure::Reject(_) => Reaction::Reject,
            OnFailure::Skip(_) => Reaction::Skip,
            OnFailure::DeadLetter(_) => Reaction::DeadLetter,
        };
        match self.tries() {
            Some((_, attempts, backoff)) if failures < attempts => {
                Reaction::TryAgain(backoff.delay(failures))
            }
            Some(_) | None => then,
        }
    }

    /// What it is called, how often the consumer itself tries, and how long it waits in between; unless it goes on for ever.
    fn tries(&self) -> Option<(&'static str, u32, &Backoff)> {
        let (name, Tries { attempts, backoff }) = match self {
            OnFailure::Halt { .. } => return None,
            OnFailure::DeadLetter(DeadLetter { attempts, backoff, .. }) => {
                return Some(("dead_letter", *attempts, backoff));
            }
            OnFailure::Requeue(tries) => ("requeue", tries),
            OnFailure::Reject(tries) => ("reject", tries),
            OnFailure::Skip(tries) => ("skip", tries),
        };
        Some((name, *attempts, backoff))
    }

    /// The topic that a message is put into with which the consumer is at its end.
    #[must_use]
    pub fn topic(&self) -> Option<&String> {
        match self {
            OnFailure::DeadLetter(letter) => letter.topic.as_ref(),
            OnFailure::Halt { .. }
            | OnFailure::Requeue(_)
            | OnFailure::Reject(_)
            | OnFailure::Skip(_) => None,
        }
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        if let OnFailure::Halt { backoff } = self {
            return check::under("halt.backoff", backoff.check()).collect();
        }
        let Some((name, attempts, backoff)) = self.tries() else { return Vec::new() };
        let attempts = check::at_least_one("attempts", attempts).into_iter();
        let found = attempts.chain(check::under("backoff", backoff.check())).collect();
        check::under(name, found).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> OnFailure {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_consumer_gives_up_after_its_own_tries() {
        let seconds = SimDuration::from_secs;
        let policy =
            read(r#"{"dead_letter": {"attempts": 5, "backoff": {"exponential": {"base": "1s"}}}}"#);
        let reactions: Vec<Reaction> =
            (1..=5).map(|failures| policy.reaction(failures, 1)).collect();
        let mut wanted: Vec<Reaction> = [1, 2, 4, 8].map(seconds).map(Reaction::TryAgain).into();
        wanted.push(Reaction::DeadLetter);
        assert_eq!(reactions, wanted);
        assert_eq!(read(r#""skip""#).reaction(1, 9), Reaction::Skip);
        assert_eq!(read(r#""reject""#).reaction(1, 9), Reaction::Reject);
        assert_eq!(read(r#""requeue""#).reaction(1, 9), Reaction::Requeue);
    }

    /// A consumer that halts asks its broker again, so its waits grow with the deliveries.
    #[test]
    fn a_consumer_that_halts_never_gives_up() {
        let policy = read(r#"{"halt": {"backoff": {"linear": {"base": "1s", "max": "9s"}}}}"#);
        let waits = [1, 2, 1_000].map(|deliveries| policy.reaction(1, deliveries));
        assert_eq!(waits, [1, 2, 9].map(|s| Reaction::Halt(SimDuration::from_secs(s))));
        assert_eq!(read(r#""halt""#).reaction(1, 7), Reaction::Halt(SimDuration::ZERO));
    }

    #[test]
    fn no_tries_at_all_are_refused() {
        let wrong = |text: &str| read(text).check().into_iter().map(|(path, _)| path).next();
        assert_eq!(wrong(r#"{"skip": {"attempts": 0}}"#).as_deref(), Some("skip.attempts"));
        let backoff = r#"{"halt": {"backoff": {"fixed": {"delay": "0s"}}}}"#;
        assert_eq!(wrong(backoff).as_deref(), Some("halt.backoff.fixed.delay"));
        assert_eq!(wrong(r#""dead_letter""#), None);
    }
}
