//! Observations become numbers: windows, totals, a ledger, a summary.
//!
//! To add a metric: a row of `column::COLUMNS`, and the fact it reads in `window` and `observe`.
//! To add one of whole runs: a row of `detail::DETAILS`, or of `summary_column::VERDICTS`, and its value in `summary`.

pub mod aggregate;
pub mod alert;
pub mod column;
pub mod detail;
pub mod histogram;
pub mod ledger;
mod level;
mod little;
pub mod marks;
mod node;
mod observe;
mod reading;
pub mod recorder;
#[cfg(test)]
mod recorder_tests;
mod recovery;
mod rows;
pub mod series;
pub mod settling;
mod straight;
pub mod summary;
pub mod summary_column;
#[cfg(test)]
mod whole_run_tests;
mod window;
