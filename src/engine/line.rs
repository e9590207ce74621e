//! Events that wait in one line, in the order in which they fall due: eight bytes each where many fall due together, twenty where each
//! has a moment of its own.
//!
//! Only the front knows where it stands. Behind it stand events alone, and beside them how far it is from one *run* to the next: neighbours
//! that fall due at the same moment and were scheduled one right after the other.

use std::collections::VecDeque;

use super::tournament::Place;

/// How a run stands to the last event of the run before it, and how many events it has.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// How much later its moment is; [`FAR`] if its place stands elsewhere.
    after: u32,
    /// How many events were scheduled in between, and its first one.
    scheduled: u32,
    count: u32,
}

const FAR: u32 = u32::MAX;

/// A line of events. What is asked of it most often stands side by side.
#[derive(Debug, Clone)]
pub(super) struct Line<E> {
    front: Option<E>,
    /// Where the front stands.
    first: Place,
    /// Where the last one stands.
    last: Place,
    /// How many of the front's run stand behind it.
    left: u32,
    /// How many stand behind the front.
    behind: u32,
    rest: Option<Box<Rest<E>>>,
}

#[derive(Debug, Clone)]
struct Rest<E> {
    events: VecDeque<E>,
    /// All runs after that of the front.
    runs: VecDeque<Run>,
    /// Where runs begin that are too far from the one before.
    far: VecDeque<Place>,
}

impl<E: Copy> Line<E> {
    pub(super) fn new() -> Line<E> {
        let nowhere = Place { moment: 0, scheduled: 0 };
        Line { front: None, first: nowhere, last: nowhere, left: 0, behind: 0, rest: None }
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.front.is_some()) + self.behind as usize
    }

    /// Where the last one stands, if there is one.
    #[inline(always)]
    pub(super) fn last(&self) -> Option<Place> {
        self.front.is_some().then_some(self.last)
    }

    /// Puts an event at the end, which is not before the last one.
    #[inline(always)]
    pub(super) fn push(&mut self, place: Place, event: E) {
        if self.front.is_some() {
            return self.push_behind(place, event);
        }
        (self.front, self.first, self.last) = (Some(event), place, place);
    }

    #[inline]
    fn push_behind(&mut self, place: Place, event: E) {
        let rest = self.rest.get_or_insert_with(Box::default);
        rest.events.push_back(event);
        let run = rest.runs.back_mut().map_or(&mut self.left, |run| &mut run.count);
        let next = self.last.scheduled + 1;
        if (place.moment, place.scheduled) == (self.last.moment, next) && *run < u32::MAX {
            *run += 1;
        } else {
            rest.begin_run(self.last, place);
        }
        self.last = place;
        self.behind += 1;
    }

    /// Takes the front; where the next one stands, if there is one.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> (Option<E>, Option<Place>) {
        let event = self.front.take();
        if self.behind == 0 {
            return (event, None);
        }
        self.behind -= 1;
        let rest = self.rest.as_mut().expect("somebody stands behind the front");
        self.front = rest.events.pop_front();
        if self.left > 0 {
            self.left -= 1;
            self.first.scheduled += 1;
        } else {
            (self.first, self.left) = rest.end_run(self.first);
        }
        (event, Some(self.first))
    }
}

impl<E> Rest<E> {
    #[inline]
    fn begin_run(&mut self, last: Place, place: Place) {
        let after = u32::try_from(place.moment - last.moment).ok().filter(|after| *after < FAR);
        let scheduled = u32::try_from(place.scheduled - last.scheduled).ok();
        let (Some(after), Some(scheduled)) = (after, scheduled) else {
            self.far.push_back(place);
            return self.runs.push_back(Run { after: FAR, scheduled: 0, count: 1 });
        };
        self.runs.push_back(Run { after, scheduled, count: 1 });
    }

    /// The run is over that ended at `last`: where the next one begins, and how many stand behind its first.
    #[inline]
    fn end_run(&mut self, last: Place) -> (Place, u32) {
        let run = self.runs.pop_front().expect("every event belongs to a run");
        let place = if run.after == FAR {
            self.far.pop_front().expect("whatever is far has a place")
        } else {
            Place {
                moment: last.moment + u64::from(run.after),
                scheduled: last.scheduled + u64::from(run.scheduled),
            }
        };
        (place, run.count - 1)
    }
}

impl<E> Default for Rest<E> {
    fn default() -> Rest<E> {
        Rest { events: VecDeque::new(), runs: VecDeque::new(), far: VecDeque::new() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_most_often_fits_into_a_line_of_the_cache() {
        assert!(size_of::<Line<u64>>() <= 72 && size_of::<Line<std::num::NonZeroU64>>() <= 64);
    }

    proptest! {
        /// Gaps of every size, runs of any length, and some taken out in between.
        #[test]
        fn events_leave_as_they_came_and_each_stands_where_it_was_put(
            steps in prop::collection::vec(
                (prop::sample::select(vec![0, 0, 0, 1, 70_000, 1 << 32, 1 << 40]), 1_u64..3, 1_usize..20, 0_usize..20),
                1..60,
            ),
        ) {
            let (mut line, mut wanted) = (Line::new(), VecDeque::new());
            let mut last = Place { moment: 7, scheduled: 0 };
            for (after, skipped, count, out) in steps {
                last.moment += after;
                last.scheduled += skipped;
                for _ in 0..count {
                    last.scheduled += 1;
                    line.push(last, last.scheduled);
                    wanted.push_back(last);
                }
                for _ in 0..out.min(wanted.len()) {
                    let first = wanted.pop_front().unwrap();
                    prop_assert_eq!(line.pop(), (Some(first.scheduled), wanted.front().copied()));
                }
                prop_assert_eq!((line.len(), line.last()), (wanted.len(), wanted.back().copied()));
            }
        }
    }
}
