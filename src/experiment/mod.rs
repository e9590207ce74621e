//! Variants and replications, run in parallel, compared.

pub mod results;
pub mod sink;
