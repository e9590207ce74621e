//! Did the system come back after its trigger? Drain time, recovery time, and the verdict of metastability.
//!
//! A *metastable* failure is an overload that outlives what caused it, because it feeds itself (retries, lost work,
//! cold caches). To tell it from a backlog that is merely long, three questions are asked of the time after the
//! trigger: is goodput back at the offered rate, would the fresh load alone fit, and is there a pile of work that isn't shrinking? Where
//! nothing waits, what is lacking is refused or fails, and no overload holds it back.
//!
//! Source: Bronson, Aghayev, Charapko and Zhu, *Metastable Failures in Distributed Systems*, `HotOS` 2021.

use crate::time::{SimDuration, SimTime};

/// Expected completions in a trailing window: their number then has a standard deviation of 60 (Poisson), 1.7 %, so
/// that chance alone seldom makes a window fall 5 % short.
const COMPLETIONS: f64 = 3_600.0;
/// Goodput that counts as recovered, as a share of the offered rate.
const ENOUGH: f64 = 0.95;
/// Pending counts as falling if its later mean is below this share of the earlier one.
const FALLING: f64 = 0.95;
/// Samples kept. When there are more, every second one goes; they are running totals, so the others stay exact.
const MOST_SAMPLES: usize = 1 << 15;

/// Running totals at the end of a window.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: SimTime,
    offered: u64,
    mattered: u64,
    pending: i64,
}

/// Watches the whole system for its return to normal.
#[derive(Debug, Clone)]
pub(super) struct Recovery {
    trigger_end: Option<SimTime>,
    /// The trigger's end; the start of the run, if there is no trigger.
    until: SimTime,
    /// Offered and mattered until then.
    early: [u64; 2],
    total: [u64; 2],
    samples: Vec<Sample>,
    stride: usize,
    windows: usize,
    drain: Drain,
}

/// Looks for the first moment after the trigger at which little enough is pending.
#[derive(Debug, Clone)]
struct Drain {
    /// Look at what happens after this; the end of time once it is decided.
    after: SimTime,
    level: f64,
    looked: bool,
    time: Option<SimDuration>,
}

impl Recovery {
    pub(super) fn new(trigger_end: Option<SimTime>, drained_at: f64) -> Recovery {
        let after = trigger_end.unwrap_or(SimTime::MAX);
        Recovery {
            trigger_end,
            until: trigger_end.unwrap_or(SimTime::ZERO),
            early: [0; 2],
            total: [0; 2],
            samples: Vec::new(),
            stride: 1,
            windows: 0,
            drain: Drain { after, level: drained_at, looked: false, time: None },
        }
    }

    #[inline]
    pub(super) fn offered(&mut self, now: SimTime) {
        self.count(now, 0);
    }

    #[inline]
    pub(super) fn mattered(&mut self, now: SimTime) {
        self.count(now, 1);
    }

    #[inline]
    fn count(&mut self, now: SimTime, what: usize) {
        self.total[what] += 1;
        if now <= self.until {
            self.early[what] += 1;
        }
    }

    /// `pending` in total went from `before` to `after`.
    #[inline]
    pub(super) fn pending(&mut self, now: SimTime, before: i64, after: i64) {
        if now > self.drain.after {
            self.look(now, before, after);
        }
    }

    fn look(&mut self, now: SimTime, before: i64, after: i64) {
        let Some(trigger_end) = self.trigger_end else { return };
        let was_low = !self.drain.looked && before as f64 <= self.drain.level;
        self.drain.looked = true;
        if was_low {
            self.drain.decide(SimDuration::ZERO);
        } else if after as f64 <= self.drain.level {
            self.drain.decide(now - trigger_end);
        }
    }

    /// A window ended with this many messages pending.
    pub(super) fn close_window(&mut self, end: SimTime, pending: i64) {
        self.pending(end, pending, pending);
        self.windows += 1;
        if !self.windows.is_multiple_of(self.stride) {
            return;
        }
        let [offered, mattered] = self.total;
        self.samples.push(Sample { at: end, offered, mattered, pending });
        if self.samples.len() > MOST_SAMPLES {
            let mut place = 0;
            self.samples.retain(|_| {
                place += 1;
                place % 2 == 0
            });
            self.stride *= 2;
        }
    }

    /// See `drain_time_s`.
    pub(super) fn drain_time_s(&self) -> Option<f64> {
        self.drain.time.map(SimDuration::as_secs_f64)
    }

    /// See `recovery_time_s`.
    pub(super) fn recovery_time_s(&self) -> Option<f64> {
        match self.outcome()? {
            Outcome::After(seconds) => Some(seconds),
            Outcome::NotRecovered => None,
        }
    }

