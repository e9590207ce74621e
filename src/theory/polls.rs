//! A worker that looks for messages now and then: whenever it finds nothing it sleeps, and nothing wakes it. What a poll interval costs.
//!
//! Source: Y. Levy and U. Yechiali, "Utilization of idle time in an M/G/1 queueing system", Management Science 22 (1975), and B. T. Doshi,
//! "Queueing systems with vacations: a survey", Queueing Systems 1 (1986): the wait of M/G/1, and what is left of a sleep on average.

use super::mg1;

/// Mean time in line of M/G/1 with sleeps: that of M/G/1 plus E\[V²\] ÷ (2·E\[V\]), where V is a sleep of mean `sleep_mean_s` (above 0) and
/// of the squared coefficient of variation `sleep_cv2`.
#[must_use]
pub fn mean_waiting_s(
    arrival_rate: f64,
    service_mean_s: f64,
    service_cv2: f64,
    sleep_mean_s: f64,
    sleep_cv2: f64,
) -> f64 {
    let rest = sleep_mean_s * (1.0 + sleep_cv2) / 2.0;
    mg1::mean_waiting_s(arrival_rate, service_mean_s, service_cv2) + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn a_constant_sleep_adds_its_half_and_an_exponential_one_all_of_it() {
        assert_near(mean_waiting_s(6.0, 0.1, 1.0, 0.5, 0.0), 0.4);
        assert_near(mean_waiting_s(6.0, 0.1, 0.0, 0.3, 1.0), 0.375);
    }
}
