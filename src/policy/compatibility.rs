//! Contracts between those who write messages and those who read them, and what a registry of schemas allows.
//!
//! Whether data of one schema can be read with another follows field by field from Avro's rules of resolution (Apache Avro specification,
//! "Schema Resolution"). A registry asks that question when a producer brings a new schema, in the direction and against the versions that
//! its mode names (Confluent Schema Registry, "Schema Evolution and Compatibility"). Two things it cannot see: a field that was
//! renamed and falls back to its default, and a value whose meaning changed. Those are read without an error, and wrongly.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use fields::{Declared, Fields};
pub use history::Contradiction;
pub use schema::Schema;

/// One change of the schema with which a node writes its messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A field comes.
    AddField {
        /// Its name.
        field: String,
        /// Whether it has a default (default: no, it is required).
        #[serde(default)]
        optional: bool,
        /// Its type.
        #[serde(default)]
        r#type: Type,
    },
    /// A field goes.
    RemoveField {
        /// Its name.
        field: String,
        /// Whether it had a default, if neither `schema` nor a change before says so (default: no, it was required).
        #[serde(default)]
        optional: bool,
        /// Its type, if neither `schema` nor a change before says so.
        #[serde(default)]
        r#type: Type,
    },
    /// A field has another name.
    RenameField {
        /// The name before.
        field: String,
        /// The name after.
        to: String,
        /// Whether it has a default, if neither `schema` nor a change before says so (default: no, it is required).
        #[serde(default)]
        optional: bool,
        /// Whether the new schema names the old name as an alias (default: no).
        #[serde(default)]
        alias: bool,
    },
    /// A field has another type: wider (int to long), narrower (long to int), or something else (string to int).
    RetypeField {
        /// Its name.
        field: String,
        /// The type before.
        from: Type,
        /// The type after.
        to: Type,
    },
    /// A field may be null from now on.
    MakeNullable {
        /// Its name.
        field: String,
    },
    /// An enumeration has one symbol more. Whoever reads an older version fails on messages with that symbol, and on no others (Avro's
    /// rules of resolution: an error if the reader has neither the symbol nor a default).
    AddSymbol {
        /// The name of the field.
        field: String,
        /// The share of the messages written from then on that carry the new symbol: a probability from 0 to 1 (default: all of them).
        #[serde(default = "every")]
        #[schemars(default = "every")]
        share: f64,
    },
    /// An enumeration has one symbol less. Whoever reads the new version fails on older messages with that symbol, and on no others.
    RemoveSymbol {
        /// The name of the field.
        field: String,
        /// The share of the messages written before that carry the symbol, if no `add_symbol` before says so: a probability from 0 to 1
        /// (default: all of them).
        #[serde(default = "every")]
        #[schemars(default = "every")]
        share: f64,
    },
    /// The same field means something else: euros for cents.
    ChangeMeaning {
        /// Its name.
        field: String,
    },
}

fn every() -> f64 {
    1.0
}

/// The type of a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// A number of 32 bits.
    Float,
    /// A number of 64 bits.
    Double,
    /// Text (the default).
    #[default]
    String,
}

impl Type {
    /// Whether what was written as `self` can be read as `reader`: the same, or a number that only becomes wider.
    fn resolves_to(self, reader: Type) -> bool {
        use Type::{Double, Float, Int, Long, String};
        match self {
            Int => reader != String,
            Long => matches!(reader, Long | Float | Double),
            Float => matches!(reader, Float | Double),
            Double | String => reader == self,
        }
    }
}

/// What comes of reading a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// What was meant.
    Right,
    /// Something else, without an error.
    Wrong,
    /// An error.
    Fails,
}

impl Change {
    /// The field that it is about.
    #[must_use]
    pub fn field(&self) -> &str {
        match self {
            Change::AddField { field, .. }
            | Change::RemoveField { field, .. }
            | Change::RenameField { field, .. }
            | Change::RetypeField { field, .. }
            | Change::MakeNullable { field }
            | Change::AddSymbol { field, .. }
            | Change::RemoveSymbol { field, .. }
            | Change::ChangeMeaning { field } => field,
        }
    }

    /// Its kind, as scenarios call it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Change::AddField { .. } => "add_field",
            Change::RemoveField { .. } => "remove_field",
            Change::RenameField { .. } => "rename_field",
            Change::RetypeField { .. } => "retype_field",
            Change::MakeNullable { .. } => "make_nullable",
            Change::AddSymbol { .. } => "add_symbol",
            Change::RemoveSymbol { .. } => "remove_symbol",
            Change::ChangeMeaning { .. } => "change_meaning",
        }
    }

    /// The share of messages that it speaks of, if it does.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        match self {
            Change::AddSymbol { share, .. } | Change::RemoveSymbol { share, .. } => Some(*share),
            Change::AddField { .. }
            | Change::RemoveField { .. }
            | Change::RenameField { .. }
            | Change::RetypeField { .. }
            | Change::MakeNullable { .. }
            | Change::ChangeMeaning { .. } => None,
        }
    }

    /// Of changes that are made to `fields` one after the other, those that can't be made to what the others have left, by their places;
    /// and why.
    #[must_use]
    pub fn contradictions<'c>(
        fields: &Fields,
        changes: impl Iterator<Item = &'c Change>,
    ) -> Vec<(usize, Contradiction)> {
        let mut history = history::History::new(fields);
        changes
            .map(|change| history.make(change))
            .enumerate()
            .filter_map(|(place, wrong)| Some((place, wrong?)))
            .collect()
    }
}

/// What a registry asks of a new schema before it lets a producer write with it (default `backward`, as Confluent's).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compatibility {
    /// That consumers with the new schema can read what was written with the latest (the default).
    #[default]
    Backward,
    /// That consumers with the new schema can read what was written with any before.
    BackwardTransitive,
    /// That consumers with the latest schema can read what is written with the new one.
    Forward,
    /// That consumers with any schema before can read what is written with the new one.
    ForwardTransitive,
    /// Both, for the latest.
    Full,
    /// Both, for all before.
    FullTransitive,
    /// Nothing.
    None,
}

impl Compatibility {
    /// Whether a registry that holds `registered`, in order, takes `new`.
    #[must_use]
    pub fn allows(self, new: &Schema, registered: &[&Schema]) -> bool {
        use Compatibility::{
            Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive, None,
        };
        let latest = registered.len().saturating_sub(1);
        let against = match self {
            Backward | Forward | Full => &registered[latest..],
            BackwardTransitive | ForwardTransitive | FullTransitive => registered,
            None => &[],
        };
        let backward = |old: &Schema| new.read(old) != Reading::Fails;
        let forward = |old: &Schema| old.read(new) != Reading::Fails;
        against.iter().all(|old| match self {
            Backward | BackwardTransitive => backward(old),
            Forward | ForwardTransitive => forward(old),
            Full | FullTransitive => backward(old) && forward(old),
            None => true,
        })
    }

    /// Which of these versions, one after the other, a registry takes; the first is there already.
    #[must_use]
    pub fn registers(self, versions: &[Schema]) -> Vec<bool> {
        let mut registered: Vec<&Schema> = Vec::new();
        let mut taken = Vec::new();
        for version in versions {
            let is_taken = self.allows(version, &registered);
            if is_taken {
                registered.push(version);
            }
            taken.push(is_taken);
        }
        taken
    }
}

mod fields;
mod history;
mod schema;
#[cfg(test)]
mod tests;
