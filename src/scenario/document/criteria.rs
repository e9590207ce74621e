//! What is watched during a run, and what has to come out of it.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::time::{SimDuration, SimTime};

/// A condition on a metric that is marked when it has held for some time. Either `above` or `below`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// How it is called on charts.
    pub name: String,
    /// The metric that is watched.
    pub metric: String,
    /// It is raised while the metric is above this.
    #[serde(default)]
    pub above: Option<f64>,
    /// It is raised while the metric is below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// How long the condition has to hold first.
    #[serde(rename = "for", default)]
    pub lasting: SimDuration,
    /// Only in this variant (default: in every one).
    #[serde(default)]
    pub variant: Option<String>,
    /// At this node (default: over all nodes).
    #[serde(default)]
    pub node: Option<String>,
}

/// What a metric has to be: exactly one of `equals`, `same_as`, `at_most`, `at_least`, `between` and `never`. Or when something has to
/// happen: the same of the time of a mark.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// In this variant (default: in every one).
    #[serde(default)]
    pub variant: Option<String>,
    /// At this node (default: over all nodes).
    #[serde(default)]
    pub node: Option<String>,
    /// The metric.
    #[serde(default)]
    pub metric: Option<String>,
    /// In place of a metric, the kind of a mark (as in `marks.csv`): what counts is the time of the first one, in seconds.
    #[serde(default)]
    pub mark: Option<String>,
    /// Of marks only those from this time on, and the seconds since then (default: from the start of the run).
    #[serde(default)]
    pub after: Option<SimTime>,
    /// When; counters count from the start of the run up to then (default: at its end).
    #[serde(default)]
    pub at: Option<SimTime>,
    /// It is this.
    #[serde(default)]
    pub equals: Option<Quantity>,
    /// It is the same as another metric, in the same place and at the same time.
    #[serde(default)]
    pub same_as: Option<String>,
    /// It is this or less.
    #[serde(default)]
    pub at_most: Option<f64>,
    /// It is this or more.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// It is no less than the first and no more than the second.
    #[serde(default)]
    pub between: Option<[f64; 2]>,
    /// `true`: it has no value, because what it measures never happened.
    #[serde(default)]
    pub never: Option<bool>,
    /// Why this is expected, for the reader.
    #[serde(default)]
    pub because: Option<String>,
}

/// What a metric has to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// This.
    Equals(f64),
    /// What another metric is.
    SameAs(String),
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// No less than the first, no more than the second.
    Between(f64, f64),
    /// No value at all.
    Never,
}

impl Expectation {
    /// What the metric has to be; all conditions that are stated, of which there should be one.
    #[must_use]
    pub fn conditions(&self) -> Vec<Wanted> {
        [
            self.equals.map(|Quantity(value)| Wanted::Equals(value)),
            self.same_as.clone().map(Wanted::SameAs),
            self.at_most.map(Wanted::AtMost),
            self.at_least.map(Wanted::AtLeast),
            self.between.map(|[low, high]| Wanted::Between(low, high)),
            self.never.filter(|never| *never).map(|_| Wanted::Never),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A number; `true` and `false` are 1 and 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity(pub f64);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Quantity, D::Error> {
        struct NumberOrTruth;
        impl Visitor<'_> for NumberOrTruth {
            type Value = Quantity;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, `true` or `false`")
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Quantity, E> {
                Ok(Quantity(f64::from(u8::from(value))))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Quantity, E> {
                Ok(Quantity(value as f64))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Quantity, E> {
                Ok(Quantity(value as f64))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Quantity, E> {
                Ok(Quantity(value))
            }
        }
        deserializer.deserialize_any(NumberOrTruth)
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A number; true and false are 1 and 0.", "type": ["number", "boolean"] })
    }
}
