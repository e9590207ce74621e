//! Contracts between those who write messages and those who read them, and what a registry of schemas allows.
//!
//! Whether data of one schema can be read with another follows field by field from Avro's rules of resolution (Apache Avro specification,
//! "Schema Resolution"). A registry asks that question when a producer brings a new schema, in the direction and against the versions that
//! its mode names (Confluent Schema Registry, "Schema Evolution and Compatibility"). Two things it cannot see: a field that was
//! renamed and falls back to its default, and a value whose meaning changed. Those are read without an error, and wrongly.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One change of the schema with which a node writes its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
        /// Whether it had a default, if no change before says so (default: no, it was required).
        #[serde(default)]
        optional: bool,
        /// Its type, if no change before says so.
        #[serde(default)]
        r#type: Type,
    },
    /// A field has another name.
    RenameField {
        /// The name before.
        field: String,
        /// The name after.
        to: String,
        /// Whether it has a default (default: no, it is required).
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
    /// An enumeration has one symbol more.
    AddSymbol {
        /// The name of the field.
        field: String,
    },
    /// An enumeration has one symbol less.
    RemoveSymbol {
        /// The name of the field.
        field: String,
    },
    /// The same field means something else: euros for cents.
    ChangeMeaning {
        /// Its name.
        field: String,
    },
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

/// The fields of a version of a schema, as far as changes name them: all others are the same in every version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema(Vec<Field>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    /// What it was called when it came: data that goes by another name now is the same data.
    origin: String,
    aliases: Vec<String>,
    of: Type,
    has_default: bool,
    is_nullable: bool,
    /// How many symbols were added, less those that were removed.
    symbols: i32,
    /// How often its meaning changed.
    meaning: u32,
}

impl Field {
    fn new(name: &str, of: Type, has_default: bool) -> Field {
        let (name, origin) = (name.to_owned(), name.to_owned());
        let (aliases, is_nullable, symbols, meaning) = (Vec::new(), false, 0, 0);
        Field { name, origin, aliases, of, has_default, is_nullable, symbols, meaning }
    }

    /// What comes of reading data that was written as `writer` as this field.
    fn read(&self, writer: &Field) -> Reading {
        let fits = writer.of.resolves_to(self.of)
            && (self.is_nullable || !writer.is_nullable)
            && writer.symbols <= self.symbols;
        match fits {
            false => Reading::Fails,
            true if writer.meaning == self.meaning => Reading::Right,
            true => Reading::Wrong,
        }
    }
}

impl Schema {
    /// All versions that come of these changes, from the one before the first.
    #[must_use]
    pub fn versions(changes: &[Change]) -> Vec<Schema> {
        let mut first = Schema::default();
        for (place, change) in changes.iter().enumerate() {
            let mut then = first.clone();
            changes[..place].iter().for_each(|earlier| then.apply(earlier));
            if let Some(field) = change.presumes().filter(|field| then.find(&field.name).is_none())
            {
                first.0.push(field);
            }
        }
        let mut versions = vec![first];
        for change in changes {
            let mut next = versions[versions.len() - 1].clone();
            next.apply(change);
            versions.push(next);
        }
        versions
    }

    fn find(&self, name: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.name == name)
    }

    fn apply(&mut self, change: &Change) {
        let name = change.field().to_owned();
        let mut with = |does: &dyn Fn(&mut Field)| {
            self.0.iter_mut().filter(|field| field.name == name).for_each(does);
        };
        match change {
            Change::AddField { field, optional, r#type } => {
                self.0.push(Field::new(field, *r#type, *optional));
            }
            Change::RemoveField { field, .. } => self.0.retain(|other| other.name != *field),
            Change::RenameField { to, alias, .. } => with(&|field| {
                let before = std::mem::replace(&mut field.name, to.clone());
                field.aliases.extend(alias.then_some(before));
            }),
            Change::RetypeField { to, .. } => with(&|field| field.of = *to),
            Change::MakeNullable { .. } => with(&|field| field.is_nullable = true),
            Change::AddSymbol { .. } => with(&|field| field.symbols += 1),
            Change::RemoveSymbol { .. } => with(&|field| field.symbols -= 1),
            Change::ChangeMeaning { .. } => with(&|field| field.meaning += 1),
        }
    }

    /// What comes of reading with this schema what was written with `writer`.
    #[must_use]
    pub fn read(&self, writer: &Schema) -> Reading {
        let of_field = |mine: &Field| {
            let named = |name: &String| writer.find(name);
            match named(&mine.name).or_else(|| mine.aliases.iter().find_map(named)) {
                Some(theirs) => mine.read(theirs),
                None if !mine.has_default => Reading::Fails,
                None if writer.0.iter().any(|theirs| theirs.origin == mine.origin) => {
                    Reading::Wrong
                }
                None => Reading::Right,
            }
        };
        self.0.iter().map(of_field).max().unwrap_or(Reading::Right)
    }
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
            | Change::AddSymbol { field }
            | Change::RemoveSymbol { field }
            | Change::ChangeMeaning { field } => field,
        }
    }

    /// Of changes that are made one after the other, those that can't be made to what the others have left, by their places; and why.
    #[must_use]
    pub fn contradictions<'c>(changes: impl Iterator<Item = &'c Change>) -> Vec<(usize, String)> {
        let mut history = history::History::default();
        changes
            .map(|change| history.make(change))
            .enumerate()
            .filter_map(|(place, wrong)| Some((place, wrong?)))
            .collect()
    }

    /// The field that there has to be before it.
    fn presumes(&self) -> Option<Field> {
        match self {
            Change::AddField { .. } => None,
            Change::RemoveField { field, optional, r#type } => {
                Some(Field::new(field, *r#type, *optional))
            }
            Change::RenameField { field, optional, .. } => {
                Some(Field::new(field, Type::default(), *optional))
            }
            Change::RetypeField { field, from, .. } => Some(Field::new(field, *from, false)),
            Change::MakeNullable { field }
            | Change::AddSymbol { field }
            | Change::RemoveSymbol { field }
            | Change::ChangeMeaning { field } => Some(Field::new(field, Type::default(), false)),
        }
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

mod history;
#[cfg(test)]
mod tests;
