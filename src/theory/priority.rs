//! Two classes at one worker, the urgent ones first, nobody interrupted. Priority does not make work go away: what the urgent ones gain, the
//! others pay (Kleinrock's conservation law).
//!
//! Source: A. Cobham 1954; Kleinrock, volume 2, chapter 3; Gross & Harris, section 3.4.

/// Mean time in line of the urgent and of the other messages, which all have the same service time distribution.
///
/// With W₀ = λ·E\[S²\] ÷ 2 the work found in progress: W₀ ÷ (1 - ρ₁) and W₀ ÷ ((1 - ρ₁)·(1 - ρ)).
#[must_use]
pub fn mean_waiting_s(
    urgent_rate: f64,
    other_rate: f64,
    service_mean_s: f64,
    service_cv2: f64,
) -> (f64, f64) {
    let square = service_mean_s * service_mean_s * (1.0 + service_cv2);
    let found = (urgent_rate + other_rate) * square / 2.0;
    let urgent_load = urgent_rate * service_mean_s;
    let load = urgent_load + other_rate * service_mean_s;
    if load >= 1.0 {
        return (f64::INFINITY, f64::INFINITY);
    }
    (found / (1.0 - urgent_load), found / ((1.0 - urgent_load) * (1.0 - load)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::mm1;
    use crate::theory::testing::assert_near;

    #[test]
    fn three_urgent_and_five_other_messages_a_second_at_ten_a_second() {
        let (urgent, other) = mean_waiting_s(3.0, 5.0, 0.1, 1.0);
        assert_near(urgent, 0.114_285_714);
        assert_near(other, 0.571_428_571);
        let mean = (3.0 * urgent + 5.0 * other) / 8.0;
        assert_near(mean, mm1::mean_waiting_s(8.0, 10.0));
    }
}
