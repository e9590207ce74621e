//! One row per metric: name, unit, meaning, and how it is read.
//!
//! The CSV header, the summary, the README's table, `explain` and `expect` all read [`COLUMNS`].
//!
//! To add one: a row here, and the fact it needs in `Window`.

/// How a metric behaves over time, which tells how windows of it are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Counted in a window, added up over windows.
    Counter,
    /// A level: its value at the end of a window, and the highest within it.
    Gauge,
    /// Derived within a window (rates, ratios, percentiles).
    Derived,
}
