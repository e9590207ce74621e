//! What a column reads: the facts of one row (a node, or the whole system), over a window or over the run so far.
//!
//! One reading serves both, so a metric is written down once. What does not exist is `None`, never zero.

use super::histogram::Histogram;
use super::level::{Level, Levels};
use super::rows::Rows;
use super::window::{Count, Measures, Peak};
use crate::time::{SimDuration, SimTime};

/// The facts of one row.
pub struct Reading<'a> {
    pub(super) row: Rows,
    /// A producer, a service that has sent something onward, or the whole.
    pub(super) sends: bool,
    /// Length of the window or of the run so far.
    pub(super) seconds: f64,
    /// When it is read.
    pub(super) now: SimTime,
    pub(super) measures: &'a Measures,
    /// Services: how long whole ways took.
    pub(super) journeys: Option<&'a Histogram>,
    pub(super) levels: &'a Levels,
    /// Brokers and the whole: age of the oldest unfinished message now, and the highest since the window began.
    pub(super) age: Option<Age>,
    /// The lag at the beginning, where there is a beginning to compare with.
    pub(super) lag_before: Option<i64>,
}

/// Age of the oldest unfinished message, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Age {
    pub(super) now: f64,
    pub(super) highest: Peak,
}

impl Age {
    /// Of a row in which messages were let go at the ages of `measures`, and the oldest of the others is `age` old.
    pub(super) fn new(now: SimTime, age: SimDuration, measures: &Measures) -> Age {
        let left = Peak { value: measures.age.as_secs_f64(), at: measures.age_at };
        let seconds = age.as_secs_f64();
        Age { now: seconds, highest: left.higher(Peak { value: seconds, at: now }) }
    }
}

impl Reading<'_> {
    /// Counted where a message was made or sent.
    pub(super) fn made(&self, what: Count) -> Option<f64> {
        self.sends.then(|| self.measures.by.get(what) as f64)
    }

    /// Counted where it happened.
    pub(super) fn here(&self, what: Count) -> Option<f64> {
        Some(self.measures.at.get(what) as f64)
    }

    /// Counted at both ends of a link: a node tells of both, the whole counts each once.
    pub(super) fn linked(&self, what: Count) -> Option<f64> {
        let received = if self.row.total { 0 } else { self.measures.at.get(what) };
        Some((self.measures.by.get(what) + received) as f64)
    }

    /// The sum of several counts of links.
    pub(super) fn linked_sum(&self, what: &[Count]) -> Option<f64> {
        what.iter().map(|&one| self.linked(one)).sum()
    }

    pub(super) fn per_second(&self, count: Option<f64>) -> Option<f64> {
        ratio(count?, self.seconds)
    }

    pub(super) fn level(&self, level: Level) -> Option<f64> {
        Some(self.levels.get(level).now as f64)
    }

    pub(super) fn highest(&self, level: Level) -> Option<Peak> {
        let track = self.levels.get(level);
        Some(Peak { value: track.highest as f64, at: track.highest_at })
    }

    /// Over the time since the run settled.
    pub(super) fn mean(&self, level: Level) -> Option<f64> {
        ratio(self.levels.settled_area_s(level, self.now), self.seconds)
    }

    /// A level that only those who send can have.
    pub(super) fn sender_level(&self, level: Level) -> Option<f64> {
        self.level(level).filter(|_| self.sends)
    }

    pub(super) fn sender_highest(&self, level: Level) -> Option<Peak> {
        self.highest(level).filter(|_| self.sends)
    }

    pub(super) fn sender_mean(&self, level: Level) -> Option<f64> {
        self.mean(level).filter(|_| self.sends)
    }

    pub(super) fn blocked_seconds(&self) -> Option<f64> {
        self.sends.then(|| self.measures.blocked_nanos as f64 / 1e9)
    }

    /// Offered at producers and in total: produced; elsewhere what is sent there for the first time.
    pub(super) fn arrivals(&self) -> Option<f64> {
        if self.row.producers || self.row.total {
            return self.made(Count::Produced);
        }
        self.here(Count::Offered)
    }

    pub(super) fn amplification(&self) -> Option<f64> {
        ratio(self.linked(Count::Attempted)?, self.linked(Count::Offered)?)
    }

    pub(super) fn availability(&self) -> Option<f64> {
        let answered = self.linked(Count::Answered)?;
        ratio(answered, answered + self.linked(Count::Unanswered)?)
    }

    pub(super) fn utilization(&self) -> Option<f64> {
        ratio(self.measures.busy as f64, self.measures.staffed as f64)
    }

    /// Time until nothing is left at this window's pace; none while the lag does not fall.
    pub(super) fn drain_eta(&self) -> Option<f64> {
        let lag = self.levels.get(Level::Lag).now;
        let fallen = (self.lag_before? - lag) as f64;
        (fallen > 0.0).then(|| lag as f64 * self.seconds / fallen)
    }

    pub(super) fn latency(&self) -> &Histogram {
        &self.measures.latency
    }

    pub(super) fn sojourn(&self) -> &Histogram {
        &self.measures.sojourn
    }

    pub(super) fn waiting(&self) -> &Histogram {
        &self.measures.waiting
    }
}

/// A ratio, if there is something to divide by.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

pub(super) fn mean_ms(histogram: &Histogram) -> Option<f64> {
    Some(histogram.mean_nanos()? / 1e6)
}

pub(super) fn quantile_ms(histogram: &Histogram, q: f64) -> Option<f64> {
    Some(histogram.quantile(q)?.as_secs_f64() * 1e3)
}

pub(super) fn deviation_ms(histogram: &Histogram) -> Option<f64> {
    Some(histogram.deviation_nanos()? / 1e6)
}

/// The share of durations that are longer than nothing.
pub(super) fn share_above_zero(histogram: &Histogram) -> Option<f64> {
    let zeros = histogram.zeros() as f64;
    Some(1.0 - ratio(zeros, histogram.count() as f64)?)
}

pub(super) fn max_ms(histogram: &Histogram) -> Option<f64> {
    Some(histogram.max()?.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_durations_is_told_in_milliseconds() {
        let mut histogram = Histogram::default();
        assert_eq!(mean_ms(&histogram), None);
        assert_eq!(share_above_zero(&histogram), None);
        for millis in [0, 0, 0, 8] {
            histogram.record(SimDuration::from_millis(millis));
        }
        assert_eq!(share_above_zero(&histogram), Some(0.25));
        assert_eq!((mean_ms(&histogram), max_ms(&histogram)), (Some(2.0), Some(8.0)));
        assert_eq!(quantile_ms(&histogram, 0.5), Some(0.0));
        let deviation = deviation_ms(&histogram).unwrap();
        assert!((deviation - 12.0_f64.sqrt()).abs() < 0.6, "{deviation}");
    }
}
