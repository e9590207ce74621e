//! Workers that slow one another down.
//!
//! Ten workers rarely do ten times the work of one: they share processors, locks and a database. Neil Gunther's universal
//! scalability law ("Guerrilla Capacity Planning", 2007) puts throughput with n workers at n ÷ (1 + σ(n−1) + κn(n−1)): σ
//! is what they wait for one another, κ what they tell one another. With κ above 0, throughput has a peak; more workers
//! than that do less work in all, which is why a bigger thread pool can be the wrong answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{self, Problem};

/// How service times grow with the number of workers that are busy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Contention {
    /// They don't (the default).
    #[default]
    None,
    /// By the same amount for each further busy worker: 1 + `per_worker` · (n − 1).
    Linear {
        /// What each further busy worker adds, as a share of the service time, 0 or more.
        per_worker: f64,
    },
    /// By the universal scalability law: 1 + `serial` · (n − 1) + `crosstalk` · n · (n − 1).
    Universal {
        /// σ, the share of the work for which workers wait for one another, 0 to 1.
        serial: f64,
        /// κ, what each pair of workers costs one another, 0 or more.
        crosstalk: f64,
    },
}

impl Contention {
    /// What a service time is multiplied by when it begins with `busy` workers busy, itself included.
    #[must_use]
    pub fn slowdown(&self, busy: u32) -> f64 {
        let workers = f64::from(busy.max(1));
        let others = workers - 1.0;
        match *self {
            Contention::None => 1.0,
            Contention::Linear { per_worker } => 1.0 + per_worker * others,
            Contention::Universal { serial, crosstalk } => {
                1.0 + serial * others + crosstalk * workers * others
            }
        }
    }

    /// What is wrong with these settings.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        match *self {
            Contention::None => Vec::new(),
            Contention::Linear { per_worker } => {
                check::found([check::at_least("linear.per_worker", per_worker, 0.0)])
            }
            Contention::Universal { serial, crosstalk } => check::found([
                check::unless(
                    (0.0..=1.0).contains(&serial),
                    "universal.serial",
                    format!("is {serial}; it is a share, from 0 to 1"),
                ),
                check::at_least("universal.crosstalk", crosstalk, 0.0),
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_alone_is_never_slowed_down() {
        for contention in [
            Contention::None,
            Contention::Linear { per_worker: 0.5 },
            Contention::Universal { serial: 0.5, crosstalk: 0.5 },
        ] {
            assert_eq!(contention.slowdown(1), 1.0);
            assert_eq!(contention.check(), []);
        }
    }

    #[test]
    fn each_form_slows_down_as_its_formula_says() {
        assert_eq!(Contention::None.slowdown(9), 1.0);
        assert_eq!(Contention::Linear { per_worker: 0.25 }.slowdown(9), 3.0);
        let universal = Contention::Universal { serial: 0.25, crosstalk: 0.125 };
        assert_eq!(universal.slowdown(9), 1.0 + 2.0 + 9.0);
    }

    /// By the universal scalability law the peak is at √((1 − σ) ÷ κ).
    #[test]
    fn crosstalk_of_a_hundredth_makes_ten_workers_the_best_number() {
        let law = Contention::Universal { serial: 0.0, crosstalk: 0.01 };
        let throughput = |workers: u32| f64::from(workers) / law.slowdown(workers);
        let best = (1..100).max_by(|a, b| throughput(*a).total_cmp(&throughput(*b)));
        assert_eq!(best, Some(10));
    }
}
