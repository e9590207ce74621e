//! Consumers that come and go, and those of whom nobody knows.
//!
//! A process that dies takes its connections along: a moment later everything that it had in hand is delivered to others. One that is
//! merely out of reach is found out by its heartbeats, and is sent messages until then. One that is there and does nothing keeps what it
//! has until the acknowledgement timeout.

use super::Amqp;
use super::letter::Letter;
use super::queue::Queue;
use super::timers::Timer;
use crate::model::broker::{Client, Consumer, Presence};
use crate::model::context::Context;
use crate::model::observation::{Mark, Observer};
use crate::model::service::Verdict;
use crate::time::SimTime;

impl Amqp {
    /// The workers of a service come or go as consumers of a queue.
    pub(super) fn attend<O: Observer>(
        &mut self,
        consumer: Consumer,
        queue: usize,
        presence: Presence,
        cx: &mut Context<O>,
    ) {
        let of = &mut self.queues[queue];
        for place in of.workers(consumer) {
            match presence {
                Presence::Started => {
                    of.take_back(&[place], cx);
                    of.register(place);
                }
                Presence::Reachable => {
                    of.register(place);
                    let heard = std::mem::take(&mut of.readers[place].unheard);
                    of.conclude(place, heard.into_iter(), cx);
                }
                Presence::Unreachable => {
                    of.readers[place].silent_since.get_or_insert(cx.now);
                    of.readers[place].is_hungry = false;
                }
                Presence::Dead | Presence::Left => {}
            }
        }
        match presence {
            Presence::Dead | Presence::Left => self.bereave(consumer, queue, cx),
            Presence::Unreachable => {
                self.timers.set(cx.now + self.heartbeat_timeout, Timer::Heartbeat { queue }, cx);
            }
            Presence::Started | Presence::Reachable => {}
        }
        self.go_on(queue, cx);
    }

    /// A service died: what its workers had in hand comes back, when the broker knows.
    fn bereave<O: Observer>(&mut self, consumer: Consumer, queue: usize, cx: &mut Context<O>) {
        let due = cx.now + self.requeue_after;
        let of = &mut self.queues[queue];
        let mut letters = Vec::new();
        for place in of.workers(consumer) {
            letters.extend(of.seize(place, cx));
            of.leave(place, cx.now);
        }
        letters.sort_by_key(|letter| letter.position);
        if due == cx.now {
            of.give_back(letters, cx);
        } else if !letters.is_empty() {
            of.adrift.push_back((due, letters));
            self.timers.set(due, Timer::Adrift { queue }, cx);
        }
        self.await_disuse(queue, cx);
    }

    /// What dead consumers had in hand is back.
    pub(super) fn on_adrift<O: Observer>(&mut self, queue: usize, cx: &mut Context<O>) {
        let of = &mut self.queues[queue];
        while of.adrift.front().is_some_and(|(due, _)| *due <= cx.now) {
            if let Some((_, letters)) = of.adrift.pop_front() {
                of.give_back(letters, cx);
            }
        }
        self.go_on(queue, cx);
    }

    /// Consumers of which nothing was heard for too long are gone.
    pub(super) fn on_heartbeat_due<O: Observer>(&mut self, queue: usize, cx: &mut Context<O>) {
        let limit = self.heartbeat_timeout;
        let of = &mut self.queues[queue];
        let silent = |place: &usize| {
            let since = of.readers[*place].silent_since;
            since.is_some_and(|since| since + limit <= cx.now)
        };
        let lost: Vec<usize> = (0..of.readers.len()).filter(silent).collect();
        of.take_back(&lost, cx);
        for place in lost {
            of.leave(place, cx.now);
            cx.mark(of.settings.node, Mark::SessionExpired { member: of.readers[place].node });
        }
        self.await_disuse(queue, cx);
        self.go_on(queue, cx);
    }

    /// Consumers that have had a message in hand for too long are cut off, until they ask again.
    pub(super) fn on_overdue<O: Observer>(&mut self, cx: &mut Context<O>) {
        for queue in 0..self.queues.len() {
            let of = &mut self.queues[queue];
            let readers = of.readers.iter_mut().enumerate();
            let late = readers.filter_map(|(place, reader)| reader.is_overdue().then_some(place));
            let late: Vec<usize> = late.collect();
            if late.is_empty() {
                continue;
            }
            of.take_back(&late, cx);
            for place in late {
                of.leave(place, cx.now);
                let member = of.readers[place].node;
                cx.mark(of.settings.node, Mark::ConsumerTimedOut { member });
            }
            self.await_disuse(queue, cx);
            self.go_on(queue, cx);
        }
    }

