//! Observations become numbers: windows, totals, a ledger, a summary.

pub mod column;
pub mod ledger;
pub mod series;
pub mod summary;
