//! What is wrong with a scenario: where, what, and how to mend it.
//!
//! Every stage of reading finds [`Flaw`]s, which know their place only as an [`Origin`]. Once all are found they become
//! [`Problem`]s, which carry file, line and the text of the line, so that they can be printed when the file is long gone:
//!
//! ```text
//! error: unknown field `worker`
//!   --> scenarios/incident.json:31:7  services.notification.worker
//!    |
//! 31 |       "worker": 1, "threads": 200,
//!    |       ^^^^^^^^ did you mean `workers`?
//! ```

use std::fmt;

use super::source::Text;
use super::tree::{Located, Origin};

/// The most characters of a line of the file that are shown.
const WIDTH: usize = 100;

/// The most problems that are told: an author who sees a hundred knows enough.
const MOST: usize = 100;

/// Something wrong, and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Flaw {
    /// Where.
    pub origin: Origin,
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty.
    pub help: String,
}

impl Flaw {
    /// `message` about what stands at `origin`, and how to mend it.
    pub fn new(origin: Origin, message: impl Into<String>, help: impl Into<String>) -> Flaw {
        Flaw { origin, message: message.into(), help: help.into() }
    }
}

/// One thing that is wrong, ready to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// The path of the value, as the file has it: `services.notification.workers`; empty for the whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty.
    pub help: String,
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// In a text.
    Line {
        /// The file as it was named, or what stands for it.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted in characters from 1.
        column: usize,
        /// How many characters are wrong, on that line.
        length: usize,
        /// The line itself.
        text: String,
    },
    /// In an override, written `--set PATH=VALUE`.
    Override(String),
    /// In no particular place.
    Nowhere,
}

/// Why a scenario can't be used: one or many problems.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// The scenario, as it was named.
    pub scenario: String,
    /// What was found, in the order of the file; the first hundred.
    pub problems: Vec<Problem>,
}

