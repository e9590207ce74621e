//! A winner tree: which of many lines has the earliest front, found again in log₂ n comparisons when one of them changes.
//!
//! Source: D. E. Knuth, *The Art of Computer Programming* 3, section 5.4.1 (tree of winners).

use std::cmp::Ordering;

/// Where an entry stands in the order of events: its moment, then when it was scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) moment: u64,
    pub(super) scheduled: u64,
}

/// The place of a line that is empty.
pub(super) const NOWHERE: Place = Place { moment: u64::MAX, scheduled: u64::MAX };

impl Place {
    /// Both in one number, which is compared in two instructions and without a branch.
    #[inline]
    fn key(self) -> u128 {
        (u128::from(self.moment) << 64) | u128::from(self.scheduled)
    }
}

impl Ord for Place {
    #[inline]
    fn cmp(&self, other: &Place) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Place {
    #[inline]
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    #[inline]
    fn lt(&self, other: &Place) -> bool {
        self.key() < other.key()
    }

    #[inline]
    fn gt(&self, other: &Place) -> bool {
        self.key() > other.key()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Tournament {
    /// The front of each line, filled up with `NOWHERE` to a power of two.
    fronts: Vec<Place>,
    /// `winners[1]` is the line with the earliest front; `winners[i]` wins over `2i` and `2i + 1`.
    winners: Vec<u32>,
    lines: usize,
    /// The front of `winners[1]`.
    first: Place,
    /// No front of a line but the winner's is earlier: as long as the winner stays ahead of it, nothing has to be played again.
    runner_up: Place,
    /// The winner has lost its front, and its matches are not yet played again: more often than not it has another one at once,
    /// because a source that has made a message says when it makes the next.
    vacant: bool,
}

impl Tournament {
    pub(super) fn new() -> Tournament {
        Tournament {
            fronts: vec![NOWHERE],
            winners: vec![0, 0],
            lines: 0,
            first: NOWHERE,
            runner_up: NOWHERE,
            vacant: false,
        }
    }

    /// Adds an empty line and gives its number.
    pub(super) fn add_line(&mut self) -> usize {
        self.lines += 1;
        if self.lines > self.fronts.len() {
            self.fronts.resize(self.lines.next_power_of_two(), NOWHERE);
            self.replay_all();
        }
        self.lines - 1
    }

    /// The earliest front, and its line.
    #[inline]
    pub(super) fn winner(&mut self) -> (Place, usize) {
        if self.vacant {
            self.move_winner(NOWHERE);
        }
        (self.first, self.winners[1] as usize)
    }

    /// The line of the winner has no front any more, or not yet again.
    #[inline]
    pub(super) fn vacate(&mut self) {
        self.vacant = true;
    }

    /// `line` has a new front.
    #[inline(always)]
    pub(super) fn set_front(&mut self, line: usize, front: Place) {
        if line == self.winners[1] as usize {
            self.move_winner(front);
        } else {
            self.runner_up = self.runner_up.min(front);
            self.fronts[line] = front;
            self.replay(line, front);
        }
    }

    #[inline]
    fn move_winner(&mut self, front: Place) {
        self.vacant = false;
        let line = self.winners[1] as usize;
        (self.first, self.fronts[line]) = (front, front);
        if front > self.runner_up {
            self.replay(line, front);
        }
    }

    /// Plays the matches of `line` again, up to one that ends as it did before, with another winner.
    #[inline(never)]
    fn replay(&mut self, line: usize, front: Place) {
        let (mut best, mut best_front) = (line as u32, front);
        let mut beaten = NOWHERE;
        let mut at = self.fronts.len() + line;
        while at > 1 {
            let rival = self.winners[at ^ 1];
            let rival_front = self.fronts[rival as usize];
            if rival_front < best_front {
                (best, best_front) = (rival, rival_front);
            }
            beaten = beaten.min(rival_front);
            at /= 2;
            if self.winners[at] == best && best as usize != line {
                return;
            }
            self.winners[at] = best;
        }
        self.first = best_front;
        // Who has beaten everybody on the way knows the best of them; of another winner only this is known, that nobody is ahead of it.
        self.runner_up = if best as usize == line { beaten } else { best_front };
    }

    fn replay_all(&mut self) {
        self.winners = vec![0; 2 * self.fronts.len()];
        for line in 0..self.fronts.len() {
            self.winners[self.fronts.len() + line] = line as u32;
        }
        for match_at in (1..self.fronts.len()).rev() {
            self.winners[match_at] = self.play(match_at);
        }
        self.first = self.fronts[self.winners[1] as usize];
        self.runner_up = self.first;
    }

    #[inline]
    fn play(&self, match_at: usize) -> u32 {
        let (left, right) = (self.winners[2 * match_at], self.winners[2 * match_at + 1]);
        if self.fronts[right as usize] < self.fronts[left as usize] { right } else { left }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_winner_is_always_the_earliest_front() {
        let mut tournament = Tournament::new();
        let mut fronts = Vec::new();
        for line in 0..37 {
            assert_eq!(tournament.add_line(), line);
            fronts.push(NOWHERE);
        }
        let mut chance = 12345_u64;
        for step in 0..10_000 {
            chance = chance.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let line = (chance >> 33) as usize % fronts.len();
            let front = if chance.is_multiple_of(5) {
                NOWHERE
            } else {
                Place { moment: chance >> 50, scheduled: step }
            };
            fronts[line] = front;
            let (_, winner) = tournament.winner();
            if line == winner {
                tournament.vacate();
            }
            if line != winner || front != NOWHERE {
                tournament.set_front(line, front);
            }
            let earliest = fronts.iter().copied().min().unwrap();
            assert_eq!(tournament.winner().0, earliest);
            assert_eq!(fronts[tournament.winner().1], earliest);
        }
    }
}
