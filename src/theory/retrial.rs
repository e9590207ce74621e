//! Retrial queues: no line, and whoever finds all workers busy comes back later. What a pool of threads without a queue becomes when its
//! callers retry: far more of them are on their way than any line would hold, and at a retry rate that doesn't grow with their
//! number it isn't even stable at loads where a line would be.
//!
//! Those who are away are called the orbit. In the classical form each of them comes back by itself, at rate ν, so that the pressure
//! grows with their number; at a constant rate only the head of the orbit comes back, at rate θ.
//!
//! Source: G. I. Falin and J. G. C. Templeton, *Retrial Queues* (1997), chapters 1 and 2; for the constant rate G. Fayolle 1986, and
//! K. Avrachenkov and U. Yechiali 2008.

/// The long run of a retrial queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retrial {
    /// Mean number of busy workers.
    pub mean_busy: f64,
    /// The share of time for which all workers are busy, which is the share of first attempts that fail.
    pub all_busy: f64,
    /// Mean number of requests that wait to come back.
    pub mean_orbit: f64,
    /// Mean time from the first attempt to the beginning of service, of all requests, those that give up included.
    pub mean_delay_s: f64,
    /// Attempts per request.
    pub amplification: f64,
    /// The share of requests that give up.
    pub lost: f64,
}

/// An orbit of this size counts as unstable: nothing is gained by looking further.
const LARGEST_ORBIT: usize = 1 << 20;

/// The long run of `workers` workers where everybody comes back after an exponential time, at `retry_rate` above 0. After each
/// failed attempt a request stays with the probability `persistence`, from 0 to 1, and otherwise gives up.
///
/// `None` if the orbit grows for ever: with full persistence and an arrival rate that isn't below the workers' capacity.
///
/// The states are (busy workers, orbit). The orbit grows only when all workers are busy, so the states with n + 1 in orbit follow
/// from the single one with n in orbit and all busy. They are worked out from a large orbit downwards, which only adds positive numbers.
#[must_use]
pub fn classical(
    arrival_rate: f64,
    service_rate: f64,
    workers: u32,
    retry_rate: f64,
    persistence: f64,
) -> Option<Retrial> {
    let chain = Chain { arrival_rate, service_rate, workers, retry_rate, persistence };
    if persistence >= 1.0 && arrival_rate >= f64::from(workers) * service_rate {
        return None;
    }
    let mut size = 64;
    let mut last = chain.solved(size);
    while size < LARGEST_ORBIT {
        size *= 2;
        let next = chain.solved(size);
        if (next.mean_orbit - last.mean_orbit).abs() <= 1e-12 * next.mean_orbit {
            return Some(next);
        }
        last = next;
    }
    None
}

struct Chain {
    arrival_rate: f64,
    service_rate: f64,
    workers: u32,
    retry_rate: f64,
    persistence: f64,
}

impl Chain {
    /// The chain whose orbit holds at most `size`.
    fn solved(&self, size: usize) -> Retrial {
        // `level[i]`: the probability of i busy workers with n in orbit, over that of all busy with n − 1.
        let mut levels: Vec<Vec<f64>> = Vec::with_capacity(size);
        let mut above = vec![0.0; self.workers as usize + 1];
        for orbit in (1..=size).rev() {
            above = self.level(orbit, &above);
            levels.push(above.clone());
        }
        let mut level = self.shape(0, &above);
        let (mut total, mut busy, mut all_busy, mut in_orbit) = (0.0, 0.0, 0.0, 0.0);
        for orbit in 0..=size {
            let weight: f64 = level.iter().sum();
            let full = level[self.workers as usize];
            total += weight;
            all_busy += full;
            in_orbit += weight * orbit as f64;
            busy += level.iter().enumerate().map(|(busy, p)| busy as f64 * p).sum::<f64>();
            if let Some(next) = levels.pop() {
                level = next.into_iter().map(|p| p * full).collect();
            }
        }
        let (mean_busy, mean_orbit) = (busy / total, in_orbit / total);
        Retrial {
            mean_busy,
            all_busy: all_busy / total,
            mean_orbit,
            mean_delay_s: mean_orbit / self.arrival_rate,
            amplification: 1.0 + self.retry_rate * mean_orbit / self.arrival_rate,
            lost: (1.0 - mean_busy * self.service_rate / self.arrival_rate).max(0.0),
        }
    }

