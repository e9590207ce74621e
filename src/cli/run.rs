//! `pileup run SCENARIO...`

use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI32;
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::exit::{self, Exit};
use super::output;
use super::progress::Bar;
use super::signals;
use super::size::Size;
use crate::experiment::results::{Results, Stop};
use crate::experiment::{self, Control, Limits, Options};
use crate::report::error::ErrorKind;
use crate::report::folder::Folder;
use crate::report::terminal::{self, Style};
use crate::report::timeseries::Timeseries;
use crate::report::write::{WriteOptions, write};
use crate::report::{csv, json};
use crate::scenario::source::Source;
use crate::scenario::{self, Overrides, Scenario};

/// Simulate every variant of scenarios, write results, print the comparison
#[derive(Debug, Args)]
#[command(
    after_help = "A result folder holds report.html (open it in a browser), charts/, summary.json, summary.csv, \
                        timeseries.csv, marks.csv and manifest.json. It is replaced whole, or left as it was."
)]
pub(super) struct Run {
    /// Files, `-` for standard input, or names from `pileup list`
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Where results go [default: results/NAME; with several scenarios DIR/NAME each]
    #[arg(long, value_name = "DIR")]
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
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_events)]
    max_events: u64,
    /// Stop when what waits in the runs takes more memory than this
    #[arg(long, value_name = "SIZE", default_value = "4GiB")]
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

impl Run {
    pub(super) fn go(self) -> Exit {
        if self.out.is_none() && self.scenarios.iter().any(|argument| argument == "-") {
            let wrong =
                "a scenario from standard input has no name to call its results by; add --out DIR";
            return exit::with_error(Exit::Usage, wrong);
        }
        let stop = match signals::listen() {
            Ok(stop) => stop,
            Err(error) => return exit::with_error(Exit::Failed, format_args!("signals: {error}")),
        };
        let mut worst = Exit::Done;
        for argument in &self.scenarios {
            worst = worst.worse_of(self.one(argument, &stop));
            if matches!(worst, Exit::Signal(_)) {
                break;
            }
        }
        worst
    }

    /// Runs one scenario from its file to its results.
    fn one(&self, argument: &str, stop: &AtomicI32) -> Exit {
        let scenario = match self.load(argument) {
            Ok(scenario) => scenario,
            Err(exit) => return exit,
        };
        let folder = match Folder::begin(&self.place(&scenario.name), &scenario.name, self.force) {
            Ok(folder) => folder,
            Err(error) => return of_report(&error),
        };
        #[expect(clippy::disallowed_methods, reason = "the manifest says how long it took")]
        let began = Instant::now();
        let results = match self.simulate(&scenario, &folder, stop) {
            Ok(results) => results,
            Err(error) => {
                let place = folder.place().display();
                return exit::with_error(
                    Exit::Failed,
                    format_args!("{place}: {error}; no results were written"),
                );
            }
        };
        let wall_time_s = began.elapsed().as_secs_f64();
        let options = WriteOptions { charts: !self.no_charts, png: self.png, wall_time_s };
        match write(&results, folder, options) {
            Ok(place) => self.tell(&results, &place),
            Err(error) => of_report(&error),
        }
    }

    fn load(&self, argument: &str) -> Result<Scenario, Exit> {
        let source = source(argument).map_err(|error| exit::with_error(Exit::Failed, error))?;
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
            limits: Limits { max_events: self.max_events, max_memory: self.max_memory.0 },
        };
        let bar = Bar::new(&scenario.name, self.quiet);
        let control = Control { stop, progress: &|progress| bar.show(progress) };
        let results = experiment::run(scenario, options, &Timeseries::new(folder.path()), &control);
        bar.clear();
        results
    }

    /// Prints the result, and says how it ended.
    fn tell(&self, results: &Results, place: &Path) -> Exit {
        let printed = match self.format {
            Format::Table => {
                let style = Style { width: output::width(), color: output::wants_color() };
                output::result(&terminal::overview(results, style))
            }
            Format::Json => output::result(&format!("{:#}", json::summary(results))),
            Format::Csv => self.print_csv(results),
        };
        if !self.quiet {
            let shown = if self.no_charts { place.to_owned() } else { place.join("report.html") };
            output::diagnostic(format_args!("results: {}", shown.display()));
        }
        printed.worse_of(of_results(results))
    }

    fn print_csv(&self, results: &Results) -> Exit {
        let mut text = Vec::new();
        match csv::write_summary(results, &mut text) {
            Ok(()) => output::result(&String::from_utf8_lossy(&text)),
            Err(error) => exit::with_error(Exit::Failed, error),
        }
    }
}

/// Where the text of a scenario comes from; standard input is read to its end.
pub(super) fn source(argument: &str) -> Result<Source, String> {
    if argument != "-" {
        return Ok(Source::named(argument));
    }
    let mut content = String::new();
    std::io::stdin()
        .read_to_string(&mut content)
        .map_err(|error| format!("standard input: {error}"))?;
    Ok(Source::Text { name: "stdin".to_owned(), shown: "<standard input>".to_owned(), content })
}

/// A result folder could not be written.
pub(super) fn of_report(error: &crate::report::error::Error) -> Exit {
    let exit = match error.kind {
        ErrorKind::Unusable => Exit::Usage,
        ErrorKind::Io => Exit::Failed,
    };
    exit::with_error(exit, error)
}

/// How an experiment ended, in words where it ended early.
fn of_results(results: &Results) -> Exit {
    match results.stopped {
        Some(Stop::Signal(signal)) => {
            output::diagnostic("interrupted: the results are incomplete, and say so");
            Exit::Signal(signal)
        }
        Some(Stop::MaxEvents) => exit::with_error(
            Exit::Failed,
            "stopped at the limit of events; the results are incomplete, and say so (raise it with --max-events)",
        ),
        Some(Stop::MaxMemory) => exit::with_error(
            Exit::Failed,
            "stopped at the limit of memory; the results are incomplete, and say so (raise it with --max-memory)",
        ),
        None if results.expectations.iter().any(|expectation| !expectation.met) => Exit::Unmet,
        None => Exit::Done,
    }
}
