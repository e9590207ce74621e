//! Alarms: while memory or disk space is short every publisher of the whole broker waits, whatever it publishes to; consumers go on.
//!
//! Both are looked at now and then, so more comes in than the mark allows; and when nothing is short any more all who waited come at once.

use super::Amqp;
use super::timers::Timer;
use crate::model::context::Context;
use crate::model::observation::{Mark, Observer};
use crate::policy::alarm::Watch;

/// Something that may run short.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alarm {
    pub(super) watch: Watch,
    pub(super) is_raised: bool,
}

impl Amqp {
    /// Looks at everything that may run short, and sets the next looks.
    pub(super) fn watch_resources<O: Observer>(&mut self, cx: &mut Context<O>) {
        for alarm in 0..self.alarms.len() {
            self.await_look(alarm, cx);
        }
    }

    fn await_look<O: Observer>(&mut self, alarm: usize, cx: &mut Context<O>) {
        let watch = self.alarms[alarm].watch;
        let pause = watch.look_again(self.bytes_of(self.stored(watch)));
        self.timers.set(cx.now + pause, Timer::Resource { alarm }, cx);
    }

    /// Looks at what may run short, and sets the next look.
    pub(super) fn on_look_due<O: Observer>(&mut self, alarm: usize, cx: &mut Context<O>) {
        if self.is_up {
            self.look(alarm, cx);
        }
        self.await_look(alarm, cx);
    }

    /// The broker is up again, and looks at everything.
    pub(super) fn look_at_resources<O: Observer>(&mut self, cx: &mut Context<O>) {
        for alarm in 0..self.alarms.len() {
            self.look(alarm, cx);
        }
    }

    /// How many messages count.
    fn stored(&self, watch: Watch) -> u64 {
        let counts = |durable: bool| match watch {
            Watch::Memory { .. } => true,
            Watch::Disk { .. } => durable,
        };
        let queues = self.queues.iter().filter(|queue| counts(queue.settings.durable));
        queues.map(|queue| queue.lag).sum()
    }

    fn bytes_of(&self, stored: u64) -> u64 {
        stored.saturating_mul(self.message_bytes)
    }

    /// Raises an alarm, or clears it; if it was the last one, everybody comes in who waited.
    fn look<O: Observer>(&mut self, alarm: usize, cx: &mut Context<O>) {
        let Alarm { watch, is_raised } = self.alarms[alarm];
        let stored = self.stored(watch);
        let is_short = watch.alarms(self.bytes_of(stored));
        if is_short == is_raised {
            return;
        }
        self.alarms[alarm].is_raised = is_short;
        cx.mark(self.node, mark(watch, is_short, stored));
        self.is_alarmed = self.alarms.iter().any(|alarm| alarm.is_raised);
        if self.is_alarmed {
            return;
        }
        while let Some(publish) = self.blocked.pop(cx) {
            if self.flow.is_some() {
                self.let_in(publish, cx);
                continue;
            }
            let answer = self.accept(publish, cx);
            cx.post(answer);
        }
    }
}

fn mark(watch: Watch, is_short: bool, stored: u64) -> Mark {
    match (watch, is_short) {
        (Watch::Memory { .. }, true) => Mark::MemoryAlarm { stored },
        (Watch::Memory { .. }, false) => Mark::MemoryAlarmClears,
        (Watch::Disk { .. }, true) => Mark::DiskAlarm { stored },
        (Watch::Disk { .. }, false) => Mark::DiskAlarmClears,
    }
}
