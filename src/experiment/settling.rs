//! When the averages of a run begin: as the scenario says, or when a run of its own shows that the work pending has settled.

use super::limits::{Control, Tracker};
use super::replication::Run;
use super::sink::Discard;
use crate::metrics::recorder::MOST_POINTS;
use crate::metrics::{column, settling};
use crate::scenario::document::Settling;
use crate::time::SimTime;

/// When the averages of every replication of a variant begin; the start of the run if nothing is left out, or if the run never settles.
///
/// `run` is a replication of the variant: to find out, it is simulated once more, without results.
pub(super) fn settles_at(run: &Run<'_>) -> SimTime {
    let window = run.plan.window.as_nanos();
    let length = match run.plan.settling {
        Settling::After(length) => length.as_nanos(),
        Settling::Auto => found(run).unwrap_or(0),
    };
    SimTime::from_nanos(length.div_ceil(window) * window)
}

fn found(run: &Run<'_>) -> Option<u64> {
    let control = Control { stop: run.control.stop, progress: &|_| {} };
    let pilot = Run {
        replication: 0,
        probes: &[],
        control: &control,
        tracker: &Tracker::new(1),
        series_points: MOST_POINTS,
        settles_at: SimTime::ZERO,
        ..*run
    };
    let outcome = pilot.go(&mut Discard).ok()?;
    let series = &outcome.replication.metrics.total.series;
    let pending = series.values.get(column::index("pending")?)?;
    let cut = settling::mser5(pending)?;
    let until_s = cut.checked_sub(1).map_or(0.0, |last| series.times_s[last]);
    Some((until_s * 1e9).round() as u64)
}
