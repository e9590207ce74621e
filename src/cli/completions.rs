//! `pileup completions SHELL`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::exit::Exit;
use super::{Cli, output};

/// Print a completion script for a shell
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which shell it is for
    shell: Shell,
}

impl Completions {
    pub(super) fn go(self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "pileup", &mut script);
        output::result(&String::from_utf8_lossy(&script))
    }
}
