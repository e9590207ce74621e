//! The calendar: events with delays of any length, and events in lanes.

use divan::Bencher;
use divan::counter::ItemsCount;
use pileup::engine::{Calendar, Lane};
use pileup::time::{SimDuration, SimTime};

use crate::hold::{Ball, Hold};

/// So many events in one go: a single one is too short to be timed.
const TURNS: u64 = 10_000;

/// The hold model with exponential delays.
#[divan::bench(args = [100, 1_000, 10_000, 100_000, 1_000_000])]
fn hold(bencher: Bencher, pending: usize) {
    let mut hold = Hold::new(pending);
    bencher.counter(ItemsCount::new(TURNS)).bench_local(|| hold.turn(TURNS));
}

/// The hold model with a constant delay, in a lane: a timeout, a fixed back-off.
#[divan::bench(args = [100, 10_000, 1_000_000])]
fn hold_in_a_lane(bencher: Bencher, pending: u64) {
    let mut calendar = Calendar::new();
    let lane = calendar.add_lane();
    for number in 0..pending {
        calendar.schedule_in(lane, SimTime::from_nanos(number), Ball { number });
    }
    let delay = SimDuration::from_nanos(pending);
    bencher
        .counter(ItemsCount::new(TURNS))
        .bench_local(|| turn_lane(&mut calendar, delay, |_| lane));
}

/// The hold model with so many constant delays, each in a lane of its own, and ten events in each.
#[divan::bench(args = [1, 10, 100, 1_000])]
fn hold_in_many_lanes(bencher: Bencher, lanes: u64) {
    let mut calendar = Calendar::new();
    let all: Vec<Lane> = (0..lanes).map(|_| calendar.add_lane()).collect();
    for number in 0..10 * lanes {
        let lane = all[(number % lanes) as usize];
        calendar.schedule_in(lane, SimTime::from_nanos(number), Ball { number: number % lanes });
    }
    let delay = SimDuration::from_nanos(10 * lanes);
    bencher.counter(ItemsCount::new(TURNS)).bench_local(|| {
        turn_lane(&mut calendar, delay, |ball| all[ball.number as usize]);
    });
}

fn turn_lane(calendar: &mut Calendar<Ball>, delay: SimDuration, lane: impl Fn(Ball) -> Lane) {
    for _ in 0..TURNS {
        let (now, ball) = calendar.pop_before(SimTime::MAX).expect("there is always one");
        calendar.schedule_in(lane(ball), now + delay, ball);
    }
}
