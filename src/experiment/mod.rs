//! Variants and replications, run in parallel, compared with what was expected of them.
//!
//! Every run is by itself: nothing is shared between runs but the wish to stop, so the number of threads changes nothing in what comes out.

pub mod expectation;
pub mod limits;
pub mod replication;
pub mod reproducer;
pub mod results;
pub mod run;
mod settling;
pub mod sink;

pub use limits::{Control, Limits, Progress};
pub use run::{Options, run};
