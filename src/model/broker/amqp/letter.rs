//! A copy of a message in a queue, and what is written on it.
//!
//! What copies have in common is kept once, as an [`Origin`]: for which destination of its producer it is, by which way it came, and how
//! long it lives. There are few of them, so a copy that waits remembers its origin by a small number.

use std::collections::VecDeque;

use crate::model::broker::backlog::Backlog;
use crate::model::id::NodeId;
use crate::model::memory::Memory;
use crate::model::message::{MessageId, Messages};
use crate::time::{SimDuration, SimTime};

/// A copy of a message in a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter {
    pub(super) message: MessageId,
    /// Its place in the order of the queue.
    pub(super) position: u64,
    /// The place of its origin.
    pub(super) origin: u16,
    /// How often it was delivered, in this queue and in those where it was before.
    pub(super) deliveries: u32,
    /// How often it came back to this queue.
    pub(super) returns: u32,
    /// Until when it may wait.
    pub(super) expires: SimTime,
}

/// When something expires that doesn't.
pub(super) const NEVER: SimTime = SimTime::MAX;

/// What letters have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// The place of its destination among all destinations of its producer.
    pub(super) slot: u8,
    /// The way by which it came.
    pub(super) way: usize,
    /// How long its publisher says that it lives.
    pub(super) ttl: Option<SimDuration>,
    /// The queues that it was dead-lettered from since a consumer refused it last.
    pub(super) passed: Vec<usize>,
}

/// All origins that there have been.
#[derive(Debug, Default)]
pub(super) struct Origins(Vec<Origin>);

impl Origins {
    /// The place of an origin.
    pub(super) fn of(&mut self, origin: Origin) -> u16 {
        let known = self.0.iter().position(|other| *other == origin);
        let place = known.unwrap_or_else(|| {
            self.0.push(origin);
            self.0.len() - 1
        });
        u16::try_from(place).expect("at most 65,536 ways for messages to be dead-lettered")
    }
}

impl std::ops::Index<u16> for Origins {
    type Output = Origin;
    #[inline]
    fn index(&self, place: u16) -> &Origin {
        &self.0[usize::from(place)]
    }
}

/// Letters in line, first in, first out. What nearly all of them don't have takes no memory.
#[derive(Debug)]
pub(super) struct Line {
    messages: Backlog,
    /// The origin of each; empty where all have the same.
    origins: VecDeque<u16>,
    /// The origin that all have then.
    origin: u16,
    /// The number of the first in line, counted from the first that ever was.
    first: u64,
    /// Places in the order, where they are not the numbers in line.
    positions: Option<Positions>,
    /// For each until when it may wait; empty where nothing expires.
    expiries: Option<VecDeque<SimTime>>,
    /// How often a letter in this line was delivered, unless something else is said of it.
    usual: u32,
    /// Of what it is said, by its number in line: deliveries and returns.
    again: VecDeque<(u64, u32, u32)>,
}

/// Places in the order of what leaves as it came: equal steps from one to the next are kept once, because consumers take turns.
#[derive(Debug, Default)]
struct Positions {
    /// The place of the one that left last, or came to an empty line.
    left: u64,
    /// The place of the one that came last.
    came: u64,
    steps: VecDeque<Steps>,
}

/// So many places in a row, each so far from the one before it.
#[derive(Debug)]
struct Steps {
    step: i64,
    count: u64,
}

