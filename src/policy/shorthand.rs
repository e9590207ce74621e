//! Settings that may be written as one word, a bare duration or a count instead of in full.
//!
//! One visitor reads them all. It hands a map on to the derived reader through `MapAccessDeserializer`, so that an error
//! inside keeps its full path; serde's own `untagged` would try every form, fail at all, and name no field.

use std::fmt;
use std::marker::PhantomData;

use schemars::Schema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Unexpected, Visitor};
use serde_json::json;

/// Settings with a shorter form.
pub(super) trait Shorthand: Sized {
    /// What an error says was expected.
    const EXPECTING: &'static str;
    /// Every word that may stand alone or as the name of settings, for suggestions.
    const WORDS: &'static [&'static str];

    /// What a text stands for: `None` if it is none of the words that may stand alone.
    fn from_text(text: &str) -> Option<Result<Self, String>>;

    /// What a bare count stands for, where one is accepted.
    fn from_count(_count: u64) -> Option<Self> {
        None
    }

    /// Reads the full form.
    fn in_full<'de, D: Deserializer<'de>>(_map: D) -> Result<Self, D::Error> {
        Err(de::Error::invalid_type(Unexpected::Map, &Self::EXPECTING))
    }
}

/// Reads settings in either form.
pub(super) fn read<'de, T: Shorthand, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
    input.deserialize_any(EitherForm(PhantomData))
}

struct EitherForm<T>(PhantomData<T>);

impl<'de, T: Shorthand> Visitor<'de> for EitherForm<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTING)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        match T::from_text(text) {
            Some(read) => read.map_err(E::custom),
            None if T::WORDS.contains(&text) => {
                Err(E::custom(format!("`{text}` needs its settings; write {{\"{text}\": {{…}}}}")))
            }
            None => Err(E::unknown_variant(text, T::WORDS)),
        }
    }

    fn visit_u64<E: de::Error>(self, count: u64) -> Result<T, E> {
        T::from_count(count).ok_or_else(|| E::invalid_type(Unexpected::Unsigned(count), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::in_full(MapAccessDeserializer::new(map))
    }
}

/// Whether a text looks like a bare duration rather than a word.
pub(super) fn is_duration(text: &str) -> bool {
    text.trim_start().starts_with(|first: char| first.is_ascii_digit())
}

/// Adds words to the forms that a schema accepts.
pub(super) fn also_words(words: &'static [&'static str]) -> impl Fn(&mut Schema) + Clone {
    move |schema| {
        add_form(
            schema,
            json!({ "type": "string", "enum": words, "description": "With every default." }),
        );
    }
}

/// Adds a form to those that a schema accepts.
pub(super) fn add_form(schema: &mut Schema, form: serde_json::Value) {
    if let Some(forms) = schema.get_mut("oneOf").and_then(|forms| forms.as_array_mut()) {
        forms.push(form);
    }
}

/// Reads a type in either form and writes it in full. The type derives serde's two traits with `remote = "Self"`, which
/// makes them functions that these implementations call.
macro_rules! in_either_form {
    ($type:ident) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $type::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<$type, D::Error> {
                crate::policy::shorthand::read(input)
            }
        }
    };
}
pub(super) use in_either_form;
