//! One row per metric: name, unit, meaning, and how it is read.
//!
//! The CSV header, the summary, the README's table, `explain`, `alerts` and `expect` all read [`COLUMNS`].
//! What is only known at the end (peaks, recovery) is added in [`SUMMARY_COLUMNS`].
//!
//! To add one: a row here, and the fact it needs in `window`.

use super::level::Level;
pub use super::reading::Reading;
use super::reading::{max_ms, mean_ms, quantile_ms};
pub use super::rows::Rows;
use super::rows::{
    ALL, BROKERS, DELIVERERS, GROUPS, HOSTS, ONE_HOST, PLACES, SENDERS, SERVICES, STORES,
};
pub use super::summary_column::{SUMMARY_COLUMNS, SummaryColumn};
use super::window::Count;
pub use super::window::Peak;

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

/// How two neighbouring windows become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Counters.
    Add,
    /// Gauges: the later value.
    Last,
    /// Rates, ratios and means.
    Average,
    /// Percentiles and highest values: the worse one, which is an upper bound.
    Highest,
}

/// A metric of every window and of the whole run.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name everywhere: CSV column, JSON key, `expect`, `alerts`.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// How it behaves over time.
    pub kind: Kind,
    /// How windows of it are merged.
    pub merge: Merge,
    /// Which rows have it.
    pub rows: Rows,
    /// Its value in a window, or over the run so far. Use [`Column::read`], which asks whether the row has it.
    value: fn(&Reading) -> Option<f64>,
    /// Gauges: the highest value since the window began.
    highest: Option<fn(&Reading) -> Option<Peak>>,
    /// Levels that are followed at every event: the average over the time since the run settled.
    mean: Option<fn(&Reading) -> Option<f64>>,
}

impl Column {
    /// Its value in `reading`, if it has one there.
    #[must_use]
    pub fn read(&self, reading: &Reading) -> Option<f64> {
        if self.rows.include(reading.row) { (self.value)(reading) } else { None }
    }

    /// Its highest value in `reading`, if it is a gauge that exists there.
    #[must_use]
    pub fn read_highest(&self, reading: &Reading) -> Option<Peak> {
        if self.rows.include(reading.row) { self.highest?(reading) } else { None }
    }

    /// Its average over the time of the run in `reading`, if it is a level that exists there.
    #[must_use]
    pub fn read_mean(&self, reading: &Reading) -> Option<f64> {
        if self.rows.include(reading.row) { self.mean?(reading) } else { None }
    }

    /// Whether it is a level of which there is an average over time.
    #[must_use]
    pub fn has_mean(&self) -> bool {
        self.mean.is_some()
    }
}

/// The place of the column of this name in [`COLUMNS`].
#[must_use]
pub fn index(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| column.name == name)
}

