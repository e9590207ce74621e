//! Made-up results with realistic numbers, to draw and to test with: the incident of 2013 as six variants, 1,440 windows each.

use super::vocabulary;
use crate::experiment::results::{
    ExpectationResult, FaultWindow, ReferenceLine, Replication, Results, VariantResult,
};
use crate::metrics::ledger::Ledger;
use crate::metrics::series::Series;
use crate::metrics::summary::{MarkRow, NodeKind, NodeMetrics, RunMetrics};
use crate::scenario::flow::Prediction;
use crate::theory::station::Law;

const WINDOW_S: f64 = 10.0;

/// What one variant does, as a function of time.
type Behaviour = fn(name: &str, time_s: f64) -> f64;

/// Four hours of the incident.
pub fn incident() -> Results {
    results(1_440, 1)
}

/// The incident with as many windows and replications as wanted.
pub fn results(windows: usize, replications: usize) -> Results {
    let variants: [(&str, Behaviour); 6] = [
        ("direct", direct),
        ("direct-rounds", rounds),
        ("queue", queue),
        ("backpressure-block", block),
        ("backpressure-reject", block),
        ("credit", block),
    ];
    let variants =
        variants.map(|(name, behaviour)| variant(name, behaviour, windows, replications));
    Results {
        name: "incident-2013".into(),
        title: "9 December 2013: 20,000 payment confirmations at once".into(),
        question: "Would a queue, or backpressure, have saved the notification service from the payment processor's retries?".into(),
        description: vec!["The service sends one e-mail at a time, 40 a second.".into(), "It holds at most 200 requests; the 201st crashes it.".into()],
        duration_s: windows as f64 * WINDOW_S,
        sample_every_s: WINDOW_S,
        seed: 20_131_209,
        replications,
        document: serde_json::json!({ "title": "9 December 2013", "duration": "4h" }),
        trigger_s: Some((0.0, 0.0)),
        fault_windows: vec![FaultWindow { kind: "slowdown".into(), node: "notification".into(), from_s: 7_200.0, until_s: 7_800.0 }],
        references: vec![fluid("queue")],
        variants: variants.into(),
        expectations: expectations(),
        stopped: None,
    }
}

fn fluid(variant: &str) -> ReferenceLine {
    ReferenceLine {
        variant: variant.into(),
        metric: "lag",
        node: String::new(),
        label: "fluid: B / (μ − λ) = 14 min 49 s".into(),
        points: vec![(0.0, 20_000.0), (888.9, 0.0)],
    }
}

fn expectations() -> Vec<ExpectationResult> {
    let line = |variant: &str, metric: &str, wanted: &str, got, met| ExpectationResult {
        variant: variant.into(),
        metric: metric.into(),
        node: None,
        at: None,
        wanted: wanted.into(),
        got,
        met,
        because: Some("no confirmation e-mail had been sent".into()),
    };
    vec![
        line("direct", "effects", "equals 0", Some(0.0), true),
        line("queue", "lost", "equals 0", Some(3.0), false),
        line("direct", "recovery_time_s", "never", None, true),
    ]
}

fn variant(name: &str, behaviour: Behaviour, windows: usize, replications: usize) -> VariantResult {
    let run = |replication: usize| Replication {
        metrics: run(name, behaviour, windows, 1.0 + 0.05 * replication as f64),
        events: 3_400_000,
        reached_s: windows as f64 * WINDOW_S,
        complete: true,
    };
    VariantResult {
        name: name.into(),
        description: Some(format!("the {name} variant")),
        warm_up_s: None,
        predictions: vec![predicted()],
        replications: (0..replications).map(run).collect(),
    }
}

/// M/M/1 at 17.5/s of 40/s.
fn predicted() -> Prediction {
    Prediction {
        service: "notification".into(),
        consumes: false,
        arrival_rate_per_s: 17.5,
        capacity_per_s: 40.0,
        offered_load: 0.4375,
        grows: false,
        law: Some(Law::Mm1),
        mean_waiting_s: Some(0.019_444),
        lost: 0.0,
        attempts: 1.0,
        backlog: 20_000.0,
        backlog_at_brokers: 0.0,
        drain_time_s: Some(889.0),
        mean_in_system: Some(0.777_778),
    }
}

fn run(name: &str, behaviour: Behaviour, windows: usize, factor: f64) -> RunMetrics {
    let crashes = (0..windows).filter(|w| w % 6 == 1 && name.starts_with("direct"));
    let crashes = crashes.map(|window| MarkRow {
        time_s: window as f64 * WINDOW_S,
        node: "notification".into(),
        kind: "crash",
        detail: "threads exhausted, 200 requests lost".into(),
    });
    let assigned = (0..2).map(|partition| MarkRow {
        time_s: 0.0,
        node: format!("confirmations/emails/{partition}"),
        kind: "assigned",
        detail: "notification for confirmations/emails@notification".into(),
    });
    let marks = assigned.chain(crashes);
    let nodes = [
        ("payment-processor", NodeKind::Producer),
        ("storefront", NodeKind::Producer),
        ("notification", NodeKind::Service),
        ("confirmations", NodeKind::Broker),
        ("confirmations/emails/0", NodeKind::Partition),
        ("confirmations/emails/1", NodeKind::Partition),
    ];
    let node = |(name, kind)| node(name, Some(kind), behaviour, windows, factor);
    RunMetrics {
        total: node_total(behaviour, windows, factor),
        nodes: nodes.map(node).into(),
        marks: marks.collect(),
    }
}

