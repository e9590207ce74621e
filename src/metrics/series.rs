//! A bounded time series for charts: when it is full, neighbouring points are merged.
//!
//! The whole series is streamed to disk as it is made; this is what stays in memory, and it never grows beyond its bound.

/// One node's series: a point is the row of column values of one window.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// The end of each window, in seconds.
    pub times_s: Vec<f64>,
    /// For each column of `COLUMNS`, its value in each window; a value that does not exist is NaN.
    pub values: Vec<Vec<f64>>,
    /// For each gauge of `COLUMNS` its highest value in each window; empty for the others.
    pub maxima: Vec<Vec<f64>>,
}
