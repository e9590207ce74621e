//! What may be wrong with messages themselves. It is made with them and goes with them, so it shows where they are worked on, however
//! much later that is.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Timing;
use crate::policy::compatibility::Change;
use crate::time::SimTime;

/// Messages with which no work succeeds: a call is answered with an error, and a delivery fails however often it is repeated. Work on
/// them takes as long as on others.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poison {
    /// The node that makes the messages: a producer, or a service that sends on.
    pub on: String,
    /// The share of the messages made meanwhile that are poison: a probability from 0 to 1 (default: all of them). They are the same
    /// ones in every variant.
    #[serde(default = "certain")]
    #[schemars(default = "certain")]
    pub probability: f64,
    /// When the first is made (default: at the start of the run).
    #[serde(default)]
    pub from: Option<SimTime>,
    /// Until when they are made (default: to the end of the run). What was made before stays as it is.
    #[serde(default)]
    pub until: Option<SimTime>,
}

fn certain() -> f64 {
    1.0
}

impl Poison {
    pub(super) fn timing(&self) -> Timing<'_> {
        Timing { from: self.from, until: self.until, mtbf: None, mttr: None }
    }
}

/// A node writes its messages with another schema from a time on, as after a deployment. Whoever reads them reads the version that its
/// `reads` says; what was written before stays as it was written.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaChange {
    /// The node that makes the messages: a producer, or a service that sends on. Its versions are counted from 1, the one before its
    /// first change.
    pub on: String,
    /// From when on (default: from the start of the run).
    #[serde(default)]
    pub from: Option<SimTime>,
    /// What is different from then on.
    pub change: Change,
}

impl SchemaChange {
    pub(super) fn timing(&self) -> Timing<'_> {
        Timing { from: self.from, until: None, mtbf: None, mttr: None }
    }
}
