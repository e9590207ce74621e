//! Arrivals as they were measured: a CSV file, read row by row and never held in memory.
//!
//! The first line names the columns. Only `time` is mandatory.
//!
//! | column | meaning | default |
//! |---|---|---|
//! | `time` | when, from the start of the run: a duration (`1.5s`, `250ms`) or a number of seconds; never going back | – |
//! | `count` | how many messages arrive at that time | 1 |
//! | `key` | their key: a whole number below 2^32, or any text, which is hashed to one | no key |
//! | `class` | their class: a whole number below 2^16 | no class |
//!
//! The whole file is checked once ([`check_trace`]) before a run, which then reads it again. A file that has changed between
//! the two ends the run ([`end_run`]): that is nobody's bug, and is told as an I/O error.

use std::fmt;
use std::io::{self, Read};
use std::panic;
use std::path::Path;

use csv::StringRecord;

use super::stream::fnv_1a;
use crate::time::{SimDuration, SimTime};

const COLUMNS: [&str; 4] = ["time", "count", "key", "class"];

/// One row of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceRow {
    /// When.
    pub at: SimTime,
    /// How many messages.
    pub count: u64,
    /// Their key.
    pub key: Option<u32>,
    /// Their class.
    pub class: Option<u16>,
}

/// What is wrong with a trace, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceProblem {
    /// The line of the file, counted from 1.
    pub line: u64,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What a sound trace holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceSummary {
    /// All messages of all rows.
    pub messages: u64,
    /// When the first one arrives.
    pub first: SimTime,
    /// When the last one arrives.
    pub last: SimTime,
}

/// The rows of a trace, one at a time, each checked. After the first problem there are no more.
pub struct TraceReader {
    rows: csv::Reader<Box<dyn Read + Send>>,
    columns: Columns,
    record: StringRecord,
    latest: SimTime,
    finished: bool,
}

/// Where each column stands in a row.
#[derive(Debug, Clone, Copy)]
struct Columns {
    time: usize,
    count: Option<usize>,
    key: Option<usize>,
    class: Option<usize>,
}

/// Reads the whole trace, and says what it holds or the first thing that is wrong.
///
/// # Errors
/// If a column is unknown or `time` is missing, a row is malformed or goes back in time, there is no row, or reading fails.
pub fn check_trace(source: Box<dyn Read + Send>) -> Result<TraceSummary, TraceProblem> {
    let mut summary: Option<TraceSummary> = None;
    for row in TraceReader::new(source)? {
        let row = row?;
        let so_far =
            summary.get_or_insert(TraceSummary { messages: 0, first: row.at, last: row.at });
        so_far.messages = so_far.messages.saturating_add(row.count);
        so_far.last = row.at;
    }
    summary.ok_or_else(|| problem(2, "the trace has no rows".to_owned()))
}

/// Ends the run that reads the trace `csv`: it is no longer what it was when it was checked. What unwinds is an [`io::Error`].
pub fn end_run(csv: &Path, problem: impl fmt::Display) -> ! {
    let what = format!("the trace {} has changed since it was checked: {problem}", csv.display());
    panic::resume_unwind(Box::new(io::Error::new(io::ErrorKind::InvalidData, what)))
}

impl TraceSummary {
    /// Messages per second from the start of the run to the last row; 0 if they all arrive at the start.
    #[must_use]
    pub fn mean_rate_per_s(&self) -> f64 {
        let seconds = self.last.as_secs_f64();
        if seconds > 0.0 { self.messages as f64 / seconds } else { 0.0 }
    }
}

impl TraceReader {
    /// Reads the names of the columns.
    ///
    /// # Errors
    /// If a column is unknown or `time` is missing, or reading fails.
    pub fn new(source: Box<dyn Read + Send>) -> Result<TraceReader, TraceProblem> {
        let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
        let header = rows.headers().map_err(|error| unreadable(1, &error))?;
        let columns = Columns::find(header).map_err(|message| problem(1, message))?;
        let record = StringRecord::new();
        Ok(TraceReader { rows, columns, record, latest: SimTime::ZERO, finished: false })
    }

    fn read(&mut self) -> Result<Option<TraceRow>, TraceProblem> {
        let line = self.rows.position().line();
        if !self.rows.read_record(&mut self.record).map_err(|error| unreadable(line, &error))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(line, csv::Position::line);
        let row = self.columns.row(&self.record).map_err(|message| problem(line, message))?;
        if row.at < self.latest {
            let message =
                format!("{} comes after {}; sort the rows by `time`", row.at, self.latest);
            return Err(problem(line, message));
        }
        self.latest = row.at;
        Ok(Some(row))
    }
}

impl Iterator for TraceReader {
    type Item = Result<TraceRow, TraceProblem>;

    fn next(&mut self) -> Option<Result<TraceRow, TraceProblem>> {
        if self.finished {
            return None;
        }
        let row = self.read().transpose();
        self.finished = !matches!(row, Some(Ok(_)));
        row
    }
}

impl fmt::Debug for TraceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceReader").field("latest", &self.latest).finish_non_exhaustive()
    }
}

impl fmt::Display for TraceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for TraceProblem {}

