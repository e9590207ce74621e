//! A deliberate mistake, as cargo-mutants describes it.

use std::fs;

use serde_json::Value;

/// A place in a file: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// From the first character to the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub start: Place,
    pub end: Place,
}

/// One mistake.
#[derive(Debug, Clone)]
pub struct Mutant {
    pub name: String,
    pub file: String,
    /// The function in which it is made, if it is in one.
    pub function: Option<Span>,
    /// What is replaced, and by what.
    pub span: Span,
    pub replacement: String,
}

/// So many of the mutants in `list`, in an order that depends on nothing but the seed and the names.
pub fn sample(list: &str, count: usize, seed: &str) -> Vec<Mutant> {
    let text = fs::read_to_string(list).unwrap_or_else(|error| panic!("{list}: {error}"));
    let Ok(Value::Array(all)) = serde_json::from_str(&text) else { panic!("{list} is no list") };
    let mut all: Vec<Mutant> = all.iter().map(Mutant::read).collect();
    all.sort_by_cached_key(|mutant| (fnv(&format!("{seed} {}", mutant.name)), mutant.name.clone()));
    all.truncate(count);
    all
}

impl Mutant {
    /// Its file with the mistake in it.
    pub fn applied_to(&self, source: &str) -> String {
        let lines = Lines::of(source);
        let [from, to] = [self.span.start, self.span.end].map(|place| lines.offset(place));
        [&source[..from], " ", &self.replacement, " ", &source[to..]].concat()
    }

    fn read(value: &Value) -> Mutant {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Mutant {
            name: text("name"),
            file: text("file"),
            function: value["function"].get("span").map(Span::read),
            span: Span::read(&value["span"]),
            replacement: text("replacement"),
        }
    }
}

impl Span {
    fn read(value: &Value) -> Span {
        let place = |end: &str| {
            let number = |name: &str| value[end][name].as_u64().expect("a place") as usize;
            Place { line: number("line"), column: number("column") }
        };
        Span { start: place("start"), end: place("end") }
    }
}

/// The hash of Fowler, Noll and Vo: even enough to shuffle by.
fn fnv(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Where each line begins.
pub struct Lines<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(source: &'a str) -> Lines<'a> {
        let starts = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1));
        Lines { source, starts: starts.collect() }
    }

    pub fn offset(&self, place: Place) -> usize {
        let start = self.starts[place.line - 1];
        let mut letters = self.source[start..].char_indices();
        letters.nth(place.column - 1).map_or(self.source.len(), |(offset, _)| start + offset)
    }
}
