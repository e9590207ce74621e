//! `pileup run SCENARIO...`

use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Instant;

use clap::{Args, ValueEnum, ValueHint};

use super::exit::{self, Exit};
use super::progress::Bar;
use super::quantity::{Count, Size};
use super::{bug, output, signals};
use crate::experiment::results::Results;
use crate::experiment::{self, Control, Limits, Options};
use crate::report::error::{At, Error};
use crate::report::folder::Folder;
use crate::report::terminal::{self, Style};
use crate::report::timeseries::Timeseries;
use crate::report::write::{WriteOptions, write};
use crate::report::{csv, json};
use crate::scenario::source::Source;
use crate::scenario::{self, Overrides, Scenario};

/// Simulate every variant of scenarios, write results, print the comparison
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Run {
    /// Files, `-` for standard input, or names from `pileup list`
    #[arg(required = true, value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    scenarios: Vec<OsString>,
    /// Where results go [default: results/NAME; with several scenarios DIR/NAME each]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// Only this variant (may be repeated)
    #[arg(long = "variant", value_name = "NAME")]
    variants: Vec<String>,
    /// Another seed than the scenario's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How often each variant is run, with chance of its own each time
    #[arg(long, value_name = "N", default_value = "1")]
    replications: NonZeroUsize,
    /// How many runs go on at the same time [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Stop a run after so many events, and keep what it had
    #[arg(long, value_name = "N", default_value = MAX_EVENTS)]
    max_events: Count,
    /// Stop when what waits in the runs takes more memory than this
    #[arg(long, value_name = "SIZE", default_value = MAX_MEMORY)]
    max_memory: Size,
    /// Restate a value: --set producers.web.arrivals[0].poisson.rate=50/s (may be repeated)
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
    /// Write numbers only, no charts and no report.html
    #[arg(long)]
    no_charts: bool,
    /// Draw every chart as PNG, too
    #[arg(long, conflicts_with = "no_charts")]
    png: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Replace a result folder even if it holds something else
    #[arg(long)]
    force: bool,
    /// Say nothing but the result
    #[arg(long, short)]
    quiet: bool,
}

/// What stands for standard input among the scenarios.
const STANDARD_INPUT: &str = "-";

/// [`Limits::default`], as people write it.
const MAX_EVENTS: &str = "20e9";
const MAX_MEMORY: &str = "4GiB";

const EXAMPLES: &str = "\
Examples:
  pileup run incident-2013
  pileup run incident-2013 --variant direct --variant queue --seed 7
  pileup run checkout.json --replications 20 --set services.mail.workers=2
  pileup run *.json --out results/nightly --format json > summaries.json

Results:
  report.html (open it in a browser), charts/, summary.json, summary.csv, timeseries.csv, marks.csv
  and manifest.json. An earlier result of the same scenario is replaced, whole and at the end;
  a folder that holds anything else is refused.";

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Verdicts, a table and small charts, for people
    Table,
    /// summary.json
    Json,
    /// summary.csv
    Csv,
}

/// A scenario that is about to be run, and the folder for its results.
struct Ready {
    scenario: Scenario,
    folder: Folder,
}

impl Run {
    pub(super) fn go(self) -> Exit {
        if let Some(wrong) = self.wrong_use_of_standard_input() {
            return exit::with_error(Exit::Usage, wrong);
        }
        let signals = match signals::listen() {
            Ok(signals) => signals,
            Err(error) => return exit::with_error(Exit::Failed, format_args!("signals: {error}")),
        };
        let (ready, mut worst) = self.prepare();
        signals.keep_what_there_is();
        for (place, ready) in ready.into_iter().enumerate() {
            if place > 0 && self.format == Format::Table {
                worst = worst.worse_of(output::result(""));
            }
            worst = worst.worse_of(bug::caught(|| self.one(ready, &signals.came)));
            match signals.came.load(Ordering::Relaxed) {
                0 => {}
                signal => return Exit::Signal(signal),
            }
        }
        worst
    }

