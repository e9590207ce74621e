//! The limit: what W1 costs if nothing but its waiting times is wanted. No events, no nodes, no metrics, one line of code.

use rand::SeedableRng;
use rand_distr::{Distribution as _, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The mean waiting time of the first `customers` of an M/M/1 queue with arrival rate 0.9 and service rate 1, by the recursion
/// of Lindley, "The theory of queues with a single server", Mathematical Proceedings 48, 1952.
pub fn mean_wait(customers: u64) -> f64 {
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut draw = |mean: f64| -> f64 {
        let unit: f64 = Exp1.sample(&mut chance);
        mean * unit
    };
    let (mut wait, mut sum) = (0.0_f64, 0.0);
    for _ in 0..customers {
        sum += wait;
        wait = (wait + draw(1.0) - draw(1.0 / 0.9)).max(0.0);
    }
    sum / customers as f64
}
