//! One station in the long run, with the best formula that its parameters allow.
//!
//! "Best" is exact where an exact one is known: M/G/1 for one worker, M/M/c for exponential service, M/M/c/K for a bounded one with
//! exponential service. Otherwise it is the Allen–Cunneen approximation; a bounded station with other service times is taken as if they
//! were exponential.

use super::{mg1, mmc, mmck};

/// Workers on one line, first in first out, with Poisson arrivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Station {
    /// Messages per second.
    pub arrival_rate: f64,
    /// Mean service time, in seconds.
    pub service_mean_s: f64,
    /// Squared coefficient of variation of the service time.
    pub service_cv2: f64,
    /// How many work at the same time.
    pub workers: u32,
    /// How many can be in line and in work together; whoever comes beyond is turned away.
    pub capacity: Option<u32>,
}

impl Station {
    /// Arrival rate × mean service time ÷ workers: the utilization if nothing is lost and nothing is retried.
    #[must_use]
    pub fn offered_load(&self) -> f64 {
        if self.arrival_rate == 0.0 {
            return 0.0;
        }
        self.arrival_rate * self.service_mean_s / f64::from(self.workers)
    }

    /// Messages per second that the workers can do at most.
    #[must_use]
    pub fn service_capacity(&self) -> f64 {
        f64::from(self.workers) / self.service_mean_s
    }

    /// Whether the workers can do all that arrives. A bounded station that cannot turns the excess away instead of growing.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.offered_load() < 1.0
    }

    /// Mean number in line and in work; infinite if it grows for ever.
    #[must_use]
    pub fn mean_in_system(&self) -> f64 {
        if self.arrival_rate == 0.0 || self.service_mean_s == 0.0 {
            return 0.0;
        }
        match self.capacity {
            Some(capacity) => self.bounded(capacity).mean_in_system,
            None => self.arrival_rate * (self.mean_waiting_s() + self.service_mean_s),
        }
    }

    /// Mean time in line of those who get in; infinite if it grows for ever.
    #[must_use]
    pub fn mean_waiting_s(&self) -> f64 {
        if self.arrival_rate == 0.0 || self.service_mean_s == 0.0 {
            return 0.0;
        }
        if let Some(capacity) = self.capacity {
            let bounded = self.bounded(capacity);
            return bounded.mean_waiting / bounded.throughput;
        }
        if self.workers == 1 {
            return mg1::mean_waiting_s(self.arrival_rate, self.service_mean_s, self.service_cv2);
        }
        let service_rate = 1.0 / self.service_mean_s;
        mmc::allen_cunneen_waiting_s(
            self.arrival_rate,
            service_rate,
            self.workers,
            self.service_cv2,
        )
    }

    /// The part of the arrivals that is turned away; 0 without a bound.
    #[must_use]
    pub fn turned_away(&self) -> f64 {
        match self.capacity {
            Some(capacity) if self.service_mean_s > 0.0 => self.bounded(capacity).turned_away,
            Some(_) | None => 0.0,
        }
    }

    fn bounded(&self, capacity: u32) -> mmck::Bounded {
        mmck::bounded(self.arrival_rate, 1.0 / self.service_mean_s, self.workers, capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    fn station(arrival_rate: f64, service_mean_s: f64, service_cv2: f64, workers: u32) -> Station {
        Station { arrival_rate, service_mean_s, service_cv2, workers, capacity: None }
    }

    #[test]
    fn each_kind_of_station_gets_its_own_formula() {
        assert_near(station(8.0, 0.1, 1.0, 1).mean_in_system(), 4.0);
        assert_near(station(8.0, 0.1, 0.0, 1).mean_in_system(), 2.4);
        assert_near(station(40.0, 0.1, 1.0, 5).mean_in_system(), 6.216_450_2);
        let bounded = Station { capacity: Some(10), ..station(36.0, 0.1, 1.0, 3) };
        assert_near(bounded.mean_in_system(), 6.952_978_1);
        assert_near(bounded.turned_away(), 0.199_909_86);
        assert_near(bounded.mean_waiting_s(), 0.141_395_65);
    }

    #[test]
    fn offered_load_decides_stability() {
        let busy = station(17.5, 0.025, 0.25, 1);
        assert_near(busy.offered_load(), 0.4375);
        assert_near(busy.service_capacity(), 40.0);
        assert!(busy.is_stable());
        let overloaded = station(50.0, 0.025, 0.25, 1);
        assert!(!overloaded.is_stable());
        assert_eq!(overloaded.mean_in_system(), f64::INFINITY);
    }

    #[test]
    fn an_idle_station_is_empty() {
        let idle = station(0.0, 0.1, 1.0, 3);
        assert_eq!((idle.offered_load(), idle.mean_in_system()), (0.0, 0.0));
        assert_eq!(station(5.0, 0.0, 0.0, 1).mean_waiting_s(), 0.0);
    }
}
