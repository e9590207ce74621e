//! Where a metric stands in the rows of a run, by its name.
//!
//! Charts and tables name their metrics; the tables of [`crate::metrics::column`] say in which place of a row they stand.

use self::standin::{COLUMNS, SUMMARY_COLUMNS};
use crate::metrics::column::Kind;
use crate::metrics::summary::NodeKind;

mod standin {
    use super::Kind::{self, *};
    pub struct Column {
        pub name: &'static str,
        pub kind: Kind,
    }
    macro_rules! table { ($($k:ident: $($n:literal)*;)*) => { &[$($(Column { name: $n, kind: $k }),*),*] } }
    pub const COLUMNS: &[Column] = table! {
        Counter: "produced" ;
        Gauge: "succeeded" "uncertain" "lost" "expired" "dead_lettered" "rejected" "abandoned" "pending" "pending_at_producer" "pending_in_retry_queue" "pending_at_broker" "pending_at_service";
        Counter: "attempts" "refused" "timed_out" "failed_attempts" "retries";
        Gauge: "retry_backlog"; Derived: "retry_amplification_ratio"; Gauge: "held_at_producer"; Counter: "blocked_time_s";
        Counter: "effects" "duplicates" "out_of_order";
        Derived: "arrival_rate_per_s" "throughput_per_s" "goodput_per_s";
        Gauge: "lag" "lag_s" "in_flight" "waiting";
        Derived: "drain_eta_s" "utilization_ratio" "availability_ratio"; Gauge: "up";
        Counter: "crashes" "restarts" "rebalances" "redeliveries";
        Derived: "latency_mean_ms" "latency_p50_ms" "latency_p90_ms" "latency_p99_ms" "latency_p999_ms" "latency_max_ms" "sojourn_mean_ms" "sojourn_p50_ms" "sojourn_p99_ms" "waiting_mean_ms" "waiting_p99_ms";
    };
    pub const SUMMARY_COLUMNS: &[Column] = table! {
        Counter: "produced" "succeeded" "uncertain" "lost" "expired" "dead_lettered" "rejected" "abandoned" "pending"
         "attempts" "refused" "timed_out" "failed_attempts" "retries" "retry_backlog" "retry_amplification_ratio" "held_at_producer" "blocked_time_s" "effects" "duplicates" "out_of_order"
        "arrival_rate_per_s" "throughput_per_s" "goodput_per_s" "lag" "utilization_ratio" "availability_ratio" "crashes" "restarts" "rebalances" "redeliveries"
        "latency_mean_ms" "latency_p50_ms" "latency_p99_ms" "latency_max_ms" "sojourn_p50_ms" "sojourn_p99_ms"
        "peak_pending" "peak_pending_at_s" "peak_lag" "peak_lag_at_s" "peak_retry_backlog" "peak_held_at_producer" "final_pending" "final_lag" "final_retry_backlog" "drain_time_s" "recovery_time_s" "metastable";
    };
}

/// The names of all columns of a window, in order.
pub fn columns() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().map(|column| column.name)
}

/// The names of those that are gauges, in the same order.
pub fn gauges() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().filter(|column| column.kind == Kind::Gauge).map(|column| column.name)
}

/// The names of all values of a summary, in order.
pub fn summary_columns() -> impl Iterator<Item = &'static str> {
    SUMMARY_COLUMNS.iter().map(|column| column.name)
}

/// The place of a column in a row of `COLUMNS`.
#[must_use]
pub fn column(name: &str) -> Option<usize> {
    columns().position(|column| column == name)
}

/// The place of a value in a row of `SUMMARY_COLUMNS`.
#[must_use]
pub fn summary_column(name: &str) -> Option<usize> {
    summary_columns().position(|column| column == name)
}

/// What a kind of node is called in files.
#[must_use]
pub fn kind_name(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Producer => "producer",
        NodeKind::Service => "service",
        NodeKind::Broker => "broker",
    }
}
