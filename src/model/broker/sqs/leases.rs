//! What is in the hands of consumers: who has it, and until when.
//!
//! Tags count deliveries. All leases begin alike, so those that nobody has looked at yet end in the order of their tags; only those that a
//! heartbeat has moved on are kept in a heap.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::item::Item;
use crate::model::broker::Consumer;
use crate::policy::redelivery::{Lease, Visibility};
use crate::time::SimTime;

/// A message in the hands of a consumer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) item: Item,
    pub(super) consumer: Consumer,
    pub(super) lease: Lease,
    pub(super) pulse: Pulse,
    /// Whether it began anew while it was held.
    pub(super) is_renewed: bool,
}

/// Whether heartbeats come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pulse {
    /// They do, if the queue's consumers send any.
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
    count: u64,
    /// From this tag on nobody has looked whether the lease has ended.
    looked: u64,
    /// When to look again at those that were extended.
    extended: BinaryHeap<Reverse<(SimTime, u64)>>,
}

impl Leases {
    #[inline]
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The tag of the next delivery.
    #[inline]
    pub(super) fn next_tag(&self) -> u64 {
        self.first + self.open.len() as u64
    }

    #[inline]
    pub(super) fn add(&mut self, held: Held) {
        self.open.push_back(Some(held));
        self.count += 1;
    }

    fn index(&self, tag: u64) -> Option<usize> {
        usize::try_from(tag.checked_sub(self.first)?).ok()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, tag: u64) -> Option<&mut Held> {
        let index = self.index(tag)?;
        self.open.get_mut(index)?.as_mut()
    }

    #[inline]
    pub(super) fn take(&mut self, tag: u64) -> Option<Held> {
        let index = self.index(tag)?;
        let held = self.open.get_mut(index)?.take()?;
        self.count -= 1;
        while let Some(None) = self.open.front() {
            self.open.pop_front();
            self.first += 1;
        }
        Some(held)
    }

    /// All that is held, to change.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Held> {
        self.open.iter_mut().flatten()
    }

    /// All that is held.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.open.iter().flatten()
    }

    /// Looks at `tag` again at `at`, whatever was planned.
    pub(super) fn look_again(&mut self, at: SimTime, tag: u64) {
        self.extended.push(Reverse((at, tag)));
    }

    /// When to look next whether a lease has ended.
    #[inline]
    pub(super) fn next_look(&mut self, visibility: &Visibility) -> Option<SimTime> {
        self.looked = self.looked.max(self.first);
        let is_past = |held: &Option<Held>| held.is_none_or(|held| held.is_renewed);
        while let Some(index) = self.index(self.looked)
            && self.open.get(index).is_some_and(is_past)
        {
            self.looked += 1;
        }
        let place = self.index(self.looked)?;
        let fresh = self.open.get(place).and_then(Option::as_ref);
        let fresh = fresh.map(|held| visibility.look_at(&held.lease));
        let extended = self.extended.peek().map(|Reverse((at, _))| *at);
        fresh.into_iter().chain(extended).min()
    }

    /// Takes a message whose lease ends now. Those that were extended are looked at again when they may end next.
    pub(super) fn take_ended(&mut self, now: SimTime, visibility: &Visibility) -> Option<Held> {
        while self.next_look(visibility).is_some_and(|at| at <= now) {
            let tag = self.next_to_look_at(now);
            let Some(held) = self.get_mut(tag) else { continue };
            let heard = match held.pulse {
                Pulse::Beating => now,
                Pulse::CutOff(since) | Pulse::Stopped(since) => since,
            };
            let end = visibility.end(&held.lease, heard);
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
        self.open.capacity() * size_of::<Option<Held>>()
            + self.extended.capacity() * size_of::<(SimTime, u64)>()
    }
}
