//! Changes one after the other: whether each can be made to what the ones before have left.

use super::{Change, Type};

/// What is known of a field: its type, where a change has told it, or that it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    There(Option<Type>),
    Gone,
}

/// The fields that the changes so far have named.
#[derive(Debug, Default)]
pub(super) struct History(Vec<(String, Known)>);

impl History {
    fn of(&self, name: &str) -> Option<Known> {
        self.0.iter().rev().find(|(other, _)| other == name).map(|(_, known)| *known)
    }

    fn note(&mut self, name: &str, known: Known) {
        self.0.push((name.to_owned(), known));
    }

    /// Makes one more change; why that can't be, if it can't.
    pub(super) fn make(&mut self, change: &Change) -> Option<String> {
        let (name, wrong) = (change.field(), self.contradicts(change));
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