    /// See `metastable`.
    pub(super) fn metastable(&self, fresh_load_below_capacity: bool) -> Option<bool> {
        let stuck = self.outcome()? == Outcome::NotRecovered;
        Some(stuck && fresh_load_below_capacity && self.pending_stays())
    }

    /// What came of it; `None` without a trigger, or without time enough after it.
    fn outcome(&self) -> Option<Outcome> {
        let trigger_end = self.trigger_end?;
        let samples = self.since(trigger_end);
        let length = window_seconds(&samples)?;
        let mut windows = 0;
        let mut recovered_at = trigger_end;
        let mut short = false;
        let mut first = 0;
        for (place, last) in samples.iter().enumerate() {
            while first < place && seconds(&samples[first + 1], last) >= length {
                first += 1;
            }
            if seconds(&samples[first], last) < length {
                continue;
            }
            windows += 1;
            let was_short = short;
            short = falls_short(&samples[first], last);
            if was_short && !short {
                recovered_at = last.at;
            }
        }
        match (windows, short) {
            (0, _) => None,
            (_, true) => Some(Outcome::NotRecovered),
            (_, false) => Some(Outcome::After(recovered_at.since(trigger_end).as_secs_f64())),
        }
    }

    /// The trigger's end, and every window end after it.
    fn since(&self, trigger_end: SimTime) -> Vec<Sample> {
        let [offered, mattered] = self.early;
        let start = Sample { at: trigger_end, offered, mattered, pending: 0 };
        let later = self.samples.iter().filter(|sample| sample.at > trigger_end);
        std::iter::once(start).chain(later.copied()).collect()
    }

    /// Whether more is pending in the last eighth of the run than the offered load alone would hold, and not less than in the eighth before.
    fn pending_stays(&self) -> bool {
        let Some(end) = self.samples.last() else { return false };
        let share = |part: u64| SimTime::from_nanos(end.at.as_nanos() / 8 * part);
        let earlier = self.mean_pending(share(6), share(7));
        let later = self.mean_pending(share(7), SimTime::MAX);
        let is_high = later.is_some_and(|later| later > self.drain.level);
        let falls =
            matches!((earlier, later), (Some(earlier), Some(later)) if later < FALLING * earlier);
        is_high && !falls
    }

    fn mean_pending(&self, from: SimTime, until: SimTime) -> Option<f64> {
        let within = self.samples.iter().filter(|sample| from < sample.at && sample.at <= until);
        let pending: Vec<f64> = within.map(|sample| sample.pending as f64).collect();
        (!pending.is_empty()).then(|| pending.iter().sum::<f64>() / pending.len() as f64)
    }
}

