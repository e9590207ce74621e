//! How much of the beginning of a run says nothing about the long run.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::time::SimDuration;

/// How much of the beginning of a run is left out of averages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settling {
    /// So long, in whole windows.
    After(SimDuration),
    /// Up to where the work pending has settled by MSER-5 (White, Cobb and Spratt 2000), found in a run of its own.
    Auto,
}

impl Default for Settling {
    /// Nothing is left out.
    fn default() -> Settling {
        Settling::After(SimDuration::ZERO)
    }
}

impl<'de> Deserialize<'de> for Settling {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Settling, D::Error> {
        let text = String::deserialize(input)?;
        if text == "auto" {
            return Ok(Settling::Auto);
        }
        let length =
            text.parse().map_err(|error| D::Error::custom(format!("{error}, or \"auto\"")))?;
        Ok(Settling::After(length))
    }
}

impl JsonSchema for Settling {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Settling".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How much of the beginning of a run is left out of averages: a duration, or \"auto\".",
            "oneOf": [{ "const": "auto" }, generator.subschema_for::<SimDuration>()]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_length_or_found_by_itself() {
        let read = |text: &str| serde_json::from_str::<Settling>(text);
        assert_eq!(read(r#""auto""#).unwrap(), Settling::Auto);
        assert_eq!(read(r#""10min""#).unwrap(), Settling::After(SimDuration::from_secs(600)));
        assert!(read(r#""soon""#).unwrap_err().to_string().contains("or \"auto\""));
        assert_eq!(Settling::default(), read(r#""0s""#).unwrap());
    }
}
