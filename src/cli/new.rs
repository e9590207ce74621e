//! `pileup new NAME`

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};

use clap::Args;

use super::exit::{self, Exit};
use super::output;
use crate::scenario::source::reason;
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
        let text = match self.text() {
            Ok(text) => text,
            Err(wrong) => return exit::with_error(Exit::Usage, wrong),
        };
        let path = format!("{}.json", self.name);
        match write_new(&path, &text) {
            Ok(()) => output::result(&format!(
                "{path} written. Next: pileup check {path}, then pileup run {path}"
            )),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let wrong = "exists already, and is not written over; choose another name";
                exit::with_error(Exit::Usage, format_args!("{path}: {wrong}"))
            }
            Err(error) => {
                let (problem, remedy) = (reason(&error), "go to a folder that you may write to");
                exit::with_error(Exit::Failed, format_args!("{path}: {problem}; {remedy}"))
            }
        }
    }

    /// The scenario, or why there is none to start from.
    fn text(&self) -> Result<String, String> {
        let name = &self.name;
        if !is_name(name) {
            return Err(format!(
                "`{name}` can't name a scenario; use small letters, digits, `-` and `_`, as in payment-retries"
            ));
        }
        let Some(from) = &self.from else { return Ok(starter::starter(name)) };
        let builtin = builtin::find(from)
            .map_err(|help| format!("no scenario `{from}` comes with pileup; {help}"))?;
        Ok(builtin.text.to_owned())
    }
}

/// Writes a file that must not be there.
fn write_new(path: &str, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(first) && name.chars().all(|c| first(c) || c == '-' || c == '_')
}
