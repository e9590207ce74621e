//! Drawing from a distribution: parameters computed beforehand, one match per draw.
//!
//! This is the inner loop of the simulator, so constant and exponential come first and everything that is large is behind a pointer.
//! Any generator will do ([`Stream`](crate::random::Stream), [`Draws`](crate::random::Draws)).

use rand::Rng;
use rand_distr::{Distribution as _, Exp1, Gamma, StandardNormal};

use super::{Distribution, Phase, moments};
use crate::random::Chance;
use crate::time::SimDuration;

const NANOS_PER_SECOND: f64 = 1e9;

/// A distribution ready to be drawn from. Lengths are in nanoseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampler(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Constant(SimDuration),
    Exponential {
        mean: f64,
    },
    Uniform {
        min: f64,
        width: f64,
    },
    TruncatedNormal {
        mean: f64,
        sd: f64,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    Gamma(Box<Gamma<f64>>),
    /// scale · E^(1 ÷ shape), E being exponential with mean 1.
    Weibull {
        scale: f64,
        inverse_shape: f64,
    },
    /// scale · e^(E ÷ shape).
    Pareto {
        scale: f64,
        inverse_shape: f64,
    },
    Hyperexponential(Box<[CumulativePhase]>),
    Bimodal {
        fast: SimDuration,
        slow: SimDuration,
        probability_slow: f64,
    },
    Empirical(Box<[SimDuration]>),
}

/// A phase is chosen if the drawn number is below `up_to` and not below that of the phase before.
#[derive(Debug, Clone, Copy, PartialEq)]
struct CumulativePhase {
    up_to: f64,
    mean: f64,
}

impl Sampler {
    /// What draws from `distribution`, which has no problem.
    pub(super) fn new(distribution: &Distribution) -> Sampler {
        Sampler(form(distribution))
    }

    /// The next duration.
    #[inline]
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> SimDuration {
        match &self.0 {
            Form::Constant(value) => *value,
            Form::Exponential { mean } => {
                let unit: f64 = Exp1.sample(rng);
                nanos(mean * unit)
            }
            Form::Uniform { .. }
            | Form::TruncatedNormal { .. }
            | Form::Lognormal { .. }
            | Form::Gamma(_)
            | Form::Weibull { .. }
            | Form::Pareto { .. }
            | Form::Hyperexponential(_)
            | Form::Bimodal { .. }
            | Form::Empirical(_) => self.sample_rarer(rng),
        }
    }

    /// The arms that would make the loop around [`Sampler::sample`] large.
    #[inline(never)]
    fn sample_rarer<R: Rng + ?Sized>(&self, rng: &mut R) -> SimDuration {
        let exponential = |rng: &mut R| -> f64 { Exp1.sample(rng) };
        match &self.0 {
            Form::Constant(value) => *value,
            Form::Exponential { mean } => nanos(mean * exponential(rng)),
            Form::Uniform { min, width } => nanos(min + width * rng.unit()),
            Form::TruncatedNormal { mean, sd } => nanos(truncated_normal(*mean, *sd, rng)),
            Form::Lognormal { mu, sigma } => {
                let normal: f64 = StandardNormal.sample(rng);
                nanos((mu + sigma * normal).exp())
            }
            Form::Gamma(gamma) => nanos(gamma.sample(rng)),
            Form::Weibull { scale, inverse_shape } => {
                nanos(scale * exponential(rng).powf(*inverse_shape))
            }
            Form::Pareto { scale, inverse_shape } => {
                nanos(scale * (exponential(rng) * inverse_shape).exp())
            }
            Form::Hyperexponential(phases) => {
                let chosen = choose(phases, rng.unit());
                nanos(chosen * exponential(rng))
            }
            Form::Bimodal { fast, slow, probability_slow } => {
                if rng.chance(*probability_slow) {
                    *slow
                } else {
                    *fast
                }
            }
            Form::Empirical(values) => values[rng.below(values.len() as u64) as usize],
        }
    }
}

