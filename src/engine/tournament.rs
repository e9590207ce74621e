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
    /// The earliest front of all lines but the winner: as long as the winner stays ahead of it, nothing has to be played again.
    runner_up: Place,
}

impl Tournament {
    pub(super) fn new() -> Tournament {
        Tournament { fronts: vec![NOWHERE], winners: vec![0, 0], lines: 0, runner_up: NOWHERE }
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
    pub(super) fn winner(&self) -> (Place, usize) {
        let line = self.winners[1] as usize;
        (self.fronts[line], line)
    }

    /// `line` has a new front.
    #[inline]
    pub(super) fn set_front(&mut self, line: usize, front: Place) {
        self.fronts[line] = front;
        if line != self.winners[1] as usize || front > self.runner_up {
            self.replay(line, front);
        }
    }

    /// Plays every match of `line` again.
    #[inline(never)]
    fn replay(&mut self, line: usize, front: Place) {
        let winner = self.winners[1] as usize;
        if line != winner && front > self.fronts[winner] {
            self.runner_up = self.runner_up.min(front);
        }
        let before = self.winners[1];
        let mut match_at = (self.fronts.len() + line) / 2;
        while match_at > 0 {
            self.winners[match_at] = self.play(match_at);
            match_at /= 2;
        }
        if self.winners[1] != before || line == before as usize {
            self.runner_up = self.best_loser();
        }
    }

    /// The earliest front of those who lost a match against the winner.
    fn best_loser(&self) -> Place {
        let mut at = self.fronts.len() + self.winners[1] as usize;
        let mut best = NOWHERE;
        while at > 1 {
            let opponent = self.winners[at ^ 1] as usize;
            best = best.min(self.fronts[opponent]);
            at /= 2;
        }
        best
    }

    fn replay_all(&mut self) {
        self.winners = vec![0; 2 * self.fronts.len()];
        for line in 0..self.fronts.len() {
            self.winners[self.fronts.len() + line] = line as u32;
        }
        for match_at in (1..self.fronts.len()).rev() {
            self.winners[match_at] = self.play(match_at);
        }
        self.runner_up = self.best_loser();
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
            tournament.set_front(line, front);
            let earliest = fronts.iter().copied().min().unwrap();
            assert_eq!(tournament.winner().0, earliest);
            assert_eq!(fronts[tournament.winner().1], earliest);
        }
    }
}
