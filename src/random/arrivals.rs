//! When messages come into being: the arrival processes that a scenario may state. A producer adds several up.
//!
//! Averages hide what hurts: the same messages a day bring a system down when they come at once. So besides the even processes there
//! are bursts, ramps, days, correlated bursts, batches, measured traces, and users who wait for their answers.
//!
//! Unless said otherwise arrivals are a Poisson process: many independent sources, none of which knows of the others (Kleinrock,
//! *Queueing Systems*, volume 1, section 2.4). Arrivals do not slow down when the system does, except in a closed loop.

mod batch_size;
mod checks;
mod gaps;
mod intensity;
mod running;

pub use batch_size::BatchSize;
pub use running::{Arrival, Arrivals};

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::trace::TraceReader;
use super::{Distribution, Sampler, Stream};
use crate::time::{Rate, SimDuration, SimTime};
use intensity::{Intensity, Shape};

const DAY: SimDuration = SimDuration::from_secs(86_400);

/// A process by which messages arrive. A window runs from `from` (default: the start of the run) to `until`, not included (default:
/// the end of the run).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ArrivalProcess {
    /// Many messages at once, or within a short time. Bursts are part of what recovery is measured from.
    Burst {
        /// When it begins; the start of the run by default.
        #[serde(default)]
        at: SimTime,
        /// How many messages.
        count: u64,
        /// The time over which they are spread evenly, message i of n coming at `at` + `over` · i ÷ n; all at once by default.
        #[serde(default)]
        over: SimDuration,
    },
    /// Like clockwork: message k (from 0) comes at `from` + k ÷ `rate`, computed from k, so that nothing drifts.
    Constant {
        /// Messages per time.
        rate: Rate,
        /// When the first one comes.
        #[serde(default)]
        from: SimTime,
        /// No message at this time or after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<SimTime>,
    },
    /// At random, at a steady mean rate: the gaps are exponential.
    Poisson {
        /// The mean rate.
        rate: Rate,
        /// Start of the window.
        #[serde(default)]
        from: SimTime,
        /// End of the window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<SimTime>,
    },
    /// At random, at a rate that grows or falls along a line within the window.
    Ramp {
        /// The rate at the start of the window.
        from_rate: Rate,
        /// The rate at its end.
        to_rate: Rate,
        /// Start of the window.
        #[serde(default)]
        from: SimTime,
        /// End of the window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<SimTime>,
    },
    /// At random, at a rate that goes up and down like a day: mean · (1 + amplitude · cos(2π (t - peak_at) ÷ period)).
    Daily {
        /// The mean rate over a whole period.
        mean: Rate,
        /// How far the peak is above the mean, as a part of it, from 0 to 1; at 1 the trough is silent.
        amplitude: f64,
        /// The length of the day; 24 hours by default.
        #[serde(default = "day")]
        period: SimDuration,
        /// When the rate peaks; by default a quarter of a period after the start of the run, which then starts at the mean and rises.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peak_at: Option<SimTime>,
        /// Start of the window.
        #[serde(default)]
        from: SimTime,
        /// End of the window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<SimTime>,
    },
    /// Correlated bursts: at random at one of two rates, changing between them after exponential times (a Markov-modulated Poisson
    /// process; Fischer and Meier-Hellstern 1993). It begins on or off by chance, in the proportion of their lengths.
    OnOff {
        /// The rate while on.
        on_rate: Rate,
        /// The rate while off; nothing by default.
        #[serde(default)]
        off_rate: Rate,
        /// The mean length of an on phase.
        mean_on: SimDuration,
        /// The mean length of an off phase.
        mean_off: SimDuration,
        /// Start of the window.
        #[serde(default)]
        from: SimTime,
        /// End of the window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<SimTime>,
    },
    /// Batches at random, all messages of a batch at the same instant.
    Batches {
        /// Batches per time.
        rate: Rate,
        /// Messages per batch.
        size: BatchSize,
        /// Start of the window.
        #[serde(default)]
        from: SimTime,
        /// End of the window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<SimTime>,
    },
    /// As measured.
    Trace {
        /// A CSV file beside the scenario, whose first line names the columns `time` (a duration or seconds; never going back), and
        /// perhaps `count`, `key` and `class`.
        csv: PathBuf,
    },
    /// Users who send, wait for the outcome, think, and send again: the load adapts to the system. Each begins with thinking.
    ClosedLoop {
        /// How many users there are.
        users: u32,
        /// How long a user thinks before the next message.
        think_time: Distribution,
    },
}

