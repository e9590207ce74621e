//! `pileup advise SCENARIO|DIR`

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicI32;
use std::thread::available_parallelism;

use clap::{Args, ValueHint};

use super::exit::{self, Exit};
use super::output;
use super::progress::Bar;
use super::run::source;
use crate::experiment::results::Results;
use crate::experiment::sink::Discard;
use crate::experiment::{self, Control, Limits, Options};
use crate::report::advice;
use crate::report::error::At;
use crate::report::folder::MANIFEST;
use crate::report::{read, terminal};
use crate::scenario::source::Source;
use crate::scenario::{self, Overrides, Scenario};

/// Say which links should be calls and which queues, from measured results
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Advise {
    /// A file, `-` for standard input, a name from `pileup list`, or a result folder
    #[arg(value_name = "SCENARIO|DIR", value_hint = ValueHint::AnyPath)]
    subject: OsString,
    /// How often each variant of a scenario is run, with chance of its own each time [default: 1]
    #[arg(long, value_name = "N")]
    replications: Option<NonZeroUsize>,
    /// Restate a value of a scenario first: --set services.mail.workers=2 (may be repeated)
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
    /// Say nothing but the result
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  pileup advise order-flow
  pileup advise results/checkout

A scenario is run, and nothing is written; of a result folder the numbers are read.
A scenario that has both ways as variants, a call and a broker, is where it says most. What only
you can know, say in the scenario: needs_answer and due_within, beside `to`.";

impl Advise {
    pub(super) fn go(self) -> Exit {
        let subject = Path::new(&self.subject);
        let known = if subject.is_dir() { self.read(subject) } else { self.run() };
        match known {
            Ok((scenario, results)) => {
                let advices = advice::advise(&scenario, &results);
                let printed = output::result(&terminal::advice(&results, &advices));
                match results.stopped {
                    None => printed,
                    Some(_) => printed.worse_of(exit::of_results(&results)),
                }
            }
            Err(exit) => exit,
        }
    }

    /// A finished run, and the scenario that its manifest holds.
    fn read(&self, folder: &Path) -> Result<(Scenario, Results), Exit> {
        if self.replications.is_some() || !self.sets.is_empty() {
            let shown = folder.display();
            output::diagnostic(format!(
                "error: {shown}: a run that is over can't be changed by --set or --replications; name its scenario"
            ));
            return Err(Exit::Usage);
        }
        let results = read::read(folder).map_err(|error| exit::of_report(&error))?.results;
        let source = Source::Text {
            name: results.name.clone(),
            shown: folder.join(MANIFEST).display().to_string(),
            content: results.document.to_string(),
        };
        Ok((self.load(&source)?, results))
    }

    fn run(&self) -> Result<(Scenario, Results), Exit> {
        let scenario = self.load(&source(&self.subject)?)?;
        // Nothing is written, so a signal may simply end the program.
        let stop = AtomicI32::new(0);
        let options = Options {
            replications: self.replications.unwrap_or(NonZeroUsize::MIN),
            jobs: available_parallelism().unwrap_or(NonZeroUsize::MIN),
            limits: Limits::default(),
        };
        let bar = Bar::new(&scenario.name, self.quiet);
        let control = Control { stop: &stop, progress: &|progress| bar.show(progress) };
        let results = experiment::run(&scenario, options, &Discard, &control)
            .at(Path::new(&self.subject))
            .map_err(|error| exit::of_report(&error))?;
        Ok((scenario, results))
    }

    fn load(&self, source: &Source) -> Result<Scenario, Exit> {
        let overrides = Overrides { sets: self.sets.clone(), ..Overrides::default() };
        let scenario = scenario::load(source, &overrides).map_err(|error| {
            output::diagnostic(error);
            Exit::Usage
        })?;
        Ok(scenario)
    }
}
