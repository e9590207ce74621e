//! A bare duration stands for a constant: read, written and described in the schema.

use std::fmt;

use schemars::{Schema, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Distribution;
use crate::random::shorthand::tagged;

struct DurationOrTag;

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Distribution, D::Error> {
        deserializer.deserialize_any(DurationOrTag)
    }
}

impl<'de> Visitor<'de> for DurationOrTag {
    type Value = Distribution;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"25ms\", or a distribution such as {\"exponential\": {\"mean\": \"25ms\"}}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Distribution, E> {
        text.parse().map(Distribution::constant).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Distribution, A::Error> {
        tagged(map, |map| Distribution::deserialize(map))
    }
}

impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Distribution::Constant { value } = self {
            return value.serialize(serializer);
        }
        Distribution::serialize(self, serializer)
    }
}

/// Adds the bare duration to the schema of the tagged forms.
pub(super) fn or_a_duration(schema: &mut Schema) {
    let duration = json_schema!({
        "type": "string",
        "description": "A bare duration: always the same.",
        "examples": ["25ms"],
    });
    if let Some(serde_json::Value::Array(forms)) = schema.get_mut("oneOf") {
        forms.insert(0, duration.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_duration_is_a_constant_and_is_written_back_so() {
        let read: Distribution = serde_json::from_str("\"25ms\"").unwrap();
        assert_eq!(read, Distribution::constant(crate::time::SimDuration::from_millis(25)));
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"25ms\"");
    }

    #[test]
    fn a_tagged_form_survives_the_round_trip() {
        let text = r#"{"lognormal":{"mean":"25ms","cv":0.5}}"#;
        let read: Distribution = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }

    #[test]
    fn an_error_tells_the_whole_path() {
        for (text, path) in [
            (r#"{"exponential": {"mean": 5}}"#, "exponential.mean"),
            (r#"{"exponential": {"men": "5s"}}"#, "exponential.men"),
            (
                r#"{"hyperexponential": {"phases": [{"probability": "x"}]}}"#,
                "hyperexponential.phases[0].probability",
            ),
        ] {
            let mut reader = serde_json::Deserializer::from_str(text);
            let error =
                serde_path_to_error::deserialize::<_, Distribution>(&mut reader).unwrap_err();
            assert_eq!(error.path().to_string(), path, "{error}");
        }
    }

    #[test]
    fn two_distributions_at_once_are_refused() {
        let text = r#"{"exponential": {"mean": "1s"}, "constant": {"value": "1s"}}"#;
        let error = serde_json::from_str::<Distribution>(text).unwrap_err();
        assert!(error.to_string().contains("`constant` is a second one"), "{error}");
    }

    #[test]
    fn the_schema_knows_the_bare_duration_and_describes_every_field() {
        let schema = schemars::schema_for!(Distribution).to_value();
        assert_eq!(schema["title"], "Distribution");
        let forms = schema["oneOf"].as_array().unwrap();
        assert_eq!(forms[0]["type"], "string");
        assert_eq!(forms.len(), 13);
    }
}
