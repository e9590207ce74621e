//! Queues as those of Amazon SQS, as a scenario states them.
//!
//! The two kinds have most settings in common; they are written out for each, so that each says all that it has.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::quota::Quota;
use crate::policy::redelivery::{Redrive, RedriveBack};
use crate::time::{Rate, SimDuration};

/// Queues of messages that are leased.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sqs {
    /// Its queues, by name; at least one.
    pub queues: IndexMap<String, SqsQueue>,
}

/// A queue of SQS.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SqsQueue {
    /// Without a strict order, and rarely twice.
    Standard(Standard),
    /// In order within each message group, which is the key of the messages.
    Fifo(Fifo),
}

/// A standard queue: at least once, and nearly in order.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Standard {
    /// How long a received message is invisible to everybody else; if it is not deleted by then it is delivered again (default 30s:
    /// `VisibilityTimeout`; at most 12h).
    pub visibility_timeout: SimDuration,
    /// How long a receive waits for messages (default 0s, a short poll: `ReceiveMessageWaitTimeSeconds`; at most 20s). A long poll asks all
    /// servers and is answered as soon as there is something; the next one follows at once.
    pub wait_time: SimDuration,
    /// After how long a consumer asks again whose short poll was answered with nothing (default 20ms: a loop without a pause, at the round
    /// trip of a receive, which is an assumption).
    pub poll_every: SimDuration,
    /// How many messages may be received and not deleted, 1 or more (default 120000: the quota for messages in flight).
    #[schemars(range(min = 1))]
    pub in_flight_limit: u64,
    /// How long after it was sent a message is kept, to the second (default 4d: `MessageRetentionPeriod`; 60s to 14d).
    pub retention: SimDuration,
    /// How long after it was sent a message becomes visible, unless it says so itself (default 0s: `DelaySeconds`; at most 15min).
    pub delay: SimDuration,
    /// When a message is put aside that is received again and again (default: never, `RedrivePolicy`).
    pub redrive: Option<Redrive>,
    /// When what other queues put aside here goes back there (default: never).
    pub redrive_back: Option<RedriveBack>,
    /// On how many servers its messages are spread, 1 to 64: each keeps its own in order, and they are asked in a turn that begins anywhere
    /// (default 10, an assumption: no number is published).
    #[schemars(range(min = 1, max = 64))]
    pub shards: u32,
    /// With what probability a short poll asks each of the servers (default 0.5, an assumption: the documentation says "a subset").
    #[schemars(range(min = 0, max = 1))]
    pub short_poll_reach: f64,
    /// With what probability a delete misses a copy of the message, which then comes back at the end of its lease (default 0.0001, an
    /// assumption: the documentation says "on rare occasions").
    #[schemars(range(min = 0, max = 1))]
    pub duplicate_probability: f64,
}

/// A FIFO queue: in order within each message group, and without duplicates of its own.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fifo {
    /// How long a received message is invisible to everybody else, and its group blocked; if it is not deleted by then it is delivered
    /// again, and deleting it later fails (default 30s: `VisibilityTimeout`; at most 12h).
    pub visibility_timeout: SimDuration,
    /// How long a receive waits for messages (default 0s, a short poll: `ReceiveMessageWaitTimeSeconds`; at most 20s). A long poll is
    /// answered as soon as there is something; the next one follows at once.
    pub wait_time: SimDuration,
    /// After how long a consumer asks again whose short poll was answered with nothing (default 20ms: a loop without a pause, at the round
    /// trip of a receive, which is an assumption).
    pub poll_every: SimDuration,
    /// How many messages may be received and not deleted, 1 or more (default 120000: the quota for messages in flight, 20000 until 2024).
    #[schemars(range(min = 1))]
    pub in_flight_limit: u64,
    /// How long after it was sent a message is kept, to the second (default 4d: `MessageRetentionPeriod`; 60s to 14d).
    pub retention: SimDuration,
    /// How long after it was sent a message becomes visible (default 0s: `DelaySeconds`; at most 15min).
    pub delay: SimDuration,
    /// When a message is put aside that is received again and again (default: never, `RedrivePolicy`). The queue that it goes to is FIFO
    /// as well.
    pub redrive: Option<Redrive>,
    /// When what other queues put aside here goes back there (default: never).
    pub redrive_back: Option<RedriveBack>,
    /// For how long a message that a sender sends again is recognized, confirmed and not stored (default 5min: the deduplication
    /// interval).
    pub deduplication_window: SimDuration,
    /// How many sends a second are accepted; what is above that is refused, as a `ThrottlingException` (default 300/s: the quota for
    /// `SendMessage`; 3000/s where senders send ten at once; more in high throughput mode).
    pub quota: Quota,
    /// How many messages of blocked groups a receive looks past at most, 1 or more (default 20000: so far FIFO queues look for groups that
    /// are free).
    #[schemars(range(min = 1))]
    pub look_ahead: u64,
}

/// What both kinds have by default: `CreateQueue`, and "Amazon SQS quotas".
const VISIBILITY_TIMEOUT: SimDuration = SimDuration::from_secs(30);
const IN_FLIGHT: u64 = 120_000;
const RETENTION: SimDuration = SimDuration::from_secs(4 * 86_400);
const POLL_EVERY: SimDuration = SimDuration::from_millis(20);

impl Default for Standard {
    fn default() -> Standard {
        Standard {
            visibility_timeout: VISIBILITY_TIMEOUT,
            wait_time: SimDuration::ZERO,
            poll_every: POLL_EVERY,
            in_flight_limit: IN_FLIGHT,
            retention: RETENTION,
            delay: SimDuration::ZERO,
            redrive: None,
            redrive_back: None,
            shards: 10,
            short_poll_reach: 0.5,
            duplicate_probability: 1e-4,
        }
    }
}

impl Default for Fifo {
    fn default() -> Fifo {
        Fifo {
            visibility_timeout: VISIBILITY_TIMEOUT,
            wait_time: SimDuration::ZERO,
            poll_every: POLL_EVERY,
            in_flight_limit: IN_FLIGHT,
            retention: RETENTION,
            delay: SimDuration::ZERO,
            redrive: None,
            redrive_back: None,
            deduplication_window: SimDuration::from_secs(300),
            quota: Quota::Of(Rate::per_second(300.0)),
            look_ahead: 20_000,
        }
    }
}

impl SqsQueue {
    /// What the settings are called in the file.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            SqsQueue::Standard(_) => "standard",
            SqsQueue::Fifo(_) => "fifo",
        }
    }

    /// What both kinds have.
    #[must_use]
    pub fn visibility_timeout(&self) -> SimDuration {
        match self {
            SqsQueue::Standard(queue) => queue.visibility_timeout,
            SqsQueue::Fifo(queue) => queue.visibility_timeout,
        }
    }

    /// When a message is put aside.
    #[must_use]
    pub fn redrive(&self) -> Option<&Redrive> {
        match self {
            SqsQueue::Standard(queue) => queue.redrive.as_ref(),
            SqsQueue::Fifo(queue) => queue.redrive.as_ref(),
        }
    }

    /// When what was put aside here goes back.
    #[must_use]
    pub fn redrive_back(&self) -> Option<RedriveBack> {
        match self {
            SqsQueue::Standard(queue) => queue.redrive_back,
            SqsQueue::Fifo(queue) => queue.redrive_back,
        }
    }
}
