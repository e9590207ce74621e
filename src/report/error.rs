//! What can go wrong while results are written or read: where, what, and how to mend it.

use crate::scenario::source::reason;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Results could not be written or read.
#[derive(Debug)]
pub struct Error {
    /// The file or folder it is about.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
    /// Whose mistake it is, which decides the exit code.
    pub kind: ErrorKind,
}

/// Whose mistake an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The folder that was asked for can't be used: wrong usage, known before anything is simulated.
    Unusable,
    /// The machine failed half-way: a full disk, a file that vanished.
    Io,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path.display(), self.problem, self.remedy)
    }
}

impl std::error::Error for Error {}

impl Error {
    /// A folder that can't be used, known before anything is simulated.
    #[must_use]
    pub fn unusable(path: &Path, problem: impl Into<String>, remedy: impl Into<String>) -> Error {
        Error {
            path: path.to_owned(),
            problem: problem.into(),
            remedy: remedy.into(),
            kind: ErrorKind::Unusable,
        }
    }

    /// Something that the operating system refused.
    #[must_use]
    pub fn io(path: &Path, error: &io::Error) -> Error {
        Error {
            path: path.to_owned(),
            problem: reason(error),
            remedy: remedy(error).to_owned(),
            kind: ErrorKind::Io,
        }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or choose a folder on another disk with --out"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a folder that you may write to with --out"
        }
        io::ErrorKind::NotFound => {
            "it was removed meanwhile: run it again, or somewhere else with --out"
        }
        io::ErrorKind::FileTooLarge => {
            "raise the limit on the size of files, or write less with a longer `sample_every`"
        }
        io::ErrorKind::InvalidData => {
            "leave the scenario's files alone while it runs, and run it again"
        }
        _ => "choose another folder with --out",
    }
}

/// Says which file an I/O error is about.
pub trait At<T> {
    /// The same, as an [`Error`] about `path`.
    ///
    /// # Errors
    /// If it was one.
    fn at(self, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, Error> {
        self.map_err(|error| Error::io(path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_what_to_do() {
        let error = Error::io(Path::new("out/summary.csv"), &io::Error::from_raw_os_error(28));
        assert_eq!(
            error.to_string(),
            "out/summary.csv: no space left on device; \
             free some space, or choose a folder on another disk with --out"
        );
    }
}
