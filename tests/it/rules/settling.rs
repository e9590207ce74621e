//! What averages leave out of the beginning of a run.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicI32;

use pileup::experiment::results::VariantResult;
use pileup::experiment::sink::Discard;
use pileup::experiment::{Control, Limits, Options, run};
use pileup::scenario::source::Source;
use pileup::scenario::{Overrides, load};

/// Nothing for 500 s, then ten a second that take 50 ms each, and 1,000 that wait before them.
fn ran(warm_up: &str) -> VariantResult {
    let content = format!(
        r#"{{ "title": "t", "question": "q?", "duration": "2000s", "sample_every": "10s"{warm_up},
        "producers": {{ "users": {{ "sends": [{{ "call": {{ "to": "mail" }} }}], "arrivals": [
            {{ "burst": {{ "at": "500s", "count": 1000 }} }}, {{ "constant": {{ "rate": "10/s", "from": "500s" }} }}] }} }},
        "services": {{ "mail": {{ "service_time": "50ms" }} }} }}"#
    );
    let source = Source::Text { name: "t".into(), shown: "t".into(), content };
    let scenario = load(&source, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    let one = NonZeroUsize::MIN;
    let options = Options { replications: one, jobs: one, limits: Limits::default() };
    let control = Control { stop: &AtomicI32::new(0), progress: &|_| {} };
    let results = run(&scenario, options, &Discard, &control).unwrap();
    results.variants.into_iter().next().unwrap()
}

fn total(variant: &VariantResult, metric: &str) -> f64 {
    variant.replications[0].metrics.total.value(metric).unwrap()
}

#[test]
fn without_a_word_averages_cover_the_whole_run() {
    let whole = ran("");
    assert_eq!(whole.warm_up_s, None);
    assert_eq!(total(&whole, "throughput_per_s"), 16_000.0 / 2_000.0);
}

/// The backlog is gone after 1,000 ÷ (20 − 10) s, at 600 s: from 1,000 s on everything is even.
#[test]
fn what_was_before_is_left_out_of_averages_and_of_nothing_else() {
    let settled = ran(r#", "warm_up": "1000s""#);
    assert_eq!(settled.warm_up_s, Some(1_000.0));
    assert_eq!(total(&settled, "throughput_per_s"), 10.0);
    assert_eq!(total(&settled, "utilization_ratio"), 0.5);
    assert_eq!(total(&settled, "sojourn_mean_ms"), 50.0);
    assert_eq!(total(&settled, "sojourn_p99_ms"), 50.0);
    assert_eq!(total(&settled, "produced"), 16_000.0);
    assert!(total(&settled, "peak_pending") >= 1_000.0);
}

#[test]
fn it_is_rounded_up_to_a_whole_window() {
    assert_eq!(ran(r#", "warm_up": "991s""#).warm_up_s, Some(1_000.0));
}

#[test]
fn it_is_found_where_the_backlog_is_gone() {
    let found = ran(r#", "warm_up": "auto""#);
    let length = found.warm_up_s.unwrap();
    assert!((600.0..=700.0).contains(&length), "{length}");
    let sojourn = total(&found, "sojourn_mean_ms");
    assert!((50.0..50.1).contains(&sojourn), "{sojourn}");
}
