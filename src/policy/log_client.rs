//! How a client sends to a log: when it takes a message for stored, how long it gathers, and how much it holds.
//!
//! What a sender of a message calls "done" is its own choice. With acks `0` it is what has left, with `1` what the leader of the partition
//! has, and with `all` what every replica in sync has: only that survives the loss of a node. A retry writes a message twice, unless
//! the broker knows the client's numbers (idempotence). In a transaction readers see all of it or nothing. Names and defaults are those of
//! Apache Kafka's Java client (`ProducerConfig`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::{Rate, SimDuration, SimTime};

/// When a client takes a message for stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Acks {
    /// When it has left: what doesn't arrive is lost, and nobody knows.
    #[serde(rename = "0")]
    Nobody,
    /// When the leader of the partition has it: what it had not passed on is lost with it.
    #[serde(rename = "1")]
    Leader,
    /// When every replica in sync has it, of which there have to be `min_in_sync` (the default: `acks`).
    #[default]
    #[serde(rename = "all")]
    All,
}

/// How a client sends to a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogClient {
    /// When it takes a message for stored: "0", "1" or "all".
    pub acks: Acks,
    /// Whether the broker knows its messages by number, so that a retry doesn't write one twice and what waits for a leader stays in
    /// order; only with acks "all" (default: yes, `enable.idempotence`; of librdkafka's clients: no).
    pub idempotent: bool,
    /// How long a message waits for others to the same partition (default 0s: `linger.ms` up to Kafka 3.9; 5ms since 4.0).
    pub linger: SimDuration,
    /// How many of them go without waiting longer, 1 or more (default 16: `batch.size` of 16,384 bytes, at 1,024 bytes a message, which
    /// is an assumption).
    #[schemars(range(min = 1))]
    pub batch: u32,
    /// How many requests it has under way at once, 1 or more (default: any number; Kafka's is 5, `max.in.flight.requests.per.connection`).
    /// One is under way for its `request_time`, twice the mean `latency` of the link and, with acks "all", the `delay` of the replicas.
    /// Messages that can't leave meanwhile wait at the client and then go together, at most `batch` of each partition; the nodes of a log
    /// count as one. A client that is not
    /// idempotent keeps the order of what the broker doesn't take at once only with 1; one that is keeps it with up to 5, and more are
    /// refused.
    #[schemars(range(min = 1))]
    pub max_in_flight: Option<u32>,
    /// How long the broker takes for one request, however many messages are in it; those of a client it takes one after the other
    /// (default 0s, an assumption: it costs nothing).
    pub request_time: SimDuration,
    /// How many messages a second the broker lets it write on average; above that it makes the client wait, as long as it takes to come
    /// back to it: (average - quota) / quota · window, over eleven samples of a second (default: without limit, as Kafka's;
    /// `producer_byte_rate` divided by the size of a message).
    pub quota: Option<Rate>,
    /// How many messages that are not settled it holds, and what happens to more (default: any number).
    pub buffer: Option<Buffer>,
    /// How long after it was made a message is given up, however often it may still be tried (default: never; Kafka's is 2min,
    /// `delivery.timeout.ms`).
    pub delivery_timeout: Option<SimDuration>,
    /// Whether it sends in transactions (default: no).
    pub transaction: Option<Transaction>,
}

impl Default for LogClient {
    fn default() -> LogClient {
        LogClient {
            acks: Acks::All,
            idempotent: true,
            linger: SimDuration::ZERO,
            batch: 16,
            max_in_flight: None,
            request_time: SimDuration::ZERO,
            quota: None,
            buffer: None,
            delivery_timeout: None,
            transaction: None,
        }
    }
}

/// What a client holds. When it is full its producer has to wait: but for a `quota` nothing else slows a producer to a log down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Buffer {
    /// How many messages that are not settled, 1 or more (default 32768: `buffer.memory` of 32 MiB, at 1,024 bytes a message, which is an
    /// assumption).
    #[schemars(range(min = 1))]
    pub messages: u32,
    /// How long the producer is made to wait for room before its message is refused (default 1min: `max.block.ms`).
    pub max_block: SimDuration,
}

impl Default for Buffer {
    fn default() -> Buffer {
        Buffer { messages: 32_768, max_block: SimDuration::from_secs(60) }
    }
}

/// Messages that readers see together or not at all. Of a service that consumes from the same log with commit `transaction`, what it has
/// read is committed with what it has published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Transaction {
    /// How long after its first message it is committed (default 100ms: `commit.interval.ms` of Kafka Streams with exactly-once).
    pub every: SimDuration,
    /// How long a commit takes, in which nothing more is published (default 10ms, an assumption between 5 and 50ms: two writes to the
    /// replicated log of transactions, and a marker in each partition).
    pub commit_time: SimDuration,
    /// How old one that is not committed becomes before the broker aborts it, as it does with that of a dead client; it looks every 10s
    /// (default 1min: `transaction.timeout.ms`).
    pub timeout: SimDuration,
}

impl Default for Transaction {
    fn default() -> Transaction {
        Transaction {
            every: SimDuration::from_millis(100),
            commit_time: SimDuration::from_millis(10),
            timeout: SimDuration::from_secs(60),
        }
    }
}

