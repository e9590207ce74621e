//! A time until something fails or is mended, as it is written: a distribution, or the mean of an exponential one.

use std::fmt;

use schemars::{JsonSchema, Schema, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::random::Distribution;
use crate::time::SimDuration;

/// A time until something happens: a distribution, or a bare duration for the mean of an exponential one, as failure
/// rates are usually stated.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomTime(Distribution);

impl RandomTime {
    /// How it is distributed.
    #[must_use]
    pub fn distribution(&self) -> &Distribution {
        &self.0
    }

    pub(super) fn distribution_mut(&mut self) -> &mut Distribution {
        &mut self.0
    }
}

impl<'de> Deserialize<'de> for RandomTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RandomTime, D::Error> {
        struct MeanOrDistribution;
        impl<'de> Visitor<'de> for MeanOrDistribution {
            type Value = RandomTime;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mean time such as \"30d\", or a distribution")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<RandomTime, E> {
                let mean: SimDuration = text.parse().map_err(E::custom)?;
                Ok(RandomTime(Distribution::exponential(mean)))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RandomTime, A::Error> {
                Distribution::deserialize(MapAccessDeserializer::new(map)).map(RandomTime)
            }
        }
        deserializer.deserialize_any(MeanOrDistribution)
    }
}

impl JsonSchema for RandomTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RandomTime".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A distribution; a bare duration is the mean of an exponential one.",
            "anyOf": [{ "type": "string" }, generator.subschema_for::<Distribution>()]
        })
    }
}
