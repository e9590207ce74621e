//! `pileup list`

use super::exit::Exit;
use super::output;
use crate::scenario::source::Source;
use crate::scenario::{self, Overrides, builtin};

/// Prints the scenarios that come with pileup: name, title, question.
pub(super) fn go() -> Exit {
    let mut text = String::new();
    for builtin in builtin::list() {
        let source = Source::Builtin(builtin.name.to_owned());
        match scenario::load(&source, &Overrides::default()) {
            Ok(scenario) => {
                text += &format!(
                    "{}\n    {}\n    {}\n\n",
                    builtin.name, scenario.title, scenario.question
                );
            }
            Err(error) => return super::exit::with_error(Exit::Usage, error),
        }
    }
    text += "Run one with `pileup run NAME`; take its file as a start with `pileup new MINE --from NAME`.";
    output::result(&text)
}