impl Columns {
    fn find(header: &StringRecord) -> Result<Columns, String> {
        if let Some(name) = header.iter().find(|name| !COLUMNS.contains(name)) {
            return Err(format!(
                "`{name}` is not a column of a trace; the columns are {}",
                COLUMNS.join(", ")
            ));
        }
        let place = |wanted| header.iter().position(|name| name == wanted);
        let time = place("time")
            .ok_or("there is no column `time`; the first line must name the columns, such as time,count,key,class")?;
        Ok(Columns { time, count: place("count"), key: place("key"), class: place("class") })
    }

    fn row(&self, record: &StringRecord) -> Result<TraceRow, String> {
        let field = |place: Option<usize>| {
            place.and_then(|place| record.get(place)).filter(|text| !text.is_empty())
        };
        Ok(TraceRow {
            at: seconds_or_text(field(Some(self.time)).unwrap_or_default())?,
            count: field(self.count).map_or(Ok(1), |text| whole("count", text))?,
            key: field(self.key).map(key),
            class: field(self.class).map(|text| whole("class", text)).transpose()?,
        })
    }
}

/// A duration with its unit, or a number of seconds.
pub(super) fn seconds_or_text(text: &str) -> Result<SimTime, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=SimTime::MAX.as_secs_f64()).contains(&seconds) => {
            Ok(SimTime::ZERO + SimDuration::from_secs_f64(seconds))
        }
        Ok(_) => Err(format!(
            "`{text}` is out of range; it must be 0 or more seconds, and at most 36 years"
        )),
        Err(_) => text.parse(),
    }
}

/// A whole number of the size of `N`.
fn whole<N: std::str::FromStr>(column: &str, text: &str) -> Result<N, String> {
    let bits = 8 * size_of::<N>();
    text.parse().map_err(|_| {
        format!("`{text}` is not a {column}; it must be a whole number from 0 to below 2^{bits}")
    })
}

/// The number itself, or the hash of the text.
fn key(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| {
        let hash = fnv_1a(text.bytes());
        (hash ^ (hash >> 32)) as u32
    })
}

fn problem(line: u64, message: String) -> TraceProblem {
    TraceProblem { line, message }
}

/// What the CSV reader could not read: another number of fields, text that is not UTF-8, or a failing disk.
fn unreadable(line: u64, error: &csv::Error) -> TraceProblem {
    let line = error.position().map_or(line, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} fields, and the first line has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8 text".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    problem(line, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &'static str) -> Result<TraceSummary, String> {
        check_trace(Box::new(text.as_bytes())).map_err(|problem| problem.to_string())
    }

    fn rows(text: &'static str) -> Vec<TraceRow> {
        TraceReader::new(Box::new(text.as_bytes())).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn times_are_read_as_seconds_or_with_a_unit_and_the_rest_has_defaults() {
        let read = rows("time,count,key,class\n0.5,,,\n 1500ms , 3, 7, 2\n");
        let row = |millis: u64, count, key, class| TraceRow {
            at: SimTime::from_nanos(millis * 1_000_000),
            count,
            key,
            class,
        };
        assert_eq!(read, [row(500, 1, None, None), row(1500, 3, Some(7), Some(2))]);
    }

    #[test]
    fn the_same_text_is_the_same_key() {
        let keys: Vec<_> =
            rows("time,key\n1,anna\n2,ben\n3,anna\n").iter().map(|r| r.key).collect();
        assert_eq!(keys[0], keys[2]);
        assert_ne!(keys[0], keys[1]);
    }

    #[test]
    fn a_sound_trace_is_summed_up() {
        let summary = check("count,time\n10,1\n20,4\n").unwrap();
        assert_eq!((summary.messages, summary.first.as_secs_f64()), (30, 1.0));
        assert_eq!(summary.mean_rate_per_s(), 7.5);
    }

    #[test]
    fn each_problem_is_told_with_its_line() {
        for (text, wanted) in [
            (
                "",
                "line 1: there is no column `time`; the first line must name the columns, such as time,count,key,class",
            ),
            (
                "0.5\n1\n",
                "line 1: `0.5` is not a column of a trace; the columns are time, count, key, class",
            ),
            ("time\n", "line 2: the trace has no rows"),
            ("time\n2\n1\n", "line 3: 1s comes after 2s; sort the rows by `time`"),
            (
                "time\n-1\n",
                "line 2: `-1` is out of range; it must be 0 or more seconds, and at most 36 years",
            ),
            (
                "time\nNaN\n",
                "line 2: `NaN` is out of range; it must be 0 or more seconds, and at most 36 years",
            ),
            (
                "time,count\n1,2\n2,-3\n",
                "line 3: `-3` is not a count; it must be a whole number from 0 to below 2^64",
            ),
            (
                "time,class\n1,70000\n",
                "line 2: `70000` is not a class; it must be a whole number from 0 to below 2^16",
            ),
            ("time,count\n1,2\n2\n", "line 3: has 1 fields, and the first line has 2"),
        ] {
            assert_eq!(check(text).unwrap_err(), wanted, "{text:?}");
        }
        assert!(check("time\nsoon\n").unwrap_err().starts_with("line 2: `soon`"));
    }

    #[test]
    fn after_a_problem_there_are_no_more_rows() {
        let reader = TraceReader::new(Box::new("time\n1\nx\n2\n".as_bytes())).unwrap();
        assert_eq!(reader.map(|row| row.is_ok()).collect::<Vec<_>>(), [true, false]);
    }
}
