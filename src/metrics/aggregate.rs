//! Several replications as one value, with an interval that says how well it is known.
//!
//! Replications differ in nothing but their seeds, so their values are independent and alike, and the mean of even a
//! few has a Student-t interval. A share (in how many replications something happened) has Wilson's interval, which
//! stays sensible at 0 and at 1, where the textbook one has no width.
//!
//! Sources: Law, *Simulation Modeling and Analysis*, 5th ed., section 4.5 (replications);
//! Abramowitz and Stegun, *Handbook of Mathematical Functions*, formula 26.7.5 (t quantiles);
//! E. B. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, JASA 22 (1927).

use super::summary_column::Across;

/// The standard normal quantile at 97.5 %.
const Z: f64 = 1.959_963_984_540_054;

/// Student's t at 97.5 % for 1 to 10 degrees of freedom, where the expansion is not yet exact to four digits.
const T: [f64; 10] = [
    12.706_204_736,
    4.302_652_730,
    3.182_446_305,
    2.776_445_105,
    2.570_581_836,
    2.446_911_849,
    2.364_624_252,
    2.306_004_135,
    2.262_157_163,
    2.228_138_852,
];

/// A metric over replications.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregate {
    /// The mean, or the share of replications; `None` if there is no value.
    pub mean: Option<f64>,
    /// The 95 % confidence interval, from two values on.
    pub ci95: Option<(f64, f64)>,
    /// In how many replications the metric has a value.
    pub with_value: usize,
    /// How many replications there are.
    pub replications: usize,
}

/// The values of one metric in each replication as one.
#[must_use]
pub fn aggregate(across: Across, values: &[Option<f64>]) -> Aggregate {
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    let (mean, ci95) = match across {
        Across::Mean => (mean(&known), student(&known)),
        Across::MeanOfAll if known.len() < values.len() => (None, None),
        Across::MeanOfAll => (mean(&known), student(&known)),
        Across::Fraction => (mean(&known), wilson(&known)),
    };
    Aggregate { mean, ci95, with_value: known.len(), replications: values.len() }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// How much one system has more of a metric than another, told by runs in pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The mean difference.
    pub mean: f64,
    /// Its 95 % confidence interval.
    pub ci95: (f64, f64),
}

impl Difference {
    /// Whether the interval leaves it open which of the two has more.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ci95.0 <= 0.0 && self.ci95.1 >= 0.0
    }
}

/// What `theirs` has more than `ours`, run by run. Both runs of a pair saw the same chance, so what they have in common goes, and
/// the interval is narrower than the two apart would suggest (common random numbers: Law, section 11.2; paired-t: section 10.2.1).
///
/// Nothing with fewer than two pairs, where a run of a pair has no value, or for a share of runs.
#[must_use]
pub fn difference(
    across: Across,
    ours: &[Option<f64>],
    theirs: &[Option<f64>],
) -> Option<Difference> {
    if across == Across::Fraction {
        return None;
    }
    let pairs = ours.iter().zip(theirs);
    let more: Option<Vec<f64>> = pairs.map(|(ours, theirs)| Some((*theirs)? - (*ours)?)).collect();
    let more = more?;
    Some(Difference { mean: mean(&more)?, ci95: student(&more)? })
}

/// mean ± t · s / √n
fn student(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len();
    if n < 2 {
        return None;
    }
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let half = t_quantile(n - 1) * (squares / (n - 1) as f64 / n as f64).sqrt();
    Some((mean - half, mean + half))
}

/// Wilson's score interval of a share, from zeros and ones.
fn wilson(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let share = mean(values)?;
    let center = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some((((center - half) / scale).max(0.0), ((center + half) / scale).min(1.0)))
}

