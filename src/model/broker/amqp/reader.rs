//! One consumer of a queue: what it was sent, and how much more it may be.
//!
//! A broker of this kind pushes. What it has sent lies at the consumer until a worker takes it, or comes back when the consumer is gone;
//! until then nobody else can have it.

use std::collections::VecDeque;

use super::letter::{Letter, Line};
use super::settings::AmqpConsumer;
use crate::model::broker::Consumer;
use crate::model::id::NodeId;
use crate::model::memory::Memory;
use crate::model::message::Messages;
use crate::model::service::Verdict;
use crate::time::SimTime;

/// A worker that consumes.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) consumer: Consumer,
    pub(super) worker: u32,
    /// The node of its service.
    pub(super) node: NodeId,
    window: Option<u64>,
    pub(super) priority: i32,
    pub(super) auto_ack: bool,
    /// Whether the broker takes it for there.
    pub(super) is_present: bool,
    /// Since when nothing passes between the two, if nothing does.
    pub(super) silent_since: Option<SimTime>,
    /// What it would have said of deliveries since.
    pub(super) unheard: Vec<(u64, Verdict)>,
    /// Its worker has asked and found nothing.
    pub(super) is_hungry: bool,
    /// It stands in line for the next message.
    pub(super) is_in_turn: bool,
    /// How many messages it was ever sent: each has its number, from 0, as its tag.
    sent: u64,
    /// Sent, and not taken by its worker.
    arrived: Line,
    /// Taken by its worker, by tag.
    in_work: Vec<(u64, Letter)>,
    /// How many it had been sent at moments of the past.
    sent_by_then: VecDeque<u64>,
}

impl Reader {
    /// A consumer that was sent nothing.
    pub(super) fn new(of: &AmqpConsumer, worker: u32, broker: NodeId, expiring: bool) -> Reader {
        Reader {
            consumer: of.consumer,
            worker,
            node: of.node,
            window: of.window,
            priority: of.priority,
            auto_ack: of.auto_ack,
            is_present: true,
            silent_since: None,
            unheard: Vec::new(),
            is_hungry: false,
            is_in_turn: false,
            sent: 0,
            arrived: Line::of_delivered(broker, expiring),
            in_work: Vec::new(),
            sent_by_then: VecDeque::new(),
        }
    }

    /// How many messages it has in hand.
    #[inline]
    pub(super) fn in_hand(&self) -> u64 {
        self.arrived.len() + self.in_work.len() as u64
    }

    /// Whether it may be sent one more.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.is_present
            && (self.auto_ack || self.window.is_none_or(|window| self.in_hand() < window))
    }

    /// It is sent a message.
    #[inline]
    pub(super) fn send(&mut self, letter: Letter, messages: &mut Messages) {
        self.sent += 1;
        self.arrived.push(letter, messages);
    }

    /// Its worker takes the next of what arrived, and the tag of it.
    #[inline]
    pub(super) fn take(&mut self, messages: &mut Messages) -> Option<(u64, Letter)> {
        let tag = self.sent - self.arrived.len();
        let letter = self.arrived.pop(messages)?;
        if !self.auto_ack {
            self.in_work.push((tag, letter));
        }
        Some((tag, letter))
    }

    /// Its worker is done with what has this tag, unless that was taken from it.
    #[inline]
    pub(super) fn settle(&mut self, tag: u64) -> Option<Letter> {
        let place = self.in_work.iter().position(|(other, _)| *other == tag)?;
        Some(self.in_work.remove(place).1)
    }

    /// Takes everything away that it has in hand, in the order in which it was sent.
    pub(super) fn take_all(&mut self, messages: &mut Messages) -> Vec<Letter> {
        self.unheard.clear();
        let mut taken: Vec<Letter> = self.in_work.drain(..).map(|(_, letter)| letter).collect();
        taken.extend(std::iter::from_fn(|| self.arrived.pop(messages)));
        taken
    }

    /// Remembers how many messages it has been sent until now.
    pub(super) fn note_sent(&mut self) {
        self.sent_by_then.push_back(self.sent);
    }

    /// Whether it has had a message in hand since the earliest moment that was noted, which is looked at for the last time.
    pub(super) fn is_overdue(&mut self) -> bool {
        let Some(by_then) = self.sent_by_then.pop_front() else { return false };
        let in_work = self.in_work.iter().map(|(tag, _)| *tag).min();
        let arrived = (!self.arrived.is_empty()).then(|| self.sent - self.arrived.len());
        let oldest = in_work.into_iter().chain(arrived).min();
        !self.auto_ack && oldest.is_some_and(|tag| tag < by_then)
    }

    /// When the oldest message that it has in hand was produced.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        if self.auto_ack {
            return None;
        }
        let in_work = self.in_work.iter().map(|(_, letter)| messages[letter.message].produced_at);
        in_work.chain(self.arrived.oldest(messages)).min()
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        [self.arrived.bytes(), self.in_work.bytes()].into_iter().sum()
    }
}
