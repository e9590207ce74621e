//! How the rate of arrivals goes over time, where it is known beforehand: flat, along a line, or in waves.
//!
//! Times are in seconds. Outside its window an intensity is zero.

use std::f64::consts::TAU;

/// A rate per second as a function of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Intensity {
    pub(super) shape: Shape,
    /// The window: from here, included …
    pub(super) from: f64,
    /// … to here, not included.
    pub(super) until: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    Flat {
        rate: f64,
    },
    /// From one rate at the start of the window to the other at its end.
    Line {
        start: f64,
        end: f64,
    },
    /// mean · (1 + amplitude · cos(2π (t - peak_at) ÷ period)).
    Wave {
        mean: f64,
        amplitude: f64,
        period: f64,
        peak_at: f64,
    },
}

impl Intensity {
    /// The rate at time `t`, which lies in the window.
    pub(super) fn at(&self, t: f64) -> f64 {
        match self.shape {
            Shape::Flat { rate } => rate,
            Shape::Line { start, end } => {
                start + (end - start) * (t - self.from) / (self.until - self.from)
            }
            Shape::Wave { mean, amplitude, period, peak_at } => {
                mean * (1.0 + amplitude * (TAU * (t - peak_at) / period).cos())
            }
        }
    }

    /// A rate that the intensity never exceeds.
    pub(super) fn ceiling(&self) -> f64 {
        match self.shape {
            Shape::Flat { rate } => rate,
            Shape::Line { start, end } => start.max(end),
            Shape::Wave { mean, amplitude, .. } => mean * (1.0 + amplitude),
        }
    }

    /// How many arrivals are expected from `a` to `b`: the integral of the rate.
    pub(super) fn expected_count(&self, a: f64, b: f64) -> f64 {
        let (a, b) = (a.max(self.from), b.min(self.until));
        if b <= a {
            return 0.0;
        }
        match self.shape {
            Shape::Flat { rate } => rate * (b - a),
            Shape::Line { .. } => (self.at(a) + self.at(b)) / 2.0 * (b - a),
            Shape::Wave { mean, amplitude, period, peak_at } => {
                let phase = |t: f64| (TAU * (t - peak_at) / period).sin();
                mean * (b - a) + mean * amplitude * period / TAU * (phase(b) - phase(a))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_from_0_to_10_over_20_seconds_brings_100() {
        let ramp =
            Intensity { shape: Shape::Line { start: 0.0, end: 10.0 }, from: 5.0, until: 25.0 };
        assert_eq!(ramp.expected_count(0.0, 100.0), 100.0);
        assert_eq!(ramp.expected_count(0.0, 15.0), 25.0);
        assert_eq!(ramp.expected_count(30.0, 40.0), 0.0);
    }

    #[test]
    fn a_whole_wave_brings_its_mean_and_its_upper_half_the_sine_more() {
        let shape = Shape::Wave { mean: 10.0, amplitude: 0.5, period: 24.0, peak_at: 6.0 };
        let wave = Intensity { shape, from: 0.0, until: 48.0 };
        assert!((wave.expected_count(0.0, 24.0) - 240.0).abs() < 1e-9);
        assert!(
            (wave.expected_count(0.0, 12.0) - (120.0 + 120.0 / std::f64::consts::PI)).abs() < 1e-9
        );
        assert_eq!(wave.at(6.0), wave.ceiling());
    }
}
