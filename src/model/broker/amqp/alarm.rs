//! The memory alarm: above the mark every publisher of the whole broker waits, whatever it publishes to; consumers go on.
//!
//! Memory is looked at now and then, so more comes in than the mark allows, and when it is below the mark again all who waited come at
//! once.

use super::Amqp;
use super::timers::Timer;
use crate::model::context::Context;
use crate::model::observation::{Mark, Observer};

impl Amqp {
    /// Sets the first look at memory.
    pub(super) fn watch_memory<O: Observer>(&mut self, cx: &mut Context<O>) {
        if let Some(alarm) = self.alarm {
            self.timers.set(cx.now + alarm.check_every, Timer::Memory, cx);
        }
    }

    /// Looks at memory, and sets the next look.
    pub(super) fn on_memory_due<O: Observer>(&mut self, cx: &mut Context<O>) {
        if self.is_up {
            self.look_at_memory(cx);
        }
        self.watch_memory(cx);
    }

    /// Raises the alarm, or clears it and lets everybody in who waited.
    pub(super) fn look_at_memory<O: Observer>(&mut self, cx: &mut Context<O>) {
        let Some(alarm) = self.alarm else { return };
        let stored: u64 = self.queues.iter().map(|queue| queue.lag).sum();
        let is_full = stored > alarm.messages;
        if is_full == self.is_alarmed {
            return;
        }
        self.is_alarmed = is_full;
        if is_full {
            return cx.mark(self.node, Mark::MemoryAlarm { stored });
        }
        cx.mark(self.node, Mark::MemoryAlarmClears);
        while let Some(publish) = self.blocked.pop(cx) {
            let answer = self.accept(publish, cx);
            cx.post(answer);
        }
    }
}
