//! A queue: letters in order, who consumes them, and what becomes of those that can't stay.
//!
//! A letter waits, or is in the hands of one consumer, or goes. What goes is put on a list, from which the broker takes it to where dead
//! letters go: they may come to other queues, and this one knows of none.

use std::collections::{BTreeMap, VecDeque};

use super::letter::{Letter, Line, NEVER};
use super::reader::Reader;
use super::settings::AmqpQueueSettings;
use super::turns::{Single, Turns};
use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::memory::Memory;
use crate::model::message::{MessageId, Messages};
use crate::model::observation::{Death, Gauge, Observation, Observer, Place};
use crate::policy::length_limit::Admission;
use crate::policy::returns::Return;
use crate::time::{SimDuration, SimTime};

/// Why a letter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// It is a dead letter.
    Dead(Death),
    /// Its queue was deleted because nobody used it.
    QueueExpired,
    /// Its queue was lost in a crash.
    QueueLost,
}

/// A queue.
#[derive(Debug)]
pub(super) struct Queue {
    /// The broker, and the queue.
    pub(super) at: [NodeId; 2],
    pub(super) settings: AmqpQueueSettings,
    /// Never delivered yet, but for what a quorum queue without limit got back.
    ready: Line,
    /// Come back to their places in the order (classic).
    in_place: BTreeMap<u64, Letter>,
    /// Come back, in the order in which they did (quorum).
    returns: VecDeque<Letter>,
    pub(super) readers: Vec<Reader>,
    pub(super) turns: Turns,
    pub(super) single: Single,
    /// Taken from consumers that died, and not known to be back.
    pub(super) adrift: VecDeque<(SimTime, Vec<Letter>)>,
    /// Letters that have gone, for the broker to see to.
    pub(super) gone: Vec<(Letter, Reason)>,
    /// Dead letters that nobody will ever take.
    pub(super) kept_for_good: u64,
    /// What is stored and not acknowledged.
    pub(super) lag: u64,
    /// Whether the broker is up, and sends anything.
    pub(super) is_up: bool,
    /// Whether letters may expire.
    expiring: bool,
    /// When the timer for the first in line is due, if one is set.
    pub(super) timer: Option<SimTime>,
    /// Whether it is known that it has dead letters.
    pub(super) has_dead_letters: bool,
    /// Since when it has no consumers.
    pub(super) unused_since: Option<SimTime>,
    pub(super) is_deleted: bool,
}

impl Queue {
    /// An empty queue, whose consumers are all there. With `expiring`, letters may have a time to live.
    pub(super) fn new(broker: NodeId, settings: AmqpQueueSettings, expiring: bool) -> Queue {
        let readers = settings.consumers.iter().flat_map(|of| {
            (0..of.workers).map(move |worker| Reader::new(of, worker, broker, expiring))
        });
        Queue {
            at: [broker, settings.node],
            readers: readers.collect(),
            settings,
            ready: Line::new(broker, expiring),
            in_place: BTreeMap::new(),
            returns: VecDeque::new(),
            turns: Turns::default(),
            single: Single::default(),
            adrift: VecDeque::new(),
            gone: Vec::new(),
            kept_for_good: 0,
            lag: 0,
            is_up: true,
            expiring,
            timer: None,
            has_dead_letters: false,
            unused_since: None,
            is_deleted: false,
        }
    }

    #[inline]
    pub(super) fn change<O: Observer>(&self, gauge: Gauge, by: i64, cx: &mut Context<O>) {
        for at in self.at {
            cx.change(at, gauge, by);
        }
    }

    /// How many letters wait.
    #[inline]
    pub(super) fn waiting(&self) -> u64 {
        let came_back = self.in_place.len() + self.returns.len();
        self.ready.len() + came_back as u64 + self.kept_for_good
    }

