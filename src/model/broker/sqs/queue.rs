//! One queue: what becomes of a message from when it is sent until it is deleted, and who is told of it.
//!
//! Delayed → visible → in the hands of a consumer → deleted; and back from a consumer's hands to visible when its lease ends. Every step is
//! counted at the queue's own node and at the broker's.

use std::collections::VecDeque;

use super::gate::{Gate, Passage};
use super::groups::Groups;
use super::item::{Item, Origins};
use super::keeping::Delayed;
use super::leases::{Held, Leases, Pulse};
use super::polling::Hungry;
use super::settings::{Order, SqsQueueSettings};
use super::shards::Shards;
use super::timers::{Timer, Timers};
use super::visible::Visible;
use crate::model::broker::{Broker, Consumer, Fetch, Publish};
use crate::model::context::Context;
use crate::model::id::{Id, NodeId};
use crate::model::message::{MessageId, Messages};
use crate::model::observation::{Gauge, Mark, Observation, Observer, Place};
use crate::model::packet::{Answer, Sent};
use crate::model::service::{Delivered, Verdict};
use crate::policy::commit::Commit;
use crate::random::{Chance, KeyedStream, Stream};
use crate::time::{SimDuration, SimTime};

/// A queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) node: NodeId,
    broker: NodeId,
    pub(super) settings: SqsQueueSettings,
    pub(super) visible: Visible,
    pub(super) leases: Leases,
    pub(super) delayed: Delayed,
    pub(super) hungry: VecDeque<Hungry>,
    /// Consumers that are gone or out of reach.
    pub(super) absent: Vec<Consumer>,
    pub(super) origins: Origins,
    pub(super) timers: Timers,
    gate: Option<Gate>,
    duplicate_probability: f64,
    duplicates: KeyedStream,
}

/// The chance of a queue: where its messages are, whom a receive asks, and which deletes miss a copy.
#[derive(Debug)]
pub struct SqsChance {
    /// By message.
    pub places: KeyedStream,
    /// In order.
    pub turns: Stream,
    /// By message and delivery.
    pub duplicates: KeyedStream,
}

impl Queue {
    /// An empty queue.
    pub(super) fn new(
        id: Id<Broker>,
        index: usize,
        broker: NodeId,
        settings: SqsQueueSettings,
        chance: SqsChance,
    ) -> Queue {
        let (visible, gate, duplicate_probability) = match settings.order {
            Order::Standard { shards, short_poll_reach, duplicate_probability } => {
                let shards = Shards::new(broker, shards, chance.places, chance.turns);
                (Visible::Standard(shards, short_poll_reach), None, duplicate_probability)
            }
            Order::Fifo { deduplication_window, quota, look_ahead } => {
                let gate = Gate::new(quota, deduplication_window);
                (Visible::Fifo(Groups::new(broker, look_ahead)), Some(gate), 0.0)
            }
        };
        Queue {
            node: settings.node,
            broker,
            origins: Origins::new(index, gate.is_some()),
            visible,
            leases: Leases::default(),
            delayed: Delayed::new(broker),
            hungry: VecDeque::new(),
            absent: Vec::new(),
            timers: Timers::new(id, index),
            gate,
            duplicate_probability,
            duplicates: chance.duplicates,
            settings,
        }
    }

    #[inline]
    pub(super) fn change<O: Observer>(&self, gauge: Gauge, by: i64, cx: &mut Context<O>) {
        cx.change(self.broker, gauge, by);
        cx.change(self.node, gauge, by);
    }

    /// A message was sent here, perhaps with a delay of its own; the answer to it.
    #[inline]
    pub(super) fn on_publish<O: Observer>(
        &mut self,
        publish: Publish,
        own_delay: Option<SimDuration>,
        cx: &mut Context<O>,
    ) -> Sent {
        let message = publish.message;
        let route = *cx.route(publish.link);
        if let Some(gate) = &mut self.gate {
            match gate.pass(cx.identity(message), publish.attempt, route.retries, cx.now) {
                Passage::Stored => {}
                Passage::Duplicate => return publish.answered(Answer::Done),
                Passage::Throttled { begins } => {
                    if begins {
                        cx.mark(self.node, Mark::Throttled);
                    }
                    return publish.answered(cx.shed(None));
                }
            }
        }
        self.origins.learn(route.by, route.slot);
        cx.move_to(message, self.broker, Place::Broker);
        cx.messages()[message].hold();
        self.change(Gauge::Lag, 1, cx);
        self.change(Gauge::Waiting, 1, cx);
        match own_delay {
            _ if own_delay.unwrap_or(self.settings.delay) == SimDuration::ZERO => {
                self.show(message, cx.now, cx);
            }
            Some(delay) => self.delay_alone(message, delay, cx),
            None => self.delay(message, cx),
        }
        publish.answered(Answer::Done)
    }

    /// A message that was sent at `sent_at` becomes visible.
    #[inline]
    pub(super) fn show<O: Observer>(
        &mut self,
        message: MessageId,
        sent_at: SimTime,
        cx: &mut Context<O>,
    ) {
        let kept_until = sent_at + self.settings.retention;
        if kept_until <= cx.now {
            return self.expire(message, Gauge::Waiting, cx);
        }
        self.visible.push(message, sent_at, cx);
        self.timers.set(Timer::Retention, kept_until, cx);
        self.wake(cx);
    }

