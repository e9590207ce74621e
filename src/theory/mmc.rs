//! M/M/c: random arrivals, several workers on one line, exponential service. And M/G/c approximately.
//!
//! λ is the arrival rate, µ the service rate of one worker, c the workers, C Erlang's second formula, θ = cµ - λ the spare capacity.
//! Source: Erlang 1917; Kleinrock, section 3.5; Gross & Harris, section 2.3.

use super::erlang::erlang_c;

/// Mean time in line: C ÷ θ.
#[must_use]
pub fn mean_waiting_s(arrival_rate: f64, service_rate: f64, workers: u32) -> f64 {
    let spare = spare(arrival_rate, service_rate, workers);
    if spare <= 0.0 {
        return f64::INFINITY;
    }
    erlang_c(arrival_rate / service_rate, workers) / spare
}

/// Mean time in line and in work.
#[must_use]
pub fn mean_sojourn_s(arrival_rate: f64, service_rate: f64, workers: u32) -> f64 {
    mean_waiting_s(arrival_rate, service_rate, workers) + 1.0 / service_rate
}

/// Mean number in line and in work, by Little's law.
#[must_use]
pub fn mean_in_system(arrival_rate: f64, service_rate: f64, workers: u32) -> f64 {
    if arrival_rate == 0.0 {
        return 0.0;
    }
    arrival_rate * mean_sojourn_s(arrival_rate, service_rate, workers)
}

/// The waiting time that a part `q` of the messages stays below: from P(W > t) = C·e^(-θt), ln(C ÷ (1 - q)) ÷ θ, or 0.
#[must_use]
pub fn waiting_percentile_s(arrival_rate: f64, service_rate: f64, workers: u32, q: f64) -> f64 {
    let spare = spare(arrival_rate, service_rate, workers);
    if spare <= 0.0 {
        return f64::INFINITY;
    }
    let waits = erlang_c(arrival_rate / service_rate, workers);
    ((waits / (1.0 - q)).ln() / spare).max(0.0)
}

/// The part of the messages whose sojourn exceeds `t`: (1 - C)·e^(-µt) + C·(θ·e^(-µt) - µ·e^(-θt)) ÷ (θ - µ).
#[must_use]
pub fn sojourn_exceeds(arrival_rate: f64, service_rate: f64, workers: u32, t: f64) -> f64 {
    let spare = spare(arrival_rate, service_rate, workers);
    if spare <= 0.0 {
        return 1.0;
    }
    let waits = erlang_c(arrival_rate / service_rate, workers);
    let (in_work, in_line) = ((-service_rate * t).exp(), (-spare * t).exp());
    let both = if (spare - service_rate).abs() < 1e-9 * service_rate {
        // The limit as θ approaches µ.
        (1.0 + service_rate * t) * in_work
    } else {
        (spare * in_work - service_rate * in_line) / (spare - service_rate)
    };
    (1.0 - waits) * in_work + waits * both
}

/// The sojourn time that a part `q` of the messages stays below, by halving on [`sojourn_exceeds`].
#[must_use]
pub fn sojourn_percentile_s(arrival_rate: f64, service_rate: f64, workers: u32, q: f64) -> f64 {
    if spare(arrival_rate, service_rate, workers) <= 0.0 {
        return f64::INFINITY;
    }
    let exceeds = |t| sojourn_exceeds(arrival_rate, service_rate, workers, t) > 1.0 - q;
    let mut above = 1.0 / service_rate;
    while exceeds(above) {
        above *= 2.0;
    }
    let mut below = 0.0;
    for _ in 0..60 {
        let middle = f64::midpoint(below, above);
        if exceeds(middle) { below = middle } else { above = middle }
    }
    above
}

/// Mean time in line of M/G/c, approximately: that of M/M/c times (1 + cv²) ÷ 2.
///
/// Exact for one worker and for exponential service; otherwise within a few percent while the utilization is high (A. O. Allen,
/// *Probability, Statistics and Queueing Theory*, who names it after Cunneen; the arrivals are Poisson here).
#[must_use]
pub fn allen_cunneen_waiting_s(
    arrival_rate: f64,
    service_rate: f64,
    workers: u32,
    service_cv2: f64,
) -> f64 {
    mean_waiting_s(arrival_rate, service_rate, workers) * (1.0 + service_cv2) / 2.0
}

fn spare(arrival_rate: f64, service_rate: f64, workers: u32) -> f64 {
    f64::from(workers) * service_rate - arrival_rate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;
    use crate::theory::{mg1, mm1};

    #[test]
    fn five_workers_at_80_percent() {
        assert_near(mean_waiting_s(40.0, 10.0, 5), 0.055_411_255);
        assert_near(mean_in_system(40.0, 10.0, 5), 6.216_450_2);
        assert_near(sojourn_percentile_s(40.0, 10.0, 5, 0.5), 0.120_439_49);
        assert_near(sojourn_percentile_s(40.0, 10.0, 5, 0.99), 0.607_966_25);
        assert_near(waiting_percentile_s(40.0, 10.0, 5, 0.95), 0.240_534_48);
    }

    #[test]
    fn twenty_workers_at_95_percent() {
        assert_near(mean_waiting_s(95.0, 5.0, 20), 0.151_080_25);
        assert_near(mean_in_system(95.0, 5.0, 20), 33.352_623);
        assert_near(sojourn_percentile_s(95.0, 5.0, 20, 0.95), 0.894_486_9);
        assert_near(waiting_percentile_s(95.0, 5.0, 20, 0.99), 0.864_932_79);
    }

    #[test]
    fn one_worker_is_the_single_server_queue() {
        assert_near(mean_waiting_s(8.0, 10.0, 1), mm1::mean_waiting_s(8.0, 10.0));
        assert_near(
            sojourn_percentile_s(8.0, 10.0, 1, 0.9),
            mm1::sojourn_percentile_s(8.0, 10.0, 0.9),
        );
        assert_near(allen_cunneen_waiting_s(8.0, 10.0, 1, 3.0), mg1::mean_waiting_s(8.0, 0.1, 3.0));
    }

    #[test]
    fn the_shared_line_beats_two_separate_ones() {
        assert_near(mean_sojourn_s(16.0, 10.0, 2), 0.277_777_778);
        assert_near(mm1::mean_sojourn_s(8.0, 10.0), 0.5);
    }
}
