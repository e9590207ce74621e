//! D/M/1: arrivals like clockwork, one worker, exponential service. Order in the arrivals saves more than half of the wait of M/M/1.
//!
//! Source: Kleinrock, chapter 6 (G/M/1); Gross & Harris, section 5.3. An arrival finds the worker busy with probability σ, the root
//! below 1 of σ = e^(-(1 - σ)·µ ÷ λ).

/// σ: the part of the arrivals that have to wait; 1 when there is too much work. By repeated substitution from 0, which rises to the root.
#[must_use]
pub fn waits(arrival_rate: f64, service_rate: f64) -> f64 {
    const STEPS: u32 = 100_000;
    if arrival_rate >= service_rate {
        return 1.0;
    }
    let mut sigma = 0.0_f64;
    for _ in 0..STEPS {
        let next = (-(1.0 - sigma) * service_rate / arrival_rate).exp();
        if next - sigma < 1e-16 {
            break;
        }
        sigma = next;
    }
    sigma
}

/// Mean time in line: σ ÷ (µ·(1 - σ)).
#[must_use]
pub fn mean_waiting_s(arrival_rate: f64, service_rate: f64) -> f64 {
    waits(arrival_rate, service_rate) * mean_sojourn_s(arrival_rate, service_rate)
}

/// Mean time in line and in work: 1 ÷ (µ·(1 - σ)).
#[must_use]
pub fn mean_sojourn_s(arrival_rate: f64, service_rate: f64) -> f64 {
    1.0 / (service_rate * (1.0 - waits(arrival_rate, service_rate)))
}

/// The sojourn time that a part `q` of the messages stays below: it is exponential.
#[must_use]
pub fn sojourn_percentile_s(arrival_rate: f64, service_rate: f64, q: f64) -> f64 {
    -(1.0 - q).ln() * mean_sojourn_s(arrival_rate, service_rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn one_message_every_eighth_of_a_second_at_ten_a_second() {
        assert_near(waits(8.0, 10.0), 0.628_629_8);
        assert_near(mean_waiting_s(8.0, 10.0), 0.169_273_08);
        assert_near(mean_sojourn_s(8.0, 10.0), 0.269_273_08);
        assert_near(sojourn_percentile_s(8.0, 10.0, 0.99), 1.240_048_4);
    }

    #[test]
    fn at_capacity_the_line_grows_for_ever() {
        assert_eq!(mean_waiting_s(10.0, 10.0), f64::INFINITY);
    }
}