    /// A message comes, with a hold on it if it is stored. Whether it was.
    #[inline]
    pub(super) fn publish<O: Observer>(
        &mut self,
        message: MessageId,
        origin: u16,
        deliveries: u32,
        ttl: Option<SimDuration>,
        cx: &mut Context<O>,
    ) -> bool {
        let ttl = ttl.into_iter().chain(self.settings.message_ttl).min();
        let expires = ttl.map_or(NEVER, |ttl| cx.now + ttl);
        let letter = Letter { message, position: 0, origin, deliveries, returns: 0, expires };
        match self.settings.overflow.admission(self.waiting(), self.settings.max_length) {
            Admission::Refused => return false,
            Admission::RefusedToDeadLetters => {
                cx.messages()[message].hold();
                self.gone.push((letter, Reason::Dead(Death::MaxLength)));
                return false;
            }
            Admission::Displaces(count) => {
                for _ in 0..count {
                    self.drop_head(Reason::Dead(Death::MaxLength), cx);
                }
            }
            Admission::Stored => {}
        }
        let waiting = self.waiting();
        cx.move_to(message, self.at[0], Place::Broker);
        cx.messages()[message].hold();
        self.lag += 1;
        self.change(Gauge::Lag, 1, cx);
        match self.next_reader() {
            Some(reader) if waiting == 0 => {
                let position = self.ready.skip();
                self.send(Letter { position, ..letter }, reader, cx);
            }
            Some(_) | None => {
                self.change(Gauge::Waiting, 1, cx);
                self.ready.push(letter, cx.messages());
                self.tidy(cx);
            }
        }
        true
    }

    /// Whoever is next for a message, if anybody has room.
    #[inline]
    fn next_reader(&mut self) -> Option<usize> {
        if !self.is_up {
            return None;
        }
        if self.settings.single_active {
            return self.single.first(self.settings.queue_type, &self.readers);
        }
        self.turns.first(&mut self.readers)
    }

    /// Sends a letter that waits no longer to a consumer.
    #[inline]
    fn send<O: Observer>(&mut self, mut letter: Letter, to: usize, cx: &mut Context<O>) {
        letter.deliveries += 1;
        if letter.deliveries > 1 {
            for at in self.at {
                cx.observe(Observation::Redelivered { at });
            }
        }
        let reader = &mut self.readers[to];
        if reader.auto_ack {
            let node = reader.node;
            self.retire(letter.message, cx);
            cx.messages()[letter.message].acknowledge();
            cx.move_to(letter.message, node, Place::Service);
        } else {
            self.change(Gauge::InFlight, 1, cx);
        }
        let reader = &mut self.readers[to];
        reader.send(letter, cx.messages());
        if !self.settings.single_active {
            self.turns.next(to, reader);
        }
        if std::mem::take(&mut reader.is_hungry) {
            cx.post(Some(reader.consumer.available(reader.worker)));
        }
    }

    /// Sends what waits to whoever has room.
    #[inline]
    pub(super) fn dispatch<O: Observer>(&mut self, cx: &mut Context<O>) {
        while let Some(reader) = self.next_reader() {
            self.drop_expired(cx);
            let Some(letter) = self.pop(cx.messages()) else { return };
            self.change(Gauge::Waiting, -1, cx);
            self.send(letter, reader, cx);
        }
    }

    /// Sends what can be sent; lets go of what is too much or too old.
    #[inline]
    pub(super) fn tidy<O: Observer>(&mut self, cx: &mut Context<O>) {
        self.dispatch(cx);
        let AmqpQueueSettings { overflow, max_length, .. } = self.settings;
        for _ in 0..overflow.surplus(self.waiting(), max_length) {
            if !self.drop_head(Reason::Dead(Death::MaxLength), cx) {
                break;
            }
        }
        self.drop_expired(cx);
    }

    /// Lets go of the first in line.
    fn drop_head<O: Observer>(&mut self, reason: Reason, cx: &mut Context<O>) -> bool {
        let Some(letter) = self.pop(cx.messages()) else { return false };
        self.change(Gauge::Waiting, -1, cx);
        self.let_go(letter, reason, cx);
        true
    }

    /// Lets go of what has waited too long at the head of the line. Behind a letter that may wait nobody looks.
    #[inline]
    fn drop_expired<O: Observer>(&mut self, cx: &mut Context<O>) {
        while self.head_expires().is_some_and(|expires| expires <= cx.now) {
            self.drop_head(Reason::Dead(Death::Expired), cx);
        }
    }

    /// Until when the first in line may wait, if there is an end to it.
    #[inline]
    pub(super) fn head_expires(&self) -> Option<SimTime> {
        if !self.expiring {
            return None;
        }
        let came_back = self.in_place.first_key_value().map(|(_, letter)| letter);
        let first = came_back.or(self.returns.front());
        let expires = first.map_or_else(|| self.ready.expires(), |letter| letter.expires);
        Some(expires).filter(|expires| *expires != NEVER)
    }

    #[inline]
    fn pop(&mut self, messages: &mut Messages) -> Option<Letter> {
        if let Some((_, letter)) = self.in_place.pop_first() {
            return Some(letter);
        }
        self.returns.pop_front().or_else(|| self.ready.pop(messages))
    }

