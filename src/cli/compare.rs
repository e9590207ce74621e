//! `pileup compare DIR...`

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::exit::{self, Exit};
use super::output;
use crate::report::error::Error;
use crate::report::folder::Folder;
use crate::report::read::{self, Finished};
use crate::report::terminal::{self, Style};
use crate::report::write::{WriteOptions, write_comparison};

/// Overlay finished runs in one set of charts and one table
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Compare {
    /// Result folders, of one scenario or of several
    #[arg(required = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    folders: Vec<PathBuf>,
    /// Where the charts and the page go
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "results/comparison")]
    out: PathBuf,
    /// Draw every chart as PNG, too
    #[arg(long)]
    png: bool,
    /// Replace the folder even if it holds something else
    #[arg(long)]
    force: bool,
    /// Say nothing but the result
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  pileup run checkout.json --out results/one-worker
  pileup run checkout.json --out results/two-workers --set services.mail.workers=2
  pileup compare results/one-worker results/two-workers --out results/workers";

impl Compare {
    pub(super) fn go(self) -> Exit {
        match self.overlay() {
            Ok((table, place)) => {
                let printed = output::result(&table);
                let page = place.join("report.html");
                self.say(format_args!("results: {}", page.display()));
                printed
            }
            Err(error) => exit::of_report(&error),
        }
    }

    /// The table, and where the charts are.
    fn overlay(&self) -> Result<(String, PathBuf), Error> {
        self.refuse_to_replace_what_is_compared()?;
        let finished: Result<Vec<_>, Error> =
            self.folders.iter().map(|folder| Ok(self.read(folder)?.results)).collect();
        let results = read::overlay(finished?).expect("at least one folder is required");
        let folder = Folder::begin(&self.out, &results.name, self.force)?;
        let options = WriteOptions { charts: true, png: self.png, wall_time_s: 0.0 };
        let place = write_comparison(&results, folder, options)?;
        let style = Style { width: output::width(), color: output::wants_color() };
        Ok((terminal::overview(&results, style), place))
    }

    fn refuse_to_replace_what_is_compared(&self) -> Result<(), Error> {
        let Ok(out) = fs::canonicalize(&self.out) else { return Ok(()) };
        let is_out = |folder: &PathBuf| fs::canonicalize(folder).is_ok_and(|folder| folder == out);
        if self.folders.iter().any(is_out) {
            let problem = "is one of the results to compare, and would be replaced";
            return Err(Error::unusable(&self.out, problem, "choose another folder with --out"));
        }
        Ok(())
    }

    fn read(&self, folder: &Path) -> Result<Finished, Error> {
        let finished = read::read(folder)?;
        if !finished.has_timeseries {
            let folder = folder.display();
            self.say(format_args!("warning: {folder}: no timeseries.csv, so it has no curves"));
        }
        Ok(finished)
    }

    fn say(&self, text: std::fmt::Arguments<'_>) {
        if !self.quiet {
            output::diagnostic(text);
        }
    }
}
