//! Every chart, one row each.
//!
//! Files, the page and the tests all read [`CHARTS`]. A chart without anything to show for a scenario is left out.
//!
//! To add one: a row here.

use super::number::Unit;
use super::picture::curve::Reading::{self, Highest, Level, Rate, Smooth, Total};
use super::picture::palette as color;
use super::picture::scene::Color;
use crate::metrics::summary::NodeKind;

/// A chart.
#[derive(Debug, Clone, Copy)]
pub struct Chart {
    /// The stem of its file.
    pub name: &'static str,
    /// What stands above it.
    pub title: &'static str,
    /// What it shows, in one sentence.
    pub shows: &'static str,
    /// What stands beside the axis of values.
    pub axis: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// How its values are spread.
    pub spread: Spread,
    /// How it is laid out.
    pub layout: Layout,
    /// What is drawn, from back to front.
    pub layers: &'static [Layer],
    /// Metrics of which predictions are drawn, too.
    pub predicted: &'static [&'static str],
    /// Values of the summary that stand in the head of a panel, each with a word for it.
    pub notes: &'static [(&'static str, &'static str)],
}

/// How values are spread over the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// From 0 on.
    Linear,
    /// From 0 on, unless they range over more than three decades.
    LogIfWide,
    /// From 0 to 1.
    Share,
}

/// How a chart is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A panel for each variant; the layers are areas, one on top of the other.
    Stacked,
    /// A panel for each variant; the layers are lines.
    Lines,
    /// A panel for each variant; a line of the first layer for each node of this kind.
    Nodes(NodeKind),
    /// A panel for each variant; a row for each partition, with the first layer and who reads it.
    Readers,
    /// One panel; a line of the first layer for each variant.
    Overlay,
    /// A bar for each variant; the layers are its parts, from the summary.
    Bars,
}

/// Something that is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Layer {
    /// What it is called in the legend.
    pub label: &'static str,
    /// What it reads.
    pub reading: Reading,
    /// Its color.
    pub color: Color,
    /// The width of its line, in pixels.
    pub width: f64,
    /// Whether the axis has to hold all of it. What is there for comparison only may leave the frame.
    pub sets_scale: bool,
}

const fn layer(label: &'static str, reading: Reading, color: Color, width: f64) -> Layer {
    Layer { label, reading, color, width, sets_scale: true }
}

const fn context(label: &'static str, reading: Reading, color: Color, width: f64) -> Layer {
    Layer { label, reading, color, width, sets_scale: false }
}

