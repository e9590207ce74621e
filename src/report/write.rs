//! All files of a result folder, in one go.

use super::catalog::CHARTS;
use super::chart::{self, DrawError};
use super::csv;
use super::error::{At, Error};
use super::folder::{Folder, MANIFEST};
use super::html::{self, Drawn};
use super::json;
use super::layout;
use super::manifest::manifest;
use super::timeseries::{TIMESERIES, Timeseries};
use crate::experiment::results::Results;
use serde_json::Value;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// What to write besides the numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WriteOptions {
    /// Whether to draw charts.
    pub charts: bool,
    /// Whether to draw every chart as PNG, too.
    pub png: bool,
    /// How long the experiment took, for the manifest.
    pub wall_time_s: f64,
}

/// Writes everything about `results` to `folder` and puts it in its place. What runs have streamed to a [`Timeseries`] of
/// [`Folder::path`] before becomes `timeseries.csv`.
///
/// # Errors
/// If anything can't be written; nothing of `folder` is left then, and what stood in its place is unharmed.
pub fn write(results: &Results, folder: Folder, options: WriteOptions) -> Result<PathBuf, Error> {
    write_files(results, folder.path(), options).map_err(|error| in_place(error, &folder))?;
    folder.commit()
}

/// Writes what a comparison of finished runs has: everything but time series, which stand with the runs.
///
/// # Errors
/// As [`write`].
pub fn write_comparison(
    results: &Results,
    folder: Folder,
    options: WriteOptions,
) -> Result<PathBuf, Error> {
    write_numbers_and_charts(results, folder.path(), options)
        .map_err(|error| in_place(error, &folder))?;
    folder.commit()
}

fn write_files(results: &Results, folder: &Path, options: WriteOptions) -> Result<(), Error> {
    let variants = results.variants.iter().enumerate();
    let runs = variants.flat_map(|(variant, of_it)| {
        (0..of_it.replications.len()).map(move |replication| (variant, replication))
    });
    Timeseries::new(folder).join(runs).at(&folder.join(TIMESERIES))?;
    write_numbers_and_charts(results, folder, options)
}

fn write_numbers_and_charts(
    results: &Results,
    folder: &Path,
    options: WriteOptions,
) -> Result<(), Error> {
    create(folder, "summary.csv", |file| csv::write_summary(results, file))?;
    create(folder, "marks.csv", |file| csv::write_marks(results, file))?;
    write_json(folder, "summary.json", &json::summary(results))?;
    if options.charts {
        write_charts(results, folder, options.png)?;
    }
    write_json(folder, MANIFEST, &manifest(results, folder, options.wall_time_s)?)
}

/// Every chart that has something to show, and the page that holds them.
fn write_charts(results: &Results, folder: &Path, png: bool) -> Result<(), Error> {
    let charts = folder.join("charts");
    fs::create_dir(&charts).at(&charts)?;
    let mut drawn = Vec::new();
    for chart in CHARTS {
        let Some(scene) = layout::draw(chart, results) else { continue };
        let path = charts.join(format!("{}.svg", chart.name));
        let svg = chart::svg(&scene).map_err(|error| undrawn(&path, &error))?;
        fs::write(&path, &svg).at(&path)?;
        if png {
            let path = path.with_extension("png");
            let bytes = chart::png(&scene).map_err(|error| undrawn(&path, &error))?;
            fs::write(&path, bytes).at(&path)?;
        }
        drawn.push(Drawn { name: chart.name, svg });
    }
    let path = folder.join("report.html");
    fs::write(&path, html::page(results, &drawn)).at(&path)
}

fn undrawn(path: &Path, error: &DrawError) -> Error {
    Error::io(path, &std::io::Error::other(error.to_string()))
}

/// Speaks of the place that the caller knows, not of the folder under construction.
fn in_place(mut error: Error, folder: &Folder) -> Error {
    if let Ok(rest) = error.path.strip_prefix(folder.path()) {
        error.path = folder.place().join(rest);
    }
    error
}

fn create(
    folder: &Path,
    name: &str,
    write: impl FnOnce(BufWriter<File>) -> std::io::Result<()>,
) -> Result<(), Error> {
    let path = folder.join(name);
    File::create(&path).and_then(|file| write(BufWriter::new(file))).at(&path)
}

fn write_json(folder: &Path, name: &str, value: &Value) -> Result<(), Error> {
    let path = folder.join(name);
    fs::write(&path, json::text(value)).at(&path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    const OPTIONS: WriteOptions = WriteOptions { charts: true, png: false, wall_time_s: 1.0 };

    #[test]
    fn a_result_folder_is_whole() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().join("incident-2013");
        let folder = Folder::begin(&place, "incident-2013", false).unwrap();
        assert_eq!(write(&sample::results(5, 1), folder, OPTIONS).unwrap(), place);
        for name in [
            "summary.csv",
            "summary.json",
            "marks.csv",
            "manifest.json",
            "report.html",
            "charts/pending.svg",
        ] {
            assert!(place.join(name).is_file(), "{name}");
        }
        assert!(Folder::begin(&place, "incident-2013", false).is_ok());
    }

    #[test]
    fn a_failure_leaves_nothing_behind_and_names_the_file() {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().join("incident-2013");
        let folder = Folder::begin(&place, "incident-2013", false).unwrap();
        fs::create_dir(folder.path().join("marks.csv")).unwrap();
        let error = write(&sample::results(5, 1), folder, OPTIONS).unwrap_err();
        assert_eq!(error.path, place.join("marks.csv"));
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    }
}
