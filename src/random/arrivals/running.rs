//! An arrival process at work: one message per call, in order of time.
//!
//! Clocks are whole nanoseconds. A rate that changes over time is met by thinning: candidates come at the highest rate, and each is
//! kept with the probability that the rate of its moment has of the highest (Lewis and Shedler 1979), which is exact.

use std::path::PathBuf;

use super::gaps::{Gap, OnOff};
use super::intensity::Intensity;
use super::{ArrivalProcess, BatchSize};
use crate::random::trace::{TraceReader, TraceRow, end_run};
use crate::random::{Chance, Stream};
use crate::time::{Rate, SimDuration, SimTime};

const NANOS_PER_SECOND: f64 = 1e9;

/// A message comes into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: SimTime,
    /// Its key, where the process knows it (a trace).
    pub key: Option<u32>,
    /// Its class, where the process knows it (a trace).
    pub class: Option<u16>,
}

/// The arrivals of one process in one run: an iterator whose times never decrease and stay below the horizon.
#[derive(Debug)]
pub struct Arrivals {
    source: Source,
    stream: Stream,
    /// In nanoseconds; no arrival at this time or after it.
    end: u64,
}

#[derive(Debug)]
enum Source {
    Nothing,
    Burst { at: SimTime, over: SimDuration, count: u64, sent: u64 },
    Constant { from: u64, rate: f64, sent: u64 },
    Poisson { now: u64, gap: Gap },
    Thinned { now: u64, gap: Gap, intensity: Intensity },
    OnOff(OnOff),
    Batches { now: u64, gap: Gap, size: BatchSize, left: u64 },
    Trace(Box<Traced>),
}

/// A trace that is being read: the row that it is at, and how many of that row's messages have not arrived yet.
#[derive(Debug)]
struct Traced {
    csv: PathBuf,
    reader: TraceReader,
    row: Option<TraceRow>,
    left: u64,
}

impl Arrivals {
    pub(super) fn new(
        process: &ArrivalProcess,
        horizon: SimTime,
        mut stream: Stream,
        trace: Option<TraceReader>,
    ) -> Arrivals {
        let source = source(process, horizon, &mut stream, trace);
        let end = until(process).map_or(horizon, |until| until.min(horizon)).as_nanos();
        Arrivals { source, stream, end }
    }

    /// The next arrival, perhaps beyond the end.
    #[inline(always)]
    fn advance(&mut self) -> Option<Arrival> {
        match &mut self.source {
            Source::Poisson { now, gap } => {
                *now = gap.after(*now, &mut self.stream);
                plain(*now)
            }
            Source::Nothing
            | Source::Burst { .. }
            | Source::Constant { .. }
            | Source::Thinned { .. }
            | Source::OnOff(_)
            | Source::Batches { .. }
            | Source::Trace { .. } => {
                // Taken apart and put together again, so that the arm above needs no place in memory.
                let Arrival { at, key, class } = self.advance_rarer()?;
                Some(Arrival { at, key, class })
            }
        }
    }

    /// The arms that would make the loop around [`Arrivals::next`] large.
    #[inline(never)]
    fn advance_rarer(&mut self) -> Option<Arrival> {
        let stream = &mut self.stream;
        match &mut self.source {
            Source::Nothing => None,
            Source::Burst { at, over, count, sent } => burst(*at, *over, *count, sent),
            Source::Constant { from, rate, sent } => {
                let offset = *sent as f64 / *rate * NANOS_PER_SECOND;
                *sent += 1;
                plain(from.saturating_add(rounded(offset)))
            }
            Source::Poisson { now, gap } => {
                *now = gap.after(*now, stream);
                plain(*now)
            }
            Source::Thinned { now, gap, intensity } => {
                thinned(now, *gap, intensity, self.end, stream)
            }
            Source::OnOff(phases) => phases.next(self.end, stream).and_then(plain),
            Source::Batches { now, gap, size, left } => {
                if *left == 0 {
                    *now = gap.after(*now, stream);
                    *left = size.draw(stream);
                }
                *left -= 1;
                plain(*now)
            }
            Source::Trace(traced) => traced.next(),
        }
    }
}

impl Iterator for Arrivals {
    type Item = Arrival;

    #[inline(always)]
    fn next(&mut self) -> Option<Arrival> {
        let arrival = self.advance().filter(|arrival| arrival.at.as_nanos() < self.end);
        if arrival.is_none() {
            self.source = Source::Nothing;
        }
        arrival
    }
}