    /// An idle worker asks for work. What was received too often and has to be moved is put into `worn_out`.
    #[inline]
    pub(super) fn receive<O: Observer>(
        &mut self,
        fetch: Fetch,
        batch: &mut Vec<Delivered>,
        worn_out: &mut Vec<Item>,
        cx: &mut Context<O>,
    ) {
        let room = self.settings.in_flight_limit - self.leases.count();
        let at_most = u64::from(fetch.at_most).min(room) as usize;
        self.visible.begin(self.settings.polling);
        while batch.len() < at_most {
            let Some(item) = self.visible.next(&self.origins, cx) else { break };
            match self.settings.redrive {
                Some((most, _)) if item.receives >= most => {
                    self.retire(item.message, Gauge::Waiting, cx);
                    worn_out.push(item);
                }
                Some(_) | None => batch.push(self.deliver(item, fetch, cx)),
            }
        }
        self.visible.end();
        let consumer = fetch.by.consumer;
        if batch.is_empty() && !self.hungry.iter().any(|hungry| hungry.consumer == consumer) {
            self.hungry.push_back(Hungry { consumer, asked_at: cx.now });
        }
        self.wake(cx);
    }

    #[inline]
    fn deliver<O: Observer>(&mut self, item: Item, fetch: Fetch, cx: &mut Context<O>) -> Delivered {
        let Item { message, slot, receives, deliveries, .. } = item;
        let (receives, deliveries) = (receives.saturating_add(1), deliveries.saturating_add(1));
        if deliveries > 1 {
            cx.observe(Observation::Redelivered { at: self.broker });
            cx.observe(Observation::Redelivered { at: self.node });
        }
        let tag = self.leases.next_tag();
        let delivered = Delivered {
            message,
            tag,
            deliveries: deliveries.into(),
            slot,
            hops: 0,
            verdict: Verdict::default(),
        };
        if fetch.commit == Commit::Before {
            cx.move_to(message, fetch.node, Place::Service);
            self.retire(message, Gauge::Waiting, cx);
            cx.messages()[message].acknowledge();
            return Delivered { tag: u64::MAX, ..delivered };
        }
        self.change(Gauge::Waiting, -1, cx);
        self.change(Gauge::InFlight, 1, cx);
        cx.messages()[message].hold();
        let item = Item { receives, deliveries, tag, ..item };
        let consumer = fetch.by.consumer;
        let visibility = self.settings.visibility_for(consumer);
        let look_at = self.leases.add(Held {
            item,
            consumer,
            lease: visibility.lease(cx.now),
            visibility,
            pulse: Pulse::Beating,
            is_renewed: false,
        });
        self.visible.block(&item);
        self.timers.set(Timer::Lease, look_at, cx);
        delivered
    }

    /// The queue is done with a message that was counted by `gauge`; its hold is not released here.
    #[inline]
    pub(super) fn retire<O: Observer>(
        &mut self,
        message: MessageId,
        gauge: Gauge,
        cx: &mut Context<O>,
    ) {
        let age = cx.now.since(cx.produced_at(message));
        for at in [self.broker, self.node] {
            cx.observe(Observation::Retired { at, age });
        }
        self.change(gauge, -1, cx);
        self.change(Gauge::Lag, -1, cx);
    }

    /// A consumer is done with a delivery, and deletes it unless it failed.
    #[inline]
    pub(super) fn on_done<O: Observer>(&mut self, delivered: &Delivered, cx: &mut Context<O>) {
        let Delivered { tag, verdict, message, .. } = *delivered;
        match verdict {
            Verdict::Done if !self.misses_a_copy(delivered, cx) => {}
            Verdict::Done | Verdict::Failed | Verdict::Rejected => {
                return self.fall_silent(tag, cx.now);
            }
        }
        let gauge = if let Some(held) = self.leases.take(tag) {
            self.visible.unblock(&held.item);
            Gauge::InFlight
        } else if self.visible.take_lapsed(tag).is_some() {
            Gauge::Waiting
        } else {
            return;
        };
        self.retire(message, gauge, cx);
        cx.messages()[message].acknowledge();
        cx.release(message);
    }

    /// Whether a server that has a copy doesn't hear of the delete, so that the message comes back.
    #[inline]
    fn misses_a_copy<O: Observer>(&self, delivered: &Delivered, cx: &Context<O>) -> bool {
        self.duplicate_probability > 0.0 && {
            let identity = cx.identity(delivered.message);
            let mut draws = self.duplicates.at(identity, delivered.deliveries);
            draws.chance(self.duplicate_probability)
        }
    }

    /// When the oldest message was produced that is here.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        let held = self.leases.iter().map(|held| messages[held.item.message].produced_at);
        let kept = self.visible.oldest(messages).into_iter();
        held.chain(kept).chain(self.delayed.oldest(messages)).min()
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let Queue { visible, leases, delayed, gate, .. } = self;
        let gate = gate.as_ref().map_or(0, Gate::bytes);
        [visible.bytes(), leases.bytes(), delayed.bytes(), gate].into_iter().sum()
    }
}
