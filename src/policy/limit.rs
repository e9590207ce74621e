//! A count, or a word for no limit at all.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::shorthand::{self, Shorthand};

/// How many attempts a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxAttempts {
    /// As many as it takes.
    Unlimited,
    /// So many, the first included.
    Of(u64),
}

/// How many entries of a retry queue go at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AtMost {
    /// The whole queue.
    #[default]
    All,
    /// So many, oldest first.
    Of(u64),
}

/// Reads, writes and describes a limit: its word, what an error says was expected, its least number and its meaning.
macro_rules! limit {
    ($type:ident, $none:ident, $word:literal, $expecting:literal, $least:literal, $meaning:literal) => {
        impl Shorthand for $type {
            const EXPECTING: &'static str = $expecting;
            const WORDS: &'static [&'static str] = &[$word];

            fn from_text(text: &str) -> Option<Result<$type, String>> {
                (text == $word).then_some(Ok($type::$none))
            }

            fn from_count(count: u64) -> Option<$type> {
                Some($type::Of(count))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<$type, D::Error> {
                shorthand::read(input)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $type::$none => serializer.serialize_str($word),
                    $type::Of(count) => serializer.serialize_u64(*count),
                }
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "description": $meaning,
                    "oneOf": [{ "type": "integer", "minimum": $least }, { "const": $word }]
                })
            }
        }
    };
}

limit!(
    MaxAttempts,
    Unlimited,
    "unlimited",
    "a number of attempts, or \"unlimited\"",
    2,
    "How many attempts in all, the first included: 2 to 65535, or \"unlimited\"."
);
limit!(
    AtMost,
    All,
    "all",
    "a number of entries, or \"all\"",
    1,
    "How many entries go at once: a number of 1 or more, or \"all\"."
);