fn day() -> SimDuration {
    DAY
}

impl ArrivalProcess {
    /// What is wrong with the settings: for each problem the path of the field below this one, what is wrong and what would be right.
    #[must_use]
    pub fn check(&self) -> Vec<(String, String)> {
        checks::problems(self)
    }

    /// The arrivals of a run that ends at `horizon`, drawn from `stream`, which is for this process alone. A closed loop has none:
    /// whoever runs the users makes them ([`ArrivalProcess::closed_loop`]).
    ///
    /// # Panics
    /// If this is a trace and `trace` is missing, or later, if it reads differently from when it was checked.
    #[must_use]
    pub fn start(&self, horizon: SimTime, stream: Stream, trace: Option<TraceReader>) -> Arrivals {
        Arrivals::new(self, horizon, stream, trace)
    }

    /// The users and how long they think, if this is a closed loop.
    #[must_use]
    pub fn closed_loop(&self) -> Option<(u32, Sampler)> {
        match self {
            ArrivalProcess::ClosedLoop { users, think_time } => {
                Some((*users, think_time.sampler()))
            }
            ArrivalProcess::Burst { .. }
            | ArrivalProcess::Constant { .. }
            | ArrivalProcess::Poisson { .. }
            | ArrivalProcess::Ramp { .. }
            | ArrivalProcess::Daily { .. }
            | ArrivalProcess::OnOff { .. }
            | ArrivalProcess::Batches { .. }
            | ArrivalProcess::Trace { .. } => None,
        }
    }

    /// When it begins and ends, if this is a burst: the default of what recovery is measured from.
    #[must_use]
    pub fn spike(&self) -> Option<(SimTime, SimTime)> {
        match *self {
            ArrivalProcess::Burst { at, over, .. } => Some((at, at + over)),
            ArrivalProcess::Constant { .. }
            | ArrivalProcess::Poisson { .. }
            | ArrivalProcess::Ramp { .. }
            | ArrivalProcess::Daily { .. }
            | ArrivalProcess::OnOff { .. }
            | ArrivalProcess::Batches { .. }
            | ArrivalProcess::Trace { .. }
            | ArrivalProcess::ClosedLoop { .. } => None,
        }
    }

    /// How many messages are expected from `from` until `until` in a run that ends at `horizon`. Unknown for a trace, whose
    /// [summary](super::trace::TraceSummary) knows, and for a closed loop, which depends on the answers.
    #[must_use]
    pub fn expected_count(&self, from: SimTime, until: SimTime, horizon: SimTime) -> Option<f64> {
        if let ArrivalProcess::Burst { at, count, over } = *self {
            return Some(burst_count((at, at + over), count, (from, until.min(horizon))));
        }
        let intensity = self.intensity(horizon)?;
        Some(intensity.expected_count(from.as_secs_f64(), until.as_secs_f64()))
    }

    /// The mean rate per second over a run that ends at `horizon`. A burst adds nothing: it is an event, not a load. Unknown where
    /// [`ArrivalProcess::expected_count`] is.
    #[must_use]
    pub fn mean_rate_per_s(&self, horizon: SimTime) -> Option<f64> {
        if self.spike().is_some() {
            return Some(0.0);
        }
        let count = self.expected_count(SimTime::ZERO, horizon, horizon)?;
        Some(if count > 0.0 { count / horizon.as_secs_f64() } else { 0.0 })
    }

