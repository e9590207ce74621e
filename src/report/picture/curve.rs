//! One metric of one variant over time, ready to be drawn: the mean over replications, and the band that they span.

use super::scene::Point;
use crate::experiment::results::VariantResult;
use crate::metrics::series::Series;
use crate::report::spread::{self, Scope};
use crate::report::vocabulary;

/// How a column is read for a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it stands: levels, ratios, percentiles.
    Level(&'static str),
    /// What is only of interest at its highest: percentiles.
    Highest(&'static str),
    /// A rate whose noise is of no interest: averaged over a few pixels.
    Smooth(&'static str),
    /// What a window counts, per second, at its highest.
    Rate(&'static str),
    /// What all windows so far have counted.
    Total(&'static str),
}

impl Reading {
    /// The column that is read.
    #[must_use]
    pub fn column(self) -> &'static str {
        match self {
            Reading::Level(name)
            | Reading::Highest(name)
            | Reading::Smooth(name)
            | Reading::Rate(name)
            | Reading::Total(name) => name,
        }
    }

    /// What becomes of values that fall on the same pixels.
    #[must_use]
    pub fn thinning(self) -> Thinning {
        match self {
            Reading::Level(_) | Reading::Total(_) => Thinning::Extremes,
            Reading::Highest(_) | Reading::Rate(_) => Thinning::Highest,
            Reading::Smooth(_) => Thinning::Mean,
        }
    }
}

/// What becomes of values that fall on the same pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinning {
    /// The lowest and the highest are drawn.
    Extremes,
    /// The highest is drawn.
    Highest,
    /// Their mean is drawn.
    Mean,
}

/// Values over time. What does not exist is NaN.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// In seconds.
    pub times_s: Vec<f64>,
    /// The mean over replications.
    pub mean: Vec<f64>,
    /// The lowest and the highest replication, if there are several.
    pub band: Option<(Vec<f64>, Vec<f64>)>,
}

impl Curve {
    /// Reads a curve from the results of a variant.
    #[must_use]
    pub fn of(variant: &VariantResult, scope: Scope, reading: Reading) -> Curve {
        let series = variant.replications.iter().filter_map(|run| spread::metrics(run, scope));
        let runs: Vec<Run> = series.filter_map(|node| Run::read(&node.series, reading)).collect();
        let Some(longest) = runs.iter().max_by_key(|run| run.times_s.len()) else {
            return Curve::default();
        };
        if runs.len() == 1 {
            return Curve {
                times_s: longest.times_s.to_vec(),
                mean: longest.values.clone(),
                band: None,
            };
        }
        across(&runs, longest.times_s)
    }

    /// Whether there is anything but nought to see.
    #[must_use]
    pub fn is_visible(&self) -> bool {
        self.mean.iter().any(|value| value.is_finite() && *value != 0.0)
    }

    /// The highest value, of the band as well.
    #[must_use]
    pub fn highest(&self) -> f64 {
        let band = self.band.iter().flat_map(|(_, high)| high);
        finite(self.mean.iter().chain(band)).fold(f64::NAN, f64::max)
    }

    /// The lowest value above nought.
    #[must_use]
    pub fn lowest_positive(&self) -> f64 {
        finite(self.mean.iter()).filter(|value| *value > 0.0).fold(f64::NAN, f64::min)
    }
}

fn finite<'a>(values: impl Iterator<Item = &'a f64>) -> impl Iterator<Item = f64> {
    values.copied().filter(|value| value.is_finite())
}

/// The values of one replication.
struct Run<'a> {
    times_s: &'a [f64],
    values: Vec<f64>,
}

impl Run<'_> {
    fn read(series: &Series, reading: Reading) -> Option<Run<'_>> {
        let values = series.values.get(vocabulary::column(reading.column())?)?;
        let times_s = series.times_s.get(..values.len())?;
        let values = match reading {
            Reading::Level(_) | Reading::Highest(_) | Reading::Smooth(_) => values.clone(),
            Reading::Rate(_) => rates(times_s, values),
            Reading::Total(_) => totals(values),
        };
        (!values.is_empty()).then_some(Run { times_s, values })
    }

    /// The value of the window that `time_s` falls into.
    fn at(&self, time_s: f64) -> f64 {
        let window = self.times_s.partition_point(|&end| end < time_s);
        self.values.get(window).copied().unwrap_or(f64::NAN)
    }
}

fn rates(times_s: &[f64], counts: &[f64]) -> Vec<f64> {
    let begins = std::iter::once(&0.0).chain(times_s);
    let lengths = times_s.iter().zip(begins).map(|(end, begin)| end - begin);
    counts.iter().zip(lengths).map(|(count, length)| count / length).collect()
}

fn totals(counts: &[f64]) -> Vec<f64> {
    let running = counts.iter().scan(0.0, |total, count| {
        *total += if count.is_finite() { *count } else { 0.0 };
        Some(*total)
    });
    if counts.iter().all(|count| count.is_nan()) { counts.to_vec() } else { running.collect() }
}

fn across(runs: &[Run], times_s: &[f64]) -> Curve {
    let (mut mean, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new());
    for &time_s in times_s {
        let values: Vec<f64> =
            runs.iter().map(|run| run.at(time_s)).filter(|v| !v.is_nan()).collect();
        mean.push(values.iter().sum::<f64>() / values.len() as f64);
        low.push(values.iter().copied().fold(f64::NAN, f64::min));
        high.push(values.iter().copied().fold(f64::NAN, f64::max));
    }
    Curve { times_s: times_s.to_vec(), mean, band: Some((low, high)) }
}

