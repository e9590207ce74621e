//! Chance: a stream read in order, numbers found by key, and what is drawn from either.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use pileup::random::{Chance, Distribution, KeyedStream, Stream};
use pileup::time::SimDuration;

const DRAWS: u64 = 10_000;
const MEAN: SimDuration = SimDuration::from_millis(100);

#[divan::bench]
fn stream(bencher: Bencher) {
    let mut stream = Stream::new(1, 0, "bench");
    bencher
        .counter(ItemsCount::new(DRAWS))
        .bench_local(|| (0..DRAWS).map(|_| stream.unit()).sum::<f64>());
}

#[divan::bench]
fn by_key(bencher: Bencher) {
    let keyed = KeyedStream::new(1, 0, "bench");
    bencher.counter(ItemsCount::new(DRAWS)).bench_local(|| {
        (0..black_box(DRAWS)).map(|message| keyed.at(message, 1).unit()).sum::<f64>()
    });
}

#[divan::bench]
fn exponential(bencher: Bencher) {
    let mut stream = Stream::new(1, 0, "bench");
    let sampler = Distribution::Exponential { mean: MEAN }.sampler();
    bencher
        .counter(ItemsCount::new(DRAWS))
        .bench_local(|| (0..DRAWS).map(|_| sampler.sample(&mut stream).as_nanos()).sum::<u64>());
}

#[divan::bench]
fn exponential_by_key(bencher: Bencher) {
    let keyed = KeyedStream::new(1, 0, "bench");
    let sampler = Distribution::Exponential { mean: MEAN }.sampler();
    bencher.counter(ItemsCount::new(DRAWS)).bench_local(|| {
        let drawn = |message| sampler.sample(&mut keyed.at(message, 1)).as_nanos();
        (0..black_box(DRAWS)).map(drawn).sum::<u64>()
    });
}
