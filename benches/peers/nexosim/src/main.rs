//! W1 and W2 in nexosim: a model of the customers, a model of the servers, one thread.
//!
//! `nexosim-peer w1|w2 MESSAGES` prints a line of JSON.

mod w1;
mod w2;

use std::time::Duration;

use rand::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_xoshiro::Xoshiro256PlusPlus;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [workload, messages] = &arguments[..] else { panic!("w1|w2 MESSAGES") };
    let messages = messages.parse().expect("a number of messages");
    match workload.as_str() {
        "w1" => w1::run(messages),
        "w2" => w2::run(messages),
        _ => panic!("w1 or w2"),
    }
}

fn stream(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// An exponential delay, at least the nanosecond that nexosim needs between two events of a model.
fn exponential(stream: &mut Xoshiro256PlusPlus, mean_s: f64) -> Duration {
    let unit: f64 = Exp1.sample(stream);
    Duration::from_nanos(((unit * mean_s * 1e9) as u64).max(1))
}
