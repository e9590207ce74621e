//! M/M/c/K: as M/M/c, but who finds K in line and in work is turned away. What a bound buys: the line cannot grow, the excess is lost.
//!
//! Source: Gross & Harris, section 2.4. a = λ ÷ µ is the work that arrives, r = a ÷ c. The states with free workers weigh together
//! 1 ÷ B(a, c) times the state in which all are busy and nobody waits (B is Erlang's first formula); with j waiting the weight is rʲ.

use super::erlang::erlang_b;

/// The long run of a bounded station.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounded {
    /// The part of the arrivals that is turned away.
    pub turned_away: f64,
    /// Mean number in line.
    pub mean_waiting: f64,
    /// Mean number in line and in work.
    pub mean_in_system: f64,
    /// Completions per second.
    pub throughput: f64,
}

/// The long run of `workers` workers and `capacity` places (in line and in work; never fewer than the workers).
#[must_use]
pub fn bounded(arrival_rate: f64, service_rate: f64, workers: u32, capacity: u32) -> Bounded {
    let erlangs = arrival_rate / service_rate;
    let places = capacity.saturating_sub(workers);
    let (turned_away, mean_waiting) = line(erlangs, workers, places);
    let busy = erlangs * (1.0 - turned_away);
    Bounded {
        turned_away,
        mean_waiting,
        mean_in_system: mean_waiting + busy,
        throughput: busy * service_rate,
    }
}

/// The probability that all places are taken and the mean number in line.
///
/// Weights are relative to the likelier end, so that they fall and cannot overflow; the sum stops where they no longer count.
fn line(erlangs: f64, workers: u32, places: u32) -> (f64, f64) {
    let ratio = erlangs / f64::from(workers.max(1));
    let nobody_waits = 1.0 / erlang_b(erlangs, workers);
    let from_full = ratio > 1.0;
    let step = if from_full { 1.0 / ratio } else { ratio };
    let (mut weight, mut total, mut weighted) = (1.0_f64, 0.0, 0.0);
    for index in 0..=places {
        let waiting = if from_full { places - index } else { index };
        // The state in which nobody waits stands for all those with free workers too.
        total += if waiting == 0 { weight * nobody_waits } else { weight };
        weighted += weight * f64::from(waiting);
        weight *= step;
        if weight < f64::MIN_POSITIVE {
            break;
        }
    }
    let full = if from_full { 1.0 } else { step.powf(f64::from(places)) };
    (full / total, weighted / total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;
    use crate::theory::{erlang, mmc};

    #[test]
    fn three_workers_and_ten_places_under_120_percent() {
        let station = bounded(36.0, 10.0, 3, 10);
        assert_near(station.turned_away, 0.199_909_86);
        assert_near(station.mean_waiting, 4.072_653_6);
        assert_near(station.mean_in_system, 6.952_978_1);
        assert_near(station.throughput, 28.803_245);
    }

    #[test]
    fn without_a_line_it_is_erlangs_first_formula() {
        assert_near(bounded(80.0, 10.0, 10, 10).turned_away, erlang::erlang_b(8.0, 10));
    }

    #[test]
    fn with_room_for_all_it_is_the_unbounded_station() {
        assert_near(
            bounded(40.0, 10.0, 5, 1000).mean_in_system,
            mmc::mean_in_system(40.0, 10.0, 5),
        );
    }

    #[test]
    fn at_exactly_its_capacity_one_worker_has_all_states_alike() {
        let station = bounded(10.0, 10.0, 1, 4);
        assert_near(station.turned_away, 0.2);
        assert_near(station.mean_in_system, 2.0);
    }

    #[test]
    fn a_long_line_under_overload_is_full_and_loses_the_excess() {
        let station = bounded(20.0, 10.0, 1, 5_000);
        assert_near(station.turned_away, 0.5);
        assert_near(station.throughput, 10.0);
    }
}
