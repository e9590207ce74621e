//! A bounded time series for charts: when it is full, neighbouring points are merged.
//!
//! The whole series is streamed to disk as it is made; this is what stays in memory, and it never grows beyond its bound.

use super::column::{COLUMNS, Kind, Merge};

/// One node's series: a point is the row of column values of one window, or of neighbouring windows merged.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// The end of each window, in seconds.
    pub times_s: Vec<f64>,
    /// For each column of `COLUMNS`, its value in each window; a value that does not exist is NaN.
    pub values: Vec<Vec<f64>>,
    /// For each gauge of `COLUMNS` its highest value in each window; empty for the others.
    pub maxima: Vec<Vec<f64>>,
}

/// A series while it is made.
#[derive(Debug, Clone)]
pub struct SeriesBuilder {
    series: Series,
    most_points: usize,
    /// Windows in a point, and in the last one so far.
    stride: usize,
    filled: usize,
}

impl SeriesBuilder {
    /// At most `most_points`, rounded down to an even number; fewer than 2 keep nothing.
    #[must_use]
    pub fn new(most_points: usize) -> SeriesBuilder {
        let series = Series {
            times_s: Vec::new(),
            values: vec![Vec::new(); COLUMNS.len()],
            maxima: vec![Vec::new(); COLUMNS.len()],
        };
        SeriesBuilder { series, most_points: most_points / 2 * 2, stride: 1, filled: 1 }
    }

    /// Adds a window: the value of each column, and the highest of each gauge; NaN where there is none.
    pub fn push(&mut self, end_s: f64, values: &[f64], maxima: &[f64]) {
        if self.most_points == 0 {
            return;
        }
        if self.filled < self.stride {
            self.extend_last(end_s, values, maxima);
            return;
        }
        if self.series.times_s.len() == self.most_points {
            self.halve();
        }
        self.series.times_s.push(end_s);
        for (points, value) in self.series.values.iter_mut().zip(values) {
            points.push(*value);
        }
        for (points, highest) in gauges(&mut self.series.maxima).zip(maxima) {
            points.push(*highest);
        }
        self.filled = 1;
    }

    /// The series as it is.
    #[must_use]
    pub fn finish(self) -> Series {
        self.series
    }

    fn extend_last(&mut self, end_s: f64, values: &[f64], maxima: &[f64]) {
        let weight = self.filled as f64;
        self.filled += 1;
        let Series { times_s, values: points, maxima: highest } = &mut self.series;
        set_last(times_s, |_| end_s);
        for (place, column) in COLUMNS.iter().enumerate() {
            set_last(&mut points[place], |last| merged(column.merge, last, weight, values[place]));
        }
        for (points, maximum) in gauges(highest).zip(maxima) {
            set_last(points, |last| last.max(*maximum));
        }
    }

    fn halve(&mut self) {
        pair_up(&mut self.series.times_s, |_, later| later);
        for (place, column) in COLUMNS.iter().enumerate() {
            pair_up(&mut self.series.values[place], |a, b| merged(column.merge, a, 1.0, b));
            pair_up(&mut self.series.maxima[place], f64::max);
        }
        self.stride *= 2;
    }
}

/// Of one list for each column, those of gauges.
fn gauges(columns: &mut [Vec<f64>]) -> impl Iterator<Item = &mut Vec<f64>> {
    let of_gauges =
        columns.iter_mut().zip(COLUMNS).filter(|(_, column)| column.kind == Kind::Gauge);
    of_gauges.map(|(points, _)| points)
}

/// Two neighbours as one: `earlier` stands for `weight` windows, `later` for one. A missing value yields to the other.
fn merged(merge: Merge, earlier: f64, weight: f64, later: f64) -> f64 {
    if merge == Merge::Last || earlier.is_nan() {
        return later;
    }
    if later.is_nan() {
        return earlier;
    }
    match merge {
        Merge::Add => earlier + later,
        Merge::Last => later,
        Merge::Average => (earlier * weight + later) / (weight + 1.0),
        Merge::Highest => earlier.max(later),
    }
}

fn set_last(values: &mut [f64], with: impl FnOnce(f64) -> f64) {
    if let Some(last) = values.last_mut() {
        *last = with(*last);
    }
}

fn pair_up(values: &mut Vec<f64>, merge: impl Fn(f64, f64) -> f64) {
    let pairs = values.len() / 2;
    for pair in 0..pairs {
        values[pair] = merge(values[2 * pair], values[2 * pair + 1]);
    }
    values.truncate(pairs);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::column::index;

    /// A series of `windows` windows of one second in which every column has the number of its window.
    fn of(windows: u32, most_points: usize) -> Series {
        let mut builder = SeriesBuilder::new(most_points);
        for window in 1..=windows {
            let row = vec![f64::from(window); COLUMNS.len()];
            let gauges = COLUMNS.iter().filter(|column| column.kind == Kind::Gauge).count();
            builder.push(f64::from(window), &row, &row[..gauges]);
        }
        builder.finish()
    }

    fn column<'a>(series: &'a Series, name: &str) -> &'a [f64] {
        &series.values[index(name).unwrap()]
    }

    #[test]
    fn within_the_bound_every_window_is_a_point() {
        assert_eq!(of(4, 4).times_s, [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn beyond_the_bound_neighbours_are_merged_each_kind_in_its_own_way() {
        let series = of(6, 4);
        assert_eq!(series.times_s, [2.0, 4.0, 6.0]);
        assert_eq!(column(&series, "attempts"), [3.0, 7.0, 11.0]);
        assert_eq!(column(&series, "pending"), [2.0, 4.0, 6.0]);
        assert_eq!(column(&series, "goodput_per_s"), [1.5, 3.5, 5.5]);
        assert_eq!(column(&series, "latency_p99_ms"), [2.0, 4.0, 6.0]);
        assert_eq!(series.maxima[index("pending").unwrap()], [2.0, 4.0, 6.0]);
        assert!(series.maxima[index("attempts").unwrap()].is_empty());
    }

    #[test]
    fn a_series_never_grows_beyond_its_bound_and_loses_no_count() {
        let series = of(100, 8);
        assert!(series.times_s.len() <= 8);
        assert_eq!(column(&series, "attempts").iter().sum::<f64>(), 5050.0);
        assert_eq!(series.times_s.last(), Some(&100.0));
    }

    #[test]
    fn an_average_over_several_merges_weighs_every_window_the_same() {
        assert_eq!(column(&of(8, 2), "goodput_per_s"), [2.5, 6.5]);
    }

    #[test]
    fn a_missing_value_yields_to_its_neighbour() {
        assert_eq!(merged(Merge::Average, f64::NAN, 1.0, 3.0), 3.0);
        assert_eq!(merged(Merge::Highest, 3.0, 1.0, f64::NAN), 3.0);
        assert!(merged(Merge::Last, 3.0, 1.0, f64::NAN).is_nan());
    }
}
