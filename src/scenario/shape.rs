//! All refusals at once.
//!
//! Serde stops at the first thing that it can't read. So that an author sees everything in one go, what was refused is
//! noted and taken out of the tree, and the rest is read again until it passes. What is missing only because a repair
//! took it out is not told.

use serde::de::DeserializeOwned;

use super::path::{Path, Step};
use super::problem::Flaw;
use super::read::read;
use super::refusal::{Reason, Refusal};
use super::tree::{Entry, Kind, Located, Origin};

/// After so many problems reading stops: an author who sees a hundred knows enough.
const MOST: usize = 100;

/// What could be read, and everything that could not.
#[derive(Debug)]
pub struct Shaped<T> {
    /// What remained after everything unreadable was taken out; `None` if nothing did.
    pub value: Option<T>,
    /// The tree that it was read from.
    pub tree: Located,
    /// What could not be read.
    pub flaws: Vec<Flaw>,
    /// What is not there and has to be.
    pub absences: Vec<Flaw>,
}

/// Reads a `T` from `tree`, whatever it takes.
pub fn shape<T: DeserializeOwned>(tree: Located) -> Shaped<T> {
    let mut shaped = Shaped { value: None, tree, flaws: Vec::new(), absences: Vec::new() };
    let mut repaired: Vec<Origin> = Vec::new();
    while shaped.flaws.len() + shaped.absences.len() < MOST {
        let tree = &mut shaped.tree;
        let refusal = match read::<T>(tree) {
            Ok(value) => return Shaped { value: Some(value), ..shaped },
            Err(refusal) => refusal,
        };
        let path = refusal.path();
        let container = tree.get(&path).map(|value| value.origin);
        if !refusal.is_an_absence() {
            shaped.flaws.push(flaw(tree, &refusal, &path));
        } else if !container.is_some_and(|origin| repaired.contains(&origin)) {
            shaped.absences.push(flaw(tree, &refusal, &path));
        }
        repaired.extend(above(&path).and_then(|above| tree.get(&above)).map(|above| above.origin));
        if !tree.prune(&path) && !fill(tree, &refusal) {
            break;
        }
    }
    shaped
}

/// What stands for a field that is missing at the top, so that the rest can be read: a text, and a long time.
const PLACEHOLDER: &str = "1000w";

/// Puts something in the place of what is missing at the top, which can't be taken out.
fn fill(tree: &mut Located, refusal: &Refusal) -> bool {
    let Reason::Missing(field) = refusal.reason else { return false };
    let origin = tree.origin;
    let value = Located { origin, kind: Kind::Text(PLACEHOLDER.to_owned()) };
    let fills = refusal.path() == Path::root() && tree.field(field).is_none();
    if fills {
        tree.put(Entry { key: field.to_owned(), key_origin: origin, value });
    }
    fills
}

fn above(path: &Path) -> Option<Path> {
    let (_, above) = path.steps().split_last()?;
    Some(Path::from_steps(above.to_vec()))
}

fn flaw(tree: &Located, refusal: &Refusal, path: &Path) -> Flaw {
    let origin = if refusal.on_key { tree.place_of_key(path) } else { tree.place_of(path) };
    let known = tree.get(path).map(Located::entries).unwrap_or_default();
    Flaw::new(origin, refusal.message(), help(refusal, path, known.len()))
}

/// The refusal's own help; about several kinds, the most likely reason.
fn help(refusal: &Refusal, path: &Path, fields: usize) -> String {
    let in_list = matches!(path.steps().last(), Some(Step::Index(_)));
    match refusal.reason {
        Reason::NotOneKind { .. } if fields > 1 && in_list => {
            "give each its own `{…}` in the list".into()
        }
        _ => refusal.help(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::scenario::parse::parse;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        inner: Vec<Inner>,
        #[serde(default)]
        count: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading it matters")]
    struct Inner {
        number: f64,
    }

    #[test]
    fn everything_wrong_is_told_and_the_rest_is_read() {
        let text = r#"{"inner": [{"number": 1}, {"nmber": 2}, {"number": "x"}], "count": -1}"#;
        let shaped: Shaped<Outer> = shape(parse(text).unwrap());
        let messages: Vec<&str> = shaped.flaws.iter().map(|flaw| flaw.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "unknown field `nmber`",
                "expected a number, found \"x\"",
                "expected a whole number, 0 or more, found `-1`",
            ]
        );
        let value = shaped.value.unwrap();
        assert_eq!((value.inner.len(), value.count), (1, 0));
    }

    #[test]
    fn what_is_something_else_altogether_is_told_once() {
        let shaped: Shaped<Outer> = shape(parse("[]").unwrap());
        assert_eq!((shaped.flaws.len(), shaped.absences.len()), (1, 0));
        assert!(shaped.value.is_none());
    }
}