impl Drain {
    #[cold]
    fn decide(&mut self, time: SimDuration) {
        self.time = Some(time);
        self.after = SimTime::MAX;
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    After(f64),
    NotRecovered,
}

/// How long 3,600 completions take at the rate offered after the trigger.
fn window_seconds(samples: &[Sample]) -> Option<f64> {
    let (first, last) = (samples.first()?, samples.last()?);
    let offered = (last.offered - first.offered) as f64;
    (offered > 0.0).then(|| COMPLETIONS * seconds(first, last) / offered)
}

fn seconds(from: &Sample, until: &Sample) -> f64 {
    until.at.since(from.at).as_secs_f64()
}

fn falls_short(from: &Sample, until: &Sample) -> bool {
    let offered = (until.offered - from.offered) as f64;
    let mattered = (until.mattered - from.mattered) as f64;
    mattered < ENOUGH * offered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    /// 40 messages are offered a second; `goodput(t)` of them matter; windows of 10 s until `horizon`.
    fn run(
        trigger_end: u64,
        horizon: u64,
        goodput: fn(u64) -> u64,
        pending: fn(u64) -> i64,
    ) -> Recovery {
        let mut recovery = Recovery::new(Some(at(trigger_end)), 10.0);
        for second in 0..horizon {
            for _ in 0..40 {
                recovery.offered(at(second));
            }
            for _ in 0..goodput(second) {
                recovery.mattered(at(second));
            }
            if second % 10 == 9 {
                recovery.close_window(at(second + 1), pending(second + 1));
            }
        }
        recovery
    }

    #[test]
    fn goodput_that_never_falls_short_is_a_recovery_time_of_zero() {
        let recovery = run(100, 600, |_| 39, |_| 0);
        assert_eq!(recovery.recovery_time_s(), Some(0.0));
        assert_eq!(recovery.metastable(true), Some(false));
    }

    #[test]
    fn recovery_comes_when_the_last_trailing_window_that_falls_short_has_passed() {
        // 3,600 at just under 40 a second take just over 90 s: 100 s in windows of 10 s. Goodput is back at 300 s, and
        // the trailing window that ends at 400 s is the first without a second of the outage.
        let recovery = run(100, 900, |second| if second < 300 { 0 } else { 40 }, |_| 0);
        assert_eq!(recovery.recovery_time_s(), Some(300.0));
    }

    #[test]
    fn too_little_time_after_the_trigger_gives_no_value() {
        let recovery = run(100, 180, |_| 0, |_| 0);
        assert_eq!((recovery.recovery_time_s(), recovery.metastable(true)), (None, None));
    }

    #[test]
    fn a_trigger_that_outlasts_the_run_gives_no_value() {
        let recovery = run(700, 600, |_| 40, |_| 0);
        assert_eq!((recovery.recovery_time_s(), recovery.metastable(true)), (None, None));
    }

    /// In the last eighth of 800 s 95 % is pending of what was in the one before: it shrinks only if it is less than that.
    #[test]
    fn a_pile_shrinks_if_a_twentieth_of_it_is_gone_within_an_eighth_of_the_run() {
        let stuck = |pending| run(100, 800, |_| 0, pending).metastable(true);
        assert_eq!(stuck(|second| if second > 700 { 95 } else { 100 }), Some(true));
        assert_eq!(stuck(|second| if second > 700 { 94 } else { 100 }), Some(false));
        assert_eq!(stuck(|second| if second > 700 { 95 } else { 101 }), Some(false));
        assert_eq!(stuck(|second| if second > 600 { 95 } else { 1_000 }), Some(true));
    }

    #[test]
    fn without_a_trigger_there_is_nothing_to_recover_from() {
        let mut recovery = Recovery::new(None, 10.0);
        recovery.close_window(at(10), 0);
        assert_eq!(recovery.drain_time_s(), None);
        assert_eq!((recovery.recovery_time_s(), recovery.metastable(true)), (None, None));
    }

    #[test]
    fn stuck_under_a_load_that_would_fit_is_metastable_unless_the_pile_shrinks() {
        let stuck = run(100, 800, |_| 0, |_| 500);
        assert_eq!((stuck.recovery_time_s(), stuck.metastable(true)), (None, Some(true)));
        assert_eq!(stuck.metastable(false), Some(false), "plain overload is not metastable");
        let shrinking = run(100, 800, |_| 0, |second| 10_000 - 10 * i64::try_from(second).unwrap());
        assert_eq!(shrinking.metastable(true), Some(false));
    }

    /// A registry that refuses what a producer sends costs goodput for good, and holds nothing up.
    #[test]
    fn where_nothing_waits_nothing_is_metastable() {
        let refused = run(100, 800, |_| 0, |_| 10);
        assert_eq!((refused.recovery_time_s(), refused.metastable(true)), (None, Some(false)));
    }

    #[test]
    fn what_the_trigger_itself_offered_does_not_count() {
        let mut recovery = Recovery::new(Some(at(0)), 0.0);
        (0..20_000).for_each(|_| recovery.offered(at(0)));
        for second in 1..=300 {
            (0..40).for_each(|_| recovery.offered(at(second)));
            (0..40).for_each(|_| recovery.mattered(at(second)));
            recovery.close_window(at(second + 1), 0);
        }
        assert_eq!(recovery.recovery_time_s(), Some(0.0));
    }

    #[test]
    fn drain_time_is_the_exact_event_after_the_trigger_that_brings_pending_down() {
        let mut recovery = Recovery::new(Some(at(10)), 10.0);
        recovery.pending(at(5), 10, 9);
        recovery.pending(at(9), 9, 50);
        recovery.pending(at(20), 11, 11);
        recovery.pending(at(21), 11, 10);
        recovery.pending(at(22), 10, 9);
        assert_eq!(recovery.drain_time_s(), Some(11.0));
    }

    #[test]
    fn a_trigger_that_left_nothing_behind_drains_in_no_time() {
        let mut busy = Recovery::new(Some(at(10)), 10.0);
        busy.pending(at(12), 3, 4);
        let mut idle = Recovery::new(Some(at(10)), 10.0);
        idle.close_window(at(20), 3);
        assert_eq!((busy.drain_time_s(), idle.drain_time_s()), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn a_long_run_keeps_a_bounded_number_of_samples() {
        let mut recovery = Recovery::new(None, 0.0);
        for window in 1..=100_000 {
            recovery.close_window(at(window), 0);
        }
        assert!(recovery.samples.len() <= MOST_SAMPLES);
        assert_eq!(recovery.stride, 4);
        assert_eq!(recovery.samples[0].at, at(4));
    }
}
