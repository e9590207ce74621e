//! A closed loop: so many users, each of whom thinks, sends, and waits for the answer. Overload slows the users down instead of the line
//! growing without end, which is why a load test with few users never shows a collapse.
//!
//! Source: the machine-repair model, Gross & Harris, section 2.6; the mean holds for any distribution of the think time (BCMP 1975).

/// The long run of a closed loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClosedLoop {
    /// Answers per second.
    pub throughput: f64,
    /// Mean number in line and in work.
    pub mean_in_system: f64,
    /// Mean time from sending to the answer: users ÷ throughput - think time.
    pub mean_sojourn_s: f64,
}

/// The long run of `users` users who think for `think_mean_s` (above 0) at `workers` workers with exponential service.
///
/// With k at the service the weight is that of k - 1 times (users - k + 1) ÷ (think time · µ · min(k, workers)).
#[must_use]
pub fn closed_loop(users: u32, think_mean_s: f64, service_rate: f64, workers: u32) -> ClosedLoop {
    let (mut weight, mut total, mut in_system, mut busy) = (1.0_f64, 1.0, 0.0, 0.0);
    for k in 1..=users {
        let working = f64::from(k.min(workers));
        weight *= f64::from(users - k + 1) / (think_mean_s * service_rate * working);
        total += weight;
        in_system += weight * f64::from(k);
        busy += weight * working;
        if weight > 1e200 {
            for sum in [&mut weight, &mut total, &mut in_system, &mut busy] {
                *sum *= 1e-200;
            }
        }
    }
    let throughput = busy / total * service_rate;
    ClosedLoop {
        throughput,
        mean_in_system: in_system / total,
        mean_sojourn_s: f64::from(users) / throughput - think_mean_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn twenty_users_who_think_a_second_at_fifteen_a_second() {
        let users = closed_loop(20, 1.0, 15.0, 1);
        assert_near(users.throughput, 14.316_102);
        assert_near(users.mean_sojourn_s, 0.397_028_35);
        assert_near(users.mean_in_system, 5.683_898_2);
    }

    #[test]
    fn many_more_users_only_wait_longer() {
        let users = closed_loop(10_000, 1.0, 15.0, 1);
        assert_near(users.throughput, 15.0);
        assert_near(users.mean_sojourn_s, 10_000.0 / 15.0 - 1.0);
    }
}