/// Student's t at 97.5 %: from the table, then by the expansion around the normal quantile.
fn t_quantile(degrees_of_freedom: usize) -> f64 {
    if let Some(&t) = T.get(degrees_of_freedom - 1) {
        return t;
    }
    let v = degrees_of_freedom as f64;
    let terms = [
        (Z.powi(3) + Z) / 4.0,
        (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0,
        (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0,
    ];
    Z + terms[0] / v + terms[1] / v.powi(2) + terms[2] / v.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, wanted: f64) -> bool {
        (found - wanted).abs() < 5e-4
    }

    #[test]
    fn t_quantiles_are_those_of_the_printed_table() {
        for (degrees, wanted) in [
            (1, 12.706),
            (4, 2.776),
            (10, 2.228),
            (11, 2.201),
            (20, 2.086),
            (30, 2.042),
            (120, 1.980),
        ] {
            assert!(close(t_quantile(degrees), wanted), "{degrees}: {}", t_quantile(degrees));
        }
    }

    /// What the expansion leaves out is its next term (26.7.5), which is 1.1e-4 where it takes over from the table, and a twentieth of that.
    #[test]
    fn t_quantiles_beyond_the_table_are_off_by_the_next_term_of_the_expansion() {
        for (degrees, exact, next) in [
            (11, 2.200_985_160, 1.0857e-4),
            (12, 2.178_812_830, 7.666e-5),
            (20, 2.085_963_447, 9.93e-6),
            (30, 2.042_272_456, 1.96e-6),
        ] {
            let off = exact - t_quantile(degrees);
            assert!((off / next - 1.0).abs() < 0.05, "{degrees}: {off}");
        }
    }

    #[test]
    fn a_mean_has_its_student_interval() {
        // s = √2.5, t(4) = 2.7764: 3 ± 2.7764 · √(2.5 / 5) = 3 ± 1.9632.
        let values = [1.0, 2.0, 3.0, 4.0, 5.0].map(Some);
        let Aggregate { mean, ci95, .. } = aggregate(Across::Mean, &values);
        let (low, high) = ci95.unwrap();
        assert_eq!(mean, Some(3.0));
        assert!(close(low, 3.0 - 1.9632) && close(high, 3.0 + 1.9632), "{low} to {high}");
    }

    #[test]
    fn one_replication_has_a_value_without_an_interval() {
        let one = aggregate(Across::Mean, &[Some(7.0)]);
        assert_eq!((one.mean, one.ci95, one.replications), (Some(7.0), None, 1));
        assert_eq!(aggregate(Across::Mean, &[]).mean, None);
    }

    #[test]
    fn a_time_that_one_replication_never_reached_has_no_mean_but_a_count() {
        let values = [Some(100.0), None, Some(120.0)];
        let times = aggregate(Across::MeanOfAll, &values);
        assert_eq!((times.mean, times.ci95, times.with_value), (None, None, 2));
        assert_eq!(aggregate(Across::Mean, &values).mean, Some(110.0));
    }

    #[test]
    fn a_share_of_none_still_has_an_upper_bound() {
        // Wilson at 0 of 10: z² / (n + z²) = 3.8415 / 13.8415 = 0.2775.
        let none = aggregate(Across::Fraction, &[Some(0.0); 10]);
        let (low, high) = none.ci95.unwrap();
        assert_eq!((none.mean, low), (Some(0.0), 0.0));
        assert!(close(high, 0.2775), "{high}");
    }

    /// Each run differs by 2 from its twin, although the runs are far apart: s = √(2/3), t(3) = 3.1824, 2 ± 3.1824 · √(2/3) / 2.
    #[test]
    fn runs_in_pairs_tell_a_small_difference_between_runs_that_are_far_apart() {
        let ours = [100.0, 200.0, 300.0, 400.0].map(Some);
        let theirs = [101.0, 202.0, 302.0, 403.0].map(Some);
        let Difference { mean, ci95: (low, high) } =
            difference(Across::Mean, &ours, &theirs).unwrap();
        assert_eq!(mean, 2.0);
        let half = 3.182_446 * (2.0_f64 / 3.0).sqrt() / 2.0;
        assert!(close(low, 2.0 - half) && close(high, 2.0 + half), "{low} to {high}");
        assert!(!Difference { mean, ci95: (low, high) }.is_open());
        assert!(Difference { mean, ci95: (-0.1, 4.1) }.is_open());
    }

    #[test]
    fn there_is_no_difference_to_a_run_without_a_value_nor_between_single_runs() {
        let two = [Some(1.0), Some(2.0)];
        assert_eq!(difference(Across::Mean, &two, &[Some(1.0), None]), None);
        assert_eq!(difference(Across::Mean, &two[..1], &two[1..]), None);
        assert_eq!(difference(Across::Fraction, &two, &two), None);
    }
}
