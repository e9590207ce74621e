//! Where the text of a scenario comes from: a file, standard input, or the binary itself.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::builtin;
use super::problem::Error;

/// The longest text that is read. A scenario is a page or two; anything longer is some other file.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A scenario that somebody named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A scenario that comes with pileup, by its bare name.
    Builtin(String),
    /// A text that was read already, such as standard input.
    Text {
        /// The scenario's name, for results.
        name: String,
        /// How messages call it: `<standard input>`.
        shown: String,
        /// The text.
        content: String,
    },
}

/// A scenario's text and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The scenario's name: the file's stem, or the built-in's name.
    pub name: String,
    /// How messages call it: the path as it was given.
    pub shown: String,
    /// Where files that the scenario names are looked up; `None` for the current directory.
    pub directory: Option<PathBuf>,
    /// The text itself.
    pub content: String,
}

impl Source {
    /// What `argument` means: a bare name is a built-in unless a file of that name exists, everything else a path.
    #[must_use]
    pub fn named(argument: &(impl AsRef<OsStr> + ?Sized)) -> Source {
        let path = Path::new(argument);
        match path.to_str() {
            Some(name) if !name.contains(['/', '\\', '.']) && !path.is_file() => {
                Source::Builtin(name.to_owned())
            }
            _ => Source::File(path.to_owned()),
        }
    }

    /// A text that is read now, to its end: one called `name` in results and `shown` in messages.
    ///
    /// # Errors
    /// If it can't be read, is too long or is not text.
    pub fn from_reader(name: &str, shown: &str, reader: impl Read) -> Result<Source, Error> {
        let content = read_all(shown, || Ok(reader))?;
        Ok(Source::Text { name: name.to_owned(), shown: shown.to_owned(), content })
    }

    /// Reads the text.
    ///
    /// # Errors
    /// If the file can't be read, is too long or is not text, or if no built-in has this name.
    pub fn read(&self) -> Result<Text, Error> {
        match self {
            Source::File(path) => read_file(path),
            Source::Builtin(name) => read_builtin(name),
            Source::Text { name, shown, content } => Ok(Text {
                name: name.clone(),
                shown: shown.clone(),
                directory: None,
                content: without_mark(content),
            }),
        }
    }
}

fn read_builtin(name: &str) -> Result<Text, Error> {
    let found = builtin::find(name).map_err(|help| {
        Error::plain(
            name,
            format!("no scenario `{name}` comes with pileup, nor is it a file"),
            help,
        )
    })?;
    Ok(Text {
        name: name.to_owned(),
        shown: format!("{name} (built in)"),
        directory: None,
        content: found.text.to_owned(),
    })
}

fn read_file(path: &Path) -> Result<Text, Error> {
    let shown = path.display().to_string();
    let content = read_all(&shown, || File::open(path))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if [".", ".."].contains(&name.as_str()) {
        let help = "rename the file; its name without the ending is the scenario's";
        return Err(Error::plain(&shown, format!("{shown}: `{name}` can't name results"), help));
    }
    Ok(Text {
        name,
        shown,
        directory: path.parent().map(Path::to_path_buf),
        content: without_mark(&content),
    })
}

/// The text that is read from what `open` gives, unless it is too long or none.
fn read_all<R: Read>(shown: &str, open: impl FnOnce() -> io::Result<R>) -> Result<String, Error> {
    let refuse = |what: String, help: &str| Error::plain(shown, format!("{shown}: {what}"), help);
    let mut bytes = Vec::new();
    let read = open().and_then(|from| from.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        let (problem, help) = unreadable(&error);
        refuse(format!("this can't be read: {problem}"), help)
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refuse(
            "this is too long for a scenario".into(),
            "the limit is 4 MiB; long lists of times belong into CSV files beside it",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        refuse(format!("byte {byte} is not text"), "a scenario is UTF-8 text")
    })
}

/// Why a file can't be read, and how to mend it.
pub(super) fn unreadable(error: &io::Error) -> (String, &'static str) {
    let help = match error.kind() {
        ErrorKind::NotFound => {
            "paths start from the current folder; `pileup list` shows what comes with pileup"
        }
        ErrorKind::PermissionDenied => "you need the permission to read it: chmod u+r",
        ErrorKind::IsADirectory => "name a file in this folder",
        _ => "is the disk sound, and the file in its place?",
    };
    (reason(error), help)
}

/// What the system says, without the number that the standard library appends: `permission denied`.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Without the byte order mark that some editors put first.
fn without_mark(content: &str) -> String {
    content.strip_prefix('\u{feff}').unwrap_or(content).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_word_is_a_built_in_and_a_path_is_a_file() {
        assert_eq!(Source::named("incident-2013"), Source::Builtin("incident-2013".into()));
        assert_eq!(Source::named("a/b"), Source::File("a/b".into()));
        assert_eq!(Source::named("b.json"), Source::File("b.json".into()));
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_that_names_it() {
        let error = Source::named("no/such.json").read().unwrap_err().to_string();
        assert_eq!(
            error,
            "error: no/such.json: this can't be read: no such file or directory\n  = paths start from the \
             current folder; `pileup list` shows what comes with pileup"
        );
    }

    #[test]
    fn the_name_is_the_stem_of_the_file() {
        let text =
            Source::Text { name: "a".into(), shown: "-".into(), content: "\u{feff}{}".into() };
        assert_eq!(text.read().unwrap().content, "{}");
    }
}
