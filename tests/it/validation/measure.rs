//! What the simulator makes of a reference: each row over independent runs, with its interval.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use pileup::metrics::column;
use pileup::metrics::recorder::{Recorder, RecorderPlan};
use pileup::metrics::summary::RunMetrics;
use pileup::model::build::simulate;
use pileup::model::id::NodeId;
use pileup::scenario::build::Plan;
use pileup::scenario::document::Settling;
use pileup::time::{SimDuration, SimTime};

use super::reference::{Reference, Row, Take, Within};

/// The standard normal quantile at 99.95 %: of a thousand rows one misses by chance.
const Z: f64 = 3.290_526_731;

/// A row as it came out.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub mean: f64,
    /// Half the width of the 99.9 % interval; nothing where nothing is left to chance.
    pub half: f64,
}

impl Measured {
    /// The mean of independent values, with Student's interval.
    pub fn over(values: &[f64]) -> Measured {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        if values.len() == 1 {
            return Measured { mean, half: 0.0 };
        }
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Measured { mean, half: student(n - 1.0) * (variance / n).sqrt() }
    }

    /// The standard deviation of independent values, with its interval by their fourth moment (Kendall and Stuart, "The Advanced Theory
    /// of Statistics", volume 1, section 10.5).
    fn deviation_over(values: &[f64]) -> Measured {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let moment = |k| values.iter().map(|value| (value - mean).powi(k)).sum::<f64>() / n;
        let variance = moment(2) * n / (n - 1.0);
        let of_variance = (moment(4) - moment(2).powi(2)) / n;
        let half = student(n - 1.0) * of_variance.sqrt() / (2.0 * variance.sqrt());
        Measured { mean: variance.sqrt(), half }
    }

    /// Why this is not what is known, if it isn't.
    pub fn missed(self, is: f64, within: Within) -> Option<String> {
        let off = (self.mean - is).abs();
        let (narrow, rounded) = match within {
            Within::By(by) => return (off > by).then(|| format!("off by {off}")),
            Within::Mean => (0.01, 1e-9),
            Within::Tail => (0.03, 1e-9),
            Within::Percentile => (0.03, 1.0 / 256.0),
        };
        if self.half > narrow * is.abs() {
            return Some(format!("± {:.1} % is too wide", 100.0 * self.half / is.abs()));
        }
        let is_outside = off > self.half + rounded * is.abs();
        is_outside.then(|| format!("off by {:.2} %, outside of it", 100.0 * off / is.abs()))
    }
}

