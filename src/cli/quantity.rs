//! Large numbers as people write them: `4GiB`, `512MB`; `20e9`.

use std::str::FromStr;

/// Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

/// How many, 1 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count(pub(super) u64);

/// Longest first where one is the end of another.
const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let found = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)));
        let (number, bytes) = found.unwrap_or((text, 1));
        let number: Option<f64> = number.trim().parse().ok();
        let size = number.and_then(|number| at_least_one(number * bytes as f64));
        size.map(Size).ok_or_else(|| "write a number and a unit, such as 512MB or 4GiB".to_owned())
    }
}

impl FromStr for Count {
    type Err = String;

    /// Whole numbers, also in scientific notation.
    fn from_str(text: &str) -> Result<Count, String> {
        let whole = text.parse().ok().filter(|count| *count > 0);
        let scientific = || {
            let number: f64 = text.parse().ok()?;
            at_least_one(number).filter(|_| number.fract() == 0.0)
        };
        let count = whole.or_else(scientific);
        count
            .map(Count)
            .ok_or_else(|| "write a whole number above 0, such as 500000 or 2e9".to_owned())
    }
}

/// What is finite and at least 1, in whole numbers.
fn at_least_one(number: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 or more")]
    (number.is_finite() && number >= 1.0).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in
            [("4GiB", 4 << 30), ("512MB", 512_000_000), ("1.5 KiB", 1536), ("77", 77)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)));
        }
        for text in ["", "GiB", "-1MB", "NaN", "1e999B", "0", "5 apples"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn counts_are_whole_and_may_be_scientific() {
        for (text, count) in
            [("1", 1), ("20e9", 20_000_000_000), ("18446744073709551615", u64::MAX)]
        {
            assert_eq!(text.parse(), Ok(Count(count)));
        }
        for text in ["", "0", "-3", "1.5", "inf", "many"] {
            assert!(text.parse::<Count>().is_err(), "{text}");
        }
    }
}
