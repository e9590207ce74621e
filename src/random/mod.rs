//! Every source of chance, and what a scenario may say about it.
//!
//! Chance enters a run in one way only: a named stream ([`Stream`], [`KeyedStream`]) and something that draws from it: a
//! [`Distribution`] of durations, an [`ArrivalProcess`], a choice of [`Keys`]. The settings enums are the vocabulary of scenario
//! files and know their own arithmetic (mean, variability, expected count), so that predictions need no simulation.
//!
//! Nothing here knows of queues or of the calendar.
//!
//! To add a distribution: a variant in `distribution.rs`, its moments and its sampler in the two files below it, a row in its test.
//! To add an arrival process: a variant in `arrivals.rs`, its arm in `arrivals/running.rs`, a test.

pub mod arrivals;
pub mod distribution;
pub mod keys;
pub mod measured;
pub(crate) mod shorthand;
pub mod stream;
pub mod trace;

pub use arrivals::{Arrival, ArrivalProcess, Arrivals};
pub use distribution::Distribution;
pub use distribution::sampler::Sampler;
pub use keys::{KeySampler, Keys};
pub use stream::{Chance, Draws, KeyedStream, Stream};
