//! M/G/1: random arrivals, one worker, any service times. The wait grows with their variability, so a rare slow message costs everybody.
//!
//! Source: F. Pollaczek 1930 and A. Khinchine 1932; Kleinrock, section 5.7; Gross & Harris, section 5.1. λ is the arrival rate, S the
//! mean service time, ρ = λS, cv² the squared coefficient of variation of the service time.

/// Mean time in line: ρ·S·(1 + cv²) ÷ (2·(1 - ρ)).
#[must_use]
pub fn mean_waiting_s(arrival_rate: f64, service_mean_s: f64, service_cv2: f64) -> f64 {
    let load = arrival_rate * service_mean_s;
    if load >= 1.0 {
        return f64::INFINITY;
    }
    load * service_mean_s * (1.0 + service_cv2) / (2.0 * (1.0 - load))
}

/// Mean number in line and in work, by Little's law.
#[must_use]
pub fn mean_in_system(arrival_rate: f64, service_mean_s: f64, service_cv2: f64) -> f64 {
    if arrival_rate == 0.0 {
        return 0.0;
    }
    arrival_rate * (mean_waiting_s(arrival_rate, service_mean_s, service_cv2) + service_mean_s)
}

/// Mean time in line with constant service times (M/D/1): half of that with exponential ones (Erlang 1909).
#[must_use]
pub fn constant_service_waiting_s(arrival_rate: f64, service_s: f64) -> f64 {
    mean_waiting_s(arrival_rate, service_s, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Distribution;
    use crate::theory::mm1;
    use crate::theory::testing::assert_near;

    #[test]
    fn constant_service_waits_half_as_long_as_exponential() {
        assert_near(constant_service_waiting_s(8.0, 0.1), 0.2);
        assert_near(constant_service_waiting_s(18.0, 0.05), 0.225);
        assert_near(mean_in_system(8.0, 0.1, 0.0), 2.4);
        assert_near(mean_waiting_s(8.0, 0.1, 1.0), mm1::mean_waiting_s(8.0, 10.0));
    }

    #[test]
    fn one_slow_message_in_a_hundred_makes_everybody_wait() {
        let text = r#"{"bimodal": {"fast": "10ms", "slow": "1s", "probability_slow": 0.01}}"#;
        let service: Distribution = serde_json::from_str(text).unwrap();
        assert_near(mean_waiting_s(30.0, service.mean_s(), service.cv2()), 0.375_893_3);
    }

    #[test]
    fn lognormal_service_with_a_log_deviation_of_1() {
        let cv2 = std::f64::consts::E - 1.0;
        assert_near(mean_waiting_s(7.0, 0.1, cv2), 0.317_132_88);
        assert_near(mean_in_system(7.0, 0.1, cv2), 2.919_930_2);
    }
}
