//! How long a run has to be before its averages mean something. At 95 % utilization a line rarely empties: what a run of an hour shows is
//! one rise or one fall of it, and another seed shows another one.
//!
//! Source: W. Whitt, "Planning queueing simulations", Management Science 35 (1989): a line at high load as reflected Brownian motion.

/// The simulated time in which the mean line of a station comes to be known to within the share `relative` of it, at 95 % confidence:
/// z² · 2(1 + cv²) ÷ ((1 − ρ)² ε²) service times of all workers together. Random arrivals are assumed; infinite at or above capacity.
#[must_use]
pub fn seconds_for_mean_line(load: f64, capacity: f64, service_cv2: f64, relative: f64) -> f64 {
    const Z: f64 = 1.959_963_984_540_054;
    if load >= 1.0 {
        return f64::INFINITY;
    }
    Z * Z * 2.0 * (1.0 + service_cv2) / ((1.0 - load) * relative).powi(2) / capacity
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    /// The exact variance of the mean of M/M/1 is 2ρ(1 + ρ) ÷ (1 − ρ)⁴ a service time, and its mean ρ ÷ (1 − ρ).
    #[test]
    fn near_capacity_it_is_the_exact_length_for_mm1() {
        let exact =
            |load: f64| 1.96 * 1.96 * 2.0 * (1.0 + load) / (load * (1.0 - load).powi(2)) / 0.01;
        let ratio = |load| seconds_for_mean_line(load, 1.0, 1.0, 0.1) / exact(load);
        assert!((ratio(0.99) - 1.0).abs() < 0.01, "{}", ratio(0.99));
        assert!((ratio(0.95) - 1.0).abs() < 0.03, "{}", ratio(0.95));
    }

    #[test]
    fn halving_the_spare_capacity_takes_four_times_as_long() {
        let length = |load| seconds_for_mean_line(load, 100.0, 1.0, 0.1);
        assert_near(length(0.98) / length(0.96), 4.0);
        assert_eq!(length(1.0), f64::INFINITY);
    }
}
