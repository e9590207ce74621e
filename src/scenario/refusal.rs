//! What the settings types refuse, in plain words.
//!
//! Serde tells its deserializer *what* is wrong through [`serde::de::Error`]; this type keeps the parts (the unknown name
//! and the known ones, the wanted type) instead of a finished sentence, so that one place decides how errors read.

use std::fmt::Display;

use serde::de::{self, Expected, Unexpected};

use super::path::{Path, Step};
use super::suggest;

/// Why a value can't be read, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Whether the name of the field is meant, rather than its value.
    pub on_key: bool,
    /// The steps to the value, the last one first.
    upwards: Vec<Step>,
}

/// Why a value can't be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// A name that means nothing here: a field or one of several kinds.
    Unknown {
        /// `field` or `kind`.
        what: &'static str,
        /// The name.
        name: String,
        /// What it could have been.
        known: &'static [&'static str],
    },
    /// A field that has to be there and is not.
    Missing(&'static str),
    /// One of several kinds was wanted; so many were given.
    NotOneKind {
        /// How many.
        given: usize,
        /// What they can be; empty if that is not known here.
        known: &'static [&'static str],
    },
    /// The name of a kind stands alone, but it has settings.
    NeedsSettings(String),
    /// Settings for a kind that has none.
    NoSettings(String),
    /// Something else was wanted.
    Wrong {
        /// What was wanted.
        wanted: String,
        /// What stands there.
        found: String,
    },
    /// In the words of the type that refused it.
    Other(String),
}

impl Refusal {
    /// Nothing yet known about the place.
    #[must_use]
    pub fn new(reason: Reason) -> Refusal {
        Refusal { reason, on_key: false, upwards: Vec::new() }
    }

    /// The same, one level further up: it happened in the field or element `step`.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Refusal {
        self.upwards.push(step);
        self
    }

    /// The same, about the name of the field `key` rather than its value.
    #[must_use]
    pub fn about_key(mut self, key: &str) -> Refusal {
        self.on_key = self.upwards.is_empty();
        self.inside(Step::Key(key.to_owned()))
    }

    /// Where it happened.
    #[must_use]
    pub fn path(&self) -> Path {
        Path::from_steps(self.upwards.iter().rev().cloned().collect())
    }

    /// Whether something is missing that a previous repair may have taken out.
    #[must_use]
    pub fn is_an_absence(&self) -> bool {
        matches!(self.reason, Reason::Missing(_) | Reason::NotOneKind { given: 0, .. })
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.reason {
            Reason::Unknown { what, name, .. } => format!("unknown {what} `{name}`"),
            Reason::Missing(field) => format!("missing field `{field}`"),
            Reason::NotOneKind { given: 0, .. } => "this is empty; one kind is needed here".into(),
            Reason::NotOneKind { given, .. } => {
                format!("{given} kinds are given here where one is needed")
            }
            Reason::NeedsSettings(name) => format!("`{name}` needs its settings"),
            Reason::NoSettings(name) => format!("`{name}` takes no settings"),
            Reason::Wrong { wanted, found } => format!("expected {wanted}, found {found}"),
            Reason::Other(message) => wrong_and_remedy(message).0.to_owned(),
        }
    }

    /// How to mend it.
    #[must_use]
    pub fn help(&self) -> String {
        match &self.reason {
            Reason::Unknown { what, known: [], .. } => format!("no {what} is possible here"),
            Reason::Unknown { name, known, .. } => suggest::help(name, known),
            Reason::Missing(field) => format!("add \"{field}\" here"),
            Reason::NotOneKind { known: [], .. } => String::new(),
            Reason::NotOneKind { known, .. } => format!("one of {}", suggest::list(known)),
            Reason::NeedsSettings(name) => format!("write {{\"{name}\": {{…}}}}"),
            Reason::NoSettings(name) => format!("write \"{name}\" alone"),
            Reason::Wrong { .. } => String::new(),
            Reason::Other(message) => wrong_and_remedy(message).1.to_owned(),
        }
    }
}

/// The two halves of a message such as `` `25` has no unit; write "25s" ``: what is wrong, and how to mend it.
#[must_use]
pub fn wrong_and_remedy(message: &str) -> (&str, &str) {
    message.split_once("; ").unwrap_or((message, ""))
}

/// What a type wants, said for somebody who has never heard of it.
fn in_plain_words(wanted: &str) -> String {
    let plain = match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => "a whole number, 1 or more",
        "f32" | "f64" => "a number",
        "a string" | "string" | "str" | "path string" => "text in double quotes",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list `[…]`",
        "a map" => "an object `{…}`",
        "variant identifier" | "field identifier" => "a name",
        other if other.starts_with("struct ") => "an object `{…}`",
        other => other,
    };
    plain.to_owned()
}

/// What stands there.
fn found(unexpected: Unexpected) -> String {
    match unexpected {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("`{value}`"),
        Unexpected::Float(value) => format!("`{value}`"),
        Unexpected::Char(value) => format!("\"{value}\""),
        Unexpected::Str(value) => format!("\"{value}\""),
        Unexpected::Unit | Unexpected::Option => "`null`".into(),
        Unexpected::Seq | Unexpected::TupleVariant => "a list".into(),
        Unexpected::Map | Unexpected::StructVariant | Unexpected::NewtypeStruct => {
            "an object".into()
        }
        Unexpected::Bytes(_)
        | Unexpected::Enum
        | Unexpected::UnitVariant
        | Unexpected::NewtypeVariant
        | Unexpected::Other(_) => "something else".into(),
    }
}

impl de::Error for Refusal {
    fn custom<T: Display>(message: T) -> Refusal {
        Refusal::new(Reason::Other(message.to_string()))
    }

    fn invalid_type(unexpected: Unexpected, wanted: &dyn Expected) -> Refusal {
        let wanted = wanted.to_string();
        // What a derived enum says of an object without any field.
        if wanted == "enum" && unexpected == Unexpected::Map {
            return Refusal::new(Reason::NotOneKind { given: 0, known: &[] });
        }
        let wanted = in_plain_words(&wanted);
        Refusal::new(Reason::Wrong { wanted, found: found(unexpected) })
    }

    fn invalid_value(unexpected: Unexpected, wanted: &dyn Expected) -> Refusal {
        Refusal::invalid_type(unexpected, wanted)
    }

    fn invalid_length(length: usize, wanted: &dyn Expected) -> Refusal {
        let found = format!("{length} values");
        Refusal::new(Reason::Wrong { wanted: wanted.to_string(), found })
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Refusal {
        Refusal::new(Reason::Unknown { what: "kind", name: name.to_owned(), known })
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Refusal {
        Refusal::new(Reason::Unknown { what: "field", name: name.to_owned(), known })
    }

    fn missing_field(field: &'static str) -> Refusal {
        Refusal::new(Reason::Missing(field))
    }

    fn duplicate_field(field: &'static str) -> Refusal {
        Refusal::new(Reason::Other(format!("the key `{field}` stands twice in this object")))
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path(), self.message())
    }
}

impl std::error::Error for Refusal {}
