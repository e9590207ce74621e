//! The command line: what can be asked for, one file per verb, and no logic of its own.
//!
//! Standard output carries the result; everything else (progress, warnings, errors) goes to standard error.
//!
//! To add a verb: a variant of [`Verb`], and its file.

mod advise;
mod bug;
mod check;
mod compare;
mod completions;
mod exit;
mod explain;
mod list;
mod new;
mod output;
mod partitions;
mod progress;
mod quantity;
mod retries;
mod run;
mod schema;
mod signals;

pub use exit::Exit;

use clap::{Parser, Subcommand};

/// Everything that can be asked for.
#[derive(Debug, Parser)]
#[command(
    name = "pileup",
    version,
    about = "Replays queueing failure scenarios: what will this system do when it is hit?",
    long_about = "pileup replays producer bursts, consumer crashes and retry storms against models of direct-call, \
                  queue-buffered and backpressured systems, and compares them on exactly the same traffic.",
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  pileup run incident-2013        the incident of 2013: all variants, charts and report
  pileup list                     the scenarios that come with pileup
  pileup new checkout             a commented scenario to start from: checkout.json
  pileup check checkout.json      is it valid, and what does arithmetic predict?
  pileup run checkout.json        results, charts and report.html in results/checkout/
  pileup explain retry_backlog    what a metric or a field means";

const EXIT_CODES: &str = "\
Exit codes:
  0    done, and every expectation met
  1    an I/O error, or a limit reached
  2    wrong usage, or an invalid scenario
  3    an expectation was not met
  4    an internal error: please report it
  130  interrupted (Ctrl-C), 143 terminated; what had been computed is written and marked incomplete

Results go to standard output, everything else to standard error. NO_COLOR is obeyed.";

/// What to do.
#[derive(Debug, Subcommand)]
enum Verb {
    /// Simulate every variant of scenarios, write results, print the comparison
    Run(run::Run),
    /// Validate scenarios without running them, and say what arithmetic predicts
    Check(check::Check),
    /// Overlay finished runs in one set of charts and one table
    Compare(compare::Compare),
    /// Say which links should be calls and which queues, from measured results
    Advise(advise::Advise),
    /// List the scenarios that come with pileup
    List,
    /// Write a commented scenario to start from
    New(new::New),
    /// Print the JSON Schema of scenario files, for editors
    Schema,
    /// Say what a metric or a field means: unit, default, source
    Explain(explain::Explain),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

impl Cli {
    /// What the arguments of the program ask for.
    ///
    /// # Errors
    /// If there is nothing to do beyond what is printed already: help, the version, or what is wrong with the arguments.
    pub fn from_arguments() -> Result<Cli, Exit> {
        bug::install_hook();
        Cli::try_parse().map_err(|error| exit::of_usage(&error))
    }

    /// Does it.
    #[must_use]
    pub fn go(self) -> Exit {
        bug::caught(|| match self.verb {
            Verb::Run(run) => run.go(),
            Verb::Check(check) => check.go(),
            Verb::Compare(compare) => compare.go(),
            Verb::Advise(advise) => advise.go(),
            Verb::List => list::go(),
            Verb::New(new) => new.go(),
            Verb::Schema => schema::go(),
            Verb::Explain(explain) => explain.go(),
            Verb::Completions(completions) => completions.go(),
        })
    }
}
