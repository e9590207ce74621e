//! `pileup compare DIR...`

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::output;
use super::run::of_report;
use crate::report::error::Error;
use crate::report::folder::Folder;
use crate::report::read;
use crate::report::terminal::{self, Style};
use crate::report::write::{WriteOptions, write_comparison};

/// Overlay finished runs in one set of charts and one table
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// Result folders, of one scenario or of several
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Where the charts and the page go
    #[arg(long, value_name = "DIR", default_value = "results/comparison")]
    out: PathBuf,
    /// Draw every chart as PNG, too
    #[arg(long)]
    png: bool,
    /// Replace the folder even if it holds something else
    #[arg(long)]
    force: bool,
}

impl Compare {
    pub(super) fn go(self) -> Exit {
        match self.overlay() {
            Ok((table, place)) => {
                let printed = output::result(&table);
                output::diagnostic(format_args!(
                    "results: {}",
                    place.join("report.html").display()
                ));
                printed
            }
            Err(error) => of_report(&error),
        }
    }

    /// The table, and where the charts are.
    fn overlay(&self) -> Result<(String, PathBuf), Error> {
        let finished: Result<Vec<_>, Error> =
            self.folders.iter().map(|folder| Ok(read::read(folder)?.results)).collect();
        let results = read::overlay(finished?).expect("at least one folder is required");
        let folder = Folder::begin(&self.out, &results.name, self.force)?;
        let options = WriteOptions { charts: true, png: self.png, wall_time_s: 0.0 };
        let place = write_comparison(&results, folder, options)?;
        let style = Style { width: output::width(), color: output::wants_color() };
        Ok((terminal::overview(&results, style), place))
    }
}
