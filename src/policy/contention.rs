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