    /// The level of `orbit` requests, given that above it: what flows up from the one state below flows down from here.
    fn level(&self, orbit: usize, above: &[f64]) -> Vec<f64> {
        let shape = self.shape(orbit, above);
        let (full, others) = shape.split_last().expect("there is a state with no worker busy");
        let leaves = others.iter().sum::<f64>() + (1.0 - self.persistence) * full;
        let down = orbit as f64 * self.retry_rate * leaves;
        let scale = self.arrival_rate * self.persistence / down;
        shape.into_iter().map(|p| p * scale).collect()
    }

    /// The probabilities of a level relative to that of all busy: each is `a` times the next one plus `b`, from the balance of its state.
    fn shape(&self, orbit: usize, above: &[f64]) -> Vec<f64> {
        let Chain { arrival_rate, service_rate, workers, retry_rate, .. } = self;
        let mut steps: Vec<(f64, f64)> = Vec::with_capacity(*workers as usize);
        for busy in 0..*workers as usize {
            let from_above = match busy.checked_sub(1) {
                Some(fewer) => (orbit + 1) as f64 * retry_rate * above[fewer],
                None => 0.0,
            };
            let (a, b) = steps.last().copied().unwrap_or_default();
            let out = arrival_rate + busy as f64 * service_rate + orbit as f64 * retry_rate;
            let out = out - arrival_rate * a;
            let from_more = (busy + 1) as f64 * service_rate;
            steps.push((from_more / out, (arrival_rate * b + from_above) / out));
        }
        let mut shape = vec![1.0; *workers as usize + 1];
        for busy in (0..*workers as usize).rev() {
            let (a, b) = steps[busy];
            shape[busy] = a * shape[busy + 1] + b;
        }
        shape
    }
}

/// The mean orbit of one worker where only the head of the orbit comes back, at the rate `retry_rate`: infinite unless
/// λ(λ + θ) < µθ, which asks for more than λ < µ.
#[must_use]
pub fn constant_rate_orbit(arrival_rate: f64, service_rate: f64, retry_rate: f64) -> f64 {
    let ratio = constant_rate_ratio(arrival_rate, service_rate, retry_rate);
    if ratio >= 1.0 {
        return f64::INFINITY;
    }
    let first = arrival_rate * arrival_rate / (service_rate * retry_rate);
    let empty = constant_rate_empty(arrival_rate, service_rate, retry_rate);
    let both = 1.0 + (arrival_rate + retry_rate) / service_rate;
    both * empty * first / (1.0 - ratio).powi(2)
}

/// Attempts per request at such a worker, if the head of the orbit makes one at each turn; infinite if the orbit grows for ever.
#[must_use]
pub fn constant_rate_attempts(arrival_rate: f64, service_rate: f64, retry_rate: f64) -> f64 {
    if constant_rate_ratio(arrival_rate, service_rate, retry_rate) >= 1.0 {
        return f64::INFINITY;
    }
    let empty = constant_rate_empty(arrival_rate, service_rate, retry_rate);
    let nobody_in_orbit = empty * (1.0 + arrival_rate / service_rate);
    1.0 + retry_rate * (1.0 - nobody_in_orbit) / arrival_rate
}

/// The share of time with an idle worker and nobody in orbit, where that is stable.
fn constant_rate_empty(arrival_rate: f64, service_rate: f64, retry_rate: f64) -> f64 {
    let ratio = constant_rate_ratio(arrival_rate, service_rate, retry_rate);
    let first = arrival_rate * arrival_rate / (service_rate * retry_rate);
    let idle = 1.0 - arrival_rate / service_rate;
    idle / (1.0 + first / (1.0 - ratio))
}

