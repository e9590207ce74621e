//! Gaps without memory, and two phases of them that take turns.

use rand_distr::{Distribution as _, Exp1};

use crate::random::{Chance, Stream};

const NANOS_PER_SECOND: f64 = 1e9;

/// Exponential gaps with this mean in nanoseconds; infinite at rate zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    pub(super) mean: f64,
}

/// Two phases that take turns, each with its gaps and its length.
#[derive(Debug)]
pub(super) struct OnOff {
    now: u64,
    phase_ends: u64,
    /// 0 is off, 1 is on.
    phase: usize,
    gaps: [Gap; 2],
    lengths: [Gap; 2],
}

impl Gap {
    pub(super) fn at_rate(per_second: f64) -> Gap {
        Gap { mean: NANOS_PER_SECOND / per_second }
    }

    /// The next moment after `now`; the end of time if the rate is zero.
    #[inline]
    pub(super) fn after(self, now: u64, stream: &mut Stream) -> u64 {
        if self.mean.is_infinite() {
            return u64::MAX;
        }
        let unit: f64 = Exp1.sample(stream);
        now.saturating_add((self.mean * unit + 0.5) as i64 as u64)
    }
}

impl OnOff {
    pub(super) fn new(from: u64, gaps: [Gap; 2], lengths: [Gap; 2], stream: &mut Stream) -> OnOff {
        let share_on = lengths[1].mean / (lengths[0].mean + lengths[1].mean);
        let phase = usize::from(stream.chance(share_on));
        let phase_ends = lengths[phase].after(from, stream);
        OnOff { now: from, phase_ends, phase, gaps, lengths }
    }

    /// A gap that outlasts its phase is drawn anew in the next one, which is right because it has no memory.
    pub(super) fn next(&mut self, end: u64, stream: &mut Stream) -> Option<u64> {
        while self.now < end {
            let candidate = self.gaps[self.phase].after(self.now, stream);
            if candidate < self.phase_ends {
                self.now = candidate;
                return Some(candidate);
            }
            self.now = self.phase_ends;
            self.phase = 1 - self.phase;
            self.phase_ends = self.lengths[self.phase].after(self.now, stream);
        }
        None
    }
}
