//! What is in the hands of consumers: who has it, and until when.
//!
//! Tags count deliveries. Leases without heartbeats last equally long, so they end in the order of their tags; only those that a heartbeat
//! may move on are kept in a heap. Most messages are deleted soon, about in the order of their delivery; what stays behind long
//! after its neighbours is set aside, so that memory goes by what is in hand and not by what was.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use super::item::Item;
use crate::model::broker::Consumer;
use crate::model::memory::Memory;
use crate::policy::redelivery::{Lease, Visibility};
use crate::time::SimTime;

/// A message in the hands of a consumer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) item: Item,
    pub(super) consumer: Consumer,
    pub(super) lease: Lease,
    /// How long it lasts, and how its consumer extends it.
    pub(super) visibility: Visibility,
    pub(super) pulse: Pulse,
    /// Whether it is kept in the heap: it has heartbeats, or was looked at too early.
    pub(super) is_renewed: bool,
}

/// Whether heartbeats come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulse {
    /// They do, if its consumer sends any.
    Beating,
    /// They can't get through, since then.
    CutOff(SimTime),
    /// Its consumer is gone or has done with it, since then.
    Stopped(SimTime),
}

/// All that is in the hands of consumers.
#[derive(Debug, Default)]
pub(super) struct Leases {
    /// From tag `first` on; `None` is deleted or visible again.
    open: VecDeque<Option<Held>>,
    first: u64,
    /// How many of those are held.
    count: u64,
    /// What is held from before that.
    late: BTreeMap<u64, Held>,
    /// From this tag on nobody has looked whether the lease has ended.
    looked: u64,
    /// When to look again at those that were extended.
    extended: BinaryHeap<Reverse<(SimTime, u64)>>,
}

/// So many that are not held may stand in line in any case.
const SPARE: u64 = 1024;

impl Leases {
    /// How many messages are in hand.
    #[inline]
    pub(super) fn count(&self) -> u64 {
        self.count + self.late.len() as u64
    }

    /// The tag of the next delivery.
    #[inline]
    pub(super) fn next_tag(&self) -> u64 {
        self.first + self.open.len() as u64
    }

    /// Something is received; when it has to be looked at whether its lease has ended.
    #[inline]
    pub(super) fn add(&mut self, mut held: Held) -> SimTime {
        let look_at = held.visibility.look_at(&held.lease);
        if held.visibility.heartbeat.is_some() {
            held.is_renewed = true;
            self.look_again(look_at, self.next_tag());
        }
        self.open.push_back(Some(held));
        self.count += 1;
        if self.open.len() as u64 > 4 * self.count + SPARE {
            self.set_aside();
        }
        look_at
    }

    /// What nearly all that came after it has overtaken makes room.
    #[cold]
    fn set_aside(&mut self) {
        while self.open.len() as u64 > 2 * self.count
            && let Some(first) = self.open.pop_front()
        {
            if let Some(held) = first {
                self.late.insert(self.first, held);
                self.count -= 1;
            }
            self.first += 1;
        }
        self.shed_front();
    }

    /// What is first in line is held.
    #[inline]
    fn shed_front(&mut self) {
        while let Some(None) = self.open.front() {
            self.open.pop_front();
            self.first += 1;
        }
    }

    fn index(&self, tag: u64) -> Option<usize> {
        usize::try_from(tag.checked_sub(self.first)?).ok()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, tag: u64) -> Option<&mut Held> {
        match self.index(tag) {
            Some(index) => self.open.get_mut(index)?.as_mut(),
            None => self.late.get_mut(&tag),
        }
    }

    #[inline]
    pub(super) fn take(&mut self, tag: u64) -> Option<Held> {
        let Some(index) = self.index(tag) else { return self.late.remove(&tag) };
        let held = self.open.get_mut(index)?.take()?;
        self.count -= 1;
        self.shed_front();
        Some(held)
    }

    /// All that is held, to change.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Held> {
        self.late.values_mut().chain(self.open.iter_mut().flatten())
    }

    /// All that is held.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.late.values().chain(self.open.iter().flatten())
    }

    /// Looks at `tag` again at `at`, whatever was planned.
    pub(super) fn look_again(&mut self, at: SimTime, tag: u64) {
        self.extended.push(Reverse((at, tag)));
    }

    /// When to look next whether a lease has ended.
    #[inline]
    pub(super) fn next_look(&mut self) -> Option<SimTime> {
        let fresh = self.next_fresh().map(|held| held.visibility.look_at(&held.lease));
        let extended = self.extended.peek().map(|Reverse((at, _))| *at);
        fresh.into_iter().chain(extended).min()
    }

    /// The first at which nobody has looked; `looked` is its tag then.
    #[inline]
    fn next_fresh(&mut self) -> Option<&Held> {
        if self.looked < self.first {
            let mut late = self.late.range(self.looked..);
            if let Some((tag, held)) = late.find(|(_, held)| !held.is_renewed) {
                self.looked = *tag;
                return Some(held);
            }
            self.looked = self.first;
        }
        let is_past = |held: &Option<Held>| held.is_none_or(|held| held.is_renewed);
        while self.open.get((self.looked - self.first) as usize).is_some_and(is_past) {
            self.looked += 1;
        }
        self.open.get((self.looked - self.first) as usize)?.as_ref()
    }

    /// Takes a message whose lease ends now. Those that were extended are looked at again when they may end next.
    pub(super) fn take_ended(&mut self, now: SimTime) -> Option<Held> {
        while self.next_look().is_some_and(|at| at <= now) {
            let tag = self.next_to_look_at(now);
            let Some(held) = self.get_mut(tag) else { continue };
            let heard = match held.pulse {
                Pulse::Beating => now,
                Pulse::CutOff(since) | Pulse::Stopped(since) => since,
            };
            let end = held.visibility.end(&held.lease, heard);
            if end <= now {
                return self.take(tag);
            }
            self.look_again(end, tag);
        }
        None
    }

    fn next_to_look_at(&mut self, now: SimTime) -> u64 {
        if let Some(Reverse((at, tag))) = self.extended.peek().copied()
            && at <= now
        {
            self.extended.pop();
            return tag;
        }
        self.looked += 1;
        self.looked - 1
    }

    /// Memory taken, in bytes.
    pub(super) fn bytes(&self) -> usize {
        [self.open.bytes(), self.late.bytes(), self.extended.bytes()].into_iter().sum()
    }
}
