//! `timeseries.csv`: every window of every run, streamed to disk while the runs go on.
//!
//! A run writes a part of its own, so that runs never wait for one another; at the end the parts are joined in the order of
//! the scenario, and the file is the same whatever the number of threads.

use super::vocabulary;
use crate::experiment::sink::{RunLabel, RunSink, Sink};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The name of the finished file.
pub const TIMESERIES: &str = "timeseries.csv";

/// How much of a part is held in memory before it is written.
const BUFFER_BYTES: usize = 1 << 18;

/// Streams windows into parts beside the finished file.
#[derive(Debug, Clone)]
pub struct Timeseries {
    folder: PathBuf,
}

impl Timeseries {
    /// Parts are written to `folder`, as is the finished file.
    #[must_use]
    pub fn new(folder: &Path) -> Timeseries {
        Timeseries { folder: folder.to_owned() }
    }

    /// Joins the parts of `runs` (the place of each one's variant, and its replication) in their order, and removes them.
    /// Without any part, as when runs were not streamed, there is no file.
    ///
    /// # Errors
    /// If some parts are gone or can't be read, or the file can't be written.
    pub fn join(&self, runs: impl IntoIterator<Item = (usize, usize)>) -> io::Result<()> {
        let parts = runs.into_iter().map(|(variant, run)| self.part(variant, run));
        let parts: Vec<PathBuf> = parts.collect();
        if !parts.iter().any(|part| part.exists()) {
            return Ok(());
        }
        let mut file = File::create(self.folder.join(TIMESERIES))?;
        file.write_all(header().as_bytes())?;
        parts.iter().try_for_each(|part| append(&mut file, part))
    }

    fn part(&self, variant: usize, replication: usize) -> PathBuf {
        self.folder.join(format!(".timeseries-{variant}-{replication}.part"))
    }
}

impl Sink for Timeseries {
    fn open(&self, run: RunLabel<'_>) -> io::Result<Box<dyn RunSink + Send>> {
        let file = File::create(self.part(run.variant, run.replication))?;
        Ok(Box::new(Part::new(BufWriter::with_capacity(BUFFER_BYTES, file), run)))
    }
}

fn append(file: &mut File, part: &Path) -> io::Result<()> {
    io::copy(&mut File::open(part)?, file)?;
    fs::remove_file(part)
}

/// `time_s,variant,replication,node`, every column, and the highest level within the window for every gauge.
fn header() -> String {
    let mut names: Vec<String> =
        ["time_s", "variant", "replication", "node"].map(str::to_owned).into();
    names.extend(vocabulary::columns().map(str::to_owned));
    names.extend(vocabulary::gauges().map(|gauge| format!("max_{gauge}")));
    names.join(",") + "\n"
}

/// The rows of one run.
struct Part<W> {
    to: W,
    /// For every node what stands between time and values: `,direct,0,notification`.
    labels: Vec<String>,
    line: Vec<u8>,
}

impl<W: Write> Part<W> {
    fn new(to: W, run: RunLabel<'_>) -> Part<W> {
        let label = |node: &String| {
            format!(",{},{},{}", field(run.variant_name), run.replication, field(node))
        };
        Part { to, labels: run.nodes.iter().map(label).collect(), line: Vec::new() }
    }
}

impl<W: Write> RunSink for Part<W> {
    fn window(&mut self, end_s: f64, rows: &[&[f64]], maxima: &[&[f64]]) -> io::Result<()> {
        for ((label, row), maxima) in self.labels.iter().zip(rows).zip(maxima) {
            self.line.clear();
            push_number(&mut self.line, end_s);
            self.line.extend_from_slice(label.as_bytes());
            for &value in row.iter().chain(*maxima) {
                self.line.push(b',');
                push_number(&mut self.line, value);
            }
            self.line.push(b'\n');
            self.to.write_all(&self.line)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Text as a CSV field, quoted where it has to be.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The shortest text that reads back as `value`; nothing at all for a value that does not exist.
fn push_number(line: &mut Vec<u8>, value: f64) {
    /// Below it every whole number is exactly a double: 2⁵³.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !value.is_finite() {
        return;
    }
    #[expect(clippy::cast_possible_truncation, reason = "compared with what it was")]
    let whole = value as i64;
    if whole as f64 == value && value.abs() < EXACT {
        match u8::try_from(whole) {
            Ok(digit @ 0..=9) => line.push(b'0' + digit),
            Ok(_) | Err(_) => line.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes()),
        }
    } else {
        line.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    }
}

/// `value` as it stands in a CSV field.
#[must_use]
pub fn number(value: Option<f64>) -> String {
    let mut text = Vec::new();
    push_number(&mut text, value.unwrap_or(f64::NAN));
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[f64], maxima: &[f64]) -> String {
        let nodes = [String::new(), "a,b".to_owned()];
        let run = RunLabel { variant: 0, variant_name: "direct", replication: 2, nodes: &nodes };
        let mut part = Part::new(Vec::new(), run);
        part.window(10.5, &[values, values], &[maxima, maxima]).unwrap();
        String::from_utf8(part.to).unwrap()
    }

    #[test]
    fn a_row_has_time_variant_replication_node_values_and_maxima() {
        let text = rows(&[1.0, 0.1, f64::NAN], &[7.0]);
        assert_eq!(text, "10.5,direct,2,,1,0.1,,7\n10.5,direct,2,\"a,b\",1,0.1,,7\n");
    }

    #[test]
    fn numbers_read_back_as_they_were() {
        for value in [0.1 + 0.2, 1e300, -0.0, 123_456_789.0, 5e-324, 9.1e15] {
            let text = number(Some(value));
            assert_eq!(text.parse::<f64>().unwrap().to_bits() << 1, value.to_bits() << 1, "{text}");
        }
        assert_eq!(number(Some(f64::INFINITY)), "");
    }

    #[test]
    fn without_runs_there_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        Timeseries::new(folder.path()).join([(0, 0), (1, 0)]).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_run_whose_part_has_vanished_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let timeseries = Timeseries::new(folder.path());
        let run = RunLabel { variant: 0, variant_name: "direct", replication: 0, nodes: &[] };
        timeseries.open(run).unwrap().finish().unwrap();
        let error = timeseries.join([(0, 0), (0, 1)]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn parts_are_joined_in_the_order_of_the_scenario() {
        let folder = tempfile::tempdir().unwrap();
        let timeseries = Timeseries::new(folder.path());
        let nodes = [String::new()];
        for (variant, variant_name) in [(1, "queue"), (0, "direct")] {
            let run = RunLabel { variant, variant_name, replication: 0, nodes: &nodes };
            let mut part = timeseries.open(run).unwrap();
            part.window(1.0, &[&[]], &[&[]]).unwrap();
            part.finish().unwrap();
        }
        timeseries.join([(0, 0), (1, 0)]).unwrap();
        let text = fs::read_to_string(folder.path().join(TIMESERIES)).unwrap();
        assert_eq!(text, header() + "1,direct,0,\n1,queue,0,\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
