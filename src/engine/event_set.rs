//! The pending events that are in no lane: a short sorted array while there are few, a monotone radix heap when there are many.
//!
//! The radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the shortest path problem", J. ACM 37, 1990), here
//! with base 64, costs about the same from a hundred pending events to a million, and keeps the order among equal moments
//! by itself. It is slower than a sorted array when only a few events are pending, as in a single queue.

use super::tournament::{NOWHERE, Place};

/// Above this many, an insertion into a sorted array costs more than the radix heap.
const FEW: usize = 48;
const DIGIT_BITS: u32 = 6;
const DIGITS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = 64_usize.div_ceil(DIGIT_BITS as usize);
/// A slot that held more than this gives its memory back when it is emptied.
const KEPT_SLOT: usize = 64;

#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<E> {
    pub(super) place: Place,
    pub(super) event: E,
}

#[derive(Debug, Clone)]
pub(super) struct EventSet<E> {
    /// Latest first, so that the next one is popped off the end. Empty while `many` is in use.
    few: Vec<Entry<E>>,
    many: RadixHeap<E>,
    /// Where the next event stands; `NOWHERE` if there is none.
    front: Place,
}

impl<E: Copy> EventSet<E> {
    pub(super) fn new() -> EventSet<E> {
        EventSet { few: Vec::with_capacity(FEW + 1), many: RadixHeap::new(), front: NOWHERE }
    }

    pub(super) fn len(&self) -> usize {
        self.few.len() + self.many.len
    }

    /// Where the next event stands; `NOWHERE` if there is none.
    #[inline]
    pub(super) fn front(&self) -> Place {
        self.front
    }

    /// Adds an entry that is not before the last one popped.
    #[inline(always)]
    pub(super) fn push(&mut self, place: Place, event: E, last_popped: u64) {
        self.front = self.front.min(place);
        if self.many.len > 0 {
            return self.many.push(place, event);
        }
        if self.few.last().is_none_or(|next| place < next.place) {
            self.few.push(Entry { place, event });
        } else {
            self.insert(place, event);
        }
        if self.few.len() > FEW {
            self.outgrow(last_popped);
        }
    }

    #[inline(never)]
    fn insert(&mut self, place: Place, event: E) {
        let at = self.few.iter().rposition(|other| other.place > place).map_or(0, |i| i + 1);
        self.few.insert(at, Entry { place, event });
    }

    #[cold]
    fn outgrow(&mut self, last_popped: u64) {
        self.many.last = last_popped;
        while let Some(entry) = self.few.pop() {
            self.many.push(entry.place, entry.event);
        }
    }

    /// Takes the next event, which exists.
    #[inline]
    pub(super) fn pop(&mut self) -> E {
        if self.many.len > 0 {
            let entry = self.many.pop();
            self.front = self.many.front;
            return entry.event;
        }
        let entry = self.few.pop().expect("front() was asked first");
        self.front = self.few.last().map_or(NOWHERE, |entry| entry.place);
        entry.event
    }
}

/// A slot is a queue that is filled at its end and read from `head`.
#[derive(Debug, Clone)]
struct Slot<E> {
    entries: Vec<Entry<E>>,
    head: usize,
}

#[derive(Debug, Clone)]
struct RadixHeap<E> {
    /// `slots[level * DIGITS + digit]`: entries whose moment first differs from `last` in that digit, counted from the top.
    slots: Vec<Slot<E>>,
    /// For each level, which slots hold something.
    occupied: [u64; LEVELS],
    /// No entry is before this moment.
    last: u64,
    /// The next entry's place, known without moving anything.
    front: Place,
    len: usize,
}

impl<E: Copy> RadixHeap<E> {
    fn new() -> RadixHeap<E> {
        let slot = Slot { entries: Vec::new(), head: 0 };
        RadixHeap {
            slots: vec![slot; LEVELS * DIGITS],
            occupied: [0; LEVELS],
            last: 0,
            front: NOWHERE,
            len: 0,
        }
    }

    #[inline]
    fn push(&mut self, place: Place, event: E) {
        self.file(Entry { place, event });
        self.len += 1;
        if place < self.front {
            self.front = place;
        }
    }

    #[inline]
    fn file(&mut self, entry: Entry<E>) {
        let moment = entry.place.moment;
        debug_assert!(moment >= self.last, "the calendar keeps earlier entries elsewhere");
        let difference = moment ^ self.last;
        let level = (63 - (difference | 1).leading_zeros()) / DIGIT_BITS;
        let digit = (moment >> (level * DIGIT_BITS)) as usize % DIGITS;
        self.occupied[level as usize] |= 1 << digit;
        self.slots[level as usize * DIGITS + digit].entries.push(entry);
    }

    fn pop(&mut self) -> Entry<E> {
        if self.occupied[0] == 0 {
            self.spread_next_slot();
        }
        let digit = self.occupied[0].trailing_zeros() as usize;
        let slot = &mut self.slots[digit];
        let entry = slot.entries[slot.head];
        slot.head += 1;
        if slot.head == slot.entries.len() {
            slot.empty();
            self.occupied[0] &= !(1 << digit);
        }
        self.last = entry.place.moment;
        self.len -= 1;
        self.front = self.find_front();
        entry
    }

    /// Files the entries of the earliest slot again, relative to the earliest of them, so that it stands on level 0.
    #[cold]
    fn spread_next_slot(&mut self) {
        let (level, digit) = self.earliest_slot().expect("the heap is not empty");
        self.last = self.front.moment;
        self.occupied[level] &= !(1 << digit);
        let slot = &mut self.slots[level * DIGITS + digit];
        let mut entries = std::mem::take(&mut slot.entries);
        for entry in &entries {
            self.file(*entry);
        }
        if entries.capacity() <= KEPT_SLOT {
            entries.clear();
            self.slots[level * DIGITS + digit].entries = entries;
        }
    }

    fn earliest_slot(&self) -> Option<(usize, usize)> {
        let level = self.occupied.iter().position(|digits| *digits != 0)?;
        Some((level, self.occupied[level].trailing_zeros() as usize))
    }

    #[inline]
    fn find_front(&self) -> Place {
        let Some((level, digit)) = self.earliest_slot() else { return NOWHERE };
        let slot = &self.slots[level * DIGITS + digit];
        let waiting = &slot.entries[slot.head..];
        if level == 0 {
            return waiting[0].place;
        }
        waiting.iter().map(|entry| entry.place).min().unwrap_or(NOWHERE)
    }
}

impl<E> Slot<E> {
    fn empty(&mut self) {
        self.head = 0;
        if self.entries.capacity() > KEPT_SLOT {
            self.entries = Vec::new();
        } else {
            self.entries.clear();
        }
    }
}
