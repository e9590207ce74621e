//! From queues as written to queues as they are built.

use super::Builder;
use crate::model::blueprint::BrokerKindPlan;
use crate::model::broker::{Order, Polling, SqsQueueSettings, SqsSettings};
use crate::model::id::NodeId;
use crate::policy::redelivery::{Redrive, Visibility};
use crate::scenario::document::{Fifo, Sqs, SqsQueue, Standard};
use crate::scenario::queues;
use crate::time::SimDuration;

impl Builder<'_> {
    pub(super) fn sqs(&self, name: &str, sqs: &Sqs) -> BrokerKindPlan {
        let nodes = self.nodes_of_parts(name);
        let queue = |((queue, settings), node): ((&String, &SqsQueue), NodeId)| {
            let is_consumed = queues::is_consumed(self.document, name, queue);
            let has_reader = is_consumed || settings.redrive_back().is_some();
            SqsQueueSettings { has_reader, ..plan(sqs, queue, settings, node) }
        };
        let queues = sqs.queues.iter().zip(nodes).map(queue).collect();
        BrokerKindPlan::Sqs(SqsSettings { queues })
    }
}

fn plan(sqs: &Sqs, name: &str, queue: &SqsQueue, node: NodeId) -> SqsQueueSettings {
    let (timeout, heartbeat) = queue.lease();
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
        visibility: Visibility { timeout, heartbeat },
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
