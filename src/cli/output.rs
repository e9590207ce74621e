//! Where text goes: results to standard output, everything else to standard error. A closed pipe is no error.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use super::exit::{self, Exit};
use crate::scenario::source::reason;

/// Prints the result.
pub(super) fn result(text: &str) -> Exit {
    let mut out = io::stdout().lock();
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    outcome(write!(out, "{text}{newline}").and_then(|()| out.flush()))
}

/// How printing the result ended. Whoever closed the pipe has read enough, as in `pileup list | head -1`.
pub(super) fn outcome(printed: io::Result<()>) -> Exit {
    match printed {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            exit::with_error(Exit::Failed, format_args!("standard output: {}", reason(&error)))
        }
    }
}

/// Says something that is not the result. Nobody can be told if that fails.
pub(super) fn diagnostic(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether colors are welcome on standard output: it is a terminal, and `NO_COLOR` is not set.
pub(super) fn wants_color() -> bool {
    io::stdout().is_terminal() && !is_no_color_set()
}

/// Whether a progress bar is welcome on standard error.
pub(super) fn wants_progress() -> bool {
    io::stderr().is_terminal() && !is_no_color_set()
}

/// As <https://no-color.org> has it: set, and not empty.
fn is_no_color_set() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// How wide the result may be.
pub(super) fn width() -> usize {
    const WITHOUT_TERMINAL: usize = 120;
    if !io::stdout().is_terminal() {
        return WITHOUT_TERMINAL;
    }
    let (_, columns) = console::Term::stdout().size();
    usize::from(columns).clamp(60, 160)
}