/// λ(λ + θ) ÷ µθ: below 1 the orbit of a constant retry rate is stable.
#[must_use]
pub fn constant_rate_ratio(arrival_rate: f64, service_rate: f64, retry_rate: f64) -> f64 {
    arrival_rate * (arrival_rate + retry_rate) / (service_rate * retry_rate)
}

/// How fast an unstable orbit grows, per second: with someone always in orbit the worker is busy for (λ + θ) ÷ (λ + θ + µ) of the time.
#[must_use]
pub fn constant_rate_growth(arrival_rate: f64, service_rate: f64, retry_rate: f64) -> f64 {
    let comes = arrival_rate + retry_rate;
    let busy = comes / (comes + service_rate);
    (arrival_rate * busy - retry_rate * (1.0 - busy)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::erlang;
    use crate::theory::testing::assert_near;

    #[test]
    fn one_worker_has_falins_closed_form() {
        let queue = classical(6.0, 10.0, 1, 4.0, 1.0).unwrap();
        assert_near(queue.mean_busy, 0.6);
        assert_near(queue.all_busy, 0.6);
        assert_near(queue.mean_orbit, 0.6 / 0.4 * (0.6 + 6.0 / 4.0));
        assert_near(queue.mean_delay_s, 0.525);
        assert_near(queue.amplification, 3.1);
    }

    #[test]
    fn two_and_five_workers_are_those_of_the_solved_chain() {
        let two = classical(12.0, 10.0, 2, 5.0, 1.0).unwrap();
        assert_near(two.mean_orbit, 2.317_906_124_6);
        assert_near(two.all_busy, 0.410_945_850_05);
        assert_near(two.amplification, 1.965_794_218_6);
        let five = classical(40.0, 10.0, 5, 2.0, 1.0).unwrap();
        assert_near(five.mean_busy, 4.0);
        assert_near(five.mean_orbit, 16.672_097_95);
        assert_near(five.all_busy, 0.426_304_026_9);
    }

    #[test]
    fn callers_who_give_up_half_of_the_time_keep_an_overloaded_worker_stable() {
        let queue = classical(12.0, 10.0, 1, 5.0, 0.5).unwrap();
        assert_near(queue.lost, 0.478_741_157_2);
        assert_near(queue.mean_busy, 0.625_510_611_3);
        assert_near(queue.mean_orbit, 1.148_978_777_4);
        assert_near(queue.amplification, 1.478_741_157_2);
        assert_eq!(classical(12.0, 10.0, 1, 5.0, 1.0), None);
    }

    #[test]
    fn without_persistence_it_is_erlangs_loss_system() {
        let queue = classical(80.0, 10.0, 10, 1.0, 0.0).unwrap();
        assert_near(queue.all_busy, erlang::erlang_b(8.0, 10));
        assert_near(queue.lost, queue.all_busy);
    }

    #[test]
    fn at_a_constant_rate_the_orbit_may_grow_although_the_worker_has_time() {
        assert_near(constant_rate_ratio(4.0, 10.0, 5.0), 0.72);
        assert_near(constant_rate_orbit(4.0, 10.0, 5.0), 2.171_428_571_4);
        // In 0.392 of the time nobody is in orbit; otherwise somebody tries five times a second.
        assert_near(constant_rate_attempts(4.0, 10.0, 5.0), 1.0 + 5.0 * (1.0 - 0.392) / 4.0);
        assert_eq!(constant_rate_attempts(6.0, 10.0, 5.0), f64::INFINITY);
        assert_near(constant_rate_ratio(6.0, 10.0, 5.0), 1.32);
        assert_eq!(constant_rate_orbit(6.0, 10.0, 5.0), f64::INFINITY);
        assert_near(constant_rate_growth(6.0, 10.0, 5.0), 0.761_904_761_9);
    }
}
