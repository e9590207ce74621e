//! How many messages a batch brings.

use std::fmt;

use rand::Rng;
use schemars::{JsonSchema, Schema, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::random::Chance;
use crate::random::shorthand::tagged;

/// How many messages a batch brings. A bare number is a fixed size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields, remote = "Self")]
#[schemars(rename = "BatchSize", transform = or_a_number)]
pub enum BatchSize {
    /// Always the same. Written short as the bare number.
    Fixed {
        /// Messages per batch, at least 1.
        count: u32,
    },
    /// At random, at least 1, one more with the same probability each time.
    Geometric {
        /// The mean, at least 1.
        mean: f64,
    },
}

impl BatchSize {
    /// The mean size.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            BatchSize::Fixed { count } => f64::from(count),
            BatchSize::Geometric { mean } => mean,
        }
    }

    /// The mean of the square of the size.
    #[must_use]
    pub fn square(self) -> f64 {
        match self {
            BatchSize::Fixed { count } => f64::from(count).powi(2),
            BatchSize::Geometric { mean } => 2.0 * mean * mean - mean,
        }
    }

    /// The size of the next batch. The geometric one by inversion: 1 + ⌊ln(u) ÷ ln(1 - 1 ÷ mean)⌋.
    pub(super) fn draw<R: Rng + ?Sized>(self, rng: &mut R) -> u64 {
        match self {
            BatchSize::Fixed { count } => u64::from(count),
            BatchSize::Geometric { mean } => {
                let more = (1.0 - rng.unit()).ln() / (-mean.recip()).ln_1p();
                1_u64.saturating_add(more as u64)
            }
        }
    }
}

struct NumberOrTag;

impl<'de> Deserialize<'de> for BatchSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<BatchSize, D::Error> {
        deserializer.deserialize_any(NumberOrTag)
    }
}

impl<'de> Visitor<'de> for NumberOrTag {
    type Value = BatchSize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of messages, or {\"geometric\": {\"mean\": 4}}")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<BatchSize, E> {
        match u32::try_from(count) {
            Ok(count) => Ok(BatchSize::Fixed { count }),
            Err(_) => Err(E::custom(format!("{count} is too many for a batch; use a burst"))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<BatchSize, A::Error> {
        tagged(map, |map| BatchSize::deserialize(map))
    }
}

impl Serialize for BatchSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            BatchSize::Fixed { count } => serializer.serialize_u32(*count),
            BatchSize::Geometric { .. } => BatchSize::serialize(self, serializer),
        }
    }
}

/// Adds the bare number to the schema of the tagged forms.
fn or_a_number(schema: &mut Schema) {
    let number = json_schema!({
        "type": "integer",
        "minimum": 1,
        "description": "A bare number: always the same.",
    });
    if let Some(serde_json::Value::Array(forms)) = schema.get_mut("oneOf") {
        forms.insert(0, number.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn a_geometric_size_has_its_mean_and_its_second_moment() {
        const COUNT: usize = 200_000;
        let mut stream = Stream::new(1, 0, "sizes");
        let size = BatchSize::Geometric { mean: 4.0 };
        let drawn: Vec<f64> = (0..COUNT).map(|_| size.draw(&mut stream) as f64).collect();
        let mean = drawn.iter().sum::<f64>() / COUNT as f64;
        let square = drawn.iter().map(|x| x * x).sum::<f64>() / COUNT as f64;
        // The variance is (1 - p) ÷ p² = 12, so a mean of 200,000 has a standard error of 0.0077.
        assert!((mean - 4.0).abs() < 5.0 * 0.0077, "{mean}");
        assert!((square - 28.0).abs() < 0.7, "{square}");
        assert_eq!((size.square(), BatchSize::Fixed { count: 5 }.square()), (28.0, 25.0));
    }

    #[test]
    fn a_geometric_size_of_any_mean_is_a_count() {
        let mut stream = Stream::new(1, 0, "sizes");
        assert!(
            (0..100).all(|_| BatchSize::Geometric { mean: 1e300 }.draw(&mut stream) == u64::MAX)
        );
    }

    #[test]
    fn a_geometric_size_of_mean_1_is_always_1() {
        let mut stream = Stream::new(1, 0, "sizes");
        assert!((0..100).all(|_| BatchSize::Geometric { mean: 1.0 }.draw(&mut stream) == 1));
    }

    #[test]
    fn a_bare_number_is_a_fixed_size_and_is_written_back_so() {
        let read: BatchSize = serde_json::from_str("5").unwrap();
        assert_eq!(read, BatchSize::Fixed { count: 5 });
        assert_eq!(serde_json::to_string(&read).unwrap(), "5");
        assert!(serde_json::from_str::<BatchSize>("-5").is_err());
    }
}
