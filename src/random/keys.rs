//! Which key a message carries: what a log hashes to a partition, and what ordering and hot spots depend on.
//!
//! Popularity is rarely even. Zipf's law, the k-th most popular being 1/k^exponent as popular as the first, fits users, products and
//! topics well enough (Zipf 1949; Breslau et al., "Web Caching and Zipf-like Distributions", INFOCOM 1999, found exponents of 0.64 to
//! 0.83): with 1,000 keys and exponent 1 the first one alone gets 13 % of the messages, and so does whatever serves it.

use rand_distr::{Distribution as _, Zipf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Chance, KeyedStream};

/// How messages get their keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Keys {
    /// Messages carry no key.
    #[default]
    None,
    /// Every key is equally likely.
    Uniform {
        /// How many keys there are, at least 1.
        count: u32,
    },
    /// A few keys are popular and many are rare: the k-th has a share in proportion to 1 ÷ k^`exponent`.
    Zipf {
        /// How many keys there are, at least 1.
        count: u32,
        /// How uneven: 0 is uniform, 1 the classic, more is more uneven.
        exponent: f64,
    },
    /// So many messages in a row have the same key, and the next ones another that is new: a ride that is asked for, and called off.
    InARow {
        /// How many, at least 1.
        count: u32,
    },
    /// One key after the other, in turn.
    RoundRobin {
        /// How many keys there are, at least 1.
        count: u32,
    },
}

/// Gives messages their keys. The key belongs to the message's number, so it is the same in every variant.
#[derive(Debug, Clone, Copy)]
pub struct KeySampler {
    form: Form,
    stream: KeyedStream,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    None,
    Uniform { count: u32 },
    Zipf(Zipf<f64>),
    InARow { count: u32 },
    RoundRobin { count: u32 },
}

impl Keys {
    /// What is wrong with the settings: for each problem the path below this one, what is wrong and what would be right.
    #[must_use]
    pub fn check(&self) -> Vec<(String, String)> {
        let (name, count, exponent) = match *self {
            Keys::None => return Vec::new(),
            Keys::Uniform { count } => ("uniform", count, 0.0),
            Keys::Zipf { count, exponent } => ("zipf", count, exponent),
            Keys::InARow { count } => ("in_a_row", count, 0.0),
            Keys::RoundRobin { count } => ("round_robin", count, 0.0),
        };
        let mut found = Vec::new();
        if count == 0 {
            found.push((format!("{name}.count"), "must be at least 1".to_owned()));
        }
        if !(exponent.is_finite() && exponent >= 0.0) {
            let message = format!("must be a number from 0 up, and is {exponent}");
            found.push((format!("{name}.exponent"), message));
        }
        found
    }

    /// What draws the keys; `stream` is for these keys alone.
    ///
    /// # Panics
    /// If the settings have a problem.
    #[must_use]
    pub fn sampler(&self, stream: KeyedStream) -> KeySampler {
        let form = match *self {
            Keys::None => Form::None,
            Keys::Uniform { count } => Form::Uniform { count },
            Keys::Zipf { count, exponent } => Form::Zipf(
                Zipf::new(f64::from(count), exponent).expect("the settings were checked"),
            ),
            Keys::InARow { count } => Form::InARow { count },
            Keys::RoundRobin { count } => Form::RoundRobin { count },
        };
        KeySampler { form, stream }
    }
}

impl KeySampler {
    /// The key of the `ordinal`th message, counted from 0; keys are numbered from 0, the most popular first.
    #[must_use]
    pub fn draw(&self, ordinal: u64) -> Option<u32> {
        match self.form {
            Form::None => None,
            Form::Uniform { count } => {
                Some(self.stream.at(ordinal, 0).below(u64::from(count)) as u32)
            }
            Form::Zipf(zipf) => Some(zipf.sample(&mut self.stream.at(ordinal, 0)) as u32 - 1),
            Form::InARow { count } => Some((ordinal / u64::from(count)) as u32),
            Form::RoundRobin { count } => Some((ordinal % u64::from(count)) as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u64 = 200_000;

    fn share_of_first(keys: Keys) -> f64 {
        let sampler = keys.sampler(KeyedStream::new(1, 0, "keys"));
        (0..COUNT).filter(|&ordinal| sampler.draw(ordinal) == Some(0)).count() as f64 / COUNT as f64
    }

    #[test]
    fn the_most_popular_of_1000_zipf_keys_gets_its_share() {
        // 1 ÷ H(1000), the thousandth harmonic number.
        let wanted = 0.133_592_13;
        let sd = (wanted * (1.0 - wanted) / COUNT as f64).sqrt();
        let got = share_of_first(Keys::Zipf { count: 1000, exponent: 1.0 });
        assert!((got - wanted).abs() < 5.0 * sd, "{got}");
    }

    #[test]
    fn uniform_keys_have_equal_shares() {
        let sd = (0.1 * 0.9 / COUNT as f64).sqrt();
        assert!((share_of_first(Keys::Uniform { count: 10 }) - 0.1).abs() < 5.0 * sd);
    }

    #[test]
    fn round_robin_takes_turns_and_none_gives_none() {
        let stream = KeyedStream::new(1, 0, "keys");
        let turns = Keys::RoundRobin { count: 3 }.sampler(stream);
        assert_eq!([0, 1, 2, 3].map(|n| turns.draw(n)), [Some(0), Some(1), Some(2), Some(0)]);
        let rows = Keys::InARow { count: 2 }.sampler(stream);
        assert_eq!([0, 1, 2, 3].map(|n| rows.draw(n)), [Some(0), Some(0), Some(1), Some(1)]);
        assert_eq!(Keys::None.sampler(stream).draw(0), None);
    }

    #[test]
    fn unsound_settings_are_named() {
        assert_eq!(Keys::Uniform { count: 0 }.check()[0].0, "uniform.count");
        assert_eq!(Keys::Zipf { count: 5, exponent: -1.0 }.check()[0].0, "zipf.exponent");
        assert!(Keys::None.check().is_empty());
    }

    #[test]
    fn no_key_is_written_as_the_bare_word() {
        assert_eq!(serde_json::from_str::<Keys>("\"none\"").unwrap(), Keys::None);
        let zipf = r#"{"zipf": {"count": 5, "exponent": 1.0}}"#;
        assert!(serde_json::from_str::<Keys>(zipf).is_ok());
    }
}
