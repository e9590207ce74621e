//! Where a value stands in a scenario: `producers.web.arrivals[0].poisson.rate`.
//!
//! One notation for error messages, `--set` and sweeps.

use std::fmt;
use std::str::FromStr;

/// One step down from a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into the field of this name.
    Key(String),
    /// Into the element of this number, counted from 0.
    Index(usize),
}

/// The steps from the top of a scenario to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// The top.
    #[must_use]
    pub fn root() -> Path {
        Path::default()
    }

    /// The path through these steps.
    #[must_use]
    pub fn from_steps(steps: Vec<Step>) -> Path {
        Path(steps)
    }

    /// The steps, from the top down.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The field `key` of the value here.
    #[must_use]
    pub fn key(&self, key: &str) -> Path {
        self.with(Step::Key(key.to_owned()))
    }

    /// The element `index` of the list here.
    #[must_use]
    pub fn index(&self, index: usize) -> Path {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }

    /// The path that goes on from here as `below` says, in the notation of [`Path`]; here itself if it is empty.
    #[must_use]
    pub fn below(&self, below: &str) -> Path {
        let mut steps = self.0.clone();
        steps.extend(below.parse::<Path>().unwrap_or_default().0);
        Path(steps)
    }

    /// The last field of the path, with the place in it if it is a list: `thresholds[1]`.
    #[must_use]
    pub fn tail(&self) -> Path {
        let is_key = |step: &Step| matches!(step, Step::Key(_));
        let start = self.0.iter().rposition(is_key).unwrap_or(0);
        Path(self.0[start..].to_vec())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if place == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = String;

    /// Reads `producers.web.arrivals[0].poisson.rate`.
    fn from_str(text: &str) -> Result<Path, String> {
        let mut steps = Vec::new();
        for part in text.split('.').filter(|_| !text.is_empty()) {
            let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            if !name.is_empty() {
                steps.push(Step::Key(name.to_owned()));
            } else if indices.is_empty() || !steps.is_empty() {
                return Err(format!("`{text}` is not a path: a name is missing between the dots"));
            }
            steps.extend(read_indices(indices).ok_or_else(|| {
                format!("`{text}` is not a path: write the place in a list as `[0]`")
            })?);
        }
        Ok(Path(steps))
    }
}

/// Reads `[0][1]`.
fn read_indices(mut text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while !text.is_empty() {
        let (digits, rest) = text.strip_prefix('[')?.split_once(']')?;
        steps.push(Step::Index(digits.parse().ok()?));
        text = rest;
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_it_is_read() {
        for text in ["duration", "producers.web.arrivals[0].poisson.rate", "expect[2].between[1]"] {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
        }
        assert_eq!("".parse::<Path>().unwrap(), Path::root());
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["a..b", ".a", "a.", "a[", "a[x]", "a[-1]", "a.[0]"] {
            assert!(text.parse::<Path>().is_err(), "{text}");
        }
    }
}
