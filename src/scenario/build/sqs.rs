//! From queues as written to queues as they are built.

use super::Builder;
use super::parts::address;
use crate::model::blueprint::BrokerKindPlan;
use crate::model::broker::{Address, Consumer, Order, Polling, SqsQueueSettings, SqsSettings};
use crate::model::id::NodeId;
use crate::policy::redelivery::{Heartbeat, Redrive};
use crate::scenario::document::{Fifo, Publish, Sending, Sqs, SqsQueue, Standard};
use crate::scenario::queues;
use crate::time::SimDuration;

impl Builder<'_> {
    pub(super) fn sqs(&self, name: &str, sqs: &Sqs) -> BrokerKindPlan {
        let nodes = self.nodes_of_parts(name);
        let queue = |((queue, settings), node): ((&String, &SqsQueue), NodeId)| {
            let is_consumed = queues::is_consumed(self.document, name, queue);
            let has_reader = is_consumed || settings.redrive_back().is_some();
            let heartbeats = self.heartbeats(name, queue);
            SqsQueueSettings { has_reader, heartbeats, ..plan(sqs, queue, settings, node) }
        };
        let queues = sqs.queues.iter().zip(nodes).map(queue).collect();
        BrokerKindPlan::Sqs(SqsSettings { queues, timers: self.timers(name, sqs) })
    }

    /// Who extends what it receives from a queue, and how.
    fn heartbeats(&self, broker: &str, queue: &str) -> Vec<(Consumer, Heartbeat)> {
        let consumers = queues::consumers(self.document, broker, queue);
        let beats = consumers.filter_map(|(service, index)| {
            let heartbeat = self.document.services[service].consumes[index].heartbeat?;
            let subscription = index as u8;
            Some((Consumer { service: self.service(service), subscription }, heartbeat))
        });
        beats.collect()
    }

    /// Every delay of its own that is published to a broker, with its queue.
    fn timers(&self, name: &str, sqs: &Sqs) -> Vec<(usize, SimDuration)> {
        let mut found = Vec::new();
        for sending in self.document.sendings() {
            if let Sending::Publish(publish) = sending
                && publish.to == name
                && let Some(timer) = self.timer(sqs, publish)
                && !found.contains(&timer)
            {
                found.push(timer);
            }
        }
        found
    }

    fn timer(&self, sqs: &Sqs, publish: &Publish) -> Option<(usize, SimDuration)> {
        let queue = queues::queue(self.document, &publish.to, publish.queue.as_ref())?;
        Some((sqs.queues.get_index_of(queue)?, publish.delay?))
    }

    /// Where something is published to: a queue, or one of the delays.
    pub(super) fn address_at_sqs(&self, sqs: &Sqs, publish: &Publish) -> Address {
        let Some(timer) = self.timer(sqs, publish) else {
            return self.queue_of(&publish.to, publish.queue.as_ref());
        };
        let timers = self.timers(&publish.to, sqs);
        let place = timers.iter().position(|other| *other == timer);
        address(place.map(|place| sqs.queues.len() + place))
    }
}

fn plan(sqs: &Sqs, name: &str, queue: &SqsQueue, node: NodeId) -> SqsQueueSettings {
    let redrive = |redrive: &Redrive| {
        let to = sqs.queues.get_index_of(&redrive.dead_letter_queue);
        (redrive.max_receive_count, to.expect("queues were checked at load"))
    };
    let (polling, in_flight_limit, retention, delay) = match queue {
        SqsQueue::Standard(one) => {
            (polling(one.wait_time, one.poll_every), one.in_flight_limit, one.retention, one.delay)
        }
        SqsQueue::Fifo(one) => {
            (polling(one.wait_time, one.poll_every), one.in_flight_limit, one.retention, one.delay)
        }
    };
    SqsQueueSettings {
        name: name.to_owned(),
        node,
        visibility_timeout: queue.visibility_timeout(),
        heartbeats: Vec::new(),
        polling,
        in_flight_limit,
        retention,
        delay,
        redrive: queue.redrive().map(redrive),
        redrive_back: queue.redrive_back(),
        has_reader: true,
        order: order(queue),
    }
}

fn polling(wait_time: SimDuration, poll_every: SimDuration) -> Polling {
    if wait_time > SimDuration::ZERO { Polling::Long } else { Polling::Short(poll_every) }
}

fn order(queue: &SqsQueue) -> Order {
    match queue {
        SqsQueue::Standard(Standard {
            shards, short_poll_reach, duplicate_probability, ..
        }) => Order::Standard {
            shards: *shards,
            short_poll_reach: *short_poll_reach,
            duplicate_probability: *duplicate_probability,
        },
        SqsQueue::Fifo(Fifo { deduplication_window, quota, look_ahead, .. }) => Order::Fifo {
            deduplication_window: *deduplication_window,
            quota: *quota,
            look_ahead: usize::try_from(*look_ahead).unwrap_or(usize::MAX),
        },
    }
}
