//! Erlang A: as M/M/c, but who waits gives up after an exponential time. Overload then costs answers instead of an endless line.
//!
//! Source: C. Palm 1957; A. Mandelbaum and S. Zeltyn, "Service engineering in action: the Palm/Erlang-A queue" (2007). It holds where
//! giving up takes the request out of the line; a server that goes on working for a caller who has left is far worse off.

use super::erlang::erlang_b;

/// The long run of a station whose line is impatient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impatient {
    /// The part of the arrivals that find all workers busy.
    pub waits: f64,
    /// The part of the arrivals that give up.
    pub gives_up: f64,
    /// Mean number in line.
    pub mean_waiting: f64,
    /// Mean time in line of all arrivals, whether served or not.
    pub mean_waiting_s: f64,
    /// Completions per second.
    pub throughput: f64,
}

/// The long run of `workers` workers, where whoever waits gives up at `patience_rate` (1 ÷ mean patience), above 0.
///
/// The number in the station is a birth and death process. With all workers busy and j waiting it leaves at cµ + jθ, so the weight of
/// j is that of j - 1 times λ ÷ (cµ + jθ); the states with free workers weigh together 1 ÷ B times the one with j = 0.
#[must_use]
pub fn impatient(
    arrival_rate: f64,
    service_rate: f64,
    workers: u32,
    patience_rate: f64,
) -> Impatient {
    let nobody_waits = 1.0 / erlang_b(arrival_rate / service_rate, workers);
    let capacity = f64::from(workers) * service_rate;
    // All sums are relative to the largest weight so far, so that they cannot overflow.
    let (mut weight, mut free, mut busy, mut weighted) = (1.0_f64, nobody_waits - 1.0, 1.0, 0.0);
    let mut waiting = 0.0;
    while weight > f64::EPSILON * f64::EPSILON * busy {
        waiting += 1.0;
        weight *= arrival_rate / (capacity + waiting * patience_rate);
        busy += weight;
        weighted += weight * waiting;
        if weight > 1e200 {
            for sum in [&mut weight, &mut free, &mut busy, &mut weighted] {
                *sum *= 1e-200;
            }
        }
    }
    let total = free + busy;
    let mean_waiting = weighted / total;
    let gives_up = patience_rate * mean_waiting / arrival_rate;
    Impatient {
        waits: busy / total,
        gives_up,
        mean_waiting,
        mean_waiting_s: mean_waiting / arrival_rate,
        throughput: arrival_rate * (1.0 - gives_up),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn ten_workers_under_120_percent_lose_18_percent_and_stay_stable() {
        let station = impatient(120.0, 10.0, 10, 2.0);
        assert_near(station.gives_up, 0.177_420_95);
        assert_near(station.waits, 0.944_496_62);
        assert_near(station.mean_waiting, 10.645_257);
        assert_near(station.mean_waiting_s, 0.088_710_476);
        assert_near(station.throughput, 98.709_486);
    }

    #[test]
    fn fifty_workers_at_96_percent() {
        let station = impatient(480.0, 10.0, 50, 1.0);
        assert_near(station.gives_up, 0.014_406_022);
        assert_near(station.waits, 0.588_815_31);
        assert_near(station.mean_waiting, 6.914_890_5);
    }

    #[test]
    fn a_huge_overload_loses_all_that_exceeds_capacity() {
        let station = impatient(100_000.0, 10.0, 10, 0.1);
        assert_near(station.throughput, 100.0);
    }
}
