//! What can be wrong with a distribution although every field reads well.

use super::{Distribution, Phase};
use crate::time::SimDuration;

type Problems = Vec<(String, String)>;

/// How far the probabilities of phases may be from adding up to 1.
const TOLERANCE: f64 = 1e-6;

pub(super) fn problems(distribution: &Distribution) -> Problems {
    let mut found = Problems::new();
    match distribution {
        Distribution::Constant { .. } | Distribution::Exponential { .. } => {}
        Distribution::Uniform { min, max } => {
            if min > max {
                let message = format!("is longer than `max` ({min} > {max}); swap them");
                found.push(("uniform.min".into(), message));
            }
        }
        Distribution::Normal { mean, .. } => positive(&mut found, "normal.mean", *mean),
        Distribution::Lognormal { mean, cv, p50, p99 } => {
            lognormal(&mut found, (*mean, *cv), (*p50, *p99));
        }
        Distribution::Gamma { mean, cv } => {
            positive(&mut found, "gamma.mean", *mean);
            above(&mut found, "gamma.cv", *cv, 0.0, "for no variation write the bare duration");
        }
        Distribution::Erlang { stages, .. } => {
            if *stages == 0 {
                found.push(("erlang.stages".into(), "must be at least 1".into()));
            }
        }
        Distribution::Weibull { shape, .. } => {
            above(&mut found, "weibull.shape", *shape, 0.0, "1 is the exponential");
        }
        Distribution::Pareto { scale, shape } => {
            positive(&mut found, "pareto.scale", *scale);
            above(&mut found, "pareto.shape", *shape, 1.0, "at 1 and below there is no mean");
        }
        Distribution::Hyperexponential { phases, mean, cv } => {
            hyperexponential(&mut found, phases.as_deref(), *mean, *cv);
        }
        Distribution::Bimodal { probability_slow, .. } => {
            probability(&mut found, "bimodal.probability_slow", *probability_slow);
        }
        Distribution::Empirical { values, csv } => {
            empirical(&mut found, values.as_deref(), csv.is_some())
        }
    }
    found
}

fn lognormal(
    found: &mut Problems,
    moments: (Option<SimDuration>, Option<f64>),
    percentiles: (Option<SimDuration>, Option<SimDuration>),
) {
    match (moments, percentiles) {
        ((Some(mean), Some(cv)), (None, None)) => {
            positive(found, "lognormal.mean", mean);
            above(found, "lognormal.cv", cv, 0.0, "for no variation write the bare duration");
        }
        ((None, None), (Some(p50), Some(p99))) => {
            positive(found, "lognormal.p50", p50);
            if p99 <= p50 {
                let message = format!("must be longer than `p50` ({p99} is not longer than {p50})");
                found.push(("lognormal.p99".into(), message));
            }
        }
        _ => found
            .push(("lognormal".into(), "needs either `mean` and `cv`, or `p50` and `p99`".into())),
    }
}

fn hyperexponential(
    found: &mut Problems,
    phases: Option<&[Phase]>,
    mean: Option<SimDuration>,
    cv: Option<f64>,
) {
    match (phases, mean, cv) {
        (Some(phases), None, None) => check_phases(found, phases),
        (None, Some(_), Some(cv)) => {
            if !(cv.is_finite() && cv >= 1.0) {
                let message = format!("must be at least 1, and is {cv}; below 1 use `gamma`");
                found.push(("hyperexponential.cv".into(), message));
            }
        }
        _ => found
            .push(("hyperexponential".into(), "needs either `phases`, or `mean` and `cv`".into())),
    }
}

fn check_phases(found: &mut Problems, phases: &[Phase]) {
    const PATH: &str = "hyperexponential.phases";
    for (index, phase) in phases.iter().enumerate() {
        probability(found, &format!("{PATH}[{index}].probability"), phase.probability);
    }
    let sum: f64 = phases.iter().map(|phase| phase.probability).sum();
    if phases.is_empty() {
        found.push((PATH.into(), "is empty; at least one phase is needed".into()));
    } else if (sum - 1.0).abs() > TOLERANCE {
        found.push((
            PATH.into(),
            format!("has probabilities that add up to {sum}; they must add up to 1"),
        ));
    }
}

