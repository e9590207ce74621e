//! `timeseries.csv` and `marks.csv` read back, in one pass and in little memory.
//!
//! Columns are found by their names, so that a file of an earlier version, with fewer of them, is read as well.

use super::damaged;
use crate::experiment::results::Results;
use crate::metrics::column::COLUMNS;
use crate::metrics::marks;
use crate::metrics::recorder::MOST_POINTS;
use crate::metrics::series::{Series, SeriesBuilder};
use crate::metrics::summary::{MarkRow, RunMetrics};
use crate::report::error::Error;
use crate::report::vocabulary;
use csv::StringRecord;
use std::collections::BTreeMap;
use std::path::Path;

/// Which series a row belongs to: variant, replication, node.
type Key = (String, String, String);

/// Fills in the series of every node of every run.
pub fn read(path: &Path, results: &mut Results) -> Result<(), Error> {
    let mut file = opened(path)?;
    let columns = Columns::find(file.headers().map_err(|error| csv_error(path, &error))?);
    let mut builders: BTreeMap<Key, SeriesBuilder> = BTreeMap::new();
    let mut record = StringRecord::new();
    let mut row = (vec![f64::NAN; COLUMNS.len()], vec![f64::NAN; vocabulary::gauges().count()]);
    while file.read_record(&mut record).map_err(|error| csv_error(path, &error))? {
        let key = [1, 2, 3].map(|field| record.get(field).unwrap_or_default().to_owned());
        let end_s = number(&record, Some(0));
        columns.read(&record, &mut row);
        let builder = builders.entry(key.into()).or_insert_with(|| SeriesBuilder::new(MOST_POINTS));
        builder.push(end_s, &row.0, &row.1);
    }
    fill(results, builders);
    Ok(())
}

fn opened(path: &Path) -> Result<csv::Reader<std::fs::File>, Error> {
    csv::Reader::from_path(path).map_err(|error| csv_error(path, &error))
}

fn csv_error(path: &Path, error: &csv::Error) -> Error {
    damaged(path, &error.to_string())
}

fn number(record: &StringRecord, field: Option<usize>) -> f64 {
    let text = field.and_then(|field| record.get(field)).unwrap_or_default();
    text.parse().unwrap_or(f64::NAN)
}

/// Where the columns of this version stand in a file.
struct Columns {
    values: Vec<Option<usize>>,
    /// Of the gauges only.
    maxima: Vec<Option<usize>>,
}

impl Columns {
    fn find(header: &StringRecord) -> Columns {
        let place = |name: &str| header.iter().position(|field| field == name);
        Columns {
            values: COLUMNS.iter().map(|column| place(column.name)).collect(),
            maxima: vocabulary::gauges().map(|gauge| place(&format!("max_{gauge}"))).collect(),
        }
    }

    fn read(&self, record: &StringRecord, (values, maxima): &mut (Vec<f64>, Vec<f64>)) {
        for (value, field) in values.iter_mut().zip(&self.values) {
            *value = number(record, *field);
        }
        for (maximum, field) in maxima.iter_mut().zip(&self.maxima) {
            *maximum = number(record, *field);
        }
    }
}

fn fill(results: &mut Results, mut builders: BTreeMap<Key, SeriesBuilder>) {
    for variant in &mut results.variants {
        for (replication, run) in variant.replications.iter_mut().enumerate() {
            let RunMetrics { total, nodes, .. } = &mut run.metrics;
            for node in std::iter::once(total).chain(nodes) {
                let key = (variant.name.clone(), replication.to_string(), node.name.clone());
                node.series =
                    builders.remove(&key).map_or_else(Series::default, SeriesBuilder::finish);
            }
        }
    }
}

/// Fills in what happened when.
pub fn read_marks(path: &Path, results: &mut Results) -> Result<(), Error> {
    let mut file = opened(path)?;
    for record in file.records() {
        let record = record.map_err(|error| csv_error(path, &error))?;
        let text = |field: usize| record.get(field).unwrap_or_default().to_owned();
        let variant = results.variants.iter_mut().find(|variant| variant.name == text(1));
        let replication = text(2).parse::<usize>().unwrap_or(0);
        let run = variant.and_then(|variant| variant.replications.get_mut(replication));
        if let Some(run) = run {
            let (time_s, node, kind, detail) =
                (number(&record, Some(0)), text(3), kind(&text(4)), text(5));
            run.metrics.marks.push(MarkRow { time_s, node, kind, detail });
        }
    }
    Ok(())
}

/// The kind of a mark, if this version knows it.
fn kind(text: &str) -> &'static str {
    marks::KINDS.into_iter().find(|kind| *kind == text).unwrap_or("other")
}
