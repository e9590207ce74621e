//! Axes: from values to pixels, with ticks at values that people would choose.

use super::text;
use crate::report::number::{self, Unit};

/// How values are spread over an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally long.
    Linear,
    /// Equal ratios are equally long.
    Log,
}

/// One axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// How values are spread.
    pub scale: Scale,
    /// The value at its beginning.
    pub low: f64,
    /// The value at its end.
    pub high: f64,
    /// Values with their labels.
    pub ticks: Vec<(f64, String)>,
}

/// Steps between ticks on an axis of time, in seconds.
const TIME_STEPS_S: [f64; 36] = [
    1e-6,
    1e-5,
    1e-4,
    1e-3,
    2e-3,
    5e-3,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    604_800.0,
    1_209_600.0,
    2_592_000.0,
    7_776_000.0,
    31_536_000.0,
];

/// Ticks on a logarithmic axis of time, in seconds: decades of what a clock shows.
const TIME_DECADES_S: [f64; 17] = [
    1e-9,
    1e-8,
    1e-7,
    1e-6,
    1e-5,
    1e-4,
    1e-3,
    0.01,
    0.1,
    1.0,
    10.0,
    60.0,
    600.0,
    3_600.0,
    36_000.0,
    345_600.0,
    3_456_000.0,
];

/// The size of the font of tick labels, in pixels.
pub const TICK_SIZE: f64 = 14.0;

impl Axis {
    /// Time from 0 to `horizon_s`, along `length` pixels.
    #[must_use]
    pub fn time(horizon_s: f64, length: f64) -> Axis {
        let high = if horizon_s > 0.0 { horizon_s } else { 1.0 };
        let fits = |step: f64| {
            let ticks = time_ticks(high, step);
            let widest = ticks.iter().map(|tick| text::width(&tick.1, TICK_SIZE, false));
            widest.fold(0.0, f64::max) + 14.0 <= length * step / high
        };
        let enough = |&step: &f64| high / step < 40.0 && fits(step);
        let step = TIME_STEPS_S.into_iter().find(enough).unwrap_or(high);
        Axis { scale: Scale::Linear, low: 0.0, high, ticks: time_ticks(high, step) }
    }

    /// From 0 to a round value above `high`, with about `count` ticks.
    #[must_use]
    pub fn linear(unit: Unit, high: f64, count: f64) -> Axis {
        /// Less than this is nothing, in any unit.
        const LEAST: f64 = 1e-12;
        let high = if high.is_finite() && high > LEAST { high } else { 1.0 };
        let step = round_step(unit, high / count);
        let steps = (high / step - 1e-9).ceil().max(1.0);
        let ticks = (0..=steps as usize).map(|n| n as f64 * step);
        let ticks = ticks.map(|value| (value, label(unit, value))).collect();
        Axis { scale: Scale::Linear, low: 0.0, high: steps * step, ticks }
    }

    /// A share from 0 to 1, with some room above, so that a line at 100 % is not mistaken for the frame.
    #[must_use]
    pub fn share() -> Axis {
        let ticks = [0.0, 0.25, 0.5, 0.75, 1.0];
        let ticks = ticks.map(|value| (value, number::percent(value))).into();
        Axis { scale: Scale::Linear, low: 0.0, high: 1.12, ticks }
    }

    /// Decades that hold both `low` and `high`.
    #[must_use]
    pub fn log(unit: Unit, low: f64, high: f64) -> Axis {
        let decades = decades(unit, low, high);
        let (first, last) = (decades[0], decades[decades.len() - 1]);
        let every = decades.len().div_ceil(8);
        let ticks = decades.into_iter().step_by(every);
        let ticks = ticks.map(|value| (value, label(unit, value))).collect();
        Axis { scale: Scale::Log, low: first, high: last, ticks }
    }

    /// Where `value` stands, from 0 at the beginning to 1 at the end. What a logarithmic axis can't show stands at its beginning.
    #[must_use]
    pub fn share_of(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log if value <= self.low => 0.0,
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        share.clamp(0.0, 1.0)
    }

    /// The width of the widest label in pixels.
    #[must_use]
    pub fn widest(&self) -> f64 {
        let widths = self.ticks.iter().map(|tick| text::width(&tick.1, TICK_SIZE, false));
        widths.fold(0.0, f64::max)
    }
}

