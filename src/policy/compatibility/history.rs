//! Changes one after the other: whether each can be made to what the ones before have left.

use super::{Change, Fields, Type};

/// Why a change can't be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contradiction {
    /// It contradicts what is known by then.
    Known(String),
    /// Nothing is known of its field; what is, by name; and whether that is all.
    Unknown {
        /// The fields that there are by then.
        fields: Vec<String>,
        /// Whether there are no others, because all are declared.
        are_all: bool,
    },
}

/// What is known of a field: its type, where a change has told it, or that it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    There(Option<Type>),
    Gone,
}

/// The fields that are declared, or that the changes so far have named.
#[derive(Debug)]
pub(super) struct History {
    known: Vec<(String, Known)>,
    are_all: bool,
}

impl History {
    /// Nothing has changed yet.
    pub(super) fn new(fields: &Fields) -> History {
        let there = |(name, field): (&String, &super::Declared)| {
            (name.clone(), Known::There(Some(field.r#type)))
        };
        History { known: fields.iter().map(there).collect(), are_all: !fields.is_empty() }
    }

    /// The fields that there are.
    fn fields(&self) -> Vec<String> {
        let names = self.known.iter().map(|(name, _)| name);
        let there = names.filter(|name| matches!(self.of(name), Some(Known::There(_))));
        let mut fields: Vec<String> = there.cloned().collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    fn of(&self, name: &str) -> Option<Known> {
        self.known.iter().rev().find(|(other, _)| other == name).map(|(_, known)| *known)
    }

    fn note(&mut self, name: &str, known: Known) {
        self.known.push((name.to_owned(), known));
    }

    /// Makes one more change; why that can't be, if it can't.
    pub(super) fn make(&mut self, change: &Change) -> Option<Contradiction> {
        let name = change.field();
        let wrong = self.contradicts(change).map(Contradiction::Known).or(self.unknown(change));
        match change {
            Change::AddField { r#type, .. } => self.note(name, Known::There(Some(*r#type))),
            Change::RemoveField { .. } => self.note(name, Known::Gone),
            Change::RenameField { to, .. } => {
                let before = self.of(name).filter(|known| *known != Known::Gone);
                self.note(to, before.unwrap_or(Known::There(None)));
                self.note(name, Known::Gone);
            }
            Change::RetypeField { to, .. } => self.note(name, Known::There(Some(*to))),
            Change::MakeNullable { .. }
            | Change::AddSymbol { .. }
            | Change::RemoveSymbol { .. }
            | Change::ChangeMeaning { .. } => {
                if self.of(name).is_none() {
                    self.note(name, Known::There(None));
                }
            }
        }
        wrong
    }

    fn unknown(&self, change: &Change) -> Option<Contradiction> {
        let comes = matches!(change, Change::AddField { .. });
        (!comes && self.of(change.field()).is_none()).then(|| {
            let (fields, are_all) = (self.fields(), self.are_all);
            Contradiction::Unknown { fields, are_all }
        })
    }

    fn contradicts(&self, change: &Change) -> Option<String> {
        let name = change.field();
        match (change, self.of(name)) {
            (Change::AddField { .. }, Some(Known::There(_))) => {
                Some(format!("there is a field `{name}` by then"))
            }
            (Change::AddField { .. }, Some(Known::Gone) | None) => None,
            (_, Some(Known::Gone)) => Some(format!("the field `{name}` is gone by then")),
            (Change::RenameField { to, .. }, _) if to == name => {
                Some(format!("`{name}` is called so already"))
            }
            (Change::RenameField { to, .. }, _) => matches!(self.of(to), Some(Known::There(_)))
                .then(|| format!("there is a field `{to}` by then")),
            (Change::RetypeField { from, to, .. }, _) if from == to => {
                Some(format!("the type of `{name}` stays what it is"))
            }
            (Change::RetypeField { from, .. }, Some(Known::There(Some(of)))) if of != *from => {
                Some(format!("`{name}` has another type by then"))
            }
            (_, Some(Known::There(_)) | None) => None,
        }
    }
}