/// All charts, in the order in which they are read.
pub const CHARTS: &[Chart] = &[
    Chart {
        name: "pending",
        title: "Unfinished work, and where it waits",
        shows: "Every message that is not settled yet, stacked by the place where it waits.",
        axis: "messages",
        unit: Unit::Count,
        spread: Spread::Linear,
        layout: Layout::Stacked,
        layers: &[
            layer("at a service", Level("pending_at_service"), color::GREEN, 1.0),
            layer("in a broker", Level("pending_at_broker"), color::SKY, 1.0),
            layer("at its producer", Level("pending_at_producer"), color::ORANGE, 1.0),
            layer("in a retry queue", Level("pending_in_retry_queue"), color::VERMILION, 1.0),
        ],
        predicted: &["pending"],
        notes: &[("peak_pending", "peak"), ("final_pending", "end")],
    },
    Chart {
        name: "pending-compared",
        title: "Unfinished work, compared",
        shows: "Every message that is not settled yet, wherever it waits: one line for each variant.",
        axis: "messages",
        unit: Unit::Count,
        spread: Spread::Linear,
        layout: Layout::Overlay,
        layers: &[layer("pending", Level("pending"), color::INK, 2.5)],
        predicted: &["pending"],
        notes: &[],
    },
    Chart {
        name: "lag",
        title: "Lag at the brokers",
        shows: "Messages that a broker has stored and that are not acknowledged yet.",
        axis: "messages",
        unit: Unit::Count,
        spread: Spread::Linear,
        layout: Layout::Lines,
        layers: &[layer("lag", Level("lag"), color::BLUE, 2.5)],
        predicted: &["lag"],
        notes: &[("peak_lag", "peak"), ("drain_time_s", "drained in")],
    },
    Chart {
        name: "partitions",
        title: "Lag by partition",
        shows: "Messages of each partition that are not committed by every group yet: one line for each, those with the most in color.",
        axis: "messages",
        unit: Unit::Count,
        spread: Spread::Linear,
        layout: Layout::Nodes(NodeKind::Partition),
        layers: &[layer("lag", Level("lag"), color::BLUE, 2.5)],
        predicted: &[],
        notes: &[("rebalances", "rebalances"), ("redeliveries", "delivered again")],
    },
    Chart {
        name: "readers",
        title: "Who reads which partition",
        shows: "A row for each partition, in the color of who reads it and white while nobody does, and in it the messages that are not committed by every group.",
        axis: "partitions",
        unit: Unit::Count,
        spread: Spread::Linear,
        layout: Layout::Readers,
        layers: &[layer("lag", Level("lag"), color::INK, 1.0)],
        predicted: &[],
        notes: &[],
    },
    Chart {
        name: "throughput",
        title: "Work done, and work that mattered",
        shows: "Completions per second (throughput), those that still mattered to somebody (goodput), and the arrivals that they have to keep up with (a burst of them may leave the frame).",
        axis: "per second",
        unit: Unit::PerSecond,
        spread: Spread::Linear,
        layout: Layout::Lines,
        layers: &[
            layer("throughput", Smooth("throughput_per_s"), color::SKY, 5.0),
            layer("goodput", Smooth("goodput_per_s"), color::GREEN, 2.5),
            context("arrivals", Smooth("arrival_rate_per_s"), color::MUTED, 1.0),
        ],
        predicted: &["throughput_per_s"],
        notes: &[("goodput_per_s", "mean goodput")],
    },
    Chart {
        name: "attempts",
        title: "Attempts against capacity",
        shows: "Calls and publishes per second, retries included, and how many of them fail; of windows that share a pixel the busiest.",
        axis: "attempts per second",
        unit: Unit::PerSecond,
        spread: Spread::LogIfWide,
        layout: Layout::Lines,
        layers: &[
            layer("attempts", Rate("attempts"), color::BLUE, 2.5),
            layer("failed", Rate("failed_attempts"), color::VERMILION, 1.5),
        ],
        predicted: &["throughput_per_s"],
        notes: &[("retry_amplification_ratio", "amplification")],
    },
    Chart {
        name: "retry-backlog",
        title: "Retry backlog",
        shows: "Messages that failed at least once and are not settled; ticks are crashes.",
        axis: "messages",
        unit: Unit::Count,
        spread: Spread::Linear,
        layout: Layout::Lines,
        layers: &[layer("retry backlog", Level("retry_backlog"), color::VERMILION, 2.5)],
        predicted: &[],
        notes: &[("peak_retry_backlog", "peak"), ("final_retry_backlog", "end")],
    },
    Chart {
        name: "latency",
        title: "What the producer waits",
        shows: "Time from production to the successful answer or the broker's confirmation; failures are excluded.",
        axis: "latency",
        unit: Unit::Milliseconds,
        spread: Spread::LogIfWide,
        layout: Layout::Lines,
        layers: &[
            layer("99.9 %", Highest("latency_p999_ms"), color::PURPLE, 1.5),
            layer("99 %", Highest("latency_p99_ms"), color::VERMILION, 2.0),
            layer("90 %", Highest("latency_p90_ms"), color::ORANGE, 2.0),
            layer("half of all within", Highest("latency_p50_ms"), color::BLUE, 2.5),
        ],
        predicted: &[],
        notes: &[("latency_p50_ms", "median"), ("latency_p99_ms", "99 %")],
    },
    Chart {
        name: "sojourn",
        title: "How long until the work is done",
        shows: "Time from production to the first effect: what the recipient waits, whether or not the producer does.",
        axis: "sojourn time",
        unit: Unit::Milliseconds,
        spread: Spread::LogIfWide,
        layout: Layout::Lines,
        layers: &[
            layer("99.9 %", Highest("sojourn_p999_ms"), color::PURPLE, 1.5),
            layer("99 %", Highest("sojourn_p99_ms"), color::VERMILION, 2.0),
            layer("90 %", Highest("sojourn_p90_ms"), color::ORANGE, 2.0),
            layer("half of all within", Highest("sojourn_p50_ms"), color::BLUE, 2.5),
        ],
        predicted: &[],
        notes: &[("sojourn_p50_ms", "median"), ("sojourn_p99_ms", "99 %")],
    },
    Chart {
        name: "availability",
        title: "Availability, as each producer sees it",
        shows: "Calls and publishes that succeeded, as a share of those that were decided; a gap means that none was decided.",
        axis: "availability",
        unit: Unit::Ratio,
        spread: Spread::Share,
        layout: Layout::Nodes(NodeKind::Producer),
        layers: &[layer("availability", Smooth("availability_ratio"), color::BLUE, 2.5)],
        predicted: &[],
        notes: &[("availability_ratio", "mean")],
    },
    Chart {
        name: "crashes",
        title: "Crashes so far",
        shows: "How often a node has gone down since the beginning.",
        axis: "crashes",
        unit: Unit::Count,
        spread: Spread::Linear,
        layout: Layout::Overlay,
        layers: &[layer("crashes", Total("crashes"), color::INK, 2.5)],
        predicted: &[],
        notes: &[],
    },
    Chart {
        name: "outcomes",
        title: "Where the messages ended up",
        shows: "Every message that was produced, by its state at the end.",
        axis: "messages",
        unit: Unit::Count,
        spread: Spread::Linear,
        layout: Layout::Bars,
        layers: OUTCOMES,
        predicted: &[],
        notes: &[],
    },
];

/// The states that a message ends up in, in the order of the ledger.
pub const OUTCOMES: &[Layer] = &[
    layer("succeeded", Total("succeeded"), color::GREEN, 1.0),
    layer("uncertain", Total("uncertain"), color::SKY, 1.0),
    layer("lost", Total("lost"), color::INK, 1.0),
    layer("expired", Total("expired"), color::SLATE, 1.0),
    layer("dead-lettered", Total("dead_lettered"), color::PURPLE, 1.0),
    layer("rejected", Total("rejected"), color::ORANGE, 1.0),
    layer("abandoned", Total("abandoned"), color::VERMILION, 1.0),
    layer("pending", Total("pending"), color::YELLOW, 1.0),
];
