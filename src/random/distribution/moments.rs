//! Mean and variance of every distribution, in closed form.
//!
//! The formulae are those of Johnson, Kotz and Balakrishnan, *Continuous Univariate Distributions*, and hold for what is drawn: the
//! normal is the truncated one.

use super::Distribution;
use crate::time::SimDuration;

/// The first two moments of a distribution of durations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// In seconds.
    pub mean: f64,
    /// In seconds squared; infinite where there is none.
    pub variance: f64,
}

/// The 99th percentile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// The moments of what is drawn from `distribution`, which has no problem.
#[must_use]
pub fn moments(distribution: &Distribution) -> Moments {
    match distribution {
        Distribution::Constant { value } => Moments { mean: value.as_secs_f64(), variance: 0.0 },
        Distribution::Exponential { mean } => Moments::with_cv(*mean, 1.0),
        Distribution::Uniform { min, max } => {
            let (min, max) = (min.as_secs_f64(), max.as_secs_f64());
            Moments { mean: (min + max) / 2.0, variance: (max - min).powi(2) / 12.0 }
        }
        Distribution::Normal { mean, sd } => truncated_normal(mean.as_secs_f64(), sd.as_secs_f64()),
        Distribution::Lognormal { mean: Some(mean), cv: Some(cv), .. } => {
            Moments::with_cv(*mean, *cv)
        }
        Distribution::Lognormal { mean, p50, p99, .. } => {
            debug_assert!(mean.is_none(), "checked: either mean and cv, or percentiles");
            lognormal(log_parameters(p50.unwrap_or_default(), p99.unwrap_or_default()))
        }
        Distribution::Gamma { mean, cv } => Moments::with_cv(*mean, *cv),
        Distribution::Erlang { stages, mean } => {
            Moments::with_cv(*mean, 1.0 / f64::from(*stages).sqrt())
        }
        Distribution::Weibull { scale, shape } => weibull(scale.as_secs_f64(), *shape),
        Distribution::Pareto { scale, shape } => pareto(scale.as_secs_f64(), *shape),
        Distribution::Hyperexponential { phases: Some(phases), .. } => {
            let mean = phases.iter().map(|p| p.probability * p.mean.as_secs_f64()).sum();
            let square = |p: &super::Phase| 2.0 * p.probability * p.mean.as_secs_f64().powi(2);
            Moments::from_square(mean, phases.iter().map(square).sum())
        }
        Distribution::Hyperexponential { mean, cv, .. } => {
            Moments::with_cv(mean.unwrap_or_default(), cv.unwrap_or(1.0))
        }
        Distribution::Bimodal { fast, slow, probability_slow } => {
            let (fast, slow) = (fast.as_secs_f64(), slow.as_secs_f64());
            let spread = probability_slow * (1.0 - probability_slow) * (slow - fast).powi(2);
            Moments { mean: fast + probability_slow * (slow - fast), variance: spread }
        }
        Distribution::Empirical { values, .. } => empirical(values.as_deref().unwrap_or_default()),
    }
}

impl Moments {
    fn with_cv(mean: SimDuration, cv: f64) -> Moments {
        let mean = mean.as_secs_f64();
        Moments { mean, variance: (cv * mean).powi(2) }
    }

    fn from_square(mean: f64, mean_square: f64) -> Moments {
        Moments { mean, variance: mean_square - mean * mean }
    }
}

/// The mean and the standard deviation of the logarithm (in seconds) of a lognormal with these percentiles.
pub(super) fn log_parameters(p50: SimDuration, p99: SimDuration) -> (f64, f64) {
    let median = p50.as_secs_f64();
    (median.ln(), (p99.as_secs_f64() / median).ln() / NORMAL_P99)
}

fn lognormal((mu, sigma): (f64, f64)) -> Moments {
    let mean = (mu + sigma * sigma / 2.0).exp();
    Moments { mean, variance: (sigma * sigma).exp_m1() * mean * mean }
}

/// With the cut at zero lying `a` standard deviations below the mean and h = φ(a) ÷ Φ(a): mean + sd·h, and sd²·(1 - a·h - h²).
fn truncated_normal(mean: f64, sd: f64) -> Moments {
    if sd == 0.0 {
        return Moments { mean, variance: 0.0 };
    }
    let a = mean / sd;
    let density = (-a * a / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let hazard = density / normal_cdf(a);
    Moments { mean: mean + sd * hazard, variance: sd * sd * (1.0 - a * hazard - hazard * hazard) }
}

/// Φ(x) for x not below 0, by its series around 0, which has positive terms only (Marsaglia, "Evaluating the Normal Distribution", 2004).
fn normal_cdf(x: f64) -> f64 {
    if x > 8.0 {
        return 1.0;
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term > sum * f64::EPSILON {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn weibull(scale: f64, shape: f64) -> Moments {
    let mean = scale * gamma_function(1.0 + 1.0 / shape);
    Moments::from_square(mean, scale * scale * gamma_function(1.0 + 2.0 / shape))
}

fn pareto(scale: f64, shape: f64) -> Moments {
    let mean = scale * shape / (shape - 1.0);
    let variance = if shape > 2.0 { mean * mean / (shape * (shape - 2.0)) } else { f64::INFINITY };
    Moments { mean, variance }
}

fn empirical(values: &[SimDuration]) -> Moments {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|v| v.as_secs_f64()).sum::<f64>() / count;
    let variance = values.iter().map(|v| (v.as_secs_f64() - mean).powi(2)).sum::<f64>() / count;
    Moments { mean, variance }
}

/// Γ(x) for x of 1 and more, by Lanczos' approximation with g = 7 and nine terms (relative error below 1e-14; Press et al.,
/// *Numerical Recipes*, section 6.1).
fn gamma_function(x: f64) -> f64 {
    const TERMS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let series = |sum: f64, (i, term): (usize, &f64)| sum + term / (x + i as f64);
    let sum = TERMS.iter().enumerate().skip(1).fold(TERMS[0], series);
    let t = x + 7.5;
    (2.0 * std::f64::consts::PI).sqrt() * t.powf(x + 0.5) * (-t).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(got: f64, wanted: f64) {
        assert!((got / wanted - 1.0).abs() < 1e-12, "{got} is not {wanted}");
    }

    #[test]
    fn the_gamma_function_is_the_factorial_and_knows_its_halves() {
        assert_near(gamma_function(1.0), 1.0);
        assert_near(gamma_function(6.0), 120.0);
        assert_near(gamma_function(2.5), 0.75 * std::f64::consts::PI.sqrt());
    }

    #[test]
    fn the_normal_distribution_function_has_its_table_values() {
        assert_near(normal_cdf(0.0), 0.5);
        assert_near(normal_cdf(1.0), 0.841_344_746_068_542_9);
        assert_near(normal_cdf(NORMAL_P99), 0.99);
    }

    #[test]
    fn half_a_bell_curve_has_the_mean_of_the_half_normal() {
        assert_near(truncated_normal(0.0, 1.0).mean, (2.0 / std::f64::consts::PI).sqrt());
        assert_near(truncated_normal(0.0, 1.0).variance, 1.0 - 2.0 / std::f64::consts::PI);
    }

    #[test]
    fn a_heavy_tail_has_no_variance() {
        assert_eq!(pareto(1.0, 1.5), Moments { mean: 3.0, variance: f64::INFINITY });
        assert_eq!(pareto(1.0, 3.0), Moments { mean: 1.5, variance: 0.75 });
    }
}
