//! What arithmetic says, without simulating: the second opinion.
//!
//! Closed forms for stations in the long run, fluid predictions for backlogs, and the arithmetic of retries. Three users: `check` tells
//! with them what to expect before a run; the charts draw them as reference lines; and the tests hold the simulator to them, which
//! is why nothing here knows anything of the model.
//!
//! Units are seconds and messages per second, workers are counted, probabilities lie between 0 and 1. A quantity that grows without bound
//! is [`f64::INFINITY`].
//!
//! Books: Kleinrock is L. Kleinrock, *Queueing Systems*, volume 1 (1975) unless volume 2 is said; Gross & Harris is D. Gross,
//! J. F. Shortle, J. M. Thompson and C. M. Harris, *Fundamentals of Queueing Theory*.
//!
//! To add one: a file of its own, each function with its formula and source, tested against a number that was worked out elsewhere.

pub mod batch_arrivals;
pub mod breakdowns;
pub mod bulk_service;
pub mod closed_loop;
pub mod dm1;
pub mod erlang;
pub mod erlang_a;
pub mod fluid;
mod law;
pub mod md1;
pub mod mg1;
pub mod mm1;
pub mod mmc;
pub mod mmck;
pub mod partitions;
pub mod polls;
pub mod priority;
pub mod retrial;
pub mod retries;
pub mod retry_storm;
pub mod run_length;
pub mod station;
#[cfg(test)]
mod station_tests;

pub use retry_storm::RetryRounds;
pub use station::Station;

#[cfg(test)]
mod testing {
    /// Fails unless `got` is `wanted` to seven digits, which is what the references are written to.
    #[track_caller]
    pub(super) fn assert_near(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= 1e-7 * wanted.abs(), "{got} is not {wanted}");
    }
}
