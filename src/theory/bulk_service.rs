//! M/M\[1,B\]/1: a worker takes all that is there, up to B messages, and works on them together, however many they are. Batches pay for
//! themselves: the more there is to do, the larger they become.
//!
//! Source: N. T. J. Bailey, "On queueing processes with bulk service", 1954; Gross & Harris, section 3.2. While the worker is busy, n wait
//! with a probability in proportion to rⁿ, where r is the root below 1 of µ·(r + r² + … + r^B) = λ.

/// r; 1 when there is too much work. By halving, as the sum rises with r.
fn root(arrival_rate: f64, batch_rate: f64, at_most: u32) -> f64 {
    let done = |r: f64| batch_rate * (1..=at_most).rev().fold(0.0, |sum, _| r * (1.0 + sum));
    let (mut low, mut high) = (0.0, 1.0);
    if done(high) <= arrival_rate {
        return high;
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if done(middle) < arrival_rate { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Mean number in line, without those that are worked on; infinite if it grows for ever. Batches are done at the rate `batch_rate`.
#[must_use]
pub fn mean_waiting(arrival_rate: f64, batch_rate: f64, at_most: u32) -> f64 {
    let r = root(arrival_rate, batch_rate, at_most);
    if r >= 1.0 {
        return f64::INFINITY;
    }
    r / (1.0 - r).powi(2) / weight(arrival_rate, batch_rate, r)
}

/// The share of the time for which there is nothing to do.
#[must_use]
pub fn idle(arrival_rate: f64, batch_rate: f64, at_most: u32) -> f64 {
    let r = root(arrival_rate, batch_rate, at_most);
    if r >= 1.0 { 0.0 } else { batch_rate / arrival_rate / weight(arrival_rate, batch_rate, r) }
}

/// All states together, where that with nobody in line and the worker busy has the weight 1.
fn weight(arrival_rate: f64, batch_rate: f64, r: f64) -> f64 {
    batch_rate / arrival_rate + 1.0 / (1.0 - r)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn seven_a_second_in_batches_of_up_to_ten_of_a_second_each() {
        assert_near(root(7.0, 1.0, 10), 0.933_943_826_4);
        assert_near(mean_waiting(7.0, 1.0, 10), 14.006_457_16);
        assert_near(idle(7.0, 1.0, 10), 0.009_348_379_342);
    }

    #[test]
    fn batches_of_one_are_mm1() {
        assert_near(mean_waiting(8.0, 10.0, 1), 3.2);
        assert_near(idle(8.0, 10.0, 1), 0.2);
        assert_eq!(mean_waiting(20.0, 1.0, 10), f64::INFINITY);
    }
}
