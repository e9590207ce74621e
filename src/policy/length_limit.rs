//! What a queue of RabbitMQ does with one message more than its length limit allows (`x-overflow`).
//!
//! Only messages that wait count, and not those that consumers have in hand. By default the oldest makes room, which nobody is told of; to
//! refuse the newest instead is backpressure, but only for publishers that ask for confirms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens at the length limit of a queue (RabbitMQ's documentation, "Queue Length Limit").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtLimit {
    /// The oldest message is dropped, or dead-lettered (the default).
    #[default]
    DropHead,
    /// The new message is refused; whoever asked for confirms is told so.
    RejectPublish,
    /// The same, and the message that was refused is dead-lettered. Only classic queues can do it.
    RejectPublishDlx,
}

/// What becomes of a message that comes to a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is stored.
    Stored,
    /// It is stored, and so many of the oldest go.
    Displaces(u64),
    /// It is refused.
    Refused,
    /// It is refused, and dead-lettered.
    RefusedToDeadLetters,
}

impl AtLimit {
    /// What becomes of one more message where `ready` messages wait and there is room for `limit`.
    #[inline]
    #[must_use]
    pub fn admission(self, ready: u64, limit: Option<u64>) -> Admission {
        let Some(limit) = limit else { return Admission::Stored };
        if ready < limit {
            return Admission::Stored;
        }
        match self {
            AtLimit::DropHead => Admission::Displaces(ready + 1 - limit),
            AtLimit::RejectPublish => Admission::Refused,
            AtLimit::RejectPublishDlx => Admission::RefusedToDeadLetters,
        }
    }

    /// How many of the oldest go when `ready` messages wait because some have come back.
    #[inline]
    #[must_use]
    pub fn surplus(self, ready: u64, limit: Option<u64>) -> u64 {
        match (self, limit) {
            (AtLimit::DropHead, Some(limit)) => ready.saturating_sub(limit),
            (AtLimit::DropHead, None) => 0,
            (AtLimit::RejectPublish | AtLimit::RejectPublishDlx, _) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_limit_everything_is_stored_and_at_it_each_rule_has_its_own_answer() {
        for (rule, at_limit) in [
            (AtLimit::DropHead, Admission::Displaces(1)),
            (AtLimit::RejectPublish, Admission::Refused),
            (AtLimit::RejectPublishDlx, Admission::RefusedToDeadLetters),
        ] {
            assert_eq!(rule.admission(2, Some(3)), Admission::Stored);
            assert_eq!(rule.admission(3, Some(3)), at_limit);
            assert_eq!(rule.admission(u64::MAX, None), Admission::Stored);
        }
    }

    #[test]
    fn what_comes_back_displaces_the_oldest_and_is_never_refused() {
        assert_eq!(AtLimit::DropHead.surplus(5, Some(3)), 2);
        assert_eq!(AtLimit::DropHead.surplus(2, Some(3)), 0);
        assert_eq!(AtLimit::RejectPublish.surplus(5, Some(3)), 0);
        assert_eq!(AtLimit::DropHead.surplus(5, None), 0);
    }
}
