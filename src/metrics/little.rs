//! Little's law in every line of a run, to the nanosecond: the line's length added up over time is the waiting of all who stood in it.
//!
//! The two sides are counted by different facts, one by who enters and leaves, the other by how long each says it has waited. So if
//! they differ, the model has told something wrong. The law holds on every path (S. Stidham, "A last word on L = λW", Operations
//! Research 22, 1974); what a crash throws out of the line doesn't say how long it had waited, and who still stands in it neither.

use super::level::{Level, Levels};
use super::window::{Count, Measures};
use crate::time::SimTime;

/// Whether the law holds at a service that has measured this until `end`.
///
/// # Errors
/// If it doesn't: both sides, in nanoseconds.
pub(super) fn check(measures: &Measures, levels: &Levels, end: SimTime) -> Result<(), String> {
    let is_told = measures.at.get(Count::Crashes) == 0 && levels.get(Level::Waiting).now == 0;
    let length = levels.get(Level::Waiting).area(end);
    let waited = measures.waiting.sum_nanos() + measures.left_line_nanos;
    if is_told && u128::try_from(length) != Ok(waited) {
        return Err(format!("its line adds up to {length} ns, and those in it waited {waited} ns"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::recorder_tests::{MAILER, Run, id};
    use crate::model::observation::{Gauge, Observation};
    use crate::time::SimDuration;

    fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    /// One stands in line from 1 s to 4 s, another from 2 s to 4 s.
    fn line() -> (Measures, Levels) {
        let (mut measures, mut levels) = (Measures::default(), Levels::default());
        for (now, by) in [(1, 1), (2, 1), (4, -1), (4, -1)] {
            levels.change(at(now), Level::Waiting, by);
        }
        measures.waiting.record(SimDuration::from_secs(3));
        measures.waiting.record(SimDuration::from_secs(2));
        (measures, levels)
    }

    #[test]
    fn a_line_of_two_who_wait_five_seconds_adds_up_to_five_seconds() {
        let (measures, levels) = line();
        assert_eq!(check(&measures, &levels, at(10)), Ok(()));
    }

    #[test]
    fn somebody_who_says_the_wrong_time_is_found_out() {
        let (mut measures, levels) = line();
        measures.waiting.record(SimDuration::from_nanos(1));
        assert!(check(&measures, &levels, at(10)).is_err());
        measures.at.add(Count::Crashes, 1);
        assert_eq!(check(&measures, &levels, at(10)), Ok(()), "nobody knows after a crash");
    }

    #[test]
    fn a_service_whose_line_does_not_add_up_is_a_bug_with_its_name() {
        let mut run = Run::new();
        run.change(2, MAILER, Gauge::Waiting, 1);
        run.change(5, MAILER, Gauge::Waiting, -1);
        run.see(5, Observation::Started { at: id(MAILER), waited: SimDuration::from_secs(3) });
        run.close(10);
        assert_eq!(run.0.littles_law(), Ok(()));
        run.see(11, Observation::Started { at: id(MAILER), waited: SimDuration::from_secs(4) });
        run.close(20);
        let broken = run.0.littles_law().unwrap_err();
        assert!(broken.starts_with("mailer: its line adds up to 3000000000 ns"), "{broken}");
    }
}
