//! When a consumer tells the broker that a message is done: before the work or after it.
//!
//! There is no third moment. A consumer that commits first and dies loses the message; one that works first and dies gets
//! it again. "Exactly once" is the second with duplicates recognized, and so it is exactly once in its effects, not in its
//! deliveries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::idempotency::Idempotency;
use crate::time::SimDuration;

/// When a consumer acknowledges what it took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Commit {
    /// Before the work: a crash loses the messages in work (at most once).
    Before,
    /// After the work: a crash brings the messages in work again (at least once; the default, as it loses nothing).
    #[default]
    After,
    /// After the work on each message, also of those that were taken together: a crash brings only the message in work again (at
    /// least once).
    Each,
    /// Together with what the service publishes to the same log for each message, in a transaction (`client` of its `publish`): into the
    /// next topic exactly once, as far as its readers read only what is committed. What is done elsewhere may be done twice. Only a
    /// `log` has it; each worker has a transaction of its own.
    Transaction,
    /// Every so often, for all that was taken before: a crash brings everything since the last time again (at least once). Only a
    /// `log` has it; it is what Kafka's clients do by default (`enable.auto.commit`).
    Auto {
        /// How often: with the first question for more after this time (default 5s: `auto.commit.interval.ms`).
        #[serde(default = "default_interval")]
        every: SimDuration,
    },
}

fn default_interval() -> SimDuration {
    SimDuration::from_secs(5)
}

/// The delivery contract that results from when a consumer commits and whether it recognizes duplicates.
#[must_use]
pub fn contract(commit: Commit, idempotency: &Idempotency) -> &'static str {
    match (commit, idempotency) {
        (Commit::Before, Idempotency::None)
        | (Commit::Before, Idempotency::CheckThenAct { .. })
        | (Commit::Before, Idempotency::Transactional { .. }) => "at most once",
        (Commit::Transaction, Idempotency::None)
        | (Commit::Transaction, Idempotency::CheckThenAct { .. })
        | (Commit::Transaction, Idempotency::Transactional { .. }) => {
            "exactly once into the next topic, at least once elsewhere"
        }
        (Commit::After | Commit::Each | Commit::Auto { .. }, Idempotency::None) => "at least once",
        (Commit::After | Commit::Each | Commit::Auto { .. }, Idempotency::CheckThenAct { .. }) => {
            "at least once, duplicates recognized outside the transaction"
        }
        (Commit::After | Commit::Each | Commit::Auto { .. }, Idempotency::Transactional { .. }) => {
            "effectively once"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_follows_from_the_commit_and_from_recognizing_duplicates() {
        let forms = [
            Idempotency::None,
            Idempotency::CheckThenAct { gap: SimDuration::from_millis(5) },
            Idempotency::Transactional { cost: SimDuration::ZERO },
        ];
        for form in &forms {
            assert_eq!(contract(Commit::Before, form), "at most once");
        }
        assert_eq!(
            forms.map(|form| contract(Commit::After, &form)),
            [
                "at least once",
                "at least once, duplicates recognized outside the transaction",
                "effectively once"
            ]
        );
    }
}
