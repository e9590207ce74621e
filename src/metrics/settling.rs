//! Where the beginning of a run ends: a run begins empty, and its averages settle only after a while.
//!
//! MSER-5: cut so much off the beginning that the mean of the rest is known best, judged by its own scatter. Cutting more removes what is
//! not typical yet, and leaves less to average over; the two balance at the least squared standard error. Values come in batches of
//! five, whose means scatter less wildly.
//!
//! Source: K. P. White, M. J. Cobb and S. C. Spratt, "A comparison of five steady-state truncation heuristics for simulation", Winter
//! Simulation Conference 2000; Law, *Simulation Modeling and Analysis*, 5th ed., section 9.5.1.

/// Values in a batch.
const BATCH: usize = 5;
/// Fewer batches than this tell nothing.
const FEWEST: usize = 10;

/// How many values at the beginning should be left out. `None` if there are too few, or if it would be half of them or more: then the
/// run hasn't settled.
#[must_use]
pub fn mser5(values: &[f64]) -> Option<usize> {
    let (batches, _) = values.as_chunks::<BATCH>();
    let means: Vec<f64> =
        batches.iter().map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    if means.len() < FEWEST {
        return None;
    }
    let mut best = (f64::INFINITY, 0);
    let (mut sum, mut squares) = (0.0, 0.0);
    for (cut, mean) in means.iter().enumerate().rev() {
        sum += mean;
        squares += mean * mean;
        let kept = (means.len() - cut) as f64;
        let scatter = (squares - sum * sum / kept).max(0.0) / (kept * kept);
        if means.len() - cut >= FEWEST / 2 && scatter <= best.0 {
            best = (scatter, cut);
        }
    }
    let (_, cut) = best;
    (2 * cut < means.len()).then_some(cut * BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scatter without chance: −1, 0, 1, −1, …, with a period that is no divisor of five.
    fn wobble(place: usize) -> f64 {
        (place * 7 % 3) as f64 - 1.0
    }

    #[test]
    fn a_ramp_is_cut_off_where_it_ends() {
        let values: Vec<f64> =
            (0..1000).map(|place| place.min(100) as f64 + wobble(place)).collect();
        let cut = mser5(&values).unwrap();
        assert!((85..=115).contains(&cut), "{cut}");
    }

    #[test]
    fn a_run_that_is_even_from_the_start_loses_next_to_nothing() {
        let values: Vec<f64> = (0..1000).map(|place| 50.0 + wobble(place)).collect();
        assert!(mser5(&values).unwrap() < 50);
        assert_eq!(mser5(&[3.0; 200]), Some(0));
    }

    #[test]
    fn a_run_that_grows_to_its_end_has_not_settled() {
        let values: Vec<f64> = (0..1000).map(|place| place as f64).collect();
        assert_eq!(mser5(&values), None);
        assert_eq!(mser5(&values[..49]), None);
        // Half of it, and not less, would have to go.
        let half: Vec<f64> = (0..50_i32).map(|place| f64::from((25 - place).max(0))).collect();
        assert_eq!(mser5(&half), None);
        let less: Vec<f64> = (0..55_i32).map(|place| f64::from((25 - place).max(0))).collect();
        assert_eq!(mser5(&less), Some(25));
    }
}