fn form(distribution: &Distribution) -> Form {
    match distribution {
        Distribution::Constant { value } => Form::Constant(*value),
        Distribution::Exponential { mean } => Form::Exponential { mean: in_nanos(*mean) },
        Distribution::Uniform { min, max } => {
            Form::Uniform { min: in_nanos(*min), width: in_nanos(*max) - in_nanos(*min) }
        }
        Distribution::Normal { mean, sd } => {
            Form::TruncatedNormal { mean: in_nanos(*mean), sd: in_nanos(*sd) }
        }
        Distribution::Lognormal { mean: Some(mean), cv: Some(cv), .. } => {
            lognormal_by_moments(in_nanos(*mean), *cv)
        }
        Distribution::Lognormal { p50, p99, .. } => {
            let (p50, p99) = (p50.unwrap_or_default(), p99.unwrap_or_default());
            let (mu, sigma) = moments::log_parameters(p50, p99);
            Form::Lognormal { mu: mu + NANOS_PER_SECOND.ln(), sigma }
        }
        Distribution::Gamma { mean, cv } => gamma(in_nanos(*mean), cv.powi(-2)),
        Distribution::Erlang { stages, mean } => gamma(in_nanos(*mean), f64::from(*stages)),
        Distribution::Weibull { scale, shape } => {
            Form::Weibull { scale: in_nanos(*scale), inverse_shape: shape.recip() }
        }
        Distribution::Pareto { scale, shape } => {
            Form::Pareto { scale: in_nanos(*scale), inverse_shape: shape.recip() }
        }
        Distribution::Hyperexponential { phases: Some(phases), .. } => cumulative(phases),
        Distribution::Hyperexponential { mean, cv, .. } => {
            balanced_means(in_nanos(mean.unwrap_or_default()), cv.unwrap_or(1.0))
        }
        Distribution::Bimodal { fast, slow, probability_slow } => {
            Form::Bimodal { fast: *fast, slow: *slow, probability_slow: *probability_slow }
        }
        Distribution::Empirical { values, .. } => {
            Form::Empirical(values.clone().unwrap_or_default().into())
        }
    }
}

/// σ² = ln(1 + cv²) and µ = ln(mean) - σ² ÷ 2 give a lognormal this mean and cv.
fn lognormal_by_moments(mean: f64, cv: f64) -> Form {
    let variance = (cv * cv).ln_1p();
    Form::Lognormal { mu: mean.ln() - variance / 2.0, sigma: variance.sqrt() }
}

/// A gamma distribution; without any length it is a constant.
fn gamma(mean: f64, shape: f64) -> Form {
    Gamma::new(shape, mean / shape)
        .map_or(Form::Constant(SimDuration::ZERO), |gamma| Form::Gamma(Box::new(gamma)))
}

fn cumulative(phases: &[Phase]) -> Form {
    let mut up_to = 0.0;
    let mut accumulate = |phase: &Phase| {
        up_to += phase.probability;
        CumulativePhase { up_to, mean: in_nanos(phase.mean) }
    };
    Form::Hyperexponential(phases.iter().map(&mut accumulate).collect())
}

/// Two phases with p₁ = (1 + √((cv² - 1) ÷ (cv² + 1))) ÷ 2 and means mean ÷ 2pᵢ, so that each brings half of the work.
fn balanced_means(mean: f64, cv: f64) -> Form {
    let square = cv * cv;
    let first = (1.0 + ((square - 1.0) / (square + 1.0)).sqrt()) / 2.0;
    Form::Hyperexponential(Box::new([
        CumulativePhase { up_to: first, mean: mean / (2.0 * first) },
        CumulativePhase { up_to: 1.0, mean: mean / (2.0 * (1.0 - first)) },
    ]))
}

/// The mean of the phase that `unit` falls into; the last one takes what rounding leaves over.
fn choose(phases: &[CumulativePhase], unit: f64) -> f64 {
    let chosen = phases.iter().find(|phase| unit < phase.up_to).or(phases.last());
    chosen.map_or(0.0, |phase| phase.mean)
}

/// At least every second draw is not negative, because the mean is not.
fn truncated_normal<R: Rng + ?Sized>(mean: f64, sd: f64, rng: &mut R) -> f64 {
    loop {
        let unit: f64 = StandardNormal.sample(rng);
        let drawn = mean + sd * unit;
        if drawn >= 0.0 {
            return drawn;
        }
    }
}

fn in_nanos(duration: SimDuration) -> f64 {
    duration.as_nanos() as f64
}