fn time_ticks(high: f64, step: f64) -> Vec<(f64, String)> {
    let count = (high / step * (1.0 + 1e-9)).floor() as usize;
    (0..=count).map(|n| n as f64 * step).map(|s| (s, label(Unit::Seconds, s))).collect()
}

/// The least of 1, 2, 5 × 10ⁿ, or of the steps of a clock, that is no less than `least`.
fn round_step(unit: Unit, least: f64) -> f64 {
    let clock = |per_second: f64| {
        let steps = TIME_STEPS_S.into_iter().map(|step| step * per_second);
        steps.into_iter().find(|&step| step >= least)
    };
    let step = match unit {
        Unit::Seconds => clock(1.0),
        Unit::Milliseconds => clock(1e3),
        Unit::Count | Unit::PerSecond | Unit::Ratio | Unit::Times | Unit::Truth => None,
    };
    step.unwrap_or_else(|| round_decimal(least).max(if unit == Unit::Count { 1.0 } else { 0.0 }))
}

fn round_decimal(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * decade);
    steps.into_iter().find(|&step| step >= least * (1.0 - 1e-9)).unwrap_or(least)
}

fn decades(unit: Unit, low: f64, high: f64) -> Vec<f64> {
    let clock = |per_second: f64| TIME_DECADES_S.map(|s| s * per_second).to_vec();
    let all = match unit {
        Unit::Seconds => clock(1.0),
        Unit::Milliseconds => clock(1e3),
        Unit::Count | Unit::PerSecond | Unit::Ratio | Unit::Times | Unit::Truth => {
            (-9..=18).map(|power| 10_f64.powi(power)).collect()
        }
    };
    let first = all.iter().rposition(|&decade| decade <= low).unwrap_or(0).min(all.len() - 2);
    let last = all.iter().position(|&decade| decade >= high).unwrap_or(all.len() - 1);
    all[first..=last.max(first + 1)].to_vec()
}

/// A value at a tick. The unit of rates stands beside the axis.
fn label(unit: Unit, value: f64) -> String {
    match unit {
        _ if value == 0.0 => "0".to_owned(),
        Unit::Seconds => number::duration(value),
        Unit::Milliseconds => number::duration(value / 1e3),
        Unit::Ratio => number::percent(value),
        Unit::Count | Unit::PerSecond | Unit::Times | Unit::Truth => number::short(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.1.as_str()).collect()
    }

    #[test]
    fn four_hours_have_a_tick_every_hour() {
        assert_eq!(labels(&Axis::time(14_400.0, 360.0)), ["0", "1 h", "2 h", "3 h", "4 h"]);
    }

    #[test]
    fn an_axis_ends_at_a_round_value() {
        let axis = Axis::linear(Unit::Count, 198_765.0, 4.0);
        assert_eq!(labels(&axis), ["0", "50,000", "100,000", "150,000", "200,000"]);
    }

    #[test]
    fn milliseconds_are_labelled_as_a_clock_would() {
        let axis = Axis::log(Unit::Milliseconds, 2.0, 500_000.0);
        assert_eq!(labels(&axis), ["1 ms", "10 ms", "100 ms", "1 s", "10 s", "1 min", "10 min"]);
    }

    #[test]
    fn strange_values_still_make_an_axis() {
        for high in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300, 1e300, 5e-324] {
            for unit in [Unit::Count, Unit::Seconds, Unit::Ratio, Unit::PerSecond] {
                let axis = Axis::linear(unit, high, 4.0);
                assert!(axis.high > axis.low && axis.ticks.len() < 20, "{high}: {axis:?}");
                let axis = Axis::log(unit, high, high);
                assert!(axis.high > axis.low && axis.ticks.len() < 20, "{high}: {axis:?}");
            }
        }
    }

    #[test]
    fn a_share_of_a_logarithmic_axis_is_one_of_exponents() {
        let axis = Axis::log(Unit::Count, 1.0, 10_000.0);
        assert!((axis.share_of(100.0) - 0.5).abs() < 1e-12);
        assert_eq!(axis.share_of(0.0), 0.0);
    }
}