fn source(
    process: &ArrivalProcess,
    horizon: SimTime,
    stream: &mut Stream,
    trace: Option<TraceReader>,
) -> Source {
    match process {
        ArrivalProcess::Burst { at, count, over } => {
            Source::Burst { at: *at, over: *over, count: *count, sent: 0 }
        }
        ArrivalProcess::Constant { rate, from, .. } => constant(*rate, *from),
        ArrivalProcess::Poisson { rate, from, .. } => {
            Source::Poisson { now: from.as_nanos(), gap: Gap::at_rate(rate.as_per_second()) }
        }
        ArrivalProcess::Ramp { from, .. } | ArrivalProcess::Daily { from, .. } => {
            let intensity = process.intensity(horizon).expect("a ramp and a day have an intensity");
            let gap = Gap::at_rate(intensity.ceiling());
            Source::Thinned { now: from.as_nanos(), gap, intensity }
        }
        ArrivalProcess::OnOff { on_rate, off_rate, mean_on, mean_off, from, .. } => {
            let gaps = [off_rate, on_rate].map(|rate| Gap::at_rate(rate.as_per_second()));
            let lengths = [mean_off, mean_on].map(|mean| Gap { mean: mean.as_nanos() as f64 });
            Source::OnOff(OnOff::new(from.as_nanos(), gaps, lengths, stream))
        }
        ArrivalProcess::Batches { rate, size, from, .. } => {
            let gap = Gap::at_rate(rate.as_per_second());
            Source::Batches { now: from.as_nanos(), gap, size: *size, left: 0 }
        }
        ArrivalProcess::Trace { csv } => {
            let reader = trace.expect("the trace was opened when the run was built");
            Source::Trace(Box::new(Traced { csv: csv.clone(), reader, row: None, left: 0 }))
        }
        ArrivalProcess::ClosedLoop { .. } => Source::Nothing,
    }
}

fn until(process: &ArrivalProcess) -> Option<SimTime> {
    match process {
        ArrivalProcess::Constant { until, .. }
        | ArrivalProcess::Poisson { until, .. }
        | ArrivalProcess::Ramp { until, .. }
        | ArrivalProcess::Daily { until, .. }
        | ArrivalProcess::OnOff { until, .. }
        | ArrivalProcess::Batches { until, .. } => *until,
        ArrivalProcess::Burst { .. }
        | ArrivalProcess::Trace { .. }
        | ArrivalProcess::ClosedLoop { .. } => None,
    }
}

fn constant(rate: Rate, from: SimTime) -> Source {
    match rate.as_per_second() {
        0.0 => Source::Nothing,
        rate => Source::Constant { from: from.as_nanos(), rate, sent: 0 },
    }
}

/// The nearest whole number to one that is not negative. `f64::round` is a call where the processor may be an old one.
#[inline]
fn rounded(number: f64) -> u64 {
    let whole = number as u64;
    whole.saturating_add(u64::from(number - whole as f64 >= 0.5))
}

/// An arrival without key and class.
#[inline]
fn plain(nanos: u64) -> Option<Arrival> {
    Some(Arrival { at: SimTime::from_nanos(nanos), key: None, class: None })
}

#[inline]
fn burst(at: SimTime, over: SimDuration, count: u64, sent: &mut u64) -> Option<Arrival> {
    if *sent == count {
        return None;
    }
    let offset = u128::from(over.as_nanos()) * u128::from(*sent) / u128::from(count);
    *sent += 1;
    plain(at.as_nanos().saturating_add(offset as u64))
}

fn thinned(
    now: &mut u64,
    gap: Gap,
    intensity: &Intensity,
    end: u64,
    stream: &mut Stream,
) -> Option<Arrival> {
    loop {
        *now = gap.after(*now, stream);
        if *now >= end {
            return None;
        }
        let rate = intensity.at(*now as f64 / NANOS_PER_SECOND);
        if stream.unit() * intensity.ceiling() < rate {
            return plain(*now);
        }
    }
}

