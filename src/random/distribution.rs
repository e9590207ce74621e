//! How long something takes: the distributions that a scenario may state.
//!
//! The mean decides how much work there is; the variability decides how much of it waits. Two services of the same mean can differ
//! tenfold in waiting: by Pollaczek and Khinchine the wait of a single worker grows with 1 + cv², where cv, the coefficient of
//! variation, is the standard deviation over the mean: 0 for a constant, 1 for an exponential, well above 1 where a few pieces of
//! work are very long. So every distribution here knows both ([`moments`]).
//!
//! The settings are checked ([`Distribution::check`]) before anything is drawn ([`sampler`]).

mod checks;
pub mod moments;
pub mod sampler;
mod shorthand;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::SimDuration;
use sampler::Sampler;

/// A distribution of durations. A bare duration, such as `"25ms"`, is a constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields, remote = "Self")]
#[schemars(rename = "Distribution", transform = shorthand::or_a_duration)]
pub enum Distribution {
    /// Always the same. Written short as the bare duration.
    Constant {
        /// The duration.
        value: SimDuration,
    },
    /// Without memory: however long it has taken, the rest takes as long again on average. The classic assumption for service
    /// times (Erlang 1917); coefficient of variation 1.
    Exponential {
        /// The mean.
        mean: SimDuration,
    },
    /// Every duration between two bounds is equally likely.
    Uniform {
        /// The shortest.
        min: SimDuration,
        /// The longest.
        max: SimDuration,
    },
    /// The bell curve without its negative part: a draw below zero is drawn again, so the mean of what is drawn is a little above
    /// `mean` where `sd` is more than a third of it.
    Normal {
        /// The mean of the bell curve before the cut at zero.
        mean: SimDuration,
        /// Its standard deviation.
        sd: SimDuration,
    },
    /// Skewed to the right, as measured latencies usually are: the logarithm is normal. State either `mean` and `cv`, or the two
    /// percentiles that dashboards show, `p50` and `p99`.
    Lognormal {
        /// The mean; together with `cv`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mean: Option<SimDuration>,
        /// The coefficient of variation, standard deviation ÷ mean, above 0; together with `mean`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cv: Option<f64>,
        /// The median; together with `p99`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p50: Option<SimDuration>,
        /// The duration that 99 of 100 stay below; together with `p50`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p99: Option<SimDuration>,
    },
    /// Between constant and exponential for a `cv` below 1, wilder than exponential above 1.
    Gamma {
        /// The mean.
        mean: SimDuration,
        /// The coefficient of variation, standard deviation ÷ mean, above 0.
        cv: f64,
    },
    /// A sequence of equal exponential stages, one after the other; coefficient of variation 1 ÷ √`stages`.
    Erlang {
        /// How many stages, at least 1. One is the exponential.
        stages: u32,
        /// The mean of the whole.
        mean: SimDuration,
    },
    /// For times to failure and repair: the longer it has lasted, the less (`shape` below 1) or more (above 1) likely it ends now.
    Weibull {
        /// The duration that 63.2 % stay below.
        scale: SimDuration,
        /// The shape, above 0. One is the exponential.
        shape: f64,
    },
    /// A power law: few are enormously long. The mean is `scale` · `shape` ÷ (`shape` - 1); with a shape of 2 or less the variance is
    /// infinite and averages never settle.
    Pareto {
        /// The shortest.
        scale: SimDuration,
        /// The shape, above 1 (at 1 and below there is no mean).
        shape: f64,
    },
    /// Exponential with one of several means, chosen anew each time: work of different sorts. Coefficient of variation 1 or more.
    /// State either the `phases`, or `mean` and `cv` for two phases that each bring half of the work ("balanced means"; Tijms, *A
    /// First Course in Stochastic Models*, appendix B).
    Hyperexponential {
        /// The sorts of work; their probabilities add up to 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phases: Option<Vec<Phase>>,
        /// The mean of the whole; together with `cv`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mean: Option<SimDuration>,
        /// The coefficient of variation, standard deviation ÷ mean, at least 1; together with `mean`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cv: Option<f64>,
    },
    /// Usually fast, now and then slow: a cache with its misses, or one message in a hundred that blocks the line.
    Bimodal {
        /// The usual duration.
        fast: SimDuration,
        /// The rare one.
        slow: SimDuration,
        /// How often it is slow: a probability from 0 to 1.
        probability_slow: f64,
    },
    /// One of the measured durations, each as likely as the others. State either `values` or `csv`.
    Empirical {
        /// The durations.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        values: Option<Vec<SimDuration>>,
        /// A file with one duration a line, beside the scenario; it is read when the scenario is loaded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        csv: Option<String>,
    },
}

/// One sort of work of a hyperexponential distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// How often it is this one: a probability from 0 to 1.
    pub probability: f64,
    /// Its mean.
    pub mean: SimDuration,
}

impl Distribution {
    /// Always `value`.
    #[must_use]
    pub const fn constant(value: SimDuration) -> Distribution {
        Distribution::Constant { value }
    }

    /// Exponential with this mean.
    #[must_use]
    pub const fn exponential(mean: SimDuration) -> Distribution {
        Distribution::Exponential { mean }
    }

    /// The file whose durations have to take the place of this distribution before anything is drawn, if there is one.
    #[must_use]
    pub fn csv(&self) -> Option<&str> {
        match self {
            Distribution::Empirical { csv, .. } => csv.as_deref(),
            Distribution::Constant { .. }
            | Distribution::Exponential { .. }
            | Distribution::Uniform { .. }
            | Distribution::Normal { .. }
            | Distribution::Lognormal { .. }
            | Distribution::Gamma { .. }
            | Distribution::Erlang { .. }
            | Distribution::Weibull { .. }
            | Distribution::Pareto { .. }
            | Distribution::Hyperexponential { .. }
            | Distribution::Bimodal { .. } => None,
        }
    }

    /// The one value that is ever drawn, if there is only one.
    #[must_use]
    pub fn constant_value(&self) -> Option<SimDuration> {
        if let Distribution::Constant { value } = self { Some(*value) } else { None }
    }

    /// The measured durations `values`, each as likely as the others.
    #[must_use]
    pub fn empirical(values: Vec<SimDuration>) -> Distribution {
        Distribution::Empirical { values: Some(values), csv: None }
    }

    /// What is wrong with the settings: for each problem the path of the field below this one, what is wrong and what would be right.
    /// Nothing else may be asked of a distribution that has a problem.
    #[must_use]
    pub fn check(&self) -> Vec<(String, String)> {
        checks::problems(self)
    }

    /// What draws from this distribution, with everything that can be computed beforehand.
    #[must_use]
    pub fn sampler(&self) -> Sampler {
        Sampler::new(self)
    }

    /// The mean of what is drawn, in seconds.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        moments::moments(self).mean
    }

    /// The squared coefficient of variation of what is drawn, variance ÷ mean²: infinite where there is no variance, 0 where the mean is 0.
    #[must_use]
    pub fn cv2(&self) -> f64 {
        let moments = moments::moments(self);
        if moments.mean == 0.0 { 0.0 } else { moments.variance / (moments.mean * moments.mean) }
    }
}
