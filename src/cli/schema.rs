//! `pileup schema`

use super::exit::Exit;
use super::output;
use crate::scenario::schema;

/// Prints the JSON Schema of scenario files.
pub(super) fn go() -> Exit {
    output::result(&format!("{:#}", schema::schema()))
}
