//! What passes with time, and between queues: delays, retention, and messages that are moved.

use std::collections::VecDeque;

use super::item::Item;
use super::queue::Queue;
use super::settings::Polling;
use super::timers::Timer;
use crate::model::broker::backlog::Backlog;
use crate::model::context::Context;
use crate::model::message::MessageId;
use crate::model::observation::{Fate, Gauge, Observer};
use crate::time::SimTime;

/// Messages that are not visible yet, in the order in which they came.
#[derive(Debug)]
pub(super) struct Delayed {
    pub(super) line: Backlog,
    /// When they become visible, and how many at each of those times.
    pub(super) due: VecDeque<(SimTime, u32)>,
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

    /// What was delayed until now becomes visible.
    pub(super) fn on_delay_over<O: Observer>(&mut self, cx: &mut Context<O>) {
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
        self.visible.put_last(Item { receives: 0, ..item }, cx);
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
