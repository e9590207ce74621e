//! Arguments, a verb, an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    pileup::cli::main().into()
}
