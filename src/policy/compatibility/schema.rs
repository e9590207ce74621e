//! A version of a schema: its fields, how changes make the next one of it, and what comes of reading one with another.

use super::{Change, Fields, Reading, Type};

/// The fields of a version of a schema, as far as they are declared or changes name them: all others are the same in every version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema(Vec<Field>);

#[derive(Debug, Clone, PartialEq)]
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
    /// The share of messages that carry a symbol, by how many symbols there are with it.
    shares: Vec<(i32, f64)>,
    /// How often its meaning changed.
    meaning: u32,
}

impl Field {
    fn new(name: &str, of: Type, has_default: bool) -> Field {
        let (name, origin) = (name.to_owned(), name.to_owned());
        let (aliases, is_nullable, symbols, meaning) = (Vec::new(), false, 0, 0);
        let shares = Vec::new();
        Field { name, origin, aliases, of, has_default, is_nullable, symbols, shares, meaning }
    }

    /// The share of messages that carry the symbol that is the last of `count`.
    fn share(&self, count: i32) -> Option<f64> {
        self.shares.iter().rfind(|(other, _)| *other == count).map(|(_, share)| *share)
    }

    /// The share of what was written as `writer` that carries a symbol that this field doesn't have.
    fn unknown(&self, writer: &Field) -> f64 {
        let symbols = (self.symbols + 1)..=writer.symbols;
        symbols.map(|count| writer.share(count).or(self.share(count)).unwrap_or(1.0)).sum()
    }

    /// What comes of reading data that was written as `writer` as this field; `drawn`, from 0 to 1, decides which symbol it carries.
    fn read(&self, writer: &Field, drawn: Option<f64>) -> Reading {
        let knows = |drawn: f64| drawn >= self.unknown(writer);
        let fits = writer.of.resolves_to(self.of)
            && (self.is_nullable || !writer.is_nullable)
            && (writer.symbols <= self.symbols || drawn.is_some_and(knows));
        match fits {
            false => Reading::Fails,
            true if writer.meaning == self.meaning => Reading::Right,
            true => Reading::Wrong,
        }
    }
}

impl Schema {
    /// All versions that come of these changes to `declared`, from the one before the first.
    #[must_use]
    pub fn versions(declared: &Fields, changes: &[Change]) -> Vec<Schema> {
        let declared = declared.iter();
        let mut first = Schema(
            declared.map(|(name, field)| Field::new(name, field.r#type, field.optional)).collect(),
        );
        for (place, change) in changes.iter().enumerate() {
            let mut then = first.clone();
            changes[..place].iter().for_each(|earlier| then.apply(earlier));
            if let Some(field) = presumed(change).filter(|field| then.find(&field.name).is_none()) {
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
            Change::AddSymbol { share, .. } => with(&|field| {
                field.symbols += 1;
                field.shares.push((field.symbols, *share));
            }),
            Change::RemoveSymbol { share, .. } => with(&|field| {
                if field.share(field.symbols).is_none() {
                    field.shares.push((field.symbols, *share));
                }
                field.symbols -= 1;
            }),
            Change::ChangeMeaning { .. } => with(&|field| field.meaning += 1),
        }
    }

    /// What may come of reading with this schema what was written with `writer`, at worst.
    #[must_use]
    pub fn read(&self, writer: &Schema) -> Reading {
        self.read_message(writer, |_| None)
    }

    /// What comes of reading with this schema a message that was written with `writer`. `drawn`, a number from 0 to 1 for each field by
    /// its place, decides which symbol of an enumeration the message carries; without one it carries the newest.
    #[must_use]
    pub fn read_message(&self, writer: &Schema, drawn: impl Fn(usize) -> Option<f64>) -> Reading {
        let of_field = |(place, mine): (usize, &Field)| {
            let named = |name: &String| writer.find(name);
            match named(&mine.name).or_else(|| mine.aliases.iter().find_map(named)) {
                Some(theirs) => mine.read(theirs, drawn(place)),
                None if !mine.has_default => Reading::Fails,
                None if writer.0.iter().any(|theirs| theirs.origin == mine.origin) => {
                    Reading::Wrong
                }
                None => Reading::Right,
            }
        };
        self.0.iter().enumerate().map(of_field).max().unwrap_or(Reading::Right)
    }
}

/// The field that there has to be before a change.
fn presumed(change: &Change) -> Option<Field> {
    match change {
        Change::AddField { .. } => None,
        Change::RemoveField { field, optional, r#type } => {
            Some(Field::new(field, *r#type, *optional))
        }
        Change::RenameField { field, optional, .. } => {
            Some(Field::new(field, Type::default(), *optional))
        }
        Change::RetypeField { field, from, .. } => Some(Field::new(field, *from, false)),
        Change::MakeNullable { field }
        | Change::AddSymbol { field, .. }
        | Change::RemoveSymbol { field, .. }
        | Change::ChangeMeaning { field } => Some(Field::new(field, Type::default(), false)),
    }
}
