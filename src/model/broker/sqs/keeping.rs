//! What passes with time, and between queues: delays, retention, and messages that are moved.

use std::collections::{BTreeMap, VecDeque};

use super::item::{First, Fresh, Item, NO_TAG};
use super::queue::Queue;
use super::settings::Polling;
use super::timers::Timer;
use crate::model::broker::backlog::Backlog;
use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::memory::Memory;
use crate::model::message::{MessageId, Messages};
use crate::model::observation::{Fate, Gauge, Observer};
use crate::time::{SimDuration, SimTime};

/// Messages that are not visible yet, in the order in which they came.
#[derive(Debug)]
pub(super) struct Delayed {
    pub(super) line: Backlog,
    /// When they become visible, and how many at each of those times.
    pub(super) due: VecDeque<(SimTime, u32)>,
    /// Those with a delay of their own, by when they become visible, and when they were sent.
    pub(super) alone: BTreeMap<SimTime, Vec<(MessageId, SimTime)>>,
}

impl Delayed {
    pub(super) fn new(broker: NodeId) -> Delayed {
        let alone = BTreeMap::new();
        Delayed { line: Backlog::new(broker), due: VecDeque::new(), alone }
    }

    /// When the oldest message was produced.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        let alone = self.alone.values().flatten().map(|(id, _)| messages[*id].produced_at);
        alone.chain(self.line.oldest(messages)).min()
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let alone = self.alone.values().map(Vec::bytes);
        alone.chain([self.line.bytes(), self.due.bytes()]).sum()
    }
}

impl Queue {
    pub(super) fn delay<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) {
        let due = cx.now + self.settings.delay;
        self.delayed.line.push(message, cx.messages());
        match self.delayed.due.back_mut() {
            Some((last, count)) if *last == due => *count += 1,
            Some(_) | None => self.delayed.due.push_back((due, 1)),
        }
        self.timers.set(Timer::Delay, due, cx);
    }

    /// A message has a delay of its own.
    pub(super) fn delay_alone<O: Observer>(
        &mut self,
        message: MessageId,
        delay: SimDuration,
        cx: &mut Context<O>,
    ) {
        let due = cx.now + delay;
        self.delayed.alone.entry(due).or_default().push((message, cx.now));
        self.timers.set(Timer::Delay, due, cx);
    }

    /// What was delayed until now becomes visible.
    pub(super) fn on_delay_over<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.show_line(cx);
        while let Some(first) = self.delayed.alone.first_entry() {
            if *first.key() > cx.now {
                let due = *first.key();
                return self.timers.set(Timer::Delay, due, cx);
            }
            for (message, sent_at) in first.remove() {
                self.show_alone(message, sent_at, cx);
            }
        }
    }

    /// Others that were sent later may be visible already: it comes to the end all the same.
    fn show_alone<O: Observer>(
        &mut self,
        message: MessageId,
        sent_at: SimTime,
        cx: &mut Context<O>,
    ) {
        let kept_until = sent_at + self.settings.retention;
        if kept_until <= cx.now {
            return self.expire(message, Gauge::Waiting, cx);
        }
        let fresh = First::Fresh(Fresh { message, position: 0, sent_at });
        let item = self.origins.item(fresh, 0, cx);
        self.visible.put_last(item, cx);
        self.timers.set(Timer::Retention, kept_until, cx);
        self.wake(cx);
    }

    fn show_line<O: Observer>(&mut self, cx: &mut Context<O>) {
        while let Some(&(due, count)) = self.delayed.due.front() {
            if due > cx.now {
                return self.timers.set(Timer::Delay, due, cx);
            }
            self.delayed.due.pop_front();
            for _ in 0..count {
                let message = self.delayed.line.pop(cx.messages());
                let message = message.expect("everything that is due was delayed");
                self.show(message, due.before(self.settings.delay), cx);
            }
        }
    }

    /// What was kept for long enough is gone.
    pub(super) fn on_retention_over<O: Observer>(&mut self, cx: &mut Context<O>) {
        let before = cx.now.before(self.settings.retention);
        while let Some(item) = self.visible.pop_sent_by(before, &self.origins, cx) {
            self.expire(item.message, Gauge::Waiting, cx);
        }
        if let Some(first) = self.visible.first_sent() {
            self.timers.set(Timer::Retention, first + self.settings.retention, cx);
        }
    }

    /// A message that was counted by `gauge` was kept for long enough.
    pub(super) fn expire<O: Observer>(
        &mut self,
        message: MessageId,
        gauge: Gauge,
        cx: &mut Context<O>,
    ) {
        self.retire(message, gauge, cx);
        cx.messages()[message].note(Fate::Expired);
        cx.release(message);
    }

    /// A message comes from another queue; its hold comes with it.
    pub(super) fn take_in<O: Observer>(&mut self, item: Item, cx: &mut Context<O>) {
        self.change(Gauge::Lag, 1, cx);
        self.change(Gauge::Waiting, 1, cx);
        self.visible.put_last(Item { receives: 0, tag: NO_TAG, ..item }, cx);
        self.timers.set(Timer::Retention, cx.now.max(item.sent_at + self.settings.retention), cx);
        self.wake(cx);
    }

    /// Takes out the first message, without giving it to anybody.
    pub(super) fn take_out<O: Observer>(&mut self, cx: &mut Context<O>) -> Option<Item> {
        self.visible.begin(Polling::Long);
        let item = self.visible.next(&self.origins, cx);
        self.visible.end();
        if let Some(item) = item {
            self.retire(item.message, Gauge::Waiting, cx);
        }
        item
    }
}
