//! Backlogs as water in a tank: what flows in, what flows out. For thousands of messages chance averages out and this is close.
//!
//! The spare capacity µ - λ decides everything: catching up takes B ÷ (µ - λ), so a consumer that is just fast enough never catches up.
//! Source: G. F. Newell, *Applications of Queueing Theory*, chapter 2; for the spread, the first passage of M/M/1 (Kleinrock, section 5.8).

/// How long a backlog takes to vanish while messages go on arriving: B ÷ (µ - λ); for ever if there is no spare capacity.
///
/// `arrival_rate` is all work that reaches the same workers.
#[must_use]
pub fn drain_time_s(backlog: f64, arrival_rate: f64, capacity: f64) -> f64 {
    if backlog <= 0.0 {
        0.0
    } else if capacity <= arrival_rate {
        f64::INFINITY
    } else {
        backlog / (capacity - arrival_rate)
    }
}

/// The standard deviation of [`drain_time_s`] with Poisson arrivals and one exponential worker: √(B·(µ + λ) ÷ (µ - λ)³).
#[must_use]
pub fn drain_time_deviation_s(backlog: f64, arrival_rate: f64, capacity: f64) -> f64 {
    if capacity <= arrival_rate {
        return f64::INFINITY;
    }
    (backlog * (capacity + arrival_rate) / (capacity - arrival_rate).powi(3)).sqrt()
}

/// What has piled up after `for_s` seconds: B + (λ - µ)·t, and never less than nothing.
#[must_use]
pub fn backlog_after(backlog: f64, arrival_rate: f64, capacity: f64, for_s: f64) -> f64 {
    (backlog + (arrival_rate - capacity) * for_s).max(0.0)
}

/// How long the lag takes to vanish after an outage of `outage_s` in which messages went on arriving: λ·d ÷ (µ - λ).
#[must_use]
pub fn recovery_time_s(outage_s: f64, arrival_rate: f64, capacity: f64) -> f64 {
    drain_time_s(arrival_rate * outage_s, arrival_rate, capacity)
}

/// The capacity that makes a backlog vanish within `within_s` seconds: λ + B ÷ t.
#[must_use]
pub fn capacity_to_drain(backlog: f64, arrival_rate: f64, within_s: f64) -> f64 {
    arrival_rate + backlog / within_s
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn the_backlog_of_2013_drains_by_its_spare_capacity() {
        assert_near(drain_time_s(20_000.0, 12.5, 13.0), 40_000.0);
        assert_near(drain_time_s(20_000.0, 12.5, 20.0), 2_666.666_67);
        assert_near(drain_time_s(20_000.0, 17.5, 40.0), 888.888_889);
        assert_near(drain_time_deviation_s(20_000.0, 12.5, 20.0), 39.252_271);
        assert_eq!(drain_time_s(20_000.0, 12.5, 12.5), f64::INFINITY);
    }

    #[test]
    fn ten_million_messages_take_hours() {
        assert_near(drain_time_s(1e7, 5_000.0, 6_000.0), 10_000.0);
        assert_near(drain_time_s(1e7, 5_000.0, 20_000.0), 666.666_667);
    }

    #[test]
    fn an_overload_step_piles_up_and_drains() {
        let peak = backlog_after(0.0, 150.0, 100.0, 300.0);
        assert_near(peak, 15_000.0);
        assert_near(drain_time_s(peak, 60.0, 100.0), 375.0);
        assert_near(backlog_after(peak, 60.0, 100.0, 200.0), 7_000.0);
    }

    #[test]
    fn an_outage_costs_more_than_its_own_length() {
        assert_near(recovery_time_s(60.0, 100.0, 150.0), 120.0);
        assert_near(recovery_time_s(45.0, 80.0, 125.0), 80.0);
    }

    #[test]
    fn the_capacity_for_a_wanted_drain_time() {
        assert_near(capacity_to_drain(20_000.0, 12.5, 900.0), 34.722_222_2);
        assert_near(capacity_to_drain(200_000.0, 12.5, 3_600.0), 68.055_555_6);
    }

    #[test]
    fn nothing_drains_at_once() {
        assert_eq!(drain_time_s(0.0, 5.0, 1.0), 0.0);
    }
}