/// Student's t at 99.95 %, by the expansion around the normal quantile (Abramowitz and Stegun, formula 26.7.5): exact to four digits
/// from 15 degrees of freedom on.
fn student(degrees: f64) -> f64 {
    let terms = [
        (Z.powi(3) + Z) / 4.0,
        (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0,
        (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0,
    ];
    Z + terms[0] / degrees + terms[1] / degrees.powi(2) + terms[2] / degrees.powi(3)
}

/// Every row of a reference, in their order.
pub fn measure(reference: &Reference) -> Vec<Measured> {
    let scenario = reference.load();
    let mut measured = vec![None; reference.rows.len()];
    for (place, variant) in scenario.variants.iter().enumerate() {
        let of_this = |row: &Row| row.variant.as_ref().map_or(place == 0, |v| *v == variant.name);
        let wanted: Vec<usize> =
            (0..reference.rows.len()).filter(|&row| of_this(&reference.rows[row])).collect();
        let rows: Vec<&Row> = wanted.iter().map(|&row| &reference.rows[row]).collect();
        if !rows.is_empty() {
            let found = replicate(&variant.plan(), scenario.seed, reference, &rows);
            wanted.into_iter().zip(found).for_each(|(row, found)| measured[row] = Some(found));
        }
    }
    let one = |(row, found): (&Row, Option<Measured>)| {
        found.unwrap_or_else(|| panic!("{}: no variant {:?}", reference.id, row.variant))
    };
    reference.rows.iter().zip(measured).map(one).collect()
}

fn replicate(plan: &Plan, seed: u64, reference: &Reference, rows: &[&Row]) -> Vec<Measured> {
    let replications = reference.replications;
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let next = AtomicU32::new(0);
    let values = Mutex::new(vec![Vec::new(); replications as usize]);
    thread::scope(|scope| {
        for _ in 0..threads.min(replications as usize) {
            scope.spawn(|| {
                loop {
                    let replication = next.fetch_add(1, Ordering::Relaxed);
                    if replication >= replications {
                        break;
                    }
                    let found = run(plan, (seed, replication), reference.look_every, rows);
                    values.lock().unwrap()[replication as usize] = found;
                }
            });
        }
    });
    let values = values.into_inner().unwrap();
    let of_row = |(place, row): (usize, &&Row)| {
        let values: Vec<f64> = values.iter().map(|run| run[place]).collect();
        match row.take {
            Take::Deviation => Measured::deviation_over(&values),
            Take::Mean | Take::ShareAtLeast(_) | Take::ShareBelow(_) | Take::Variance => {
                Measured::over(&values)
            }
        }
    };
    rows.iter().enumerate().map(of_row).collect()
}

/// One run; its books are checked, as always.
fn run(
    plan: &Plan,
    (seed, replication): (u64, u32),
    look_every: Option<SimDuration>,
    rows: &[&Row],
) -> Vec<f64> {
    let Settling::After(settles) = plan.settling else { panic!("references say how long") };
    let (settled, horizon) = (SimTime::ZERO + settles, plan.blueprint.horizon);
    let mut recorder = Recorder::new(RecorderPlan { series_points: 0, ..plan.recorder.clone() });
    recorder.settle_at(settled);
    let mut simulation = simulate(&plan.blueprint, seed, replication, recorder);
    let mut values = vec![f64::NAN; rows.len()];
    let mut looks = vec![Vec::new(); rows.len()];
    let at = rows.iter().filter_map(|row| row.at);
    let mut stops: Vec<SimTime> =
        at.chain(looked_at(settled, horizon, look_every)).chain([settled, horizon]).collect();
    stops.sort();
    stops.dedup();
    for stop in stops.into_iter().filter(|stop| *stop > SimTime::ZERO) {
        simulation.run_until(stop, u64::MAX);
        let (recorder, mut oldest) = simulation.model.observer_and_oldest();
        for (place, row) in rows.iter().enumerate() {
            let look = row.take.of_looks(&[0.0]).is_some() && stop >= settled;
            if !look && row.at != Some(stop) {
                continue;
            }
            let value = row.metric.of(|metric, node| {
                let node = node.map(|name| node_of(plan, name));
                let column = column::lookup(metric).unwrap_or_else(|| panic!("no {metric}"));
                let read = recorder.reading_at(stop, node, column, &mut |node| oldest(node));
                read.unwrap_or_else(|| panic!("{metric} has no value"))
            });
            if look { looks[place].push(value) } else { values[place] = value }
        }
        if stop == horizon || stop == settled {
            recorder.close_window(stop, &mut oldest);
        }
    }
    let recorder = simulation.model.into_observer();
    recorder.ledger().unwrap_or_else(|broken| panic!("{broken}"));
    recorder.littles_law().unwrap_or_else(|broken| panic!("{broken}"));
    let metrics = recorder.finish();
    for ((value, row), looks) in values.iter_mut().zip(rows).zip(&looks) {
        if let Some(of_looks) = row.take.of_looks(looks) {
            *value = of_looks;
        } else if row.at.is_none() {
            *value = row.metric.of(|metric, node| value_of(&metrics, metric, node));
        }
    }
    values
}

/// When levels are looked at.
fn looked_at(
    from: SimTime,
    until: SimTime,
    every: Option<SimDuration>,
) -> impl Iterator<Item = SimTime> {
    let first = every.map(|every| from + every);
    std::iter::successors(first, move |at| every.map(|every| *at + every))
        .take_while(move |at| *at < until)
}

fn node_of(plan: &Plan, name: &str) -> NodeId {
    let place = plan.recorder.nodes.iter().position(|label| label.name == name);
    NodeId::new(place.unwrap_or_else(|| panic!("there is no {name}")))
}

fn value_of(metrics: &RunMetrics, metric: &str, node: Option<&str>) -> f64 {
    let row = match node {
        None => &metrics.total,
        Some(name) => metrics.nodes.iter().find(|node| node.name == name).expect(name),
    };
    row.value(metric).unwrap_or_else(|| panic!("{metric} has no value at {node:?}"))
}

#[test]
fn students_t_is_that_of_the_printed_table() {
    for (degrees, wanted) in [(19.0, 3.883), (31.0, 3.633), (60.0, 3.460), (120.0, 3.373)] {
        assert!((student(degrees) - wanted).abs() < 1e-3, "{degrees}: {}", student(degrees));
    }
}
