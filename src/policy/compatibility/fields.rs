//! The fields of a schema as a scenario declares them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Type;
use crate::policy::shorthand::{self, Shorthand, in_either_form};

/// The fields of the first version of a schema, by name.
pub type Fields = BTreeMap<String, Declared>;

/// A field: its type alone, or with what else is to be said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schemars(transform = shorthand::also_words(&["int", "long", "float", "double", "string"]))]
pub struct Declared {
    /// Its type.
    #[serde(default)]
    pub r#type: Type,
    /// Whether it has a default (default: no, it is required).
    #[serde(default)]
    pub optional: bool,
}

in_either_form!(Declared);

impl Shorthand for Declared {
    const EXPECTING: &'static str =
        "a type, such as \"string\", or `{\"type\": …, \"optional\": …}`";
    const WORDS: &'static [&'static str] = &["int", "long", "float", "double", "string"];

    fn from_text(text: &str) -> Option<Result<Declared, String>> {
        let r#type = match text {
            "int" => Type::Int,
            "long" => Type::Long,
            "float" => Type::Float,
            "double" => Type::Double,
            "string" => Type::String,
            _ => return None,
        };
        Some(Ok(Declared { r#type, optional: false }))
    }

    fn in_full<'de, D: serde::Deserializer<'de>>(map: D) -> Result<Declared, D::Error> {
        Declared::deserialize(map)
    }
}
