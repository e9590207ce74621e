//! Whether a service is there for the brokers that it consumes from, and they for it.

use super::Service;
use crate::model::broker::{Broker, Presence};
use crate::model::context::Context;
use crate::model::id::Id;
use crate::model::observation::Observer;
use crate::model::packet::Packet;

impl Service {
    /// A partition between this service and a broker begins or ends. The broker hears of all its consumers before any of them asks.
    pub fn set_cut<O: Observer>(&mut self, broker: Id<Broker>, cut: bool, cx: &mut Context<O>) {
        for index in 0..self.subscriptions.len() {
            let subscription = &mut self.subscriptions[index];
            if subscription.broker != broker || subscription.cut == cut {
                continue;
            }
            let began = std::mem::replace(&mut subscription.cut_changed, cx.now);
            subscription.cut = cut;
            subscription.dry = false;
            let (service, subscription) = (self.id, index as u8);
            let presence = match (self.up, cut) {
                (false, _) => Presence::Dead,
                (true, true) => Presence::Unreachable,
                (true, false) if self.up_since > began => Presence::Started,
                (true, false) => Presence::Reachable,
            };
            cx.post(Some(Packet::Attend { service, subscription, presence }));
            self.workers.iter_mut().for_each(|worker| worker.dry &= !(1 << index));
        }
        let fetch = self.send_idle_worker();
        cx.post(fetch);
        self.send_all(cx);
    }

    /// Tells every broker that is within reach whether this consumer is there.
    pub(super) fn attend<O: Observer>(&mut self, presence: Presence, cx: &mut Context<O>) {
        for (index, subscription) in self.subscriptions.iter_mut().enumerate() {
            subscription.dry = false;
            if !subscription.cut {
                let (service, subscription) = (self.id, index as u8);
                cx.post(Some(Packet::Attend { service, subscription, presence }));
            }
        }
    }
}
