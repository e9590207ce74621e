//! M/M/1: random arrivals, one worker, exponential service, first in first out. The simplest queue, and already the lesson: at 80 %
//! utilization a message waits four times as long as it is worked on, at 95 % nineteen times.
//!
//! λ is the arrival rate, µ the service rate, ρ = λ ÷ µ. Source: Kleinrock, chapter 3; Gross & Harris, section 2.2.

/// Mean number in line and in work: ρ ÷ (1 - ρ).
#[must_use]
pub fn mean_in_system(arrival_rate: f64, service_rate: f64) -> f64 {
    arrival_rate * mean_sojourn_s(arrival_rate, service_rate)
}

/// Mean time in line: ρ ÷ (µ - λ).
#[must_use]
pub fn mean_waiting_s(arrival_rate: f64, service_rate: f64) -> f64 {
    arrival_rate / service_rate * mean_sojourn_s(arrival_rate, service_rate)
}

/// Mean time in line and in work: 1 ÷ (µ - λ).
#[must_use]
pub fn mean_sojourn_s(arrival_rate: f64, service_rate: f64) -> f64 {
    if arrival_rate >= service_rate {
        return f64::INFINITY;
    }
    1.0 / (service_rate - arrival_rate)
}

/// The sojourn time that a part `q` of the messages stays below: it is exponential, so -ln(1 - q) ÷ (µ - λ).
#[must_use]
pub fn sojourn_percentile_s(arrival_rate: f64, service_rate: f64, q: f64) -> f64 {
    -(1.0 - q).ln() * mean_sojourn_s(arrival_rate, service_rate)
}

/// The waiting time that a part `q` of the messages stays below: from P(W > t) = ρ·e^(-(µ - λ)t), ln(ρ ÷ (1 - q)) ÷ (µ - λ), or 0.
#[must_use]
pub fn waiting_percentile_s(arrival_rate: f64, service_rate: f64, q: f64) -> f64 {
    let load = arrival_rate / service_rate;
    if load <= 1.0 - q {
        return 0.0;
    }
    (load / (1.0 - q)).ln() * mean_sojourn_s(arrival_rate, service_rate)
}

/// The probability of `n` or more in line and in work: ρⁿ.
#[must_use]
pub fn probability_of_at_least(n: u32, arrival_rate: f64, service_rate: f64) -> f64 {
    (arrival_rate / service_rate).min(1.0).powf(f64::from(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn eight_a_second_at_ten_a_second() {
        assert_near(mean_in_system(8.0, 10.0), 4.0);
        assert_near(mean_waiting_s(8.0, 10.0), 0.4);
        assert_near(mean_sojourn_s(8.0, 10.0), 0.5);
        assert_near(sojourn_percentile_s(8.0, 10.0, 0.5), 0.346_573_59);
        assert_near(sojourn_percentile_s(8.0, 10.0, 0.99), std::f64::consts::LN_10);
        assert_near(waiting_percentile_s(8.0, 10.0, 0.95), 1.386_294_36);
        assert_near(waiting_percentile_s(8.0, 10.0, 0.99), 2.191_013_3);
        assert_near(probability_of_at_least(10, 8.0, 10.0), 0.107_374_18);
    }

    #[test]
    fn those_who_find_the_worker_idle_do_not_wait() {
        assert_eq!(waiting_percentile_s(8.0, 10.0, 0.2), 0.0);
    }

    #[test]
    fn at_capacity_the_line_grows_for_ever() {
        assert_eq!(mean_in_system(10.0, 10.0), f64::INFINITY);
    }
}
