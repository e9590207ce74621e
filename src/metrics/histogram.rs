//! A histogram of durations whose percentiles are within 0.4 % of the exact ones, at about a nanosecond a value.
//!
//! Samples are never kept. A power of two (an *octave*) is cut into 128 equal buckets, so the width of a bucket is at
//! most 1/128 of its values, and its middle is at most 1/256 (0.39 %) away from each of them. Durations below 256 ns
//! have a bucket each, and are exact. So are count, mean, lowest and highest value. Octaves are allocated when a value
//! first falls into them, because a run may have thousands of histograms, nearly all of them narrow.
//!
//! Source of the log-linear idea: Gil Tene, HdrHistogram, <https://hdrhistogram.org>.

use crate::time::SimDuration;

const SUB_BUCKET_BITS: u32 = 7;
const SUB_BUCKETS: usize = 1 << SUB_BUCKET_BITS;
/// Octave 0 holds 0..128 ns; octave n ≥ 1 holds 2^(n+6)..2^(n+7) ns.
const OCTAVES: usize = u64::BITS as usize - SUB_BUCKET_BITS as usize + 1;

/// Durations, by size.
#[derive(Debug, Clone)]
pub struct Histogram {
    octaves: Vec<Option<Box<[u64; SUB_BUCKETS]>>>,
    count: u64,
    sum_nanos: u128,
    lowest: u64,
    highest: u64,
}

impl Histogram {
    /// One without values; it owns no memory yet.
    #[must_use]
    pub const fn new() -> Histogram {
        Histogram { octaves: Vec::new(), count: 0, sum_nanos: 0, lowest: u64::MAX, highest: 0 }
    }

    /// Adds one duration.
    #[inline(always)]
    pub fn record(&mut self, duration: SimDuration) {
        let nanos = duration.as_nanos();
        self.count += 1;
        self.sum_nanos += u128::from(nanos);
        if nanos < self.lowest || nanos > self.highest {
            self.widen(nanos);
        }
        let (octave, bucket) = place(nanos);
        match self.octaves.get_mut(octave) {
            Some(Some(buckets)) => buckets[bucket] += 1,
            _ => self.buckets(octave)[bucket] += 1,
        }
    }

    /// How many durations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum, in nanoseconds.
    #[must_use]
    pub fn sum_nanos(&self) -> u128 {
        self.sum_nanos
    }

