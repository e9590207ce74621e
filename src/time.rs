//! Simulated time: whole nanoseconds, read and written with units.
//!
//! Integers make equal times equal on every machine, so ties are real ties and a run gives the same bytes everywhere.
//! The calendar packs a time and a priority into one word, which bounds a time to 2^60 ns (36 years).

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment of the simulation, counted from its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

/// A length of simulated time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

/// A rate per second, written `"12.5/s"` or `"300/min"`: positive and finite, or zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Rate(f64);

const NANOS_PER_SECOND: f64 = 1e9;

/// Units of a duration, longest name first where one is the start of another.
const UNITS: [(&str, u64); 12] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
    ("sec", 1_000_000_000),
    ("hour", 3_600_000_000_000),
];

impl SimTime {
    /// The start of the simulation.
    pub const ZERO: SimTime = SimTime(0);
    /// The last moment that the calendar can hold (about 36 years).
    pub const MAX: SimTime = SimTime((1 << 60) - 1);

    /// The moment `nanos` nanoseconds after the start.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> SimTime {
        SimTime(nanos)
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND
    }

    /// The moment so long ago; the start of the run if that is not so far back.
    #[must_use]
    pub const fn before(self, length: SimDuration) -> SimTime {
        SimTime(self.0.saturating_sub(length.0))
    }

    /// How long ago `earlier` was; zero if it is still to come.
    #[must_use]
    pub const fn since(self, earlier: SimTime) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: SimDuration = SimDuration(0);
    /// The longest duration that a scenario may state (about 36 years).
    pub const MAX: SimDuration = SimDuration((1 << 60) - 1);

    /// A duration of `nanos` nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> SimDuration {
        SimDuration(nanos)
    }

    /// A duration of `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> SimDuration {
        SimDuration(millis * 1_000_000)
    }

    /// A duration of `secs` whole seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> SimDuration {
        SimDuration(secs * 1_000_000_000)
    }

    /// The nearest whole number of nanoseconds, kept within `ZERO..=MAX`; not-a-number becomes zero.
    #[must_use]
    pub fn from_secs_f64(secs: f64) -> SimDuration {
        SimDuration((secs * NANOS_PER_SECOND).round() as u64).min(SimDuration::MAX)
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND
    }

    /// This duration times `factor`, to the nearest nanosecond, kept within range.
    #[must_use]
    pub fn scaled(self, factor: f64) -> SimDuration {
        SimDuration::from_secs_f64(self.as_secs_f64() * factor)
    }
}

impl Add<SimDuration> for SimTime {
    type Output = SimTime;
    #[inline]
    fn add(self, length: SimDuration) -> SimTime {
        SimTime(self.0.saturating_add(length.0)).min(SimTime::MAX)
    }
}

impl Sub<SimTime> for SimTime {
    type Output = SimDuration;
    /// The time between two moments, `earlier` being the right one.
    #[inline]
    fn sub(self, earlier: SimTime) -> SimDuration {
        debug_assert!(earlier <= self, "{earlier} is not before {self}");
        self.since(earlier)
    }
}

impl Add for SimDuration {
    type Output = SimDuration;
    #[inline]
    fn add(self, other: SimDuration) -> SimDuration {
        SimDuration(self.0.saturating_add(other.0)).min(SimDuration::MAX)
    }
}

impl AddAssign for SimDuration {
    #[inline]
    fn add_assign(&mut self, other: SimDuration) {
        *self = *self + other;
    }
}

impl Rate {
    /// A rate of `per_second`, which is finite and not negative.
    #[must_use]
    pub const fn per_second(per_second: f64) -> Rate {
        Rate(per_second)
    }

    /// How many a second.
    #[must_use]
    pub const fn as_per_second(self) -> f64 {
        self.0
    }
}