/// The column of this name.
#[must_use]
pub fn lookup(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

/// The name that was probably meant, among all columns and those of the summary.
#[must_use]
pub fn suggest(name: &str) -> Option<&'static str> {
    const ALIKE: f64 = 0.8;
    SUMMARY_COLUMNS
        .iter()
        .map(|column| column.name)
        .chain(COLUMNS.iter().map(|column| column.name))
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// A metric of whole runs alone.
pub(super) const fn detail(
    name: &'static str,
    unit: &'static str,
    rows: Rows,
    meaning: &'static str,
    value: fn(&Reading) -> Option<f64>,
) -> Column {
    let (kind, merge) = (Kind::Derived, Merge::Average);
    Column { name, unit, meaning, kind, merge, rows, value, highest: None, mean: None }
}

/// Writes each metric as `kind name unit rows "meaning" reading`, one below the other.
macro_rules! columns {
    ($($kind:ident $name:literal $unit:literal $rows:ident $meaning:literal
        $value:expr $(, highest $highest:expr $(, mean $mean:expr)?)?;)*) => {
        /// Every metric that a window has, in the order of `timeseries.csv`.
        pub static COLUMNS: &[Column] = &[$(
            Column {
                name: $name,
                unit: $unit,
                meaning: $meaning,
                kind: columns!(@kind $kind),
                merge: columns!(@merge $kind),
                rows: $rows,
                value: $value,
                highest: columns!(@highest $($highest)?),
                mean: columns!(@highest $($($mean)?)?),
            }
        ),*];
    };
    (@kind counter) => { Kind::Counter };
    (@kind gauge) => { Kind::Gauge };
    (@kind rate) => { Kind::Derived };
    (@kind percentile) => { Kind::Derived };
    (@merge counter) => { Merge::Add };
    (@merge gauge) => { Merge::Last };
    (@merge rate) => { Merge::Average };
    (@merge percentile) => { Merge::Highest };
    (@highest) => { None };
    (@highest $highest:expr) => { Some($highest) };
}

columns! {
    counter "produced" "messages" SENDERS
        "Messages that came into being."
        |r| r.made(Count::Produced);
    counter "succeeded" "messages" SENDERS
        "Messages settled with at least one effect, known to whoever had to know it."
        |r| r.made(Count::Succeeded);
    counter "uncertain" "messages" SENDERS
        "Messages settled with at least one effect, but the caller had given up or the acknowledgement never arrived."
        |r| r.made(Count::Uncertain);
    counter "lost" "messages" SENDERS
        "Messages accepted by somebody who then lost them."
        |r| r.made(Count::Lost);
    counter "expired" "messages" SENDERS
        "Messages that outlived their retention, time to live or deadline."
        |r| r.made(Count::Expired);
    counter "dead_lettered" "messages" SENDERS
        "Messages moved to a dead-letter queue."
        |r| r.made(Count::DeadLettered);
    counter "rejected" "messages" SENDERS
        "Messages refused to their producer, who gave up at once."
        |r| r.made(Count::Rejected);
    counter "abandoned" "messages" SENDERS
        "Messages that their producer gave up after its attempts."
        |r| r.made(Count::Abandoned);
    gauge "pending" "messages" ALL
        "Unfinished work anywhere: messages that are not settled, counted at the node where they wait."
        |r| r.level(Level::Pending), highest |r| r.highest(Level::Pending),
        mean |r| r.mean(Level::Pending);
    gauge "pending_at_producer" "messages" SENDERS
        "The part of pending that was made and that nobody has accepted yet: on its way, blocked, or without credit."
        |r| r.sender_level(Level::AtProducer), highest |r| r.sender_highest(Level::AtProducer),
        mean |r| r.sender_mean(Level::AtProducer);
    gauge "pending_in_retry_queue" "messages" SENDERS
        "The part of pending that failed and waits for its next attempt, or is on its way again."
        |r| r.sender_level(Level::InRetryQueue), highest |r| r.sender_highest(Level::InRetryQueue),
        mean |r| r.sender_mean(Level::InRetryQueue);
    gauge "pending_at_broker" "messages" BROKERS
        "The part of pending that a broker has accepted."
        |r| r.level(Level::AtBroker), highest |r| r.highest(Level::AtBroker),
        mean |r| r.mean(Level::AtBroker);
    gauge "pending_at_service" "messages" SERVICES
        "The part of pending that a service has accepted: in line or in work."
        |r| r.level(Level::AtService), highest |r| r.highest(Level::AtService),
        mean |r| r.mean(Level::AtService);
    counter "attempts" "attempts" ALL
        "Calls and publishes that left their sender, first ones and retries; at a node those it sent and those sent to it."
        |r| r.linked(Count::Attempted);
    counter "refused" "attempts" ALL
        "Attempts turned away: connection refused, shed, or no room."
        |r| r.linked_sum(&[Count::Refused, Count::Shed]);
    counter "timed_out" "attempts" ALL
        "Attempts without an answer in time."
        |r| r.linked(Count::TimedOut);
    counter "failed_attempts" "attempts" ALL
        "Attempts that failed for any reason: turned away, timed out, connection broken, or answered with an error."
        |r| r.linked_sum(&[Count::Refused, Count::Shed, Count::TimedOut, Count::Reset, Count::Errors]);
    counter "retries" "attempts" ALL
        "Attempts for a message that had been attempted over the same link before."
        |r| r.linked(Count::Retried);
    gauge "retry_backlog" "messages" SENDERS
        "Messages that failed at least once and are not settled."
        |r| r.sender_level(Level::RetryBacklog), highest |r| r.sender_highest(Level::RetryBacklog),
        mean |r| r.sender_mean(Level::RetryBacklog);
    rate "retry_amplification_ratio" "ratio" ALL
        "Attempts divided by the messages offered: 1 without retries, more when failures multiply the load."
        |r| r.amplification();
    gauge "held_at_producer" "messages" SENDERS
        "Messages that backpressure makes a producer hold back: blocked, or without credit."
        |r| r.sender_level(Level::HeldAtProducer), highest |r| r.sender_highest(Level::HeldAtProducer),
        mean |r| r.sender_mean(Level::HeldAtProducer);
    counter "blocked_time_s" "s" SENDERS
        "Time that messages were held back at their producer, added up, counted when a message may go on."
        |r| r.blocked_seconds();
    counter "effects" "effects" SENDERS
        "Pieces of work done, first ones and duplicates (one e-mail sent is one effect)."
        |r| r.linked(Count::Effects);
    counter "duplicates" "effects" SENDERS
        "Effects beyond the first of a message."
        |r| r.linked(Count::Duplicates);
    counter "suppressed" "effects" SERVICES
        "Duplicates that an idempotency key prevented."
        |r| r.here(Count::Suppressed);
    counter "out_of_order" "effects" SENDERS
        "Effects that came after one of a later message of the same key; 0 where messages have no keys."
        |r| r.linked(Count::OutOfOrder);
    counter "unmatched" "messages" SENDERS
        "Messages whose partner did not come to a join within its window."
        |r| r.linked(Count::Unmatched);
    counter "misread" "effects" SENDERS
        "Effects made of something else than was meant: the message was read with another schema, without an error."
        |r| r.linked(Count::Misread);
    rate "arrival_rate_per_s" "1/s" ALL
        "Messages coming in a second: at producers and in total those produced, at services and brokers those first sent to them."
        |r| r.per_second(r.arrivals());
    rate "offered_per_s" "1/s" ALL
        "First attempts due a second (the offered load before retries), whether or not they leave the sender."
        |r| r.per_second(r.linked(Count::Offered));
    rate "throughput_per_s" "1/s" SERVICES
        "Pieces of work finished a second, whether or not anybody still wants them."
        |r| r.per_second(r.here(Count::Completed));
    rate "goodput_per_s" "1/s" SENDERS
        "Completions a second that still mattered: the caller accepted the answer in time, or a delivered message had its first effect."
        |r| r.per_second(r.linked(Count::Mattered));
    gauge "lag" "messages" STORES
        "Messages stored and not yet acknowledged; in total the sum over queues and groups."
        |r| r.level(Level::Lag), highest |r| r.highest(Level::Lag),
        mean |r| r.mean(Level::Lag);
    gauge "lag_s" "s" STORES
        "Age of the oldest unfinished message, counted from its production; 0 when nothing is stored."
        |r| r.age.map(|age| age.now), highest |r| r.age.map(|age| age.highest);
    gauge "in_flight" "messages" PLACES
        "At services workers at work, at brokers messages delivered and not acknowledged; in total workers at work."
        |r| r.level(Level::InFlight), highest |r| r.highest(Level::InFlight),
        mean |r| r.mean(Level::InFlight);
    gauge "waiting" "messages" PLACES
        "At services requests in line, at brokers messages stored and not delivered; in total both."
        |r| r.level(Level::Waiting), highest |r| r.highest(Level::Waiting),
        mean |r| r.mean(Level::Waiting);
    rate "drain_eta_s" "s" STORES
        "Time until the lag is gone at the net pace of this window; no value while the lag does not fall."
        |r| r.drain_eta();
    rate "utilization_ratio" "ratio" SERVICES
        "Share of the time of the workers that are up during which they are at work."
        |r| r.utilization();
    rate "availability_ratio" "ratio" ALL
        "Calls and publishes that succeeded, all attempts included, divided by those that were decided."
        |r| r.availability();
    gauge "up" "0 or 1" ONE_HOST
        "1 while the node is up."
        |r| r.level(Level::Up), highest |r| r.highest(Level::Up),
        mean |r| r.mean(Level::Up);
    counter "crashes" "crashes" HOSTS
        "Times that a node went down."
        |r| r.here(Count::Crashes);
    counter "restarts" "restarts" HOSTS
        "Times that a node came up again."
        |r| r.here(Count::Restarts);
    counter "rebalances" "rebalances" GROUPS
        "Times that the partitions of a topic were dealt out anew to a consumer group."
        |r| r.here(Count::Rebalances);
    counter "replayed" "messages" GROUPS
        "Messages that are read again although they had been worked on: since the last commit of a consumer that lost its partition."
        |r| r.here(Count::Replayed);
    counter "redeliveries" "deliveries" DELIVERERS
        "Deliveries of a message that had been delivered before."
        |r| r.here(Count::Redelivered);
    rate "latency_mean_ms" "ms" SENDERS
        "What a producer waits on average, from production to the successful answer or the broker's confirmation; failures are excluded."
        |r| mean_ms(r.latency());
    percentile "latency_p50_ms" "ms" SENDERS
        "Half of all latencies are at most this long."
        |r| quantile_ms(r.latency(), 0.5);
    percentile "latency_p90_ms" "ms" SENDERS
        "Nine in ten latencies are at most this long."
        |r| quantile_ms(r.latency(), 0.9);
    percentile "latency_p99_ms" "ms" SENDERS
        "99 in 100 latencies are at most this long."
        |r| quantile_ms(r.latency(), 0.99);
    percentile "latency_p999_ms" "ms" SENDERS
        "999 in 1,000 latencies are at most this long."
        |r| quantile_ms(r.latency(), 0.999);
    percentile "latency_max_ms" "ms" SENDERS
        "The longest latency."
        |r| max_ms(r.latency());
    rate "sojourn_mean_ms" "ms" SENDERS
        "Average time from production to the first effect."
        |r| mean_ms(r.sojourn());
    percentile "sojourn_p50_ms" "ms" SENDERS
        "Half of all messages have their first effect within this time."
        |r| quantile_ms(r.sojourn(), 0.5);
    percentile "sojourn_p90_ms" "ms" SENDERS
        "Nine in ten messages have their first effect within this time."
        |r| quantile_ms(r.sojourn(), 0.9);
    percentile "sojourn_p99_ms" "ms" SENDERS
        "99 in 100 messages have their first effect within this time."
        |r| quantile_ms(r.sojourn(), 0.99);
    percentile "sojourn_p999_ms" "ms" SENDERS
        "999 in 1,000 messages have their first effect within this time."
        |r| quantile_ms(r.sojourn(), 0.999);
    percentile "sojourn_max_ms" "ms" SENDERS
        "The longest time from production to the first effect."
        |r| max_ms(r.sojourn());
    rate "waiting_mean_ms" "ms" SERVICES
        "Average time in line at a service before work begins."
        |r| mean_ms(r.waiting());
    percentile "waiting_p50_ms" "ms" SERVICES
        "Half of all work waits in line at most this long."
        |r| quantile_ms(r.waiting(), 0.5);
    percentile "waiting_p90_ms" "ms" SERVICES
        "Nine in ten pieces of work wait in line at most this long."
        |r| quantile_ms(r.waiting(), 0.9);
    percentile "waiting_p99_ms" "ms" SERVICES
        "99 in 100 pieces of work wait in line at most this long."
        |r| quantile_ms(r.waiting(), 0.99);
    percentile "waiting_p999_ms" "ms" SERVICES
        "999 in 1,000 pieces of work wait in line at most this long."
        |r| quantile_ms(r.waiting(), 0.999);
    percentile "waiting_max_ms" "ms" SERVICES
        "The longest time in line."
        |r| max_ms(r.waiting());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_end_in_their_unit() {
        for (place, column) in COLUMNS.iter().enumerate() {
            assert_eq!(index(column.name), Some(place), "{} stands twice", column.name);
            let suffix = match column.unit {
                "ms" => "_ms",
                "s" => "_s",
                "1/s" => "_per_s",
                "ratio" => "_ratio",
                _ => "",
            };
            assert!(column.name.ends_with(suffix), "{} is in {}", column.name, column.unit);
        }
    }

    #[test]
    fn every_meaning_is_a_sentence_and_every_gauge_has_a_highest_value() {
        for column in COLUMNS {
            assert!(column.meaning.ends_with('.'), "{}", column.name);
            assert_eq!(column.highest.is_some(), column.kind == Kind::Gauge, "{}", column.name);
        }
    }

    #[test]
    fn a_misspelled_name_brings_the_one_that_was_meant() {
        assert_eq!(suggest("retrybacklog"), Some("retry_backlog"));
        assert_eq!(suggest("peak_lags"), Some("peak_lag_s"));
        assert_eq!(suggest("xyz"), None);
        assert!(lookup("pending").is_some() && lookup("pendin").is_none());
    }
}