    /// A queue that has just lost its last consumer, and is not to be kept without, is deleted after a while.
    pub(super) fn await_disuse<O: Observer>(&mut self, queue: usize, cx: &mut Context<O>) {
        let of = &self.queues[queue];
        if let (Some(since), Some(expires)) = (of.unused_since, of.settings.expires) {
            self.timers.set(since + expires, Timer::Unused { queue }, cx);
        }
    }

    /// A queue that nobody has used for too long is deleted, with all that it holds.
    pub(super) fn on_unused<O: Observer>(&mut self, queue: usize, cx: &mut Context<O>) {
        let of = &mut self.queues[queue];
        let (Some(since), Some(expires)) = (of.unused_since, of.settings.expires) else { return };
        if since + expires <= cx.now && !of.is_deleted {
            of.is_deleted = true;
            let lost = of.purge(super::queue::Reason::QueueExpired, cx);
            cx.mark(of.settings.node, Mark::QueueDeleted { lost });
            self.settle(queue, cx);
        }
    }
}

impl Queue {
    /// The places of the workers of a service among the consumers.
    #[inline]
    pub(super) fn workers(&self, consumer: Consumer) -> std::ops::Range<usize> {
        let mut first = 0;
        for other in &self.settings.consumers {
            let next = first + other.workers as usize;
            if other.consumer == consumer {
                return first..next;
            }
            first = next;
        }
        unreachable!("{consumer:?} does not consume from this queue")
    }

    /// The place of a worker among the consumers.
    #[inline]
    pub(super) fn place_of(&self, client: Client) -> usize {
        self.workers(client.consumer).start + client.worker as usize
    }

    /// A consumer is there.
    pub(super) fn register(&mut self, place: usize) {
        let reader = &mut self.readers[place];
        reader.is_present = true;
        reader.silent_since = None;
        reader.is_hungry = false;
        self.unused_since = None;
        self.is_deleted = false;
        self.make_room(place);
    }

    /// A consumer may have room.
    #[inline]
    pub(super) fn make_room(&mut self, place: usize) {
        if !self.readers[place].is_present {
            return;
        }
        if self.settings.single_active {
            self.single.join(place);
        } else {
            self.turns.join(place, &mut self.readers[place]);
        }
    }

    /// A consumer is gone.
    fn leave(&mut self, place: usize, now: SimTime) {
        let reader = &mut self.readers[place];
        reader.is_present = false;
        reader.silent_since = None;
        self.single.leave(place);
        if self.readers.iter().all(|reader| !reader.is_present) {
            self.unused_since.get_or_insert(now);
        }
    }

    /// Takes everything away that a consumer has in hand; what counts as done is lost with it.
    fn seize<O: Observer>(&mut self, place: usize, cx: &mut Context<O>) -> Vec<Letter> {
        let letters = self.readers[place].take_all(cx.messages());
        if !self.readers[place].auto_ack {
            return letters;
        }
        letters.into_iter().for_each(|letter| cx.lose(letter.message));
        Vec::new()
    }

    /// Everything that these consumers have in hand comes back at once.
    pub(super) fn take_back<O: Observer>(&mut self, places: &[usize], cx: &mut Context<O>) {
        let mut letters = Vec::new();
        for place in places {
            letters.extend(self.seize(*place, cx));
        }
        letters.sort_by_key(|letter| letter.position);
        self.give_back(letters, cx);
    }

    /// What a consumer says of what has these tags, unless that was taken from it.
    #[inline]
    pub(super) fn conclude<O: Observer>(
        &mut self,
        place: usize,
        verdicts: impl Iterator<Item = (u64, Verdict)>,
        cx: &mut Context<O>,
    ) {
        let mut failed = Vec::new();
        for (tag, verdict) in verdicts {
            let Some(letter) = self.readers[place].settle(tag) else { continue };
            match verdict {
                Verdict::Done => self.acknowledge(letter, cx),
                Verdict::Failed => failed.push(letter),
                Verdict::Rejected => self.reject(letter, cx),
            }
        }
        self.give_back(failed, cx);
        self.make_room(place);
    }
}
