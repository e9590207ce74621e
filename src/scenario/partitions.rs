//! How many partitions a topic needs for what is due within a time: arithmetic, in numbers that can be told step by step.
//!
//! It takes keys to be spread evenly and a member of the group for each partition: then each partition is a queue by itself. Popular keys,
//! and members who read several, need more.

use super::ResolvedVariant;
use super::document::{Document, Log, Sending, Service};
use super::flow;
use super::logs::{self, Reading};
use crate::policy::works_on::WorksOn;
use crate::theory::partitions::{Work, done_within, fewest, fewest_to_keep_up};
use crate::time::SimTime;

/// The share of messages that should be done in time.
pub const SHARE: f64 = 0.99;

/// What arithmetic says of the partitions of a topic, for one group that reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionPlan {
    /// The group, as results call it.
    pub group: String,
    /// How long after it was made the work on a message may be done at the latest.
    pub due_within_s: f64,
    /// Messages that come to its members, per second.
    pub rate_per_s: f64,
    /// How long the work on one takes on average.
    pub work_s: f64,
    /// As what its variability is taken.
    pub work: Work,
    /// The fewest with which the group keeps up at all.
    pub to_keep_up: u32,
    /// The fewest with which [`SHARE`] of the messages are done in time; `None` if the work alone takes too long.
    pub to_be_in_time: Option<u32>,
    /// How many there are.
    pub there_are: u32,
}

impl PartitionPlan {
    /// The share of messages that are done in time with so many partitions.
    #[must_use]
    pub fn share_with(&self, partitions: u32) -> f64 {
        if partitions < self.to_keep_up {
            return 0.0;
        }
        let per_partition = 1.0 / self.work_s;
        done_within(self.rate_per_s, partitions, per_partition, self.work, self.due_within_s)
    }
}

impl ResolvedVariant {
    /// What arithmetic says of each topic for which something is due, and for each service that reads it by itself, message by message.
    #[must_use]
    pub fn partition_plans(&self) -> Vec<PartitionPlan> {
        let document = &self.document;
        let logs =
            document.brokers.keys().filter_map(|name| Some((name, logs::log(document, name)?)));
        let found = logs.flat_map(|(name, log)| {
            let readings = logs::readings(document, name, log);
            readings
                .into_iter()
                .filter_map(|reading| plan(document, name, log, &reading))
                .collect::<Vec<_>>()
        });
        found.collect()
    }
}

fn plan(document: &Document, name: &str, log: &Log, reading: &Reading) -> Option<PartitionPlan> {
    let [(consumer, _)] = reading.consumers[..] else { return None };
    let service: &Service = &document.services[consumer];
    let due_within_s = due_within_s(document, name, log, reading.topic)?;
    let from = document.trigger.map_or(SimTime::ZERO, |trigger| trigger.until);
    let work_s = service.service_time.mean_s();
    // The members of a join read both streams.
    let rate_per_s = match &service.works_on {
        WorksOn::Each => flow::rate_of_topic(document, from, name, reading.topic),
        WorksOn::Join(_) => flow::rate_of_service(document, from, consumer),
        WorksOn::Batch(_) => return None,
    };
    if rate_per_s <= 0.0 || work_s <= 0.0 {
        return None;
    }
    let is_constant = service.service_time.cv2() < 0.5;
    let work = if is_constant { Work::Constant } else { Work::Exponential };
    Some(PartitionPlan {
        group: format!("{name}/{}@{}", reading.topic, reading.group),
        due_within_s,
        rate_per_s,
        work_s,
        work,
        to_keep_up: fewest_to_keep_up(rate_per_s, 1.0 / work_s),
        to_be_in_time: fewest(rate_per_s, 1.0 / work_s, work, due_within_s, SHARE),
        there_are: log.topics.get(reading.topic)?.partitions,
    })
}

/// The shortest time within which something that is published to a topic is due.
fn due_within_s(document: &Document, name: &str, log: &Log, topic: &str) -> Option<f64> {
    let due = document.sendings().filter_map(|sending| match sending {
        Sending::Publish(publish)
            if publish.to == name && logs::topic(log, publish.topic.as_ref()) == Some(topic) =>
        {
            publish.due_within
        }
        Sending::Publish(_) | Sending::Call(_) => None,
    });
    due.min().map(|due| due.as_secs_f64())
}
