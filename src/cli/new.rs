//! `pileup new NAME`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;

use super::exit::{self, Exit};
use super::output;
use crate::scenario::{builtin, starter};

/// Write a commented scenario to start from
#[derive(Debug, Args)]
pub(super) struct New {
    /// What to call it: the file is NAME.json in the current folder
    name: String,
    /// Start from a scenario that comes with pileup instead of the starter
    #[arg(long, value_name = "BUILTIN")]
    from: Option<String>,
}

impl New {
    pub(super) fn go(self) -> Exit {
        if !is_name(&self.name) {
            let wrong = format!(
                "`{}` can't name a scenario; use small letters, digits, `-` and `_`, as in payment-retries",
                self.name
            );
            return exit::with_error(Exit::Usage, wrong);
        }
        let text = match self.from.as_deref().map(builtin::find) {
            None => starter::starter(&self.name),
            Some(Ok(builtin)) => builtin.text.to_owned(),
            Some(Err(help)) => {
                let from = self.from.as_deref().unwrap_or_default();
                return exit::with_error(
                    Exit::Usage,
                    format!("no scenario `{from}` comes with pileup\n{help}"),
                );
            }
        };
        let path = PathBuf::from(format!("{}.json", self.name));
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        match file.and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => output::result(&format!(
                "{0} written. Next: pileup check {0}, then pileup run {0}",
                path.display()
            )),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => exit::with_error(
                Exit::Usage,
                format!(
                    "{} exists already, and is not written over; choose another name",
                    path.display()
                ),
            ),
            Err(error) => exit::with_error(Exit::Failed, format!("{}: {error}", path.display())),
        }
    }
}

fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(first) && name.chars().all(|c| first(c) || c == '-' || c == '_')
}
