//! What a bounded queue does when it is full.
//!
//! A bound only moves the question to its edge: the waiting (block), the decision (reject) or the loss (drop) has to go
//! somewhere, and each rule sends it somewhere else. Blocking and rejecting are backpressure: the producer learns of it.
//! Dropping is not: the producer believes that all is well.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Problem;
use super::shorthand::{self, Shorthand, in_either_form};
use crate::time::SimDuration;

/// What happens to a message that comes to a full queue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = shorthand::also_words(&["reject"]))]
pub enum Overflow {
    /// The producer waits, in order, until there is room (the default: `put` of a bounded queue, such as Java's
    /// `BlockingQueue`).
    #[default]
    Block,
    /// The message is refused, and the producer told so (RabbitMQ: `reject-publish`).
    Reject {
        /// After how long the producer is asked to come back (default: not said). See RFC 9110, section 10.2.3.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<SimDuration>,
    },
    /// The message is lost; the producer believes it accepted (drop-tail).
    DropNewest,
    /// The message is stored and the oldest is lost in its place (RabbitMQ: `drop-head`, its default).
    DropOldest,
}

in_either_form!(Overflow);

impl Shorthand for Overflow {
    const EXPECTING: &'static str =
        "\"block\", \"reject\" (alone or with its settings), \"drop_newest\" or \"drop_oldest\"";
    const WORDS: &'static [&'static str] = &["block", "reject", "drop_newest", "drop_oldest"];

    fn from_text(text: &str) -> Option<Result<Overflow, String>> {
        match text {
            "block" => Some(Ok(Overflow::Block)),
            "reject" => Some(Ok(Overflow::Reject { retry_after: None })),
            "drop_newest" => Some(Ok(Overflow::DropNewest)),
            "drop_oldest" => Some(Ok(Overflow::DropOldest)),
            _ => None,
        }
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<Overflow, D::Error> {
        Overflow::deserialize(map)
    }
}

/// What becomes of a message that comes to a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// It is stored.
    Stored,
    /// It is stored, and the oldest message is lost.
    StoredInPlaceOfOldest,
    /// Its producer waits for room.
    Blocked,
    /// It is refused.
    Rejected {
        /// After how long the producer is asked to come back, if that is said.
        retry_after: Option<SimDuration>,
    },
    /// It is lost.
    Dropped,
}

impl Overflow {
    /// What becomes of a message that comes to a queue which holds `stored` messages and has room for `capacity`.
    #[must_use]
    pub fn entry(&self, stored: u64, capacity: Option<u64>) -> Entry {
        if capacity.is_none_or(|capacity| stored < capacity) {
            return Entry::Stored;
        }
        match *self {
            Overflow::Block => Entry::Blocked,
            Overflow::Reject { retry_after } => Entry::Rejected { retry_after },
            Overflow::DropNewest => Entry::Dropped,
            Overflow::DropOldest => Entry::StoredInPlaceOfOldest,
        }
    }

    /// What is wrong with these settings: nothing can be.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_sends_a_message_too_many_somewhere_else() {
        let retry_after = Some(SimDuration::from_secs(1));
        for (rule, entry) in [
            (Overflow::Block, Entry::Blocked),
            (Overflow::Reject { retry_after }, Entry::Rejected { retry_after }),
            (Overflow::DropNewest, Entry::Dropped),
            (Overflow::DropOldest, Entry::StoredInPlaceOfOldest),
        ] {
            assert_eq!(rule.entry(9, Some(10)), Entry::Stored);
            assert_eq!(rule.entry(10, Some(10)), entry);
            assert_eq!(rule.entry(u64::MAX, None), Entry::Stored);
        }
    }
}
