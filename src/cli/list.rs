//! `pileup list`

use super::exit::Exit;
use super::output;
use crate::scenario::builtin::{self, Builtin};
use crate::scenario::problem::Error;
use crate::scenario::source::Source;
use crate::scenario::{self, Overrides};

const NEXT: &str =
    "Run one with `pileup run NAME`; take one as a start with `pileup new MINE --from NAME`.";

const PUBLISHED: &str = "These repeat published results:\n\n";

/// Prints the scenarios that come with pileup: name, title, question.
pub(super) fn go() -> Exit {
    match described_all() {
        Ok(all) => output::result(&format!("{all}{NEXT}")),
        Err(error) => {
            output::diagnostic(error);
            Exit::Usage
        }
    }
}

fn described_all() -> Result<String, Error> {
    let described = |all: &[Builtin]| all.iter().map(described).collect::<Result<String, Error>>();
    let (lessons, published) = (described(builtin::list())?, described(builtin::validations())?);
    Ok(format!("{lessons}{PUBLISHED}{published}"))
}

fn described(builtin: &Builtin) -> Result<String, Error> {
    let source = Source::Builtin(builtin.name.to_owned());
    let scenario = scenario::load(&source, &Overrides::default())?;
    let question = scenario.question.lines().next().unwrap_or_default();
    Ok(format!("{}\n    {}\n    {question}\n\n", builtin.name, scenario.title))
}
