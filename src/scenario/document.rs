//! The file exactly as written: every field that a scenario may have, with its default.
//!
//! Node names are still text here and nothing has been looked up. The doc comments are also what `pileup explain` and the
//! JSON Schema say, so they give meaning, unit, range and default.

mod amqp;
mod brokers;
mod criteria;
mod nodes;
mod restated;
mod settling;
mod sqs;

use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

pub use amqp::{Amqp, AmqpQueue, Binding, Disk, Exchange, Memory};
pub use brokers::{Broker, Log, Queue, Topic};
pub use criteria::{Alert, Expectation, Quantity, Wanted};
pub use nodes::{Call, Consume, Credit, Producer, Publish, Sending, Service};
pub use restated::Restated;
pub use settling::Settling;
pub use sqs::{Fifo, Sqs, SqsQueue, Standard};

use crate::model::fault::Fault;
use crate::time::{SimDuration, SimTime};

/// A scenario: what is simulated, for how long, and what is expected of it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A pileup scenario")]
pub struct Document {
    /// Where the schema of this file is, for editors.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// What the scenario is about, in one line.
    pub title: String,
    /// The question that running it answers.
    pub question: String,
    /// What it assumes and why: a text, or a list of texts.
    #[serde(default)]
    pub description: Assumptions,
    /// The simulated length of a run: it covers the time from 0 up to, and without, this.
    pub duration: SimDuration,
    /// The length of a window of the time series.
    pub sample_every: SimDuration,
    /// How much of the beginning of a run is left out of the rates, ratios, means and percentiles of the summary: a duration, or "auto"
    /// (default 0s). A run begins empty, which says nothing about the long run. Counters, peaks and the time series keep everything.
    #[serde(default)]
    pub warm_up: Settling,
    /// What all chance follows from: the same seed gives the same run.
    #[serde(default = "one")]
    #[schemars(default = "one")]
    pub seed: u64,
    /// From when to when the trigger lasts that recovery is measured from (default: the bursts and the scheduled faults).
    #[serde(default)]
    pub trigger: Option<Trigger>,
    /// Who makes messages, by name.
    #[serde(default)]
    pub producers: IndexMap<String, Producer>,
    /// Who works on them, by name.
    #[serde(default)]
    pub services: IndexMap<String, Service>,
    /// Who holds messages in between, by name.
    #[serde(default)]
    pub brokers: IndexMap<String, Broker>,
    /// What is compared on the same traffic, by name: each restates parts of this scenario. Without any there is one
    /// variant, `base`.
    #[serde(default)]
    pub variants: IndexMap<String, Variant>,
    /// What goes wrong from outside.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Conditions that are marked when they hold.
    #[serde(default)]
    pub alerts: Vec<Alert>,
    /// What has to come out. `pileup run` exits with 3 if it does not.
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

impl Document {
    /// Everything that producers and services send, over all their links.
    pub fn sendings(&self) -> impl Iterator<Item = &Sending> {
        let producers = self.producers.values().flat_map(|producer| &producer.sends);
        producers.chain(self.services.values().flat_map(|service| &service.sends))
    }
}

fn one() -> u64 {
    1
}

/// A variant: what it says replaces what the scenario says, field by field of a node; `null` takes a field back to its
/// default, or a node away.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What this variant is, in one sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// Producers restated, added or (`null`) taken away.
    #[serde(default)]
    pub producers: IndexMap<String, Restated<Producer>>,
    /// Services restated, added or (`null`) taken away.
    #[serde(default)]
    pub services: IndexMap<String, Restated<Service>>,
    /// Brokers restated, added or (`null`) taken away.
    #[serde(default)]
    pub brokers: IndexMap<String, Restated<Broker>>,
    /// Another length.
    #[serde(default)]
    pub duration: Option<SimDuration>,
    /// Another window.
    #[serde(default)]
    pub sample_every: Option<SimDuration>,
    /// Another trigger.
    #[serde(default)]
    pub trigger: Option<Trigger>,
    /// Other faults, in the place of all of the scenario's.
    #[serde(default)]
    pub faults: Option<Vec<Fault>>,
    /// Other alerts, in the place of all of the scenario's.
    #[serde(default)]
    pub alerts: Option<Vec<Alert>>,
}

/// What recovery is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// When it begins.
    pub from: SimTime,
    /// When it ends.
    pub until: SimTime,
}

/// What a scenario assumes, each in a text of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "TextOrTexts")]
pub struct Assumptions(pub Vec<String>);

/// How assumptions may be written, for the schema.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum TextOrTexts {
    /// A single one.
    Text(String),
    /// Several.
    Texts(Vec<String>),
}

impl<'de> Deserialize<'de> for Assumptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Assumptions, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Assumptions;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Assumptions, E> {
                Ok(Assumptions(vec![text.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<Assumptions, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(texts)).map(Assumptions)
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}
