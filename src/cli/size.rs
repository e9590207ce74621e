//! Sizes of memory as people write them: `4GiB`, `512MB`, `1000000`.

/// Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

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

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let wanted =
            || format!("`{text}` is not a size; write a number and a unit, such as 512MB or 4GiB");
        let found = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)));
        let (number, bytes) = found.unwrap_or((text, 1));
        let number: f64 = number.trim().parse().map_err(|_| wanted())?;
        let size = number * bytes as f64;
        if !(size.is_finite() && size >= 1.0) {
            return Err(wanted());
        }
        Ok(Size(size as u64))
    }
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
}
