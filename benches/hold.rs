//! The hold model: take the earliest event, schedule another, so many times, while the number of pending events stays the same.
//! It is how calendars are compared (Jones, "An Empirical Comparison of Priority-Queue and Event-Set Implementations",
//! Communications of the ACM 29, 1986).

use pileup::engine::{Calendar, Ranked};
use pileup::random::{Distribution, Sampler, Stream};
use pileup::time::{SimDuration, SimTime};

/// An event as large as the model's own.
#[derive(Debug, Clone, Copy)]
pub struct Ball {
    /// Which one it is.
    pub number: u64,
}

impl Ranked for Ball {
    fn rank(&self) -> u8 {
        3
    }
}

/// A calendar that always holds the same number of events, whose delays are exponential.
pub struct Hold {
    calendar: Calendar<Ball>,
    delays: Sampler,
    chance: Stream,
}

impl Hold {
    /// `pending` events, and a mean of a microsecond between two of them.
    pub fn new(pending: usize) -> Hold {
        let mean = SimDuration::from_nanos(1_000 * pending as u64);
        let delays = Distribution::Exponential { mean }.sampler();
        let mut hold =
            Hold { calendar: Calendar::new(), delays, chance: Stream::new(1, 0, "hold") };
        for number in 0..pending as u64 {
            hold.schedule(SimTime::ZERO, Ball { number });
        }
        hold.turn(3 * pending as u64);
        hold
    }

    /// Takes an event and schedules another, `times` times; the number of the last one taken.
    pub fn turn(&mut self, times: u64) -> u64 {
        let mut last = 0;
        for _ in 0..times {
            let (now, ball) = self.calendar.pop_before(SimTime::MAX).expect("there is always one");
            last = ball.number;
            self.schedule(now, ball);
        }
        last
    }

    fn schedule(&mut self, now: SimTime, ball: Ball) {
        let at = now + self.delays.sample(&mut self.chance);
        self.calendar.schedule(at, ball);
    }
}