/// The nearest whole duration, at most the longest there is. Of a number that is signed a processor makes a whole one in one instruction.
#[inline]
fn nanos(nanos: f64) -> SimDuration {
    SimDuration::from_nanos((nanos + 0.5) as i64 as u64).min(SimDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{KeyedStream, Stream};

    const COUNT: usize = 200_000;

    fn draws(text: &str) -> (Distribution, Vec<f64>) {
        let distribution: Distribution = serde_json::from_str(text).unwrap();
        assert!(distribution.check().is_empty(), "{text}");
        let sampler = distribution.sampler();
        let mut stream = Stream::new(1, 0, text);
        let drawn = (0..COUNT).map(|_| sampler.sample(&mut stream).as_secs_f64()).collect();
        (distribution, drawn)
    }

    /// How many standard errors the mean of `drawn` is away from `wanted`.
    fn z_of_mean(drawn: impl Iterator<Item = f64> + Clone, wanted: f64) -> f64 {
        let count = COUNT as f64;
        let mean = drawn.clone().sum::<f64>() / count;
        let variance = drawn.map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        // Half a nanosecond of rounding is allowed, for the constants.
        ((mean - wanted).abs() - 1e-9).max(0.0) / (variance / count).sqrt().max(f64::MIN_POSITIVE)
    }

    #[test]
    fn every_distribution_has_the_mean_and_the_variance_of_its_formula() {
        for text in [
            r#""25ms""#,
            r#"{"exponential": {"mean": "80ms"}}"#,
            r#"{"uniform": {"min": "10ms", "max": "40ms"}}"#,
            r#"{"normal": {"mean": "10ms", "sd": "2ms"}}"#,
            r#"{"normal": {"mean": "10ms", "sd": "12ms"}}"#,
            r#"{"lognormal": {"mean": "25ms", "cv": 0.5}}"#,
            r#"{"lognormal": {"p50": "20ms", "p99": "60ms"}}"#,
            r#"{"gamma": {"mean": "25ms", "cv": 0.7}}"#,
            r#"{"gamma": {"mean": "25ms", "cv": 1.5}}"#,
            r#"{"erlang": {"stages": 4, "mean": "25ms"}}"#,
            r#"{"weibull": {"scale": "1s", "shape": 1.5}}"#,
            r#"{"weibull": {"scale": "1s", "shape": 0.8}}"#,
            r#"{"pareto": {"scale": "10ms", "shape": 6}}"#,
            r#"{"hyperexponential": {"mean": "25ms", "cv": 2}}"#,
            r#"{"hyperexponential": {"phases": [{"probability": 0.9, "mean": "1s"}, {"probability": 0.1, "mean": "5s"}]}}"#,
            r#"{"bimodal": {"fast": "10ms", "slow": "1s", "probability_slow": 0.01}}"#,
            r#"{"empirical": {"values": ["10ms", "20ms", "60ms"]}}"#,
        ] {
            let (distribution, drawn) = draws(text);
            let mean = distribution.mean_s();
            let square = mean * mean * (1.0 + distribution.cv2());
            assert!(z_of_mean(drawn.iter().copied(), mean) < 5.0, "mean of {text}");
            assert!(z_of_mean(drawn.iter().map(|x| x * x), square) < 5.0, "square of {text}");
        }
    }

    #[test]
    fn these_means_and_variabilities_are_known() {
        for (text, mean_s, cv2) in [
            (r#"{"exponential": {"mean": "80ms"}}"#, 0.08, 1.0),
            (r#"{"uniform": {"min": "0s", "max": "6s"}}"#, 3.0, 1.0 / 3.0),
            (r#"{"erlang": {"stages": 4, "mean": "25ms"}}"#, 0.025, 0.25),
            (r#"{"weibull": {"scale": "3s", "shape": 1}}"#, 3.0, 1.0),
            (r#"{"pareto": {"scale": "1s", "shape": 3}}"#, 1.5, 1.0 / 3.0),
            (r#"{"hyperexponential": {"mean": "25ms", "cv": 2}}"#, 0.025, 4.0),
            (
                r#"{"bimodal": {"fast": "10ms", "slow": "1s", "probability_slow": 0.01}}"#,
                0.0199,
                0.010_099 / 0.0199 / 0.0199 - 1.0,
            ),
        ] {
            let distribution: Distribution = serde_json::from_str(text).unwrap();
            assert!((distribution.mean_s() / mean_s - 1.0).abs() < 1e-12, "mean of {text}");
            assert!((distribution.cv2() / cv2 - 1.0).abs() < 1e-9, "cv2 of {text}");
        }
    }

    #[test]
    fn a_lognormal_by_percentiles_has_these_percentiles() {
        let (_, mut drawn) = draws(r#"{"lognormal": {"p50": "20ms", "p99": "60ms"}}"#);
        drawn.sort_by(f64::total_cmp);
        for (q, wanted) in [(0.5, 0.02), (0.99, 0.06)] {
            let below = drawn.partition_point(|x| *x < wanted) as f64;
            let sd = (COUNT as f64 * q * (1.0 - q)).sqrt();
            assert!((below - q * COUNT as f64).abs() < 5.0 * sd, "{below} below p{q}");
        }
    }

    #[test]
    fn keyed_draws_give_the_same_distribution_as_a_stream() {
        let sampler = Distribution::exponential(SimDuration::from_millis(80)).sampler();
        let keyed = KeyedStream::new(1, 0, "service");
        let draw = |id| sampler.sample(&mut keyed.at(id, 0)).as_secs_f64();
        let drawn: Vec<f64> = (0..COUNT as u64).map(draw).collect();
        assert!(z_of_mean(drawn.iter().copied(), 0.08) < 5.0);
        assert!(z_of_mean(drawn.iter().map(|x| x * x), 2.0 * 0.08 * 0.08) < 5.0);
    }

    #[test]
    fn an_enormous_draw_stays_within_time() {
        let heavy = r#"{"pareto": {"scale": "30d", "shape": 1.01}}"#;
        let (_, drawn) = draws(heavy);
        assert!(drawn.iter().all(|x| *x <= SimDuration::MAX.as_secs_f64()));
    }
}