/// Cuts a line where it has no value for longer than an eye would notice.
#[must_use]
pub fn unbroken(points: &[Point]) -> Vec<Vec<Point>> {
    /// In pixels.
    const NOTICEABLE: f64 = 5.0;
    let known = |point: &Point| point.0.is_finite() && point.1.is_finite();
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    let mut missing = true;
    for point in points {
        match pieces.last_mut().filter(|piece| !missing || gap(piece, *point) < NOTICEABLE) {
            _ if !known(point) => missing = true,
            Some(piece) => piece.push(*point),
            None => pieces.push(vec![*point]),
        }
        missing = missing && !known(point);
    }
    pieces
}

/// How far to the right of a line a point stands.
fn gap(line: &[Point], point: Point) -> f64 {
    line.last().map_or(f64::INFINITY, |last| point.0 - last.0)
}

/// At most a few points for each pixel column, in the order in which they came. Columns are counted from the right, so
/// that the last value does not stand alone.
#[must_use]
pub fn thinned(points: &[Point], thinning: Thinning) -> Vec<Point> {
    /// How many pixels are taken together.
    const COLUMN: f64 = 1.5;
    let right = points.last().map_or(0.0, |last| last.0);
    let column = |point: &Point| ((right - point.0) / COLUMN).floor();
    let columns = points.chunk_by(|a, b| column(a) == column(b));
    match thinning {
        Thinning::Extremes => columns.flat_map(extremes).collect(),
        Thinning::Highest => columns.filter_map(highest).collect(),
        Thinning::Mean => columns.map(center).collect(),
    }
}

/// Upward is less on a canvas.
fn highest(points: &[Point]) -> Option<Point> {
    points.iter().min_by(|a, b| a.1.total_cmp(&b.1)).copied()
}

fn center(points: &[Point]) -> Point {
    let count = points.len() as f64;
    let sum = points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
    (sum.0 / count, sum.1 / count)
}

fn extremes(points: &[Point]) -> Vec<Point> {
    let by_height = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
    let low = points.iter().min_by(by_height);
    let high = points.iter().max_by(by_height);
    let mut kept: Vec<Point> =
        points.first().into_iter().chain(low).chain(high).chain(points.last()).copied().collect();
    kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    kept.dedup();
    kept
}

/// Leaves out points that no eye would miss: those within `tolerance` pixels of the line without them.
///
/// D. Douglas and T. Peucker, *Algorithms for the reduction of the number of points required to represent a digitized line*, 1973.
#[must_use]
pub fn simplified(points: &[Point], tolerance: f64) -> Vec<Point> {
    let Some(last) = points.len().checked_sub(1) else { return Vec::new() };
    let mut keep = vec![false; points.len()];
    (keep[0], keep[last]) = (true, true);
    let mut open = vec![(0, last)];
    while let Some((from, to)) = open.pop() {
        let distance = |&middle: &usize| distance(points[middle], points[from], points[to]);
        let furthest = (from + 1..to).max_by(|a, b| distance(a).total_cmp(&distance(b)));
        if let Some(middle) = furthest.filter(|middle| distance(middle) > tolerance) {
            keep[middle] = true;
            open.extend([(from, middle), (middle, to)]);
        }
    }
    points.iter().zip(keep).filter(|(_, keep)| *keep).map(|(point, _)| *point).collect()
}

/// How far `point` is from the line between two others.
fn distance(point: Point, from: Point, to: Point) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length == 0.0 {
        return (point.0 - from.0).hypot(point.1 - from.1);
    }
    (dy * (point.0 - from.0) - dx * (point.1 - from.1)).abs() / length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_count_is_drawn_per_second() {
        assert_eq!(rates(&[10.0, 20.0, 25.0], &[50.0, 0.0, 50.0]), [5.0, 0.0, 10.0]);
    }

    #[test]
    fn several_replications_span_a_band() {
        let results = sample::results(5, 3);
        let curve = Curve::of(&results.variants[2], Scope::Total, Reading::Level("lag"));
        let (low, high) = curve.band.unwrap();
        assert!(low[0] < curve.mean[0] && curve.mean[0] < high[0]);
    }

    #[test]
    fn a_straight_line_keeps_its_ends_only() {
        let line: Vec<Point> = (0..100).map(|x| (f64::from(x), f64::from(2 * x))).collect();
        assert_eq!(simplified(&line, 0.3), [(0.0, 0.0), (99.0, 198.0)]);
    }

    #[test]
    fn a_peak_survives_thinning() {
        let mut points: Vec<Point> = (0..1_000).map(|n| (f64::from(n) / 1_000.0, 0.0)).collect();
        points[500].1 = 9.0;
        assert!(thinned(&points, Thinning::Extremes).iter().any(|point| point.1 == 9.0));
        assert!(thinned(&points, Thinning::Extremes).len() <= 4);
    }

    #[test]
    fn a_line_is_broken_where_it_has_no_value() {
        let points = [(0.0, 1.0), (5.0, f64::NAN), (10.0, 1.0)];
        assert_eq!(unbroken(&points), [[(0.0, 1.0)], [(10.0, 1.0)]]);
    }

    #[test]
    fn a_gap_below_a_few_pixels_is_bridged() {
        let points = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 1.0)];
        assert_eq!(unbroken(&points), [[(0.0, 1.0), (2.0, 1.0)]]);
    }
}