/// How many requests of an idempotent client a broker keeps in order (`ProducerConfig`).
const MOST_IN_ORDER: u32 = 5;

/// How often it is looked for transactions that are too old (`transaction.abort.timed.out.transaction.cleanup.interval.ms`).
pub const TRANSACTION_SCAN: SimDuration = SimDuration::from_secs(10);

impl Transaction {
    /// Whether one that began at `since` is due to be committed.
    #[must_use]
    pub fn is_due(&self, since: SimTime, now: SimTime) -> bool {
        now.since(since) >= self.every
    }

    /// Whether one that began at `since` is too old.
    #[must_use]
    pub fn is_too_old(&self, since: SimTime, now: SimTime) -> bool {
        now.since(since) >= self.timeout
    }
}

impl LogClient {
    /// Whether messages wait for others.
    #[must_use]
    pub fn gathers(&self) -> bool {
        self.linger > SimDuration::ZERO && self.batch > 1
    }

    /// Whether its requests take time, or have a limit.
    #[must_use]
    pub fn has_requests(&self) -> bool {
        let limited = self.max_in_flight.is_some() || self.quota.is_some();
        limited || self.request_time > SimDuration::ZERO
    }

    /// Whether what the broker can't take waits at the client, before everything that comes later.
    #[must_use]
    pub fn keeps_order(&self) -> bool {
        self.idempotent || self.max_in_flight == Some(1)
    }

    /// What is wrong with the settings of its requests.
    fn check_requests(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if let Some(most) = self.max_in_flight {
            found.extend(check::at_least_one("max_in_flight", most));
            let wrong = format!(
                "is {most}; it must be at most {MOST_IN_ORDER} with an idempotent client, and may be more with `\"idempotent\": false`"
            );
            let fine = most <= MOST_IN_ORDER || !self.is_idempotent();
            found.extend(check::unless(fine, "max_in_flight", wrong));
        }
        if let Some(quota) = self.quota {
            found.extend(check::unless(
                quota.as_per_second() > 0.0,
                "quota",
                "is no message at all; it must be more than 0/s",
            ));
        }
        let wrong = "has costs of its own; take away `max_in_flight`, `request_time` and `quota`";
        let apart = self.transaction.is_none() || !self.has_requests();
        found.extend(check::unless(apart, "transaction", wrong));
        found
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut found = check::found([check::at_least_one("batch", self.batch)]);
        found.extend(self.check_requests());
        if let Some(buffer) = &self.buffer {
            found.extend(check::at_least_one("buffer.messages", buffer.messages));
        }
        if let Some(timeout) = self.delivery_timeout {
            found.extend(check::longer_than_zero("delivery_timeout", timeout));
        }
        if let Some(transaction) = &self.transaction {
            found.extend(check::longer_than_zero("transaction.every", transaction.every));
            found.extend(check::longer_than_zero("transaction.timeout", transaction.timeout));
            let safe = self.acks == Acks::All && self.idempotent;
            let wrong =
                "needs acks \"all\" and an idempotent client, as it would be worth nothing without";
            found.extend(check::unless(safe, "transaction", wrong));
        }
        found
    }

    /// Whether the broker knows its messages by number. With fewer acks than `all` the Java client does without.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        self.idempotent && self.acks == Acks::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let client: LogClient = serde_json::from_str(text).unwrap();
        client.check().into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        assert!(told(r#"{"acks": "0"}"#).is_empty());
        assert_eq!(
            told(r#"{"batch": 0, "buffer": {"messages": 0}}"#),
            ["batch", "buffer.messages"]
        );
        assert_eq!(told(r#"{"acks": "1", "transaction": {}}"#), ["transaction"]);
        assert_eq!(
            told(r#"{"delivery_timeout": "0s", "transaction": {"every": "0s", "timeout": "0s"}}"#),
            ["delivery_timeout", "transaction.every", "transaction.timeout"]
        );
    }

    /// `ProducerConfig`: `max.in.flight.requests.per.connection` has to be at most 5 to use the idempotent producer.
    #[test]
    fn an_idempotent_client_has_at_most_five_requests_under_way() {
        for (most, wrong) in [(0, 1), (1, 0), (5, 0), (6, 1)] {
            assert_eq!(told(&format!(r#"{{"max_in_flight": {most}}}"#)).len(), wrong, "{most}");
        }
        assert!(told(r#"{"max_in_flight": 6, "idempotent": false}"#).is_empty());
        assert!(told(r#"{"max_in_flight": 6, "acks": "1"}"#).is_empty());
        assert_eq!(told(r#"{"quota": "0/s"}"#), ["quota"]);
        assert_eq!(told(r#"{"request_time": "1ms", "transaction": {}}"#), ["transaction"]);
    }

    /// `ProducerConfig`: idempotence is disabled where other settings conflict with it and it was not asked for.
    #[test]
    fn idempotence_needs_every_ack() {
        let of = |acks| LogClient { acks, ..LogClient::default() }.is_idempotent();
        assert_eq!([Acks::Nobody, Acks::Leader, Acks::All].map(of), [false, false, true]);
    }
}