    /// The exact mean, in nanoseconds.
    #[must_use]
    pub fn mean_nanos(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_nanos as f64 / self.count as f64)
    }

    /// The standard deviation, in nanoseconds: each duration counts as the middle of its bucket, so it is within 1/256 of the exact one
    /// where durations are spread over several buckets.
    #[must_use]
    pub fn deviation_nanos(&self) -> Option<f64> {
        let middles = || {
            self.used().flat_map(|(octave, buckets)| {
                let value = move |bucket| middle(octave, bucket) as f64;
                buckets.iter().enumerate().map(move |(at, count)| (value(at), *count as f64))
            })
        };
        if self.count == 0 {
            return None;
        }
        let count = self.count as f64;
        let mean = middles().map(|(value, times)| value * times).sum::<f64>() / count;
        let squares = middles().map(|(value, times)| (value - mean).powi(2) * times).sum::<f64>();
        Some((squares / count).sqrt())
    }

    /// How many durations are no time at all.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        self.octaves.first().and_then(|octave| octave.as_ref()).map_or(0, |buckets| buckets[0])
    }

    /// The exact highest duration.
    #[must_use]
    pub fn max(&self) -> Option<SimDuration> {
        (self.count > 0).then(|| SimDuration::from_nanos(self.highest))
    }

    /// The duration that a share `q` (0 to 1) of all durations does not exceed (nearest rank), within 1/256 of it.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<SimDuration> {
        if self.count == 0 {
            return None;
        }
        if self.lowest == self.highest {
            return Some(SimDuration::from_nanos(self.lowest));
        }
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count);
        let from_above = self.count - rank + 1;
        let nanos = if rank <= from_above {
            ranked(rank, self.used(), |buckets, rank| place_of_rank(buckets.iter(), rank))
        } else {
            ranked(from_above, self.used().rev(), |buckets, rank| {
                SUB_BUCKETS - 1 - place_of_rank(buckets.iter().rev(), rank)
            })
        };
        Some(SimDuration::from_nanos(nanos.clamp(self.lowest, self.highest)))
    }

    /// Adds all the durations of `other`.
    pub fn merge(&mut self, other: &Histogram) {
        if other.count == 0 {
            return;
        }
        self.count += other.count;
        self.sum_nanos += other.sum_nanos;
        self.lowest = self.lowest.min(other.lowest);
        self.highest = self.highest.max(other.highest);
        if other.lowest == other.highest {
            let (octave, bucket) = place(other.lowest);
            self.buckets(octave)[bucket] += other.count;
            return;
        }
        for (octave, theirs) in other.used() {
            for (mine, more) in self.buckets(octave).iter_mut().zip(theirs) {
                *mine += more;
            }
        }
    }

    /// Forgets all durations, and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        if self.count == 0 {
            return;
        }
        for octave in self.span() {
            if let Some(Some(buckets)) = self.octaves.get_mut(octave) {
                buckets.fill(0);
            }
        }
        (self.count, self.sum_nanos, self.lowest, self.highest) = (0, 0, u64::MAX, 0);
    }

    /// The octaves between the lowest and the highest value; there must be one.
    fn span(&self) -> std::ops::RangeInclusive<usize> {
        place(self.lowest).0..=place(self.highest).0
    }

    fn used(&self) -> impl DoubleEndedIterator<Item = (usize, &[u64; SUB_BUCKETS])> {
        self.span().filter_map(|octave| Some((octave, self.octaves.get(octave)?.as_deref()?)))
    }

    #[cold]
    fn widen(&mut self, nanos: u64) {
        self.lowest = self.lowest.min(nanos);
        self.highest = self.highest.max(nanos);
    }

    #[cold]
    fn buckets(&mut self, octave: usize) -> &mut [u64; SUB_BUCKETS] {
        if self.octaves.len() <= octave {
            self.octaves.resize_with(octave + 1, || None);
        }
        self.octaves[octave].get_or_insert_with(|| Box::new([0; SUB_BUCKETS]))
    }
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram::new()
    }
}

/// Octave and bucket of a value: the position of its highest bit, and the seven bits below it. Counted on from bucket to bucket they
/// are one number, the value shifted until it has eight bits, and as many times 128 as it was shifted.
#[inline]
fn place(nanos: u64) -> (usize, usize) {
    let shift = (nanos | SUB_BUCKETS as u64).ilog2() - SUB_BUCKET_BITS;
    let number = ((shift << SUB_BUCKET_BITS) as u64 + (nanos >> shift)) as usize;
    debug_assert!(number < OCTAVES * SUB_BUCKETS, "{nanos} ns has no octave");
    (number / SUB_BUCKETS, number % SUB_BUCKETS)
}

/// The value in the middle of a bucket.
fn middle(octave: usize, bucket: usize) -> u64 {
    if octave == 0 {
        return bucket as u64;
    }
    let shift = octave - 1;
    (((SUB_BUCKETS + bucket) as u64) << shift) + ((1_u64 << shift) - 1) / 2
}

/// The middle of the bucket that holds the `rank`th value (from 1), where octaves come in either order and `within` finds
/// the bucket in one.
fn ranked<'a>(
    mut rank: u64,
    octaves: impl Iterator<Item = (usize, &'a [u64; SUB_BUCKETS])>,
    within: impl Fn(&[u64; SUB_BUCKETS], u64) -> usize,
) -> u64 {
    for (octave, buckets) in octaves {
        let count: u64 = buckets.iter().sum();
        if rank <= count {
            return middle(octave, within(buckets, rank));
        }
        rank -= count;
    }
    unreachable!("the octaves hold every value")
}

