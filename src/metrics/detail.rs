//! What a whole run tells beyond its windows: the percentile between two others, how widely durations scatter, how many waited at all.
//!
//! They cost nothing while a run goes on, because they are read from what is kept anyway; but for journeys, which have to be asked for. To add one: a row in [`DETAILS`].

use super::column::{Column, detail};
use super::reading::{deviation_ms, max_ms, mean_ms, quantile_ms, share_above_zero};
use super::rows::{SENDERS, SERVICES, SERVICES_ALONE};

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
    detail(
        "journey_mean_ms",
        "ms",
        SERVICES_ALONE,
        "Mean time from the production of the first message of a chain to the first effect here of the one that came of it. Only of \
         what a service with `follow` has sent on.",
        |r| mean_ms(r.journeys?),
    ),
    detail("journey_sd_ms", "ms", SERVICES_ALONE, "The standard deviation of these times.", |r| {
        deviation_ms(r.journeys?)
    }),
    detail(
        "journey_p50_ms",
        "ms",
        SERVICES_ALONE,
        "Half of the chains get here within this time.",
        |r| quantile_ms(r.journeys?, 0.5),
    ),
    detail(
        "journey_p95_ms",
        "ms",
        SERVICES_ALONE,
        "95 in 100 chains get here within this time.",
        |r| quantile_ms(r.journeys?, 0.95),
    ),
    detail(
        "journey_p99_ms",
        "ms",
        SERVICES_ALONE,
        "99 in 100 chains get here within this time.",
        |r| quantile_ms(r.journeys?, 0.99),
    ),
    detail(
        "journey_max_ms",
        "ms",
        SERVICES_ALONE,
        "The longest that a chain took to get here.",
        |r| max_ms(r.journeys?),
    ),
];