    /// A letter that neither waits nor is in anybody's hands goes.
    fn let_go<O: Observer>(&mut self, letter: Letter, reason: Reason, cx: &mut Context<O>) {
        self.retire(letter.message, cx);
        self.gone.push((letter, reason));
    }

    /// The queue is done with a message.
    #[inline]
    fn retire<O: Observer>(&mut self, message: MessageId, cx: &mut Context<O>) {
        let age = cx.now.since(cx.produced_at(message));
        for at in self.at {
            cx.observe(Observation::Retired { at, age });
        }
        self.lag -= 1;
        self.change(Gauge::Lag, -1, cx);
    }

    /// A consumer is done with a letter.
    #[inline]
    pub(super) fn acknowledge<O: Observer>(&mut self, letter: Letter, cx: &mut Context<O>) {
        self.change(Gauge::InFlight, -1, cx);
        self.retire(letter.message, cx);
        cx.messages()[letter.message].acknowledge();
        cx.release(letter.message);
    }

    /// A consumer refuses a letter.
    pub(super) fn reject<O: Observer>(&mut self, letter: Letter, cx: &mut Context<O>) {
        self.change(Gauge::InFlight, -1, cx);
        self.let_go(letter, Reason::Dead(Death::Rejected), cx);
    }

    /// Letters come back from a consumer, in the order in which it got them.
    pub(super) fn give_back<O: Observer>(&mut self, letters: Vec<Letter>, cx: &mut Context<O>) {
        if letters.is_empty() {
            return;
        }
        self.change(Gauge::InFlight, -(letters.len() as i64), cx);
        for mut letter in letters {
            letter.returns += 1;
            let AmqpQueueSettings { queue_type, delivery_limit, .. } = self.settings;
            if self.is_deleted {
                self.let_go(letter, Reason::QueueExpired, cx);
                continue;
            }
            match queue_type.returned(letter.returns, delivery_limit) {
                Return::GivenUp => {
                    self.let_go(letter, Reason::Dead(Death::DeliveryLimit), cx);
                    continue;
                }
                Return::InPlace => {
                    self.in_place.insert(letter.position, letter);
                }
                Return::ToReturns => self.returns.push_back(letter),
                Return::ToBack => {
                    letter.position = self.ready.end();
                    self.ready.push(letter, cx.messages());
                }
            }
            self.change(Gauge::Waiting, 1, cx);
        }
    }

    /// The broker went down: everything that consumers have in hand is back.
    pub(super) fn recall<O: Observer>(&mut self, cx: &mut Context<O>) {
        let mut letters: Vec<Letter> =
            self.adrift.drain(..).flat_map(|(_, letters)| letters).collect();
        for reader in self.readers.iter_mut().filter(|reader| !reader.auto_ack) {
            letters.extend(reader.take_all(cx.messages()));
        }
        letters.sort_by_key(|letter| letter.position);
        self.give_back(letters, cx);
    }

    /// Whether it takes one more message.
    pub(super) fn accepts(&self) -> bool {
        let AmqpQueueSettings { overflow, max_length, .. } = self.settings;
        match overflow.admission(self.waiting(), max_length) {
            Admission::Stored | Admission::Displaces(_) => true,
            Admission::Refused | Admission::RefusedToDeadLetters => false,
        }
    }

    /// Lets go of everything that waits.
    pub(super) fn purge<O: Observer>(&mut self, reason: Reason, cx: &mut Context<O>) -> u32 {
        let mut count = 0;
        while self.drop_head(reason, cx) {
            count += 1;
        }
        count
    }

    /// When the oldest message was produced that is stored or not acknowledged.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        let adrift = self.adrift.iter().flat_map(|(_, letters)| letters);
        let one_by_one = self.in_place.values().chain(&self.returns).chain(adrift);
        let one_by_one = one_by_one.map(|letter| messages[letter.message].produced_at);
        let in_hand = self.readers.iter().filter_map(|reader| reader.oldest(messages));
        one_by_one.chain(in_hand).chain(self.ready.oldest(messages)).min()
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let readers = self.readers.iter().map(Reader::bytes);
        let adrift = self.adrift.iter().map(|(_, letters)| letters.bytes());
        let waiting = [self.ready.bytes(), self.in_place.bytes(), self.returns.bytes()];
        readers.chain(adrift).chain(waiting).sum()
    }
}
