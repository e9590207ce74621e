//! A scenario as a tree of values, each of which knows where it was written.
//!
//! A variant moves whole branches of the file into the base; a branch takes its origins along, so that an error found in
//! a resolved variant still points at the line that its author wrote.

use serde_json::Number;

use super::path::{Path, Step};

/// Where a value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// In the file, from one byte to another.
    Text {
        /// The first byte.
        start: usize,
        /// The byte after the last.
        end: usize,
    },
    /// In an override, by its place among them.
    Override(usize),
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Located {
    /// Where.
    pub origin: Origin,
    /// What.
    pub kind: Kind,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A finite number; a whole number if it can be one (`2e4` is 20000).
    Number(Number),
    /// A string.
    Text(String),
    /// `[…]`
    List(Vec<Located>),
    /// `{…}`, in the order of the file, without duplicates.
    Object(Vec<Entry>),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name.
    pub key: String,
    /// Where the name was written.
    pub key_origin: Origin,
    /// Its value.
    pub value: Located,
}

impl Located {
    /// An object without fields.
    #[must_use]
    pub fn empty_object(origin: Origin) -> Located {
        Located { origin, kind: Kind::Object(Vec::new()) }
    }

    /// The fields, if this is an object.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Object(entries) => entries,
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) => &[],
        }
    }

    /// Whether it has fields, or could have.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self.kind, Kind::Object(_))
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) | Kind::Object(_) => None,
        }
    }

    /// The elements, if this is a list.
    #[must_use]
    pub fn elements(&self) -> &[Located] {
        match &self.kind {
            Kind::List(elements) => elements,
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Object(_) => &[],
        }
    }

    /// The fields, to change; none if this is no object.
    pub fn entries_mut(&mut self) -> Option<&mut Vec<Entry>> {
        match &mut self.kind {
            Kind::Object(entries) => Some(entries),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) => None,
        }
    }

    /// The field `key`.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of the field `key`.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Located> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of the field `key`, to change.
    pub fn field_mut(&mut self, key: &str) -> Option<&mut Located> {
        let entries = self.entries_mut()?;
        entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    /// Replaces the field of this name in its place, or adds it at the end. Does nothing to what is no object.
    pub fn put(&mut self, entry: Entry) {
        let Some(entries) = self.entries_mut() else { return };
        match entries.iter_mut().find(|old| old.key == entry.key) {
            Some(old) => *old = entry,
            None => entries.push(entry),
        }
    }

    /// Takes the field `key` out.
    pub fn take(&mut self, key: &str) -> Option<Entry> {
        let entries = self.entries_mut()?;
        let place = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(place))
    }

    /// The value at `path`.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&Located> {
        path.steps().iter().try_fold(self, Located::step)
    }

    fn step(&self, step: &Step) -> Option<&Located> {
        match step {
            Step::Key(key) => self.field(key),
            Step::Index(index) => self.elements().get(*index),
        }
    }

    /// Takes the value at `path` out of what contains it; `false` if it was not there.
    pub fn prune(&mut self, path: &Path) -> bool {
        let Some((last, above)) = path.steps().split_last() else { return false };
        let Some(parent) = above.iter().try_fold(self, Located::step_mut) else { return false };
        match (last, &mut parent.kind) {
            (Step::Key(key), _) => parent.take(key).is_some(),
            (Step::Index(index), Kind::List(elements)) if *index < elements.len() => {
                elements.remove(*index);
                true
            }
            (Step::Index(_), _) => false,
        }
    }

    fn step_mut(&mut self, step: &Step) -> Option<&mut Located> {
        match step {
            Step::Key(key) => self.field_mut(key),
            Step::Index(index) => match &mut self.kind {
                Kind::List(elements) => elements.get_mut(*index),
                Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Object(_) => {
                    None
                }
            },
        }
    }

    /// The value as plain JSON, without origins.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Null => serde_json::Value::Null,
            Kind::Bool(value) => (*value).into(),
            Kind::Number(number) => number.clone().into(),
            Kind::Text(text) => text.clone().into(),
            Kind::List(elements) => elements.iter().map(Located::to_json).collect(),
            Kind::Object(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.value.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    /// The path at which a value or a field's name with this origin stands.
    #[must_use]
    pub fn path_of(&self, origin: Origin) -> Option<Path> {
        self.find(origin, &Path::root())
    }

    fn find(&self, origin: Origin, here: &Path) -> Option<Path> {
        if self.origin == origin {
            return Some(here.clone());
        }
        let fields = self.entries().iter().find_map(|entry| {
            let path = here.key(&entry.key);
            if entry.key_origin == origin { Some(path) } else { entry.value.find(origin, &path) }
        });
        fields.or_else(|| {
            let mut elements = self.elements().iter().enumerate();
            elements.find_map(|(index, element)| element.find(origin, &here.index(index)))
        })
    }

    /// Where to point at for the value at `path`, or for the nearest value above it that exists: at a plain value
    /// itself, at the name of an object or a list.
    #[must_use]
    pub fn place_of(&self, path: &Path) -> Origin {
        let mut origin = self.origin;
        let mut here = self;
        for step in path.steps() {
            let Some(next) = here.step(step) else { break };
            origin = match step {
                Step::Key(key) if next.is_container() => {
                    here.entry(key).map_or(next.origin, |entry| entry.key_origin)
                }
                Step::Key(_) | Step::Index(_) => next.origin,
            };
            here = next;
        }
        origin
    }

    /// Where the name of the field at `path` stands; the place of the value if it has no name.
    #[must_use]
    pub fn place_of_key(&self, path: &Path) -> Origin {
        let entry = path.steps().split_last().and_then(|(last, above)| match last {
            Step::Key(key) => above.iter().try_fold(self, Located::step)?.entry(key),
            Step::Index(_) => None,
        });
        entry.map_or_else(|| self.place_of(path), |entry| entry.key_origin)
    }

    fn is_container(&self) -> bool {
        matches!(self.kind, Kind::List(_) | Kind::Object(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse::parse;

    fn tree() -> Located {
        parse(r#"{"a": {"b": [1, {"c": 2}]}}"#).unwrap()
    }

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn a_value_is_found_by_its_path_and_its_path_by_its_origin() {
        let tree = tree();
        let inner = tree.get(&path("a.b[1].c")).unwrap();
        assert_eq!(inner.to_json(), serde_json::json!(2));
        assert_eq!(tree.path_of(inner.origin).unwrap().to_string(), "a.b[1].c");
    }

    #[test]
    fn a_pruned_value_is_gone_and_nothing_else_is() {
        let mut tree = tree();
        assert!(tree.prune(&path("a.b[0]")));
        assert!(!tree.prune(&path("a.x")));
        assert_eq!(tree.to_json(), serde_json::json!({"a": {"b": [{"c": 2}]}}));
    }

    #[test]
    fn a_plain_value_is_pointed_at_itself_and_an_object_by_its_name() {
        let tree = tree();
        assert_eq!(tree.place_of(&path("a.b[0]")), Origin::Text { start: 13, end: 14 });
        assert_eq!(tree.place_of(&path("a.missing")), Origin::Text { start: 1, end: 4 });
    }
}
