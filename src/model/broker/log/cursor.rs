//! How far a group is in a partition: what it has committed, and what it was given.
//!
//! `committed ≤ position ≤ end`. What lies between the first two was delivered and would be delivered again; what lies between the last
//! two waits. Both are what is reported as in flight and as waiting, and their sum as lag.

use crate::model::context::Context;
use crate::model::id::NodeId;
use crate::model::observation::{Gauge, Observer};

/// The place of one group in one partition.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// The offset of the first message that is not committed.
    pub(super) committed: u64,
    /// The offset of the message that is delivered next.
    pub(super) position: u64,
    /// How far deliveries have come: the first ones, the second ones, and so on, and how many of them have come so far. Each is
    /// below the one before, because what is delivered again begins at the last commit.
    reached: Vec<(u64, u32)>,
    /// Everything before this was worked on, of which the broker has not heard.
    pub(super) unheard: u64,
    /// Work failed on what is delivered next, and its reader does not get past it: it is given that alone.
    pub(super) is_halted: bool,
    /// What was to be delivered next has been cut off.
    pub(super) is_out_of_range: bool,
}

/// The nodes at which the lag of one group in one partition is reported.
pub(super) type At = [NodeId; 3];

impl Cursor {
    /// Moves what is delivered next, forward by delivering or to any place by starting again from there.
    #[inline]
    pub(super) fn seek<O: Observer>(&mut self, position: u64, at: At, cx: &mut Context<O>) {
        let by = position as i64 - self.position as i64;
        if by != 0 {
            self.position = position;
            for node in at {
                cx.change(node, Gauge::Waiting, -by);
                cx.change(node, Gauge::InFlight, by);
            }
        }
    }

    /// Commits everything before `offset`, which was delivered.
    #[inline]
    pub(super) fn commit<O: Observer>(&mut self, offset: u64, at: At, cx: &mut Context<O>) {
        let by = offset as i64 - self.committed as i64;
        if by > 0 {
            self.committed = offset;
            for node in at {
                cx.change(node, Gauge::InFlight, -by);
                cx.change(node, Gauge::Lag, -by);
            }
        }
    }

    /// Delivers the message at `offset`: which delivery of it this is, from 1.
    #[inline]
    pub(super) fn deliver(&mut self, offset: u64) -> u32 {
        let place = self.reached.iter().take_while(|(reached, _)| *reached > offset).count();
        let before: u32 = self.reached[..place].iter().map(|(_, times)| times).sum();
        self.reach(place, offset + 1);
        let committed = self.committed;
        if self.reached.last().is_some_and(|(reached, _)| *reached < committed) {
            self.reached.retain(|(reached, _)| *reached >= committed);
        }
        before + 1
    }

    /// One of the deliveries that have come as far as those at `place`, or a new one if there are none, has come to `end`.
    #[inline]
    fn reach(&mut self, place: usize, end: u64) {
        match self.reached.get_mut(place) {
            Some((_, times)) if *times > 1 => *times -= 1,
            Some(_) => drop(self.reached.remove(place)),
            None => {}
        }
        match place.checked_sub(1).map(|before| &mut self.reached[before]) {
            Some((reached, times)) if *reached == end => *times += 1,
            _ => self.reached.insert(place, (end, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delivery_of_a_message_is_counted() {
        let mut cursor = Cursor::default();
        let deliver = |cursor: &mut Cursor, offsets: std::ops::Range<u64>| {
            offsets.map(|offset| cursor.deliver(offset)).collect::<Vec<_>>()
        };
        assert_eq!(deliver(&mut cursor, 0..5), [1, 1, 1, 1, 1]);
        cursor.committed = 2;
        assert_eq!(deliver(&mut cursor, 2..4), [2, 2]);
        cursor.committed = 3;
        assert_eq!(deliver(&mut cursor, 3..7), [3, 2, 1, 1]);
        cursor.committed = 7;
        assert_eq!(deliver(&mut cursor, 7..9), [1, 1]);
        assert_eq!(cursor.reached, [(9, 1)]);
    }

    /// A consumer that halts asks for the same message for hours.
    #[test]
    fn a_message_that_is_delivered_without_end_takes_no_memory() {
        let mut cursor = Cursor::default();
        for deliveries in 1..=1_000_000 {
            assert_eq!(cursor.deliver(4), deliveries);
        }
        assert_eq!(cursor.reached, [(5, 1_000_000)]);
        assert_eq!(cursor.deliver(5), 1);
        assert_eq!(cursor.reached, [(6, 1), (5, 999_999)]);
    }
}
