//! The calendar of future events: earliest first; at one instant by rank; within a rank in the order of scheduling.
//!
//! Delays that are constant (a timeout, a fixed back-off, the next arrival of one source) fall due in the order in which they were
//! set. Such events wait in a [`Lane`], a plain line of which only the front takes part in the contest for the next event. That
//! is an optimisation alone: an event that is out of order in its lane goes to the general set, and the order of events
//! never depends on lanes.

use super::event_set::{Entry, EventSet};
use super::line::Line;
use super::tournament::{Place, Tournament};
use crate::time::SimTime;

/// An event that knows its turn among events of the same instant.
pub trait Ranked: Copy {
    /// 0 to 7; lower goes first.
    fn rank(&self) -> u8;
}

const RANK_BITS: u32 = 3;

/// A line of events that are usually scheduled in the order in which they fall due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane(u32);

/// The future event list.
#[derive(Debug, Clone)]
pub struct Calendar<E> {
    general: EventSet<E>,
    lanes: Vec<Line<E>>,
    fronts: Tournament,
    /// Events for this very instant whose rank has had its turn already: they go next.
    overdue: Vec<Entry<E>>,
    /// The moment of the last event popped: time and rank in one number.
    last_popped: u64,
    scheduled: u64,
}

impl<E: Ranked> Calendar<E> {
    /// An empty calendar at time zero.
    #[must_use]
    pub fn new() -> Calendar<E> {
        Calendar {
            general: EventSet::new(),
            lanes: Vec::new(),
            fronts: Tournament::new(),
            overdue: Vec::new(),
            last_popped: 0,
            scheduled: 0,
        }
    }

    /// A new lane.
    pub fn add_lane(&mut self) -> Lane {
        self.lanes.push(Line::new());
        Lane(self.fronts.add_line() as u32)
    }

