//! `pileup list`

use super::exit::Exit;
use super::output;
use crate::scenario::builtin::{self, Builtin};
use crate::scenario::problem::Error;
use crate::scenario::source::Source;
use crate::scenario::{self, Overrides};

const NEXT: &str =
    "Run one with `pileup run NAME`; take one as a start with `pileup new MINE --from NAME`.";

/// Prints the scenarios that come with pileup: name, title, question.
pub(super) fn go() -> Exit {
    let described: Result<String, Error> = builtin::list().iter().map(described).collect();
    match described {
        Ok(all) => output::result(&format!("{all}{NEXT}")),
        Err(error) => {
            output::diagnostic(error);
            Exit::Usage
        }
    }
}

fn described(builtin: &Builtin) -> Result<String, Error> {
    let source = Source::Builtin(builtin.name.to_owned());
    let scenario = scenario::load(&source, &Overrides::default())?;
    let question = scenario.question.lines().next().unwrap_or_default();
    Ok(format!("{}\n    {}\n    {question}\n\n", builtin.name, scenario.title))
}