fn node_total(behaviour: Behaviour, windows: usize, factor: f64) -> NodeMetrics {
    node("", None, behaviour, windows, factor)
}

fn node(
    name: &str,
    kind: Option<NodeKind>,
    behaviour: Behaviour,
    windows: usize,
    factor: f64,
) -> NodeMetrics {
    let series = series(behaviour, windows, factor);
    let end = windows as f64 * WINDOW_S;
    let summary = vocabulary::summary_columns().map(|name| summary(name, behaviour, end, factor));
    NodeMetrics {
        name: name.into(),
        kind,
        summary: summary.collect(),
        series,
        ledger: Some(Ledger::default()),
    }
}

fn summary(name: &str, behaviour: Behaviour, end: f64, factor: f64) -> Option<f64> {
    let collapsed = behaviour("crashes", 10.0) > 0.0;
    let value = match name {
        "produced" => 20_000.0 + 17.5 * end,
        "drain_time_s" | "recovery_time_s" if collapsed => return None,
        "drain_time_s" => 889.0 * factor,
        "recovery_time_s" => 900.0,
        "metastable" => f64::from(collapsed),
        "crashes" if collapsed => end / 60.0,
        "peak_pending" | "peak_lag" => behaviour(&name[5..], 0.0).max(behaviour(&name[5..], end)),
        _ if name.starts_with("final_") => behaviour(&name[6..], end),
        _ if name.starts_with("peak_") => 0.0,
        _ => behaviour(name, end),
    };
    (!value.is_nan()).then_some(value)
}

fn series(behaviour: Behaviour, windows: usize, factor: f64) -> Series {
    let times_s: Vec<f64> = (1..=windows).map(|w| w as f64 * WINDOW_S).collect();
    let column = |name: &str| {
        let value = |&t: &f64| behaviour(name, t) * factor * (1.0 + 0.02 * (t * 0.37).sin());
        times_s.iter().map(value).collect::<Vec<f64>>()
    };
    let values: Vec<Vec<f64>> = vocabulary::columns().map(column).collect();
    let gauges: Vec<&str> = vocabulary::gauges().collect();
    let maxima = vocabulary::columns()
        .zip(&values)
        .map(|(name, values)| if gauges.contains(&name) { values.clone() } else { Vec::new() });
    Series { maxima: maxima.collect(), values, times_s }
}

fn direct(name: &str, t: f64) -> f64 {
    match name {
        "pending" | "pending_in_retry_queue" | "retry_backlog" => 20_000.0 + 12.5 * t,
        "attempts" => {
            if (t / 10.0) as u64 % 6 == 1 {
                20_000.0 + 12.5 * t
            } else {
                50.0
            }
        }
        "crashes" => f64::from((t / 10.0) as u64 % 6 == 1),
        "abandoned" => 5.0 * t,
        "arrival_rate_per_s" => 17.5,
        "availability_ratio" | "goodput_per_s" | "throughput_per_s" | "effects" => 0.0,
        name if name.contains("_ms") => f64::NAN,
        _ => 0.0,
    }
}

fn rounds(name: &str, t: f64) -> f64 {
    match name {
        "goodput_per_s" | "throughput_per_s" => {
            if (t / 10.0) as u64 % 6 < 3 {
                17.5
            } else {
                0.0
            }
        }
        "availability_ratio" => 0.5,
        "effects" => 8.0 * t,
        "latency_p50_ms" => 25.0,
        "latency_p99_ms" => 900.0,
        _ => direct(name, t),
    }
}

fn queue(name: &str, t: f64) -> f64 {
    let lag = (20_000.0 - 22.5 * t).max(2.0);
    let busy = lag > 2.0;
    match name {
        "pending" | "pending_at_broker" | "lag" => lag,
        "lag_s" => lag / 40.0,
        "attempts" => 175.0,
        "arrival_rate_per_s" => 17.5,
        "goodput_per_s" | "throughput_per_s" => {
            if busy {
                40.0
            } else {
                17.5
            }
        }
        "utilization_ratio" => {
            if busy {
                1.0
            } else {
                0.44
            }
        }
        "availability_ratio" => 1.0,
        "effects" | "succeeded" => 20_000.0 + 17.5 * t - lag,
        "latency_p50_ms" => 2.0,
        "latency_p99_ms" => 60.0,
        "sojourn_p99_ms" => lag * 25.0,
        _ => 0.0,
    }
}

fn block(name: &str, t: f64) -> f64 {
    let held = (20_000.0 - 22.5 * t - 1_000.0).max(0.0);
    match name {
        "pending_at_producer" | "held_at_producer" => held,
        "pending_at_broker" | "lag" => queue("lag", t).min(1_000.0),
        "latency_p50_ms" | "latency_p99_ms" => 2.0 + held * 25.0,
        _ => queue(name, t),
    }
}
