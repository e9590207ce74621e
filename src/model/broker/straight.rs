//! What a broker does for a message that goes straight. Only a plain queue is simple enough for that.

use super::{Broker, BrokerKind};
use crate::model::context::Context;
use crate::model::message::MessageId;
use crate::model::observation::Observer;

impl Broker {
    /// Whether it does nothing with a message but keep it until it is consumed.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self.kind, BrokerKind::Queue(_))
    }

    /// Whether a publish is stored that arrives now.
    #[inline]
    #[must_use]
    pub fn stores_at_once(&self) -> bool {
        match &self.kind {
            BrokerKind::Queue(queue) => self.up && queue.stores_at_once(),
            BrokerKind::Log(_) | BrokerKind::Sqs(_) | BrokerKind::Amqp(_) => false,
        }
    }

    /// Stores a message for which there is room.
    #[inline]
    pub fn store_straight<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) {
        match &mut self.kind {
            BrokerKind::Queue(queue) => queue.store_straight(message, cx),
            BrokerKind::Log(_) | BrokerKind::Sqs(_) | BrokerKind::Amqp(_) => {
                unreachable!("only a plain queue stores messages straight")
            }
        }
    }

    /// A worker is done with the delivery that is known by `tag`. Whether that is known here and means nothing to anybody else; if not,
    /// nothing has changed.
    #[inline]
    #[must_use]
    pub fn acknowledge_straight(&mut self, tag: u64) -> bool {
        let nobody_waits = self.up && self.watchers.is_empty();
        match &mut self.kind {
            BrokerKind::Queue(queue) => nobody_waits && queue.acknowledge_straight(tag),
            BrokerKind::Log(_) | BrokerKind::Sqs(_) | BrokerKind::Amqp(_) => false,
        }
    }
}
