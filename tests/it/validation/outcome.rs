//! A row of a reference, and what came of it.

use std::fmt;

use super::measure::Measured;
use super::reference::{Row, Within};

/// What was known, what came, and how they go together.
pub struct Outcome {
    pub what: String,
    pub expected: String,
    pub simulated: String,
    /// The 99.9 % interval; empty where nothing is left to chance.
    pub interval: String,
    /// Why it is not met, if it isn't.
    pub missed: Option<String>,
}

impl Outcome {
    pub fn of(row: &Row, measured: Measured) -> Outcome {
        let Measured { mean, half } = measured;
        let interval = match half {
            0.0 => String::new(),
            half => format!("{} to {}", number(mean - half), number(mean + half)),
        };
        let expected = match row.within {
            Within::By(by) if by > 0.0 => format!("{} ± {}", number(row.is), number(by)),
            Within::By(_) | Within::Mean | Within::Tail | Within::Percentile => number(row.is),
        };
        let what = match row.at {
            Some(at) => format!("{} at {at}", row.what),
            None => row.what.clone(),
        };
        let missed = measured.missed(row.is, row.within);
        Outcome { what, expected, simulated: number(mean), interval, missed }
    }

    pub fn is_met(&self) -> bool {
        self.missed.is_none()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { what, expected, simulated, interval, missed } = self;
        let why = missed.as_deref().unwrap_or("met");
        write!(f, "{what} is {expected}, and came out {simulated} [{interval}]: {why}")
    }
}

/// A number to five digits, or a whole one.
pub fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value}");
    }
    let digits = 4 - (value.abs().log10().floor() as i32).clamp(-12, 4);
    let text = format!("{value:.*}", digits as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[test]
fn numbers_are_told_to_five_digits() {
    let told = [1.0, 0.8, 1234567.8, 0.00123456, 12.345678, 2e-5].map(number);
    assert_eq!(told, ["1", "0.8", "1234568", "0.0012346", "12.346", "0.00002"]);
}
