//! Erlang's two formulae: how often all workers are busy (A. K. Erlang, "Solution of some problems in the theory of probabilities of
//! significance in automatic telephone exchanges", 1917).
//!
//! `erlangs` is the work that arrives, λ ÷ µ: how many workers it would keep busy.

/// Erlang B: the part of the arrivals that find all `workers` busy where nobody waits.
///
/// By the recursion B(0) = 1, B(k) = a·B(k-1) ÷ (k + a·B(k-1)), which never overflows; it holds for any service time distribution
/// (Gross & Harris, section 2.5).
#[must_use]
pub fn erlang_b(erlangs: f64, workers: u32) -> f64 {
    (1..=workers).fold(1.0, |blocked, k| {
        let work = erlangs * blocked;
        work / (f64::from(k) + work)
    })
}

/// Erlang C: the part of the arrivals that have to wait where everybody waits: B ÷ (1 - ρ·(1 - B)); 1 when there is too much work.
#[must_use]
pub fn erlang_c(erlangs: f64, workers: u32) -> f64 {
    let load = erlangs / f64::from(workers);
    if load >= 1.0 {
        return 1.0;
    }
    let blocked = erlang_b(erlangs, workers);
    blocked / (1.0 - load * (1.0 - blocked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::testing::assert_near;

    #[test]
    fn eight_erlangs_on_ten_workers_lose_12_percent() {
        assert_near(erlang_b(8.0, 10), 0.121_661_06);
    }

    #[test]
    fn who_waits_at_80_percent_depends_on_the_number_of_workers() {
        assert_near(erlang_c(0.8, 1), 0.8);
        assert_near(erlang_c(4.0, 5), 0.554_112_55);
        assert_near(erlang_c(19.0, 20), 0.755_401_23);
    }

    #[test]
    fn with_too_much_work_everybody_waits() {
        assert_eq!(erlang_c(5.0, 5), 1.0);
    }
}
