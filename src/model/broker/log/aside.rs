//! What consumers give up, in a topic of its own, from which it may be consumed again.
//!
//! A message stays what it was: its key, its age, and for whom it has an effect. Only its order is lost, as all behind it is worked on
//! first. It goes into the partition of the same number, as Spring Kafka's `DeadLetterPublishingRecoverer` does. A topic that keeps its
//! messages back for a while is a retry topic: its consumers pause until then, without missing a heartbeat.

use super::delivery::untag;
use super::partition::Record;
use super::replicas::Entry;
use super::{Log, Topic};
use crate::model::context::Context;
use crate::model::observation::{Fate, Observer};
use crate::model::service::Delivered;
use crate::policy::log_client::Acks;
use crate::policy::replication::Nodes;

impl Topic {
    /// The partition for what comes from that number of another topic.
    fn same(&self, delivered: &Delivered) -> usize {
        untag(delivered.tag).0 % self.partitions.len()
    }

    /// Whether a partition can be written to, for sure.
    fn takes(&self, number: usize, lost: Nodes) -> bool {
        let replicas = self.partitions[number].replicas.as_ref();
        replicas.is_none_or(|replicas| replicas.entry(Acks::All, lost) == Entry::Open)
    }
}

impl Log {
    /// Puts deliveries into another topic, or none of them where that can't be written to. If nobody reads there, that is their end.
    pub(super) fn set_aside<O: Observer>(
        &mut self,
        topic: usize,
        given_up: &[Delivered],
        cx: &mut Context<O>,
    ) -> bool {
        let to = &self.topics[topic];
        if to.groups.is_empty() {
            for delivered in given_up {
                cx.messages()[delivered.message].note(Fate::DeadLettered);
            }
            return true;
        }
        if !given_up.iter().all(|delivered| to.takes(to.same(delivered), self.cluster.lost)) {
            return false;
        }
        for delivered in given_up {
            let number = self.topics[topic].same(delivered);
            let Delivered { message, slot, hops, .. } = *delivered;
            self.store(topic, number, Record { message, slot, hops: hops.wrapping_add(1) }, cx);
            self.advance(topic, number, cx);
        }
        true
    }

    /// A message has been kept back for long enough.
    pub(super) fn on_ripe<O: Observer>(
        &mut self,
        topic: usize,
        number: usize,
        cx: &mut Context<O>,
    ) {
        self.topics[topic].partitions[number].ripen();
        self.wake_readers(topic, number, cx);
    }
}