    /// The expected rate over time, where the settings alone tell it.
    fn intensity(&self, horizon: SimTime) -> Option<Intensity> {
        let (shape, from, until) = match self {
            ArrivalProcess::Constant { rate, from, until }
            | ArrivalProcess::Poisson { rate, from, until } => (flat(*rate, 1.0), from, until),
            ArrivalProcess::Ramp { from_rate, to_rate, from, until } => {
                let (start, end) = (from_rate.as_per_second(), to_rate.as_per_second());
                (Shape::Line { start, end }, from, until)
            }
            ArrivalProcess::Daily { mean, amplitude, period, peak_at, from, until } => {
                (wave(*mean, *amplitude, *period, *peak_at), from, until)
            }
            ArrivalProcess::OnOff { on_rate, off_rate, mean_on, mean_off, from, until } => {
                let (on, off) = (mean_on.as_secs_f64(), mean_off.as_secs_f64());
                let work = on_rate.as_per_second() * on + off_rate.as_per_second() * off;
                (Shape::Flat { rate: work / (on + off) }, from, until)
            }
            ArrivalProcess::Batches { rate, size, from, until } => {
                (flat(*rate, size.mean()), from, until)
            }
            ArrivalProcess::Burst { .. }
            | ArrivalProcess::Trace { .. }
            | ArrivalProcess::ClosedLoop { .. } => return None,
        };
        let until = until.map_or(horizon, |until| until).as_secs_f64();
        Some(Intensity { shape, from: from.as_secs_f64(), until })
    }
}

fn flat(rate: Rate, size: f64) -> Shape {
    Shape::Flat { rate: rate.as_per_second() * size }
}

fn wave(mean: Rate, amplitude: f64, period: SimDuration, peak_at: Option<SimTime>) -> Shape {
    let period = period.as_secs_f64();
    let peak_at = peak_at.map_or(period / 4.0, SimTime::as_secs_f64);
    Shape::Wave { mean: mean.as_per_second(), amplitude, period, peak_at }
}

/// How many of `count` messages spread over `burst` fall into `window`.
fn burst_count(burst: (SimTime, SimTime), count: u64, window: (SimTime, SimTime)) -> f64 {
    let length = burst.1.since(burst.0).as_secs_f64();
    if length == 0.0 {
        let inside = window.0 <= burst.0 && burst.0 < window.1;
        return if inside { count as f64 } else { 0.0 };
    }
    let inside = burst.1.min(window.1).since(burst.0.max(window.0)).as_secs_f64();
    count as f64 * inside / length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ArrivalProcess {
        serde_json::from_str(text).unwrap()
    }

    fn seconds(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn the_expected_count_follows_from_the_settings() {
        for (text, wanted) in [
            (r#"{"burst": {"count": 20000}}"#, 20_000.0),
            (r#"{"burst": {"count": 100, "at": "90s", "over": "20s"}}"#, 50.0),
            (r#"{"burst": {"count": 100, "at": "100s"}}"#, 0.0),
            (r#"{"poisson": {"rate": "2/s", "from": "10s", "until": "60s"}}"#, 100.0),
            (r#"{"constant": {"rate": "60/min"}}"#, 100.0),
            (r#"{"ramp": {"from_rate": "0/s", "to_rate": "10/s"}}"#, 500.0),
            (r#"{"daily": {"mean": "3/s", "amplitude": 0.8, "period": "50s"}}"#, 300.0),
            (r#"{"on_off": {"on_rate": "10/s", "mean_on": "1s", "mean_off": "4s"}}"#, 200.0),
            (r#"{"batches": {"rate": "2/s", "size": {"geometric": {"mean": 4}}}}"#, 800.0),
        ] {
            let got = read(text).expected_count(SimTime::ZERO, seconds(100), seconds(100)).unwrap();
            assert!((got - wanted).abs() < 1e-9, "{text}: {got}");
        }
    }

    #[test]
    fn a_burst_is_a_spike_and_no_load() {
        let burst = read(r#"{"burst": {"count": 100, "at": "90s", "over": "20s"}}"#);
        assert_eq!(burst.spike(), Some((seconds(90), seconds(110))));
        assert_eq!(burst.mean_rate_per_s(seconds(100)), Some(0.0));
        assert_eq!(read(r#"{"poisson": {"rate": "2/s"}}"#).spike(), None);
    }

    #[test]
    fn what_the_settings_do_not_tell_is_unknown() {
        let users = read(r#"{"closed_loop": {"users": 20, "think_time": "1s"}}"#);
        for process in [users, read(r#"{"trace": {"csv": "x.csv"}}"#)] {
            assert_eq!(process.expected_count(SimTime::ZERO, seconds(1), seconds(1)), None);
        }
    }

    #[test]
    fn settings_survive_the_round_trip() {
        let text = r#"{"batches":{"rate":"2/s","size":5,"from":"0s"}}"#;
        assert_eq!(serde_json::to_string(&read(text)).unwrap(), text);
    }
}
