//! How the program ends, and which end counts when there are several.

use std::fmt::Display;
use std::process::ExitCode;

use super::output;
use crate::experiment::results::{Results, Stop};
use crate::report::error::{Error, ErrorKind};

/// An exit code with its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and every expectation met.
    Done,
    /// An I/O error, or a limit reached.
    Failed,
    /// Wrong usage, or an invalid scenario.
    Usage,
    /// An expectation was not met.
    Unmet,
    /// An internal error.
    Bug,
    /// Interrupted or terminated, by this signal.
    Signal(i32),
}

impl Exit {
    /// The code that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Unmet => 3,
            Exit::Bug => 4,
            Exit::Signal(signal) => 128 + u8::try_from(signal).unwrap_or(0),
        }
    }

    /// Of the ends of several scenarios, the one that counts: a signal, an internal error, wrong usage, a failure, an
    /// unmet expectation, in this order.
    #[must_use]
    pub fn worse_of(self, other: Exit) -> Exit {
        if other.weight() > self.weight() { other } else { self }
    }

    fn weight(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Unmet => 1,
            Exit::Failed => 2,
            Exit::Usage => 3,
            Exit::Bug => 4,
            Exit::Signal(_) => 5,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Says what is wrong, and ends with `exit`.
pub(super) fn with_error(exit: Exit, error: impl Display) -> Exit {
    output::diagnostic(format_args!("error: {error}"));
    exit
}

/// Help or the version were asked for, or the arguments are wrong.
pub(super) fn of_usage(error: &clap::Error) -> Exit {
    let printed = output::outcome(error.print());
    if error.use_stderr() { Exit::Usage } else { printed }
}

/// A result folder could not be written or read.
pub(super) fn of_report(error: &Error) -> Exit {
    let exit = match error.kind {
        ErrorKind::Unusable => Exit::Usage,
        ErrorKind::Io => Exit::Failed,
    };
    with_error(exit, error)
}

/// How an experiment ended, in words where it ended early.
pub(super) fn of_results(results: &Results) -> Exit {
    let kept = if results.variants.is_empty() {
        " before anything was simulated; nothing was written"
    } else {
        "; the results are incomplete, and marked so"
    };
    match results.stopped {
        Some(Stop::Signal(signal)) => {
            output::diagnostic(format_args!("stopped by signal {signal}{kept}"));
            Exit::Signal(signal)
        }
        Some(Stop::MaxEvents) => with_error(
            Exit::Failed,
            format_args!("stopped by the limit of events{kept} (--max-events raises it)"),
        ),
        Some(Stop::MaxMemory) => with_error(
            Exit::Failed,
            format_args!("stopped by the limit of memory{kept} (--max-memory raises it)"),
        ),
        None if results.expectations.iter().any(|expectation| !expectation.met) => Exit::Unmet,
        None => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_ends_the_gravest_counts() {
        let ends =
            [Exit::Done, Exit::Unmet, Exit::Failed, Exit::Usage, Exit::Bug, Exit::Signal(15)];
        for (light, end) in ends.iter().enumerate() {
            for grave in &ends[light..] {
                assert_eq!(end.worse_of(*grave), *grave);
                assert_eq!(grave.worse_of(*end), *grave);
            }
        }
        assert_eq!(ends.map(Exit::code), [0, 3, 1, 2, 4, 143]);
    }
}
