//! The histogram of durations: recording, and the percentiles that every window asks for.

use divan::Bencher;
use divan::counter::ItemsCount;
use pileup::metrics::histogram::Histogram;
use pileup::random::{Distribution, Stream};
use pileup::time::SimDuration;

fn durations() -> Vec<SimDuration> {
    let mut stream = Stream::new(1, 0, "bench");
    let sampler = Distribution::Exponential { mean: SimDuration::from_millis(10) }.sampler();
    (0..10_000).map(|_| sampler.sample(&mut stream)).collect()
}

#[divan::bench]
fn record(bencher: Bencher) {
    let durations = durations();
    let mut histogram = Histogram::new();
    bencher.counter(ItemsCount::new(durations.len())).bench_local(|| {
        durations.iter().for_each(|duration| histogram.record(*duration));
    });
}

#[divan::bench]
fn four_percentiles(bencher: Bencher) {
    let mut histogram = Histogram::new();
    durations().iter().for_each(|duration| histogram.record(*duration));
    bencher.bench_local(|| [0.5, 0.9, 0.99, 0.999].map(|share| histogram.quantile(share)));
}
