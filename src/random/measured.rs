//! Measured durations read from a file: what an empirical distribution draws from.
//!
//! One duration a line, with its unit (`12ms`) or in seconds (`0.012`); empty lines do not count. They are held in memory, since any of them
//! may be drawn next.

use std::io::{BufRead, BufReader, Read};

use super::trace::{TraceProblem, seconds_or_text};
use crate::time::{SimDuration, SimTime};

/// All durations of the file, in its order.
///
/// # Errors
/// If a line is not a duration, there is none, or reading fails; with the line.
pub fn read_durations(source: Box<dyn Read + Send>) -> Result<Vec<SimDuration>, TraceProblem> {
    let mut durations = Vec::new();
    for (index, line) in BufReader::new(source).lines().enumerate() {
        let problem = |message| TraceProblem { line: index as u64 + 1, message };
        let line = line.map_err(|error| problem(format!("cannot be read: {error}")))?;
        if !line.trim().is_empty() {
            durations.push(seconds_or_text(line.trim()).map_err(problem)?.since(SimTime::ZERO));
        }
    }
    if durations.is_empty() {
        return Err(TraceProblem { line: 1, message: "the file has no durations".to_owned() });
    }
    Ok(durations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<Vec<SimDuration>, String> {
        read_durations(Box::new(text.as_bytes())).map_err(|problem| problem.to_string())
    }

    #[test]
    fn durations_are_read_with_their_unit_or_as_seconds() {
        let millis = [12, 500, 3_000].map(SimDuration::from_millis);
        assert_eq!(read("12ms\n\n0.5\r\n 3s \n").unwrap(), millis);
    }

    #[test]
    fn the_line_of_a_problem_is_told() {
        assert_eq!(read("\n").unwrap_err(), "line 1: the file has no durations");
        assert!(
            read("12ms\n\nslow\n").unwrap_err().starts_with("line 3: `slow` is not a duration")
        );
        assert!(read("-1\n").unwrap_err().starts_with("line 1: `-1`"));
    }
}
