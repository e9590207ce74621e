//! Named, seeded streams of random numbers, the same on every machine and in every version of pileup.
//!
//! A run with one generator shared by everybody is fragile: add one node, and every later draw shifts. So every use of chance has a
//! stream of its own, named after it, and the name is part of its seed (L'Ecuyer, "Random Number Generation with Multiple Streams
//! for Sequential and Parallel Computing", WSC 2015).
//!
//! Two kinds:
//!
//! * A [`Stream`] is read in order. It is right for what happens in order whatever else happens, such as arrivals. The generator is
//!   xoshiro256++ (Blackman and Vigna 2021): 256 bits of state.
//! * A [`KeyedStream`] is read by key: what belongs to a message is found by the message's number and the attempt, so all variants
//!   of a scenario give the same attempt of the same message the same service time, in whatever order they serve (common random
//!   numbers; Law, *Simulation Modeling and Analysis*, section 11.2). A key opens a short run of [`Draws`], whose generator is
//!   SplitMix64 (Steele, Lea and Flood 2014): its state is one word, so opening a key costs three multiplications.

use rand::{Rng, SeedableRng, TryRng};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};
use std::convert::Infallible;

/// The simplest questions that one can ask of any source of chance.
pub trait Chance: Rng {
    /// A number from 0 up to but not including 1, in steps of 2^-53.
    #[inline]
    fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A whole number from 0 to `n` - 1, or 0 if `n` is 0.
    ///
    /// The word is scaled, not divided (Lemire 2019), without his correction: no number is likelier than another by more than `n` in 2^64.
    #[inline]
    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// True with `probability`; always at 1 or above, never at 0 or below.
    #[inline]
    fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

impl<R: Rng + ?Sized> Chance for R {}

/// Random numbers for one purpose, read in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream(Xoshiro256PlusPlus);

/// Random numbers for one purpose, found by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyedStream {
    seed: u64,
}

/// The random numbers that belong to one key of a [`KeyedStream`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draws(SplitMix64);

impl Stream {
    /// The stream called `name` in replication `replication` of a run with `seed`.
    #[must_use]
    pub fn new(seed: u64, replication: u32, name: &str) -> Stream {
        Stream(Xoshiro256PlusPlus::seed_from_u64(stream_seed(seed, replication, name)))
    }
}

impl KeyedStream {
    /// The keyed stream called `name` in replication `replication` of a run with `seed`.
    #[must_use]
    pub fn new(seed: u64, replication: u32, name: &str) -> KeyedStream {
        KeyedStream { seed: mix(stream_seed(seed, replication, name)) }
    }

    /// What belongs to attempt `attempt` of the thing called `identity`.
    ///
    /// Different pairs below 2^40 and 2^24 never share their numbers.
    #[inline(always)]
    #[must_use]
    pub fn at(self, identity: u64, attempt: u32) -> Draws {
        let key = identity ^ u64::from(attempt).rotate_left(40);
        Draws(SplitMix64::seed_from_u64(mix(self.seed.wrapping_add(key.wrapping_mul(GOLDEN)))))
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

/// 2^64 divided by the golden ratio, odd: the step of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The seed of a stream: FNV-1a over its name, the run's seed and the replication's number.
fn stream_seed(seed: u64, replication: u32, name: &str) -> u64 {
    let bytes = name.bytes().chain(seed.to_le_bytes()).chain(replication.to_le_bytes());
    fnv_1a(bytes)
}

/// Fowler, Noll and Vo's 64-bit hash, variant 1a.
pub(crate) fn fnv_1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The finishing step of SplitMix64: a bijection in which every bit of `word` moves half the bits of the result.
#[inline]
fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u64 = 200_000;

    #[test]
    fn a_stream_gives_these_numbers_for_ever() {
        let mut stream = Stream::new(1, 0, "producer/web/arrivals");
        let drawn: Vec<u64> = (0..3).map(|_| stream.next_u64()).collect();
        assert_eq!(
            drawn,
            [14_466_557_815_970_226_084, 6_638_114_014_378_480_830, 4_610_340_320_675_613_608]
        );
    }

    #[test]
    fn a_keyed_stream_gives_these_numbers_for_ever() {
        let keyed = KeyedStream::new(1, 0, "service/notification/service_time");
        let drawn = [keyed.at(0, 0), keyed.at(1, 0), keyed.at(0, 1)].map(|mut d| d.next_u64());
        assert_eq!(
            drawn,
            [16_224_852_783_564_275_912, 15_311_802_679_706_748_516, 8_719_817_166_941_004_689]
        );
    }

    #[test]
    fn name_seed_and_replication_each_make_another_stream() {
        let first = |seed, replication, name| Stream::new(seed, replication, name).next_u64();
        let drawn = [first(1, 0, "a"), first(2, 0, "a"), first(1, 1, "a"), first(1, 0, "b")];
        for (index, number) in drawn.iter().enumerate() {
            assert!(!drawn[..index].contains(number));
        }
    }

    #[test]
    fn what_belongs_to_a_key_does_not_depend_on_the_order_of_asking() {
        let keyed = KeyedStream::new(1, 0, "x");
        let forwards: Vec<u64> = (0..100).map(|id| keyed.at(id, 2).next_u64()).collect();
        let mut backwards: Vec<u64> = (0..100).rev().map(|id| keyed.at(id, 2).next_u64()).collect();
        backwards.reverse();
        assert_eq!(forwards, backwards);
    }

    #[test]
    fn draws_of_neighbouring_keys_are_uniform_and_uncorrelated() {
        let keyed = KeyedStream::new(7, 0, "x");
        let units: Vec<f64> = (0..COUNT).map(|id| keyed.at(id, 0).unit() - 0.5).collect();
        let next_attempt: Vec<f64> = (0..COUNT).map(|id| keyed.at(id, 1).unit() - 0.5).collect();
        let second: Vec<f64> = (0..COUNT).map(|id| second_unit(keyed.at(id, 0)) - 0.5).collect();
        assert!(z_of_sum(&units, 1.0 / 12.0) < 4.0);
        let lagged = units[1..].iter();
        for other in [lagged.clone(), next_attempt.iter(), second.iter()] {
            let products: Vec<f64> = units.iter().zip(other).map(|(a, b)| a * b).collect();
            assert!(z_of_sum(&products, 1.0 / 144.0) < 4.0);
        }
    }

    #[test]
    fn first_draws_of_keys_fill_all_cells_evenly() {
        let keyed = KeyedStream::new(7, 0, "x");
        let mut cells = [0_u64; 256];
        for id in 0..COUNT {
            cells[keyed.at(id, 0).below(256) as usize] += 1;
        }
        let wanted = COUNT as f64 / 256.0;
        let chi_square: f64 = cells.iter().map(|&n| (n as f64 - wanted).powi(2) / wanted).sum();
        assert!((chi_square - 255.0).abs() < 5.0 * (2.0 * 255.0_f64).sqrt(), "{chi_square}");
    }

    #[test]
    fn certain_and_impossible_chances_are_just_that() {
        let mut stream = Stream::new(1, 0, "x");
        for _ in 0..1000 {
            assert!(stream.chance(1.0) && !stream.chance(0.0));
            assert!(stream.below(3) < 3 && stream.below(1) == 0);
        }
    }

    fn second_unit(mut draws: Draws) -> f64 {
        draws.unit();
        draws.unit()
    }

    /// How many standard deviations the sum of `values` is from 0, if each has mean 0 and this variance.
    fn z_of_sum(values: &[f64], variance: f64) -> f64 {
        (values.iter().sum::<f64>() / (variance * values.len() as f64).sqrt()).abs()
    }
}
