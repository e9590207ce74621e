//! Where a message goes that comes back to a queue of RabbitMQ, and how often it may.
//!
//! A classic queue puts it back to where it was, so a message that can't be worked on is tried again at once and without end. A quorum
//! queue counts how often a message came back and gives it up beyond a limit. With a limit it is near the head again; without one it goes
//! to the end, so that others come in between.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::shorthand::{self, Shorthand};

/// How a queue of RabbitMQ keeps its messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueType {
    /// On one node, durable or not (the default of `queue.declare`).
    #[default]
    Classic,
    /// Replicated by Raft: always durable, and with a delivery limit.
    Quorum,
}

/// How often a message may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryLimit {
    /// As often as it takes.
    Unlimited,
    /// So often; beyond, it is dead-lettered or dropped.
    Of(u32),
}

/// Where a message goes that comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// To where it was in the order.
    InPlace,
    /// Before all that were never delivered, behind those that came back earlier.
    ToReturns,
    /// To the end.
    ToBack,
    /// Nowhere: it came back too often.
    GivenUp,
}

impl QueueType {
    /// How often a message may come back if nothing is said: 20 since RabbitMQ 4.0 where the queue counts.
    #[must_use]
    pub fn usual_limit(self) -> DeliveryLimit {
        match self {
            QueueType::Classic => DeliveryLimit::Unlimited,
            QueueType::Quorum => DeliveryLimit::Of(20),
        }
    }

    /// How many messages a consumer is given that sets no bound: without bound, or 2,000 from a quorum queue.
    #[must_use]
    pub fn window(self, prefetch: u32) -> Option<u64> {
        match (self, prefetch) {
            (QueueType::Classic, 0) => None,
            (QueueType::Quorum, 0) => Some(2_000),
            (_, count) => Some(u64::from(count)),
        }
    }

    /// Where a message goes that comes back for the `returns`th time.
    #[must_use]
    pub fn returned(self, returns: u32, limit: DeliveryLimit) -> Return {
        match (self, limit) {
            (_, DeliveryLimit::Of(most)) if returns > most => Return::GivenUp,
            (QueueType::Classic, _) => Return::InPlace,
            (QueueType::Quorum, DeliveryLimit::Of(_)) => Return::ToReturns,
            (QueueType::Quorum, DeliveryLimit::Unlimited) => Return::ToBack,
        }
    }
}

const UNLIMITED: &str = "unlimited";

impl Shorthand for DeliveryLimit {
    const EXPECTING: &'static str = "a number of returns, or \"unlimited\"";
    const WORDS: &'static [&'static str] = &[UNLIMITED];

    fn from_text(text: &str) -> Option<Result<DeliveryLimit, String>> {
        (text == UNLIMITED).then_some(Ok(DeliveryLimit::Unlimited))
    }

    fn from_count(count: u64) -> Option<DeliveryLimit> {
        u32::try_from(count).ok().map(DeliveryLimit::Of)
    }
}

impl<'de> Deserialize<'de> for DeliveryLimit {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<DeliveryLimit, D::Error> {
        shorthand::read(input)
    }
}

impl Serialize for DeliveryLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            DeliveryLimit::Unlimited => serializer.serialize_str(UNLIMITED),
            DeliveryLimit::Of(count) => serializer.serialize_u32(*count),
        }
    }
}

impl JsonSchema for DeliveryLimit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DeliveryLimit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How often a message may come back: a number of 0 or more, or \"unlimited\".",
            "oneOf": [
                { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                { "const": UNLIMITED }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_of_queue_puts_a_message_back_elsewhere() {
        let returned = |queue: QueueType, limit| queue.returned(1, limit);
        assert_eq!(returned(QueueType::Classic, DeliveryLimit::Unlimited), Return::InPlace);
        assert_eq!(returned(QueueType::Quorum, DeliveryLimit::Of(20)), Return::ToReturns);
        assert_eq!(returned(QueueType::Quorum, DeliveryLimit::Unlimited), Return::ToBack);
    }

    #[test]
    fn beyond_the_limit_a_message_is_given_up() {
        let limit = QueueType::Quorum.usual_limit();
        assert_eq!(QueueType::Quorum.returned(20, limit), Return::ToReturns);
        assert_eq!(QueueType::Quorum.returned(21, limit), Return::GivenUp);
        assert_eq!(QueueType::Quorum.returned(1, DeliveryLimit::Of(0)), Return::GivenUp);
        assert_eq!(QueueType::Classic.usual_limit(), DeliveryLimit::Unlimited);
    }

    #[test]
    fn a_prefetch_of_0_is_no_bound_but_at_a_quorum_queue() {
        assert_eq!(QueueType::Classic.window(0), None);
        assert_eq!(QueueType::Quorum.window(0), Some(2_000));
        assert_eq!(QueueType::Quorum.window(7), Some(7));
    }
}
