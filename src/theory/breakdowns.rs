//! M/M/1 whose worker stops now and then, at work or not, and goes on where it stood. What a restart or a pause for garbage costs: all
//! that arrives meanwhile, and the time to catch up.
//!
//! Source: H. C. White and L. S. Christie, "Queuing with preemptive priorities or with breakdown", Operations Research 6 (1958).

/// Mean number in line and in work: λ((ξ + η)² + µξ) ÷ ((ξ + η)(µη − λ(ξ + η))), with `failure_rate` ξ and `repair_rate` η; infinite if
/// the worker hasn't the time.
#[must_use]
pub fn mean_in_system(
    arrival_rate: f64,
    service_rate: f64,
    failure_rate: f64,
    repair_rate: f64,
) -> f64 {
    let both = failure_rate + repair_rate;
    let spare = service_rate * repair_rate - arrival_rate * both;
    if spare <= 0.0 {
        return f64::INFINITY;
    }
    arrival_rate * (both * both + service_rate * failure_rate) / (both * spare)
}

/// The share of time for which the worker is up: η ÷ (ξ + η).
#[must_use]
pub fn availability(failure_rate: f64, repair_rate: f64) -> f64 {
    repair_rate / (failure_rate + repair_rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mm1;
    use crate::theory::testing::assert_near;

    #[test]
    fn two_seconds_away_every_ten_make_the_line_six_times_as_long() {
        assert_near(availability(0.1, 0.5), 0.833_333_333);
        assert_near(mean_in_system(5.0, 10.0, 0.1, 0.5), 5.666_666_667);
        assert_near(mean_in_system(5.0, 10.0, 0.0, 0.5), mm1::mean_in_system(5.0, 10.0));
        assert_eq!(mean_in_system(9.0, 10.0, 0.1, 0.5), f64::INFINITY);
    }
}