impl Error {
    /// A single problem that stands in no particular line.
    pub fn plain(
        scenario: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Error {
        let problem = Problem {
            place: Place::Nowhere,
            path: String::new(),
            message: message.into(),
            help: help.into(),
        };
        Error { scenario: scenario.into(), problems: vec![problem] }
    }

    /// What [`locate`] makes of `flaws`.
    #[must_use]
    pub fn from_flaws(
        text: &Text,
        overrides: &[String],
        tree: Option<&Located>,
        flaws: Vec<Flaw>,
    ) -> Error {
        Error { scenario: text.shown.clone(), problems: locate(text, overrides, tree, flaws) }
    }
}

/// Looks up line, column and path of the first flaws; in the order of the file, each once.
#[must_use]
pub fn locate(
    text: &Text,
    overrides: &[String],
    tree: Option<&Located>,
    mut flaws: Vec<Flaw>,
) -> Vec<Problem> {
    flaws.sort_by_key(|flaw| flaw.origin);
    let mut problems: Vec<Problem> = Vec::new();
    for flaw in flaws {
        let path = tree.and_then(|tree| tree.path_of(flaw.origin));
        let problem = Problem {
            place: Place::of(flaw.origin, text, overrides),
            path: path.map(|path| shortened(path.to_string())).unwrap_or_default(),
            message: shortened(flaw.message),
            help: shortened(flaw.help),
        };
        let is_told = |told: &Problem| {
            (&told.place, &told.path, &told.message)
                == (&problem.place, &problem.path, &problem.message)
        };
        if !problems.iter().any(is_told) {
            problems.push(problem);
        }
        if problems.len() == MOST {
            break;
        }
    }
    problems
}

/// A text that somebody can read, whatever the file holds.
fn shortened(mut text: String) -> String {
    const MOST_CHARACTERS: usize = 2_000;
    if let Some((end, _)) = text.char_indices().nth(MOST_CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl Place {
    fn of(origin: Origin, text: &Text, overrides: &[String]) -> Place {
        match origin {
            Origin::Text { start, end } => Place::in_text(text, start, end),
            Origin::Override(index) => {
                overrides.get(index).map_or(Place::Nowhere, |set| Place::Override(set.clone()))
            }
        }
    }

    fn in_text(text: &Text, start: usize, end: usize) -> Place {
        let content = text.content.as_str();
        let line_start = content[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = content[start..].find('\n').map_or(content.len(), |length| start + length);
        Place::Line {
            file: text.shown.clone(),
            line: content[..start].matches('\n').count() + 1,
            column: content[line_start..start].chars().count() + 1,
            length: content[start..end.clamp(start, line_end)].chars().count(),
            text: content[line_start..line_end].trim_end().to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        match &self.place {
            Place::Line { file, line, column, length, text } => {
                let gutter = " ".repeat(line.to_string().len());
                write!(f, "\n{gutter}--> {file}:{line}:{column}")?;
                if !self.path.is_empty() {
                    write!(f, "  {}", self.path)?;
                }
                let (shown, indent) = excerpt(text, *column);
                let carets =
                    (*length).clamp(1, shown.chars().count().saturating_sub(indent).max(1));
                let under = format!("{}{} {}", " ".repeat(indent), "^".repeat(carets), self.help);
                write!(f, "\n{gutter} |\n{line} | {shown}\n{gutter} | {}", under.trim_end())
            }
            Place::Override(set) => {
                write!(f, "\n --> --set {set}")?;
                self.fmt_help(f)
            }
            Place::Nowhere => self.fmt_help(f),
        }
    }
}

impl Problem {
    fn fmt_help(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.help.is_empty() { Ok(()) } else { write!(f, "\n  = {}", self.help) }
    }
}

/// The part of a line around `column` that fits, and how many characters of it stand before that column. Tabs become
/// single spaces, so that what is marked stays above its mark.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let characters: Vec<char> =
        line.chars().map(|character| if character == '\t' { ' ' } else { character }).collect();
    let before = column - 1;
    if characters.len() <= WIDTH {
        return (characters.into_iter().collect(), before);
    }
    let first = before.saturating_sub(WIDTH / 2).min(characters.len() - WIDTH);
    let last = (first + WIDTH).min(characters.len());
    let start = if first > 0 { "…" } else { "" };
    let end = if last < characters.len() { "…" } else { "" };
    let middle: String = characters[first..last].iter().collect();
    (format!("{start}{middle}{end}"), before - first + start.chars().count())
}

impl fmt::Display for Error {
    /// All problems, a blank line between them, and how many they are if there are several.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            let blank = if place == 0 { "" } else { "\n\n" };
            write!(f, "{blank}error: {problem}")?;
        }
        match self.problems.len() {
            0 | 1 => Ok(()),
            MOST => write!(f, "\n\nthe first {MOST} problems in {}", self.scenario),
            count => write!(f, "\n\n{count} problems in {}", self.scenario),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse::parse;

    fn text(content: &str) -> Text {
        Text { name: "x".into(), shown: "x.json".into(), directory: None, content: content.into() }
    }

    fn shown(content: &str, path: &str, help: &str) -> String {
        let tree = parse(content).unwrap();
        let origin = tree.place_of_key(&path.parse().unwrap());
        let flaws = vec![Flaw::new(origin, "something is wrong", help)];
        Error::from_flaws(&text(content), &[], Some(&tree), flaws).to_string()
    }

    #[test]
    fn a_problem_shows_its_line_and_marks_what_is_wrong() {
        assert_eq!(
            shown("{\n  \"a\": {\n    \"worker\": 1 }}", "a.worker", "did you mean `workers`?"),
            "error: something is wrong\n --> x.json:3:5  a.worker\n  |\n3 |     \"worker\": 1 }}\n  |     ^^^^^^^^ did you mean `workers`?"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_what_is_wrong() {
        let content =
            format!("{{\"{}\": 1, \"b\": 2, \"{}\": 3}}", "a".repeat(200), "c".repeat(200));
        let shown = shown(&content, "b", "");
        let lines: Vec<&str> = shown.lines().collect();
        let caret = lines[4].chars().position(|character| character == '^').unwrap();
        assert_eq!(lines[3].chars().skip(caret).take(3).collect::<String>(), "\"b\"");
        assert!(lines[3].chars().count() < 120);
    }

    #[test]
    fn the_same_flaw_found_in_two_variants_is_told_once() {
        let flaw = Flaw::new(Origin::Text { start: 0, end: 1 }, "wrong", "");
        assert_eq!(locate(&text("{}"), &[], None, vec![flaw.clone(), flaw]).len(), 1);
    }
}
