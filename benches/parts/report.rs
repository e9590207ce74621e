//! The writer of `timeseries.csv`, fed with windows of a real run.

use std::io;
use std::sync::Mutex;

use divan::Bencher;
use divan::counter::BytesCount;
use pileup::experiment::sink::{RunLabel, RunSink, Sink};
use pileup::experiment::{self, Control, Limits, Options};
use pileup::report::timeseries::{TIMESERIES, Timeseries};
use pileup::scenario::source::Source;
use pileup::scenario::{self, Overrides};

/// The windows of a run: when each ended, its values and its maxima, a row for every node.
type Windows = Vec<(f64, Vec<Vec<f64>>, Vec<Vec<f64>>)>;

/// Keeps the windows of a run.
#[derive(Default)]
struct Keep {
    windows: std::sync::Arc<Mutex<Windows>>,
}

impl Sink for Keep {
    fn open(&self, _: RunLabel<'_>) -> io::Result<Box<dyn RunSink + Send>> {
        Ok(Box::new(Keep { windows: self.windows.clone() }))
    }
}

impl RunSink for Keep {
    fn window(&mut self, end_s: f64, rows: &[&[f64]], maxima: &[&[f64]]) -> io::Result<()> {
        let owned = |rows: &[&[f64]]| rows.iter().map(|row| row.to_vec()).collect();
        let mut windows = self.windows.lock().expect("one run, one thread");
        windows.push((end_s, owned(rows), owned(maxima)));
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The windows of 500 seconds of W1, one a second.
fn windows() -> Windows {
    let source = Source::File("benches/workloads/w1.json".into());
    let overrides = Overrides { sets: vec!["duration=500s".into()], ..Overrides::default() };
    let scenario = scenario::load(&source, &overrides).unwrap_or_else(|error| panic!("{error}"));
    let one = std::num::NonZeroUsize::MIN;
    let options = Options { replications: one, jobs: one, limits: Limits::default() };
    let control = Control { stop: &0.into(), progress: &|_| {} };
    let keep = Keep::default();
    experiment::run(&scenario, options, &keep, &control).expect("nothing is written");
    std::mem::take(&mut keep.windows.lock().expect("the run is over"))
}

fn write(windows: &Windows, timeseries: &Timeseries) {
    let nodes = ["", "web", "server"].map(str::to_owned);
    let run = RunLabel { variant: 0, variant_name: "base", replication: 0, nodes: &nodes };
    let mut part = timeseries.open(run).expect("a file can be made");
    for (end_s, rows, maxima) in windows {
        let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let maxima: Vec<&[f64]> = maxima.iter().map(Vec::as_slice).collect();
        part.window(*end_s, &rows, &maxima).expect("it can be written");
    }
    part.finish().expect("it can be written");
    timeseries.join([(0, 0)]).expect("it can be joined");
}

#[divan::bench]
fn timeseries(bencher: Bencher) {
    let windows = windows();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let timeseries = Timeseries::new(folder.path());
    write(&windows, &timeseries);
    let file = folder.path().join(TIMESERIES);
    let bytes = std::fs::metadata(file).expect("it was written just now").len();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| write(&windows, &timeseries));
}
