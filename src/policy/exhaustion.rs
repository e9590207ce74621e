//! What a service does with a request for which it has no thread left.
//!
//! The three answers are three incidents. Refusing keeps what is inside alive and tells the caller at once. Shedding does
//! the same and says when to come back. Crashing (out of memory, out of file descriptors, a supervisor that kills what no
//! longer answers) loses what is inside, and turns one request too many into an outage for all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use super::restart::Restart;
use super::shorthand::{self, Shorthand, in_either_form};
use crate::time::SimDuration;

/// What happens when a request comes and every thread and every place of the accept backlog is taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = shorthand::also_words(&["crash", "shed"]))]
pub enum WhenExhausted {
    /// The request is refused at once; the caller takes it for a failure (the default: what a bounded thread pool with a
    /// bounded queue does, as in Java's `ThreadPoolExecutor`, whose default policy is to abort).
    #[default]
    Refuse,
    /// The process crashes: everything that it held fails, and connections are refused until it is back.
    Crash {
        /// How long it stays down (default: the service's `restart`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restart_after: Option<Restart>,
    },
    /// The request is refused with an answer that says so (HTTP 429 or 503).
    Shed {
        /// After how long the caller is asked to come back (default: not said). See RFC 9110, section 10.2.3.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<SimDuration>,
    },
}

in_either_form!(WhenExhausted);

impl Shorthand for WhenExhausted {
    const EXPECTING: &'static str =
        "\"refuse\", \"crash\" or \"shed\", or one of the last two with its settings";
    const WORDS: &'static [&'static str] = &["refuse", "crash", "shed"];

    fn from_text(text: &str) -> Option<Result<WhenExhausted, String>> {
        match text {
            "refuse" => Some(Ok(WhenExhausted::Refuse)),
            "crash" => Some(Ok(WhenExhausted::Crash { restart_after: None })),
            "shed" => Some(Ok(WhenExhausted::Shed { retry_after: None })),
            _ => None,
        }
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<WhenExhausted, D::Error> {
        WhenExhausted::deserialize(map)
    }
}

impl WhenExhausted {
    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match self {
            WhenExhausted::Refuse | WhenExhausted::Shed { .. } => Vec::new(),
            WhenExhausted::Crash { restart_after } => {
                let problems = restart_after.as_ref().map(Restart::check).unwrap_or_default();
                check::under("crash.restart_after", problems).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_of_the_restart_is_told_at_its_full_path() {
        let settings: WhenExhausted = serde_json::from_str(
            r#"{"crash": {"restart_after": {"crash_loop_backoff": {"factor": 0}}}}"#,
        )
        .unwrap();
        assert_eq!(settings.check()[0].0, "crash.restart_after.crash_loop_backoff.factor");
        assert_eq!(WhenExhausted::default().check(), []);
    }
}
