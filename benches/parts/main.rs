//! The parts that a run is made of, each by itself.

mod engine;
#[path = "../hold.rs"]
mod hold;
mod metrics;
mod random;
mod report;
mod station;

fn main() {
    divan::main();
}
