//! What a service works on at once: one message, a batch of them, or two that belong together.
//!
//! Streams are rarely worked on message by message from end to end. An analytics job collects for a while and then works on all of it
//! together, because a batch costs little more than a message (a micro-batch); it buys throughput with latency. A dispatcher waits for
//! two messages that belong together, a ride that was asked for and a driver who is near (a stream join); if the second comes too late,
//! because one of the two streams lags, the first has waited in vain, although nothing was lost on the way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};
use crate::time::SimDuration;

/// What a worker works on at once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WorksOn {
    /// One message or request after the other (the default).
    #[default]
    Each,
    /// Several messages together: each worker collects for itself, works once, sends on one message for all of them, and is done with
    /// all or none. It takes one subscription, and no calls.
    Batch(MicroBatch),
    /// Two messages of one key, one from each of two subscriptions: what is sent on is one message for both. Nothing else is, and no
    /// calls are taken. What waits for its partner is in a store that survives a crash, and is acknowledged when it is there.
    Join(Join),
}

/// When a batch is complete, and how long it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MicroBatch {
    /// How long after its first message the work on a batch begins at the latest.
    pub window: SimDuration,
    /// With how many messages it begins at once, 1 or more (default: only the window counts).
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub count: Option<u32>,
    /// What each message adds to the service time, which is that of an empty batch (default 0s).
    #[serde(default)]
    pub per_message: SimDuration,
}

/// How two streams become one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// How long a message waits for its partner, from when it was worked on. The one that has waited for longest is taken first.
    pub window: SimDuration,
    /// What becomes of a message whose partner does not come.
    #[serde(default)]
    pub unmatched: Unmatched,
}

/// What becomes of a message that has no partner when its window ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Unmatched {
    /// It has expired (the default): an inner join.
    #[default]
    Expire,
    /// It is worked on alone: an outer join.
    Emit,
}

impl WorksOn {
    /// How long so many messages keep a worker on average, if the service time is `own_s`.
    #[must_use]
    pub fn seconds_for(&self, messages: u32, own_s: f64) -> f64 {
        match self {
            WorksOn::Each | WorksOn::Join(_) => f64::from(messages) * own_s,
            WorksOn::Batch(batch) => own_s + batch.added(messages as usize).as_secs_f64(),
        }
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match self {
            WorksOn::Each => Vec::new(),
            WorksOn::Batch(MicroBatch { window, count, per_message: _ }) => check::found([
                check::longer_than_zero("batch.window", *window),
                count.and_then(|count| check::at_least_one("batch.count", count)),
            ]),
            WorksOn::Join(Join { window, unmatched: _ }) => {
                check::found([check::longer_than_zero("join.window", *window)])
            }
        }
    }
}

impl MicroBatch {
    /// How many messages more fit into a batch that has so many.
    #[must_use]
    pub fn room(&self, collected: usize) -> u32 {
        self.count.map_or(u32::MAX, |count| count.saturating_sub(collected as u32))
    }

    /// What so many messages add to the service time.
    #[must_use]
    pub fn added(&self, messages: usize) -> SimDuration {
        self.per_message.scaled(messages as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(count: Option<u32>) -> MicroBatch {
        let per_message = SimDuration::from_millis(2);
        MicroBatch { window: SimDuration::from_secs(1), count, per_message }
    }

    #[test]
    fn a_batch_has_room_up_to_its_count_and_without_one_always() {
        assert_eq!([0, 3, 4, 9].map(|collected| batch(Some(4)).room(collected)), [4, 1, 0, 0]);
        assert_eq!(batch(None).room(1_000_000), u32::MAX);
    }

    #[test]
    fn each_message_adds_to_the_work_on_a_batch() {
        assert_eq!(batch(None).added(500), SimDuration::from_secs(1));
        assert_eq!(WorksOn::Batch(batch(None)).seconds_for(500, 3.0), 4.0);
        assert_eq!(WorksOn::Each.seconds_for(500, 3.0), 1_500.0);
    }

    #[test]
    fn a_window_of_no_time_and_a_batch_of_no_messages_are_told() {
        let read = |text| serde_json::from_str::<WorksOn>(text).unwrap().check();
        let found = read(r#"{"batch": {"window": "0s", "count": 0}}"#);
        assert_eq!(
            found.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            ["batch.window", "batch.count"]
        );
        assert_eq!(read(r#"{"join": {"window": "0s"}}"#)[0].0, "join.window");
        assert_eq!(read(r#""each""#), []);
    }
}
