//! What the scenario says of the queues, with ids instead of names.

use crate::model::broker::Consumer;
use crate::model::id::NodeId;
use crate::policy::quota::Quota;
use crate::policy::redelivery::{Heartbeat, RedriveBack, Visibility};
use crate::time::SimDuration;

/// What the scenario says of the broker.
#[derive(Debug, Clone)]
pub struct SqsSettings {
    /// Its queues.
    pub queues: Vec<SqsQueueSettings>,
    /// Messages with a delay of their own: to which queue, and for how long. Their addresses follow those of the queues.
    pub timers: Vec<(usize, SimDuration)>,
}

/// What the scenario says of one queue.
#[derive(Debug, Clone)]
pub struct SqsQueueSettings {
    /// Its name, from which its chance comes.
    pub name: String,
    /// Where its lag is reported.
    pub node: NodeId,
    /// How long what was received stays invisible.
    pub visibility_timeout: SimDuration,
    /// How consumers extend that, where they do.
    pub heartbeats: Vec<(Consumer, Heartbeat)>,
    /// Whether a receive waits until there is something; if not, after how long an empty-handed consumer asks again.
    pub polling: Polling,
    /// How many messages may be received and not deleted.
    pub in_flight_limit: u64,
    /// How long after it was sent a message is kept.
    pub retention: SimDuration,
    /// How long after it was sent a message becomes visible.
    pub delay: SimDuration,
    /// After how many receives a message is moved, and to which queue.
    pub redrive: Option<(u16, usize)>,
    /// When what was moved here is moved back.
    pub redrive_back: Option<RedriveBack>,
    /// Whether anybody ever takes anything out of it: what is moved to it otherwise has come to its end.
    pub has_reader: bool,
    /// In which order it gives messages out.
    pub order: Order,
}

impl SqsQueueSettings {
    /// How long what this consumer receives stays invisible.
    #[inline]
    pub(super) fn visibility_for(&self, consumer: Consumer) -> Visibility {
        let own = self.heartbeats.iter().find(|(other, _)| *other == consumer);
        Visibility { timeout: self.visibility_timeout, heartbeat: own.map(|(_, beat)| *beat) }
    }
}

impl Order {
    /// Whether order is kept within a group.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        match self {
            Order::Standard { .. } => false,
            Order::Fifo { .. } => true,
        }
    }
}

/// How a consumer waits for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polling {
    /// A receive lasts until there is something.
    Long,
    /// A receive is answered at once; the next one comes after so long.
    Short(SimDuration),
}

/// In which order a queue gives messages out.
#[derive(Debug, Clone)]
pub enum Order {
    /// Nearly that in which they came.
    Standard {
        /// On how many servers messages are spread.
        shards: u32,
        /// With what probability a short poll asks each of them.
        short_poll_reach: f64,
        /// With what probability a delete misses a copy.
        duplicate_probability: f64,
    },
    /// Exactly that in which they came, within each group.
    Fifo {
        /// For how long a message that comes again is recognized.
        deduplication_window: SimDuration,
        /// How many sends a second are accepted.
        quota: Quota,
        /// How many messages of blocked groups are passed over at most.
        look_ahead: usize,
    },
}