    fn wrong_use_of_standard_input(&self) -> Option<&'static str> {
        let times = self.scenarios.iter().filter(|argument| *argument == STANDARD_INPUT).count();
        match (times, &self.out) {
            (0, _) | (1, Some(_)) => None,
            (1, None) => Some(
                "a scenario from standard input has no name to call its results by; add --out DIR",
            ),
            _ => Some("standard input can be read only once; give `-` once"),
        }
    }

    /// Reads every scenario and looks at every folder, so that what is wrong with any is told before the first is run.
    fn prepare(&self) -> (Vec<Ready>, Exit) {
        let (mut ready, mut worst) = (Vec::new(), Exit::Done);
        for argument in &self.scenarios {
            match self.prepare_one(argument, &ready) {
                Ok(one) => ready.push(one),
                Err(exit) => worst = worst.worse_of(exit),
            }
        }
        (ready, worst)
    }

    fn prepare_one(&self, argument: &OsStr, earlier: &[Ready]) -> Result<Ready, Exit> {
        let scenario = self.load(argument)?;
        let place = self.place(&scenario.name);
        if earlier.iter().any(|ready| ready.folder.place() == place) {
            let wrong = format!(
                "{}: an earlier scenario of this command has its results in {}; run them one by one with --out DIR",
                argument.display(),
                place.display()
            );
            return Err(exit::with_error(Exit::Usage, wrong));
        }
        let folder = Folder::begin(&place, &scenario.name, self.force)
            .map_err(|error| exit::of_report(&error))?;
        Ok(Ready { scenario, folder })
    }

    fn load(&self, argument: &OsStr) -> Result<Scenario, Exit> {
        let source = source(argument)?;
        let overrides =
            Overrides { seed: self.seed, variants: self.variants.clone(), sets: self.sets.clone() };
        let scenario = scenario::load(&source, &overrides).map_err(|error| {
            output::diagnostic(error);
            Exit::Usage
        })?;
        if !self.quiet {
            for warning in &scenario.warnings {
                output::diagnostic(format_args!("warning: {warning}"));
            }
        }
        Ok(scenario)
    }

    /// Where the results of the scenario called `name` go.
    fn place(&self, name: &str) -> PathBuf {
        match &self.out {
            None => Path::new("results").join(name),
            Some(out) if self.scenarios.len() > 1 => out.join(name),
            Some(out) => out.clone(),
        }
    }

    /// Runs one scenario, writes its results and prints them.
    fn one(&self, ready: Ready, stop: &AtomicI32) -> Exit {
        match self.simulate_and_write(ready, stop) {
            Ok((results, None)) => exit::of_results(&results),
            Ok((results, Some(place))) => self.tell(&results, &place),
            Err(error) => exit::of_report(&error),
        }
    }

    /// What came out and where it stands; nowhere if a signal came before anything was simulated.
    fn simulate_and_write(
        &self,
        Ready { scenario, folder }: Ready,
        stop: &AtomicI32,
    ) -> Result<(Results, Option<PathBuf>), Error> {
        #[expect(clippy::disallowed_methods, reason = "the manifest says how long it took")]
        let began = Instant::now();
        let results = self.simulate(&scenario, &folder, stop).at(folder.place())?;
        if results.variants.is_empty() {
            return Ok((results, None));
        }
        let wall_time_s = began.elapsed().as_secs_f64();
        let options = WriteOptions { charts: !self.no_charts, png: self.png, wall_time_s };
        let place = write(&results, folder, options)?;
        Ok((results, Some(place)))
    }

    fn simulate(
        &self,
        scenario: &Scenario,
        folder: &Folder,
        stop: &AtomicI32,
    ) -> std::io::Result<Results> {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let options = Options {
            replications: self.replications,
            jobs: self.jobs.unwrap_or(cores),
            limits: Limits { max_events: self.max_events.0, max_memory: self.max_memory.0 },
        };
        let bar = Bar::new(&scenario.name, self.quiet);
        let control = Control { stop, progress: &|progress| bar.show(progress) };
        experiment::run(scenario, options, &Timeseries::new(folder.path()), &control)
    }

    /// Prints the result, and says where the rest of it is and how it ended.
    fn tell(&self, results: &Results, place: &Path) -> Exit {
        let printed = self.print(results);
        if !self.quiet {
            let shown = if self.no_charts { place.to_owned() } else { place.join("report.html") };
            output::diagnostic(format_args!("results: {}", shown.display()));
        }
        let ended = exit::of_results(results);
        if ended == Exit::Unmet && self.format != Format::Table && !self.quiet {
            let style = Style { width: output::width(), color: false };
            output::diagnostic(terminal::expectations(results, style).trim_end());
        }
        printed.worse_of(ended)
    }

    fn print(&self, results: &Results) -> Exit {
        match self.format {
            Format::Table => {
                let style = Style { width: output::width(), color: output::wants_color() };
                output::result(&terminal::overview(results, style))
            }
            Format::Json => output::result(&json::text(&json::summary(results))),
            Format::Csv => {
                let mut text = Vec::new();
                let written = csv::write_summary(results, &mut text);
                output::outcome(written).worse_of(output::result(&String::from_utf8_lossy(&text)))
            }
        }
    }
}

/// Where the text of a scenario comes from; standard input is read to its end.
pub(super) fn source(argument: &OsStr) -> Result<Source, Exit> {
    if argument != STANDARD_INPUT {
        return Ok(Source::named(argument));
    }
    Source::from_reader("stdin", "<standard input>", std::io::stdin().lock()).map_err(|error| {
        output::diagnostic(error);
        Exit::Usage
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_that_the_help_shows_are_those_of_the_library() {
        let Limits { max_events, max_memory } = Limits::default();
        assert_eq!(MAX_EVENTS.parse(), Ok(Count(max_events)));
        assert_eq!(MAX_MEMORY.parse(), Ok(Size(max_memory)));
    }
}