fn empirical(found: &mut Problems, values: Option<&[SimDuration]>, from_csv: bool) {
    match (values, from_csv) {
        (Some([]), false) => {
            found.push((
                "empirical.values".into(),
                "is empty; at least one duration is needed".into(),
            ));
        }
        (Some(_), false) | (None, true) => {}
        (Some(_), true) | (None, false) => {
            found.push(("empirical".into(), "needs either `values` or `csv`".into()));
        }
    }
}

fn positive(found: &mut Problems, path: &str, value: SimDuration) {
    if value == SimDuration::ZERO {
        found.push((
            path.into(),
            "must be longer than 0s; for no time at all write the bare duration \"0s\"".into(),
        ));
    }
}

fn above(found: &mut Problems, path: &str, value: f64, bound: f64, advice: &str) {
    if !(value.is_finite() && value > bound) {
        found.push((
            path.into(),
            format!("must be a number above {bound}, and is {value}; {advice}"),
        ));
    }
}

fn probability(found: &mut Problems, path: &str, value: f64) {
    if !(0.0..=1.0).contains(&value) {
        found.push((path.into(), format!("must be a probability from 0 to 1, and is {value}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path of the first problem, empty when there is none.
    fn first_path(text: &str) -> String {
        let distribution: Distribution = serde_json::from_str(text).unwrap();
        distribution.check().into_iter().map(|(path, _)| path).next().unwrap_or_default()
    }

    #[test]
    fn sound_settings_have_no_problem() {
        for text in [
            r#""0s""#,
            r#"{"uniform": {"min": "1s", "max": "1s"}}"#,
            r#"{"lognormal": {"p50": "1s", "p99": "3s"}}"#,
            r#"{"hyperexponential": {"mean": "1s", "cv": 1}}"#,
            r#"{"hyperexponential": {"phases": [{"probability": 0.9, "mean": "1s"}, {"probability": 0.1, "mean": "9s"}]}}"#,
            r#"{"empirical": {"csv": "latencies.csv"}}"#,
        ] {
            assert_eq!(first_path(text), "", "{text}");
        }
    }

    #[test]
    fn each_unsound_setting_is_named() {
        for (text, path) in [
            (r#"{"uniform": {"min": "2s", "max": "1s"}}"#, "uniform.min"),
            (r#"{"lognormal": {"mean": "1s"}}"#, "lognormal"),
            (r#"{"lognormal": {"mean": "1s", "cv": 1, "p50": "1s"}}"#, "lognormal"),
            (r#"{"lognormal": {"mean": "1s", "cv": 0}}"#, "lognormal.cv"),
            (r#"{"lognormal": {"p50": "3s", "p99": "3s"}}"#, "lognormal.p99"),
            (r#"{"gamma": {"mean": "0s", "cv": 1}}"#, "gamma.mean"),
            (r#"{"erlang": {"mean": "1s", "stages": 0}}"#, "erlang.stages"),
            (r#"{"weibull": {"scale": "1s", "shape": 0}}"#, "weibull.shape"),
            (r#"{"pareto": {"scale": "1s", "shape": 1}}"#, "pareto.shape"),
            (r#"{"hyperexponential": {"mean": "1s", "cv": 0.5}}"#, "hyperexponential.cv"),
            (r#"{"hyperexponential": {"phases": []}}"#, "hyperexponential.phases"),
            (
                r#"{"hyperexponential": {"phases": [{"probability": 0.9, "mean": "1s"}]}}"#,
                "hyperexponential.phases",
            ),
            (
                r#"{"hyperexponential": {"phases": [{"probability": -1, "mean": "1s"}]}}"#,
                "hyperexponential.phases[0].probability",
            ),
            (
                r#"{"bimodal": {"fast": "1s", "slow": "2s", "probability_slow": 1.5}}"#,
                "bimodal.probability_slow",
            ),
            (r#"{"empirical": {"values": []}}"#, "empirical.values"),
            (r#"{"empirical": {}}"#, "empirical"),
        ] {
            assert_eq!(first_path(text), path, "{text}");
        }
    }
}
