//! Arguments → verb → exit code.

use std::process::ExitCode;

use pileup::cli::Cli;

fn main() -> ExitCode {
    let exit = match Cli::from_arguments() {
        Ok(cli) => cli.go(),
        // Help, the version, or wrong usage: it is told already.
        Err(exit) => exit,
    };
    exit.into()
}