/// How many counts come before the one that holds the `rank`th value (from 1).
fn place_of_rank<'a>(counts: impl Iterator<Item = &'a u64>, mut rank: u64) -> usize {
    counts
        .take_while(|count| {
            let before = **count < rank;
            rank -= if before { **count } else { 0 };
            before
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(nanos: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for &value in nanos {
            histogram.record(SimDuration::from_nanos(value));
        }
        histogram
    }

    /// Values of every magnitude, not mostly huge ones.
    fn any_magnitude() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64_u32).prop_map(|(bits, shift)| bits >> shift)
    }

    proptest! {
        #[test]
        fn every_value_is_found_again_within_one_in_256(nanos in any_magnitude()) {
            let (octave, bucket) = place(nanos);
            let found = middle(octave, bucket);
            prop_assert!(found.abs_diff(nanos) <= nanos / 256, "{} became {}", nanos, found);
        }

        #[test]
        fn a_quantile_is_within_one_in_256_of_the_value_of_that_rank(
            mut values in prop::collection::vec(any_magnitude(), 1..200), q in 0.0..=1.0_f64,
        ) {
            let found = of(&values).quantile(q).unwrap().as_nanos();
            values.sort_unstable();
            let rank = ((q * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1];
            prop_assert!(found.abs_diff(exact) <= exact / 256, "{} instead of {}", found, exact);
        }

        #[test]
        fn merged_histograms_tell_the_same_as_one_that_heard_everything(
            left in prop::collection::vec(any_magnitude(), 0..50),
            right in prop::collection::vec(any_magnitude(), 0..50),
        ) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let whole = of(&[left, right].concat());
            for q in [0.0, 0.5, 0.9, 0.99, 1.0] {
                prop_assert_eq!(merged.quantile(q), whole.quantile(q));
            }
            prop_assert_eq!(merged.mean_nanos(), whole.mean_nanos());
            prop_assert_eq!((merged.count(), merged.max()), (whole.count(), whole.max()));
        }
    }

    #[test]
    fn an_empty_histogram_has_no_values_and_owns_no_memory() {
        let empty = Histogram::new();
        assert_eq!((empty.quantile(0.5), empty.mean_nanos(), empty.max()), (None, None, None));
        assert_eq!(empty.octaves.capacity(), 0);
    }

    #[test]
    fn small_values_and_the_mean_and_the_highest_are_exact() {
        let histogram = of(&[0, 127, 128, 255, 1_000_003]);
        assert_eq!(histogram.quantile(0.2), Some(SimDuration::ZERO));
        assert_eq!(histogram.quantile(0.6), Some(SimDuration::from_nanos(128)));
        assert_eq!(histogram.quantile(0.8), Some(SimDuration::from_nanos(255)));
        assert_eq!(histogram.mean_nanos(), Some(1_000_513.0 / 5.0));
        assert_eq!(histogram.max(), Some(SimDuration::from_nanos(1_000_003)));
    }

    #[test]
    fn the_deviation_of_two_values_is_half_their_distance() {
        let histogram = of(&[0, 0, 100, 100]);
        assert_eq!((histogram.deviation_nanos(), histogram.zeros()), (Some(50.0), 2));
        let far = of(&[1_000_000, 3_000_000]).deviation_nanos().unwrap();
        assert!((far - 1_000_000.0).abs() < 1_000_000.0 / 128.0, "{far}");
        assert_eq!(of(&[7_000_000; 3]).deviation_nanos(), Some(0.0));
        assert_eq!(Histogram::new().deviation_nanos(), None);
    }

    #[test]
    fn the_highest_possible_value_has_a_bucket() {
        assert_eq!(of(&[u64::MAX]).quantile(1.0).unwrap().as_nanos(), u64::MAX);
        assert_eq!(place(u64::MAX), (OCTAVES - 1, SUB_BUCKETS - 1));
    }

    #[test]
    fn a_cleared_histogram_is_as_good_as_new() {
        let mut histogram = of(&[5, 1_000_000, 7_000_000_000]);
        histogram.clear();
        assert_eq!((histogram.count(), histogram.quantile(0.5)), (0, None));
        histogram.record(SimDuration::from_nanos(90));
        assert_eq!(histogram.quantile(0.99), Some(SimDuration::from_nanos(90)));
    }
}
