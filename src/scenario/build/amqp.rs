//! From a broker with exchanges as written to one as it is built: queues, their consumers, and the ways that lead to them.

use super::Builder;
use super::parts::address;
use crate::model::blueprint::BrokerKindPlan;
use crate::model::broker::{Address, AmqpConsumer, AmqpQueueSettings, AmqpSettings, Consumer, Way};
use crate::policy::alarm::Watch;
use crate::policy::commit::Commit;
use crate::policy::returns::QueueType;
use crate::scenario::document::{Amqp, AmqpQueue, Memory, Publish};
use crate::scenario::exchanges::{self, Posting, Ways};
use crate::scenario::queues;

impl Builder<'_> {
    pub(super) fn amqp(&self, name: &str, amqp: &Amqp) -> BrokerKindPlan {
        let Ways { postings, dead_letters } = exchanges::ways(self.document, name, amqp);
        let nodes = self.nodes_of_parts(name);
        let mut queues = Vec::new();
        for (place, ((queue, settings), node)) in amqp.queues.iter().zip(nodes).enumerate() {
            let AmqpQueue { queue_type, overflow, message_ttl, expires, .. } = *settings;
            let usual_limit = || queue_type.usual_limit();
            queues.push(AmqpQueueSettings {
                node,
                queue_type,
                durable: settings.durable.unwrap_or(true) || queue_type == QueueType::Quorum,
                max_length: amqp.max_length(settings),
                overflow,
                message_ttl,
                expires,
                dead_letters: dead_letters[place].clone(),
                delivery_limit: settings.delivery_limit.unwrap_or_else(usual_limit),
                single_active: settings.single_active_consumer,
                consumers: self.consumers_of(name, queue, queue_type),
            });
        }
        BrokerKindPlan::Amqp(AmqpSettings {
            queues,
            ways: postings.iter().map(|posting| way(amqp, posting)).collect(),
            requeue_after: amqp.requeue_after,
            heartbeat_timeout: amqp.heartbeat_timeout,
            consumer_timeout: amqp.consumer_timeout,
            timeout_check_every: amqp.timeout_check_every,
            watches: watches(amqp),
            message_bytes: amqp.message_bytes,
            ingress: amqp.ingress,
        })
    }

    fn consumers_of(&self, broker: &str, queue: &str, kind: QueueType) -> Vec<AmqpConsumer> {
        let mut found = Vec::new();
        for (name, service) in &self.document.services {
            for (index, consume) in service.consumes.iter().enumerate() {
                let from = queues::queue(self.document, &consume.from, consume.queue.as_ref());
                if consume.from != broker || from != Some(queue) {
                    continue;
                }
                found.push(AmqpConsumer {
                    consumer: Consumer { service: self.service(name), subscription: index as u8 },
                    node: self.node(name),
                    workers: service.workers,
                    window: kind.window(consume.prefetch.unwrap_or(0)),
                    priority: consume.priority.unwrap_or(0),
                    auto_ack: consume.commit == Commit::Before,
                });
            }
        }
        found
    }

    /// The way that a publish takes.
    pub(super) fn way(&self, amqp: &Amqp, publish: &Publish) -> Address {
        let Ways { postings, .. } = exchanges::ways(self.document, &publish.to, amqp);
        let posting = exchanges::posting(amqp, publish);
        address(postings.iter().position(|other| *other == posting))
    }
}

fn way(amqp: &Amqp, posting: &Posting) -> Way {
    let Posting { ttl, mandatory, confirms, .. } = *posting;
    Way { queues: exchanges::queues(amqp, posting), ttl, mandatory, confirms }
}

/// What may run short. A message that takes more or less memory than its size is as good as less or more memory.
fn watches(amqp: &Amqp) -> Vec<Watch> {
    let memory = amqp.memory.as_ref().map(|memory| {
        let Memory { bytes, watermark, message_bytes, check_every } = *memory;
        let size = amqp.message_bytes as f64 / message_bytes.unwrap_or(amqp.message_bytes) as f64;
        Watch::Memory { most: bytes as f64 * watermark * size, every: check_every }
    });
    let disk = amqp.disk.as_ref().map(|disk| Watch::Disk { free: disk.bytes, limit: disk.limit });
    memory.into_iter().chain(disk).collect()
}
