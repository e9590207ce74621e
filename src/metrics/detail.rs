//! What a whole run tells beyond its windows: the percentile between two others, how widely durations scatter, how many waited at all.
//!
//! They cost nothing while a run goes on, because they are read from what is kept anyway. To add one: a row in [`DETAILS`].

use super::column::{Column, SENDERS, SERVICES, detail};
use super::reading::{deviation_ms, quantile_ms, share_above_zero};

/// Metrics of a whole run that windows don't have, in the order of `summary.csv`.
pub static DETAILS: &[Column] = &[
    detail("latency_p95_ms", "ms", SENDERS, "95 in 100 latencies are at most this long.", |r| {
        quantile_ms(r.latency(), 0.95)
    }),
    detail("latency_sd_ms", "ms", SENDERS, "The standard deviation of latencies.", |r| {
        deviation_ms(r.latency())
    }),
    detail(
        "sojourn_p95_ms",
        "ms",
        SENDERS,
        "95 in 100 messages have their first effect within this time.",
        |r| quantile_ms(r.sojourn(), 0.95),
    ),
    detail(
        "sojourn_sd_ms",
        "ms",
        SENDERS,
        "The standard deviation of the time from production to the first effect.",
        |r| deviation_ms(r.sojourn()),
    ),
    detail(
        "waiting_p95_ms",
        "ms",
        SERVICES,
        "95 in 100 pieces of work wait in line at most this long.",
        |r| quantile_ms(r.waiting(), 0.95),
    ),
    detail("waiting_sd_ms", "ms", SERVICES, "The standard deviation of the time in line.", |r| {
        deviation_ms(r.waiting())
    }),
    detail(
        "waited_ratio",
        "ratio",
        SERVICES,
        "Share of the pieces of work that waited in line at all before they began.",
        |r| share_above_zero(r.waiting()),
    ),
];