impl Positions {
    #[inline]
    fn push(&mut self, position: u64) {
        if self.steps.is_empty() {
            (self.left, self.came) = (position, position);
        }
        let step = position.wrapping_sub(self.came) as i64;
        self.came = position;
        match self.steps.back_mut() {
            Some(steps) if steps.step == step => steps.count += 1,
            Some(_) | None => self.steps.push_back(Steps { step, count: 1 }),
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<u64> {
        let steps = self.steps.front_mut()?;
        self.left = self.left.wrapping_add_signed(steps.step);
        steps.count -= 1;
        if steps.count == 0 {
            self.steps.pop_front();
        }
        Some(self.left)
    }
}

impl Line {
    /// An empty line at the broker `node`. With `expiring`, letters in it have a time to live.
    pub(super) fn new(node: NodeId, expiring: bool) -> Line {
        Line {
            messages: Backlog::new(node),
            origins: VecDeque::new(),
            origin: 0,
            first: 0,
            positions: None,
            expiries: expiring.then(VecDeque::new),
            usual: 0,
            again: VecDeque::new(),
        }
    }

    /// The same, for letters that were delivered, and whose places in the order have gaps.
    pub(super) fn of_delivered(node: NodeId, expiring: bool) -> Line {
        Line { positions: Some(Positions::default()), usual: 1, ..Line::new(node, expiring) }
    }

    #[inline]
    pub(super) fn len(&self) -> u64 {
        self.messages.len() as u64
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The number that the next in line will have.
    #[inline]
    pub(super) fn end(&self) -> u64 {
        self.first + self.len()
    }

    /// A letter is not put in line, and yet counted as one that was.
    #[inline]
    pub(super) fn skip(&mut self) -> u64 {
        debug_assert!(self.is_empty(), "a letter may go past nobody");
        self.first += 1;
        self.first - 1
    }

    /// Puts a letter at the end.
    #[inline]
    pub(super) fn push(&mut self, letter: Letter, messages: &mut Messages) {
        let Letter { message, position, origin, deliveries, returns, expires } = letter;
        if (deliveries, returns) != (self.usual, 0) {
            self.again.push_back((self.end(), deliveries, returns));
        }
        self.note_origin(origin);
        self.messages.push(message, messages);
        if let Some(positions) = &mut self.positions {
            positions.push(position);
        }
        if let Some(expiries) = &mut self.expiries {
            expiries.push_back(expires);
        }
    }

    /// The next letter in line has this origin.
    #[inline]
    fn note_origin(&mut self, origin: u16) {
        if self.is_empty() {
            self.origin = origin;
        } else if !self.origins.is_empty() {
            self.origins.push_back(origin);
        } else if origin != self.origin {
            self.origins.resize(self.messages.len(), self.origin);
            self.origins.push_back(origin);
        }
    }

    /// Takes the first letter.
    #[inline]
    pub(super) fn pop(&mut self, messages: &mut Messages) -> Option<Letter> {
        let message = self.messages.pop(messages)?;
        let number = self.first;
        self.first += 1;
        let origin = self.origins.pop_front().unwrap_or(self.origin);
        let (deliveries, returns) = match self.again.front() {
            Some(&(at, deliveries, returns)) if at == number => {
                self.again.pop_front();
                (deliveries, returns)
            }
            Some(_) | None => (self.usual, 0),
        };
        let position = self.positions.as_mut().and_then(Positions::pop).unwrap_or(number);
        let expires = self.expiries.as_mut().and_then(VecDeque::pop_front).unwrap_or(NEVER);
        Some(Letter { message, position, origin, deliveries, returns, expires })
    }

    /// Until when the first in line may wait.
    #[inline]
    pub(super) fn expires(&self) -> SimTime {
        self.expiries.as_ref().and_then(VecDeque::front).copied().unwrap_or(NEVER)
    }

    /// When the oldest message in line was produced.
    pub(super) fn oldest(&self, messages: &Messages) -> Option<SimTime> {
        self.messages.oldest(messages)
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let Line { messages, origins, positions, expiries, again, .. } = self;
        let positions = positions.as_ref().map_or(0, |positions| positions.steps.bytes());
        let parts = [messages.bytes(), origins.bytes(), positions, expiries.bytes(), again.bytes()];
        parts.into_iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;

    /// Letters at these places in the order; every third was delivered before.
    fn letters(positions: &[u64], messages: &mut Messages) -> Vec<Letter> {
        let letter = |(number, position): (usize, &u64)| {
            let at = SimTime::from_nanos(number as u64);
            let again = u32::from(number.is_multiple_of(3));
            Letter {
                message: messages.create(at, number as u32, Id::new(0), NodeId::new(0)),
                position: *position,
                origin: number as u16,
                deliveries: 2 * again,
                returns: again,
                expires: SimTime::from_nanos(position + 7),
            }
        };
        positions.iter().enumerate().map(letter).collect()
    }

    fn pass(line: &mut Line, sent: &[Letter], messages: &mut Messages) -> Vec<String> {
        sent.iter().for_each(|letter| line.push(*letter, messages));
        std::iter::from_fn(|| line.pop(messages)).map(|letter| format!("{letter:?}")).collect()
    }

    #[test]
    fn letters_leave_as_they_came() {
        let mut messages = Messages::default();
        for positions in [[0, 1, 2, 3], [5, 3, (1 << 40) + 2, 1 << 40], [7, 107, 207, 8]] {
            let sent = letters(&positions, &mut messages);
            let mut line = Line::of_delivered(NodeId::new(1), true);
            let wanted: Vec<String> = sent.iter().map(|letter| format!("{letter:?}")).collect();
            assert_eq!(pass(&mut line, &sent, &mut messages), wanted);
        }
    }

    #[test]
    fn where_the_order_has_no_gaps_places_are_counted() {
        let mut messages = Messages::default();
        let mut line = Line::new(NodeId::new(1), true);
        assert_eq!(line.skip(), 0);
        let sent = letters(&[1, 2, 3], &mut messages);
        let wanted: Vec<String> = sent.iter().map(|letter| format!("{letter:?}")).collect();
        assert_eq!(pass(&mut line, &sent, &mut messages), wanted);
        assert_eq!(line.end(), 4);
    }

    #[test]
    fn equal_origins_are_one() {
        let mut origins = Origins::default();
        let origin = |way| Origin { slot: 0, way, ttl: None, passed: vec![way] };
        let [a, b, c] = [1, 2, 1].map(|way| origins.of(origin(way)));
        assert_eq!((a, b), (c, 1));
        assert_eq!(origins[b].way, 2);
    }
}