    /// How many events are pending.
    #[must_use]
    pub fn len(&self) -> usize {
        self.overdue.len() + self.general.len() + self.lanes.iter().map(Line::len).sum::<usize>()
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The time of the event that was popped last.
    #[must_use]
    pub fn now(&self) -> SimTime {
        SimTime::from_nanos(self.last_popped >> RANK_BITS)
    }

    /// Bytes taken by a pending event.
    #[must_use]
    pub const fn bytes_per_event(&self) -> usize {
        size_of::<Entry<E>>()
    }

    /// Schedules `event` at `at`, which is not in the past.
    #[inline(always)]
    pub fn schedule(&mut self, at: SimTime, event: E) {
        let place = self.next_place(at, event);
        if place.moment < self.last_popped {
            return self.push_overdue(place, event);
        }
        self.general.push(place, event, self.last_popped);
    }

    /// Schedules `event` at `at`, in `lane`.
    #[inline(always)]
    pub fn schedule_in(&mut self, lane: Lane, at: SimTime, event: E) {
        let place = self.next_place(at, event);
        if place.moment < self.last_popped {
            return self.push_overdue(place, event);
        }
        let line = &mut self.lanes[lane.0 as usize];
        match line.last() {
            None => self.fronts.set_front(lane.0 as usize, place),
            Some(last) if last.moment > place.moment => {
                return self.general.push(place, event, self.last_popped);
            }
            Some(_) => {}
        }
        line.push(place, event);
    }

    /// Takes the next event that falls due before `until`.
    #[inline]
    pub fn pop_before(&mut self, until: SimTime) -> Option<(SimTime, E)> {
        if !self.overdue.is_empty() {
            return self.overdue.pop().map(|entry| (time_of(entry.place), entry.event));
        }
        let (lane_front, lane) = self.fronts.winner();
        let general_front = self.general.front();
        let front = lane_front.min(general_front);
        if front.moment >= until.as_nanos() << RANK_BITS {
            return None;
        }
        let event =
            if lane_front < general_front { self.pop_lane(lane) } else { self.general.pop() };
        self.last_popped = front.moment;
        Some((time_of(front), event))
    }

    /// Where `event` stands if it is scheduled now. Place and event are handed on apart, in registers: a whole entry is built in
    /// narrow writes and copied in wide reads, which the processor waits for.
    #[inline(always)]
    fn next_place(&mut self, at: SimTime, event: E) -> Place {
        debug_assert!(event.rank() < 1 << RANK_BITS, "a rank is at most 7");
        debug_assert!(
            at >= SimTime::from_nanos(self.last_popped >> RANK_BITS),
            "the past can't be scheduled"
        );
        let moment = (at.as_nanos() << RANK_BITS) | u64::from(event.rank());
        self.scheduled += 1;
        Place { moment, scheduled: self.scheduled }
    }

    #[inline]
    fn pop_lane(&mut self, lane: usize) -> E {
        let (event, next) = self.lanes[lane].pop();
        match next {
            Some(next) => self.fronts.set_front(lane, next),
            None => self.fronts.vacate(),
        }
        event.expect("the winner of the contest is not empty")
    }

    #[cold]
    fn push_overdue(&mut self, place: Place, event: E) {
        self.overdue.push(Entry { place, event });
        self.overdue.sort_by_key(|entry| std::cmp::Reverse(entry.place));
    }
}

impl<E: Ranked> Default for Calendar<E> {
    fn default() -> Calendar<E> {
        Calendar::new()
    }
}

#[inline]
fn time_of(place: Place) -> SimTime {
    SimTime::from_nanos(place.moment >> RANK_BITS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Ball {
        rank: u8,
        number: u32,
    }

    impl Ranked for Ball {
        fn rank(&self) -> u8 {
            self.rank
        }
    }

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    fn ball(rank: u8, number: u32) -> Ball {
        Ball { rank, number }
    }

    fn numbers(calendar: &mut Calendar<Ball>) -> Vec<u32> {
        std::iter::from_fn(|| calendar.pop_before(SimTime::MAX))
            .map(|(_, ball)| ball.number)
            .collect()
    }

    #[test]
    fn equal_times_go_by_rank_and_then_in_the_order_of_scheduling() {
        let mut calendar = Calendar::new();
        let lane = calendar.add_lane();
        calendar.schedule(at(5), ball(3, 0));
        calendar.schedule_in(lane, at(5), ball(1, 1));
        calendar.schedule(at(5), ball(1, 2));
        calendar.schedule_in(lane, at(5), ball(1, 3));
        calendar.schedule(at(4), ball(7, 4));
        assert_eq!(numbers(&mut calendar), [4, 1, 2, 3, 0]);
    }

    #[test]
    fn an_event_of_an_earlier_rank_scheduled_at_this_very_instant_goes_next() {
        let mut calendar = Calendar::new();
        calendar.schedule(at(5), ball(3, 0));
        calendar.schedule(at(5), ball(3, 1));
        assert_eq!(calendar.pop_before(at(6)).unwrap().1.number, 0);
        calendar.schedule(at(5), ball(1, 2));
        calendar.schedule(at(5), ball(0, 3));
        assert_eq!(numbers(&mut calendar), [3, 2, 1]);
    }

    #[test]
    fn nothing_at_or_after_the_limit_is_popped() {
        let mut calendar = Calendar::new();
        calendar.schedule(at(5), ball(0, 0));
        assert_eq!(calendar.pop_before(at(5)), None);
        assert_eq!(calendar.pop_before(at(6)), Some((at(5), ball(0, 0))));
    }

    proptest! {
        /// Whatever is scheduled, popped in between, in lanes or not: the order is that of a stable sort.
        #[test]
        fn the_order_is_that_of_a_stable_sort(
            steps in prop::collection::vec((0_u64..200, 0_u8..8, 0_u32..5, prop::bool::weighted(0.4)), 1..600),
            scale in prop::sample::select(vec![1_u64, 1_000, 1_000_000_007]),
        ) {
            let mut calendar = Calendar::new();
            let lanes: Vec<Lane> = (0..3).map(|_| calendar.add_lane()).collect();
            let mut expected: Vec<(u64, u8, u32)> = Vec::new();
            let mut now = 0;
            for (number, (delay, rank, lane, pop)) in steps.into_iter().enumerate() {
                let (time, number) = (now + delay * scale, number as u32);
                match lanes.get(lane as usize) {
                    Some(lane) => calendar.schedule_in(*lane, at(time), ball(rank, number)),
                    None => calendar.schedule(at(time), ball(rank, number)),
                }
                expected.push((time, rank, number));
                if pop {
                    expected.sort();
                    let (time, rank, number) = expected.remove(0);
                    prop_assert_eq!(calendar.pop_before(SimTime::MAX), Some((at(time), ball(rank, number))));
                    now = time;
                }
            }
            expected.sort();
            let rest: Vec<u32> = expected.into_iter().map(|(_, _, number)| number).collect();
            prop_assert_eq!(numbers(&mut calendar), rest);
        }
    }
}
