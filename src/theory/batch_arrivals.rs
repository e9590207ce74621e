//! M^\[X\]/M/1: messages come in batches at random moments; one worker, exponential service. A batch waits for itself.
//!
//! Source: Gross & Harris, section 3.1.

/// Mean number in line and in work: ρ·(E\[X²\] + E\[X\]) ÷ (2·E\[X\]·(1 - ρ)), where ρ = batch rate · E\[X\] ÷ µ.
///
/// The second moment of a fixed size n is n², of a geometric one of mean m 2m² - m.
#[must_use]
pub fn mean_in_system(batch_rate: f64, mean_size: f64, size_square: f64, service_rate: f64) -> f64 {
    let load = batch_rate * mean_size / service_rate;
    if load >= 1.0 {
        return f64::INFINITY;
    }
    load * (size_square + mean_size) / (2.0 * mean_size * (1.0 - load))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mm1;
    use crate::theory::testing::assert_near;

    #[test]
    fn batches_wait_longer_than_the_same_messages_one_by_one() {
        assert_near(mean_in_system(1.5, 5.0, 25.0, 10.0), 9.0);
        assert_near(mean_in_system(2.0, 4.0, 28.0, 10.0), 16.0);
        assert_near(mean_in_system(8.0, 1.0, 1.0, 10.0), mm1::mean_in_system(8.0, 10.0));
    }
}
