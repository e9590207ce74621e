//! How many partitions a deadline takes. Keys are spread evenly over the partitions, each of which has one consumer and is a queue by
//! itself: many short queues, of which each has to keep the deadline, and no free consumer ever helps a busy one.
//!
//! Source: M/M/1 and M/D/1 per partition (Kleinrock, chapter 3; Crommelin 1932). Hot keys need more than this.

use super::md1;

/// How the work on one message varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It always takes the same time.
    Constant,
    /// It is exponential.
    Exponential,
}

/// The part of the messages that are done `within_s` after they were made, if `total_rate` of them a second are spread over so many
/// partitions whose consumers do `service_rate` a second each.
#[must_use]
pub fn done_within(
    total_rate: f64,
    partitions: u32,
    service_rate: f64,
    work: Work,
    within_s: f64,
) -> f64 {
    let rate = total_rate / f64::from(partitions.max(1));
    match work {
        Work::Constant => md1::sojourn_within(rate, 1.0 / service_rate, within_s),
        Work::Exponential => (1.0 - (-(service_rate - rate) * within_s).exp()).max(0.0),
    }
}

/// The fewest partitions with which a part `share` of the messages are done in time; `None` if no number of them is enough, because
/// the work alone takes too long.
#[must_use]
pub fn fewest(
    total_rate: f64,
    service_rate: f64,
    work: Work,
    within_s: f64,
    share: f64,
) -> Option<u32> {
    let enough =
        |partitions| done_within(total_rate, partitions, service_rate, work, within_s) >= share;
    let mut above = 1;
    while !enough(above) {
        above = above.checked_mul(2).filter(|above| *above <= MOST)?;
    }
    let mut below = above / 2;
    while below + 1 < above {
        let middle = u32::midpoint(below, above);
        if enough(middle) { above = middle } else { below = middle }
    }
    Some(above)
}

/// More partitions than any broker has.
const MOST: u32 = 1 << 24;

/// The fewest partitions that keep up at all: each has to have less work than it can do.
#[must_use]
pub fn fewest_to_keep_up(total_rate: f64, service_rate: f64) -> u32 {
    (total_rate / service_rate).floor() as u32 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn a_thousand_trips_a_second_within_a_second() {
        let fewest = |work| fewest(1_000.0, 20.0, work, 1.0, 0.99);
        assert_eq!(fewest(Work::Exponential), Some(65));
        assert_eq!(fewest(Work::Constant), Some(57));
        assert_eq!(fewest_to_keep_up(1_000.0, 20.0), 51);
        let within = |partitions, work| done_within(1_000.0, partitions, 20.0, work, 1.0);
        assert_near(within(65, Work::Exponential), 0.990_101_624_4);
        assert_near(within(64, Work::Exponential), 0.987_411_857_8);
        assert_near(within(57, Work::Constant), 0.992_989_758_0);
        assert_near(within(56, Work::Constant), 0.986_462_138_2);
    }

    #[test]
    fn fifty_thousand_positions_a_second_within_50_ms() {
        let fewest = |work| fewest(50_000.0, 500.0, work, 0.05, 0.999);
        assert_eq!(fewest(Work::Exponential), Some(139));
        assert_eq!(fewest(Work::Constant), Some(116));
        assert_eq!(fewest_to_keep_up(50_000.0, 500.0), 101);
    }

    #[test]
    fn a_deadline_shorter_than_the_work_takes_more_partitions_than_there_are() {
        assert_eq!(fewest(10.0, 1.0, Work::Constant, 0.5, 0.9), None);
        assert_eq!(fewest(0.1, 10.0, Work::Constant, 1.0, 0.9), Some(1));
    }
}