impl fmt::Display for SimDuration {
    /// The largest unit that leaves a whole number, down to nanoseconds: `90s`, `4h`, `250ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WRITTEN: [(&str, u64); 7] = [
            ("d", 86_400_000_000_000),
            ("h", 3_600_000_000_000),
            ("min", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let (unit, nanos) = WRITTEN
            .into_iter()
            .find(|(_, nanos)| self.0.is_multiple_of(*nanos))
            .unwrap_or(("ns", 1));
        write!(f, "{}{unit}", self.0 / nanos)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

impl std::str::FromStr for SimDuration {
    type Err = String;

    /// Reads `250ms`, `4h`, `7d`, `1.5s`, `1h30m`.
    fn from_str(text: &str) -> Result<SimDuration, String> {
        let wanted = || {
            format!(
                "`{text}` is not a duration; write a number and a unit, such as \"250ms\", \"30s\", \"4h\" or \"7d\""
            )
        };
        let mut rest = text.trim();
        let mut total = 0.0_f64;
        if rest.is_empty() {
            return Err(wanted());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(|| {
                format!("`{text}` has no unit; write \"{text}s\" for seconds, \"{text}ms\" for milliseconds")
            })?;
            let number: f64 = rest[..digits].parse().map_err(|_| wanted())?;
            let after = &rest[digits..];
            let letters =
                after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
            let (_, nanos) = UNITS
                .into_iter()
                .find(|(unit, _)| *unit == &after[..letters])
                .ok_or_else(wanted)?;
            total += number * nanos as f64;
            rest = &after[letters..];
        }
        if total > SimDuration::MAX.0 as f64 {
            return Err(format!(
                "`{text}` is longer than pileup can simulate; the limit is 36 years"
            ));
        }
        Ok(SimDuration(total.round() as u64))
    }
}

impl std::str::FromStr for SimTime {
    type Err = String;
    fn from_str(text: &str) -> Result<SimTime, String> {
        text.parse().map(|SimDuration(nanos)| SimTime(nanos))
    }
}

impl std::str::FromStr for Rate {
    type Err = String;

    /// Reads `12.5/s`, `300/min`, `5/h`, `1/d`.
    fn from_str(text: &str) -> Result<Rate, String> {
        let wanted = || {
            format!(
                "`{text}` is not a rate; write a number per unit of time, such as \"12.5/s\" or \"300/min\""
            )
        };
        let (number, unit) = text.split_once('/').ok_or_else(wanted)?;
        let number: f64 = number.trim().parse().map_err(|_| wanted())?;
        let (_, nanos) =
            UNITS.into_iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wanted)?;
        if !number.is_finite() || number < 0.0 {
            return Err(format!("`{text}` is not a rate: it must be finite and not negative"));
        }
        Ok(Rate(number * NANOS_PER_SECOND / nanos as f64))
    }
}

/// Reads and writes a type as text through `FromStr` and `Display`, and describes it in the schema.
macro_rules! as_text {
    ($type:ident, $expecting:literal, $pattern:literal, $meaning:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $meaning })
            }
        }
    };
}

as_text!(
    SimDuration,
    "a duration with its unit, such as \"250ms\", \"30s\", \"4h\" or \"7d\"",
    r"^\s*([0-9.]+\s*(ns|us|µs|ms|s|sec|m|min|h|hour|d|w))+\s*$",
    "A duration with its unit: \"250ms\", \"30s\", \"5m\", \"4h\", \"7d\", \"1h30m\"."
);
as_text!(
    SimTime,
    "a time from the start of the run with its unit, such as \"0s\", \"90s\" or \"4h\"",
    r"^\s*([0-9.]+\s*(ns|us|µs|ms|s|sec|m|min|h|hour|d|w))+\s*$",
    "A time, counted from the start of the run, with its unit: \"0s\", \"90s\", \"4h\"."
);
as_text!(
    Rate,
    "a rate, such as \"12.5/s\" or \"300/min\"",
    r"^\s*[0-9.eE+-]+\s*/\s*(ns|us|µs|ms|s|sec|m|min|h|hour|d|w)\s*$",
    "A rate: a number per unit of time, \"12.5/s\", \"300/min\", \"5/h\"."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_with_its_unit_and_written_in_the_largest_whole_one() {
        for (read, written) in [
            ("250ms", "250ms"),
            ("1000ms", "1s"),
            ("1.5s", "1500ms"),
            ("5m", "5min"),
            ("90min", "90min"),
            ("1h30m", "90min"),
            ("4h", "4h"),
            ("7d", "7d"),
            ("0s", "0s"),
        ] {
            assert_eq!(read.parse::<SimDuration>().unwrap().to_string(), written, "{read}");
        }
    }

    #[test]
    fn a_duration_without_unit_is_refused_with_the_remedy() {
        let error = "250".parse::<SimDuration>().unwrap_err();
        assert_eq!(
            error,
            "`250` has no unit; write \"250s\" for seconds, \"250ms\" for milliseconds"
        );
    }

    #[test]
    fn nonsense_durations_and_rates_are_refused() {
        for text in ["", "s", "-5s", "5 parsecs", "1e400s", "NaNs", "99999w"] {
            assert!(text.parse::<SimDuration>().is_err(), "{text}");
        }
        for text in ["", "5", "5/", "/s", "-1/s", "NaN/s", "inf/s", "5/parsec"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn rates_are_per_second_whatever_they_are_written_in() {
        assert_eq!("300/min".parse::<Rate>().unwrap(), Rate::per_second(5.0));
        assert_eq!("12.5/s".parse::<Rate>().unwrap().to_string(), "12.5/s");
    }
}