impl Traced {
    /// A trace was checked as a whole when the scenario was loaded, so a problem now means that the file was changed since.
    fn next(&mut self) -> Option<Arrival> {
        while self.left == 0 {
            let row = self.reader.next()?.unwrap_or_else(|problem| end_run(&self.csv, problem));
            self.left = row.count;
            self.row = Some(row);
        }
        self.left -= 1;
        self.row.map(|row| Arrival { at: row.at, key: row.key, class: row.class })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HORIZON: SimTime = SimTime::from_nanos(2_000 * 1_000_000_000);

    fn start(text: &str, replication: u32) -> (ArrivalProcess, Arrivals) {
        let process: ArrivalProcess = serde_json::from_str(text).unwrap();
        assert_eq!(process.check(), [], "{text}");
        let arrivals = process.start(HORIZON, Stream::new(1, replication, "arrivals"), None);
        (process, arrivals)
    }

    fn seconds(text: &str) -> Vec<f64> {
        start(text, 0).1.map(|arrival| arrival.at.as_secs_f64()).collect()
    }

    #[test]
    fn a_burst_comes_all_at_once() {
        let times = seconds(r#"{"burst": {"count": 20000, "at": "5s"}}"#);
        assert_eq!(times, vec![5.0; 20_000]);
    }

    #[test]
    fn a_burst_over_time_is_spread_evenly() {
        let times = seconds(r#"{"burst": {"count": 4, "at": "1s", "over": "2s"}}"#);
        assert_eq!(times, [1.0, 1.5, 2.0, 2.5]);
    }

    #[test]
    fn constant_arrivals_come_at_their_multiples_and_do_not_drift() {
        let times = seconds(r#"{"constant": {"rate": "12.5/s", "from": "40ms"}}"#);
        assert_eq!(times.len(), 25_000);
        assert_eq!(times[..3], [0.04, 0.12, 0.2]);
        assert_eq!(times[24_999], 0.04 + 24_999.0 * 0.08);
        let thirds = seconds(r#"{"constant": {"rate": "3/s", "until": "1500s"}}"#);
        assert_eq!((thirds.len(), thirds[3_000]), (4_500, 1_000.0));
    }

    #[test]
    fn nothing_comes_at_rate_zero_or_from_users() {
        for text in [
            r#"{"constant": {"rate": "0/s"}}"#,
            r#"{"poisson": {"rate": "0/s"}}"#,
            r#"{"ramp": {"from_rate": "0/s", "to_rate": "0/s"}}"#,
            r#"{"on_off": {"on_rate": "0/s", "mean_on": "1s", "mean_off": "1s"}}"#,
            r#"{"closed_loop": {"users": 5, "think_time": "1s"}}"#,
        ] {
            assert_eq!(seconds(text).len(), 0, "{text}");
        }
    }

    #[test]
    fn every_process_is_ordered_ends_in_time_and_brings_what_is_expected() {
        // The second number is the variance of a count divided by its mean: 1 for Poisson. For batches it is E[X²] ÷ E[X]; for on
        // and off 1 + 2·rate_on²·p(1 - p)·τ ÷ mean rate, where 1 ÷ τ = 1 ÷ mean_on + 1 ÷ mean_off (Cox and Isham 1980).
        for (text, dispersion) in [
            (r#"{"poisson": {"rate": "20/s", "from": "100s", "until": "1900s"}}"#, 1.0),
            (r#"{"ramp": {"from_rate": "0/s", "to_rate": "40/s", "until": "1500s"}}"#, 1.0),
            (
                r#"{"daily": {"mean": "20/s", "amplitude": 0.9, "period": "700s", "peak_at": "100s"}}"#,
                1.0,
            ),
            (r#"{"batches": {"rate": "5/s", "size": 4}}"#, 4.0),
            (r#"{"batches": {"rate": "5/s", "size": {"geometric": {"mean": 4}}}}"#, 7.0),
            (
                r#"{"on_off": {"on_rate": "50/s", "mean_on": "2s", "mean_off": "3s"}}"#,
                1.0 + 2.0 * 2500.0 * 0.24 * 1.2 / 20.0,
            ),
        ] {
            let mut count = 0.0;
            let mut wanted = 0.0;
            for replication in 0..10 {
                let (process, arrivals) = start(text, replication);
                let times: Vec<SimTime> = arrivals.map(|arrival| arrival.at).collect();
                assert!(times.is_sorted() && times.iter().all(|at| *at < HORIZON), "{text}");
                count += times.len() as f64;
                wanted += process.expected_count(SimTime::ZERO, HORIZON, HORIZON).unwrap();
            }
            let z = (count - wanted) / (wanted * dispersion).sqrt();
            assert!(z.abs() < 4.0, "{text}: {count} instead of {wanted}, z = {z}");
        }
    }

    #[test]
    fn the_peak_of_a_day_brings_more_than_its_trough() {
        let (process, arrivals) = start(
            r#"{"daily": {"mean": "20/s", "amplitude": 0.9, "period": "2000s", "peak_at": "500s"}}"#,
            0,
        );
        let noon = SimTime::from_nanos(1_000 * 1_000_000_000);
        let wanted = process.expected_count(SimTime::ZERO, noon, HORIZON).unwrap();
        let count = arrivals.filter(|arrival| arrival.at < noon).count() as f64;
        assert!((count - wanted).abs() < 4.0 * wanted.sqrt(), "{count} instead of {wanted}");
    }

    #[test]
    fn poisson_gaps_are_exponential() {
        let times = seconds(r#"{"poisson": {"rate": "50/s"}}"#);
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let count = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / count;
        let square = gaps.iter().map(|gap| gap * gap).sum::<f64>() / count;
        // E[X²] = 2 ÷ rate², and its standard deviation is √20 ÷ rate².
        assert!((mean - 0.02).abs() < 5.0 * 0.02 / count.sqrt());
        assert!((square - 0.0008).abs() < 5.0 * 20.0_f64.sqrt() * 0.0004 / count.sqrt());
    }

    #[test]
    fn a_trace_repeats_its_rows_and_stops_at_the_horizon() {
        let text = "time,count,key,class\n1,2,7,1\n2,0,,\n3,1,,\n2001,1,,\n";
        let reader = TraceReader::new(Box::new(text.as_bytes())).unwrap();
        let process = ArrivalProcess::Trace { csv: "x.csv".into() };
        let arrivals = process.start(HORIZON, Stream::new(1, 0, "x"), Some(reader));
        let rows: Vec<_> = arrivals.map(|a| (a.at.as_secs_f64(), a.key, a.class)).collect();
        assert_eq!(rows, [(1.0, Some(7), Some(1)), (1.0, Some(7), Some(1)), (3.0, None, None)]);
    }
}
