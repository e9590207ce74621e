//! Where letters go that have no place in their queue any more.
//!
//! A dead letter is published anew, to the dead-letter exchange of its queue and without confirms: what no queue takes is lost there
//! without a word. One that would come to a queue again from which it was dead-lettered before, no consumer having refused it since, goes
//! in a circle that nobody can break, and is dropped.

use std::collections::VecDeque;

use super::Amqp;
use super::letter::{Letter, Origin};
use super::queue::{Queue, Reason};
use super::timers::Timer;
use crate::model::context::Context;
use crate::model::observation::{Death, Fate, Gauge, Mark, Observer};

impl Amqp {
    /// Sees to what has left a queue, and to when the next letter leaves it.
    #[inline]
    pub(super) fn settle<O: Observer>(&mut self, queue: usize, cx: &mut Context<O>) {
        if !self.queues[queue].gone.is_empty() {
            self.bury(queue, cx);
        }
        self.await_expiry(queue, cx);
    }

    /// Sets the timer for the first in line of a queue, unless it is set.
    fn await_expiry<O: Observer>(&mut self, queue: usize, cx: &mut Context<O>) {
        let line = &mut self.queues[queue];
        let Some(expires) = line.head_expires().map(|expires| expires.max(cx.now)) else { return };
        if line.timer.is_none_or(|timer| expires < timer) {
            line.timer = Some(expires);
            self.timers.set(expires, Timer::Expiry { queue }, cx);
        }
    }

    /// One dead letter may displace another, which may be in another queue.
    #[cold]
    fn bury<O: Observer>(&mut self, queue: usize, cx: &mut Context<O>) {
        let mut open = VecDeque::from([queue]);
        while let Some(queue) = open.pop_front() {
            for (letter, reason) in std::mem::take(&mut self.queues[queue].gone) {
                self.forward(queue, &letter, reason, &mut open, cx);
                cx.release(letter.message);
            }
        }
    }

    /// A letter goes to where its queue sends dead letters; `open` are queues that have to be seen to then.
    fn forward<O: Observer>(
        &mut self,
        queue: usize,
        letter: &Letter,
        reason: Reason,
        open: &mut VecDeque<usize>,
        cx: &mut Context<O>,
    ) {
        let arrived = reason.death().filter(|death| {
            let targets = self.targets(queue, letter, *death);
            for (target, origin) in &targets {
                self.queues[*target].receive_dead_letter(letter, *origin, cx);
                self.await_expiry(*target, cx);
                open.push_back(*target);
            }
            !targets.is_empty()
        });
        let Some(death) = arrived else { return cx.messages()[letter.message].note(reason.fate()) };
        if !std::mem::replace(&mut self.queues[queue].has_dead_letters, true) {
            let at = self.queues[queue].settings.node;
            cx.mark(at, Mark::DeadLetters { reason: death });
        }
    }

    /// The queues that a dead letter comes to, and its origin in each.
    fn targets(&mut self, queue: usize, letter: &Letter, death: Death) -> Vec<(usize, u16)> {
        let origin = &self.origins[letter.origin];
        let Some(&way) = self.queues[queue].settings.dead_letters.get(origin.way) else {
            return Vec::new();
        };
        let passed = match death {
            Death::Rejected => Vec::new(),
            Death::Expired | Death::MaxLength | Death::DeliveryLimit => {
                origin.passed.iter().copied().chain([queue]).collect()
            }
        };
        let new = Origin { slot: origin.slot, way, ttl: None, passed };
        let open =
            |target: &&usize| !self.queues[**target].is_deleted && !new.passed.contains(target);
        let targets = self.ways[way].queues.iter().filter(open);
        targets.map(|target| (*target, self.origins.of(new.clone()))).collect()
    }
}

impl Queue {
    /// A dead letter comes to this queue, to stay for good if nobody consumes from it.
    fn receive_dead_letter<O: Observer>(
        &mut self,
        letter: &Letter,
        origin: u16,
        cx: &mut Context<O>,
    ) {
        if self.settings.is_last() {
            self.kept_for_good += 1;
            self.lag += 1;
            self.change(Gauge::Lag, 1, cx);
            self.change(Gauge::Waiting, 1, cx);
            return cx.messages()[letter.message].note(Fate::DeadLettered);
        }
        if !self.publish(letter.message, origin, letter.deliveries, None, cx) {
            cx.messages()[letter.message].note(Fate::Lost);
        }
    }
}

impl Reason {
    /// Why it makes a dead letter, if it does.
    fn death(self) -> Option<Death> {
        match self {
            Reason::Dead(death) => Some(death),
            Reason::QueueExpired | Reason::QueueLost => None,
        }
    }

    /// What becomes of a message that goes nowhere for this reason.
    fn fate(self) -> Fate {
        match self {
            Reason::Dead(Death::Expired) | Reason::QueueExpired => Fate::Expired,
            Reason::Dead(Death::Rejected | Death::MaxLength | Death::DeliveryLimit)
            | Reason::QueueLost => Fate::Lost,
        }
    }
}
