//! What can be wrong with an arrival process although every field reads well.

use super::{ArrivalProcess, BatchSize};
use crate::time::{SimDuration, SimTime};

/// The most users of a closed loop: all of them are there from the start, each with an event of its own.
const MOST_USERS: u32 = 1_000_000;

type Problems = Vec<(String, String)>;

pub(super) fn problems(process: &ArrivalProcess) -> Problems {
    let mut found = Problems::new();
    match process {
        ArrivalProcess::Burst { count, .. } => {
            if *count == 0 {
                found.push(("burst.count".into(), "must be at least 1".into()));
            }
        }
        ArrivalProcess::Constant { from, until, .. } => {
            window(&mut found, "constant", *from, *until)
        }
        ArrivalProcess::Poisson { from, until, .. } => window(&mut found, "poisson", *from, *until),
        ArrivalProcess::Ramp { from, until, .. } => window(&mut found, "ramp", *from, *until),
        ArrivalProcess::Daily { amplitude, period, from, until, .. } => {
            if !(0.0..=1.0).contains(amplitude) {
                let message = format!("must be a number from 0 to 1, and is {amplitude}");
                found.push(("daily.amplitude".into(), message));
            }
            positive(&mut found, "daily.period", *period);
            window(&mut found, "daily", *from, *until);
        }
        ArrivalProcess::OnOff { mean_on, mean_off, from, until, .. } => {
            positive(&mut found, "on_off.mean_on", *mean_on);
            positive(&mut found, "on_off.mean_off", *mean_off);
            window(&mut found, "on_off", *from, *until);
        }
        ArrivalProcess::Batches { size, from, until, .. } => {
            batch_size(&mut found, *size);
            window(&mut found, "batches", *from, *until);
        }
        ArrivalProcess::Trace { csv } => {
            if csv.as_os_str().is_empty() {
                found.push(("trace.csv".into(), "is empty; name a CSV file".into()));
            }
        }
        ArrivalProcess::ClosedLoop { users, think_time } => {
            if *users == 0 {
                found.push(("closed_loop.users".into(), "must be at least 1".into()));
            }
            if *users > MOST_USERS {
                let message = format!("is {users}; the limit is {MOST_USERS}");
                found.push(("closed_loop.users".into(), message));
            }
            let below = think_time.check();
            // A refused user without any time to think would try again for ever at the same instant.
            if below.is_empty() && think_time.csv().is_none() && think_time.mean_s() == 0.0 {
                let message = "must be longer than 0s; a refused user would never let time pass";
                found.push(("closed_loop.think_time".into(), message.into()));
            }
            let prefixed = |(path, message)| (format!("closed_loop.think_time.{path}"), message);
            found.extend(below.into_iter().map(prefixed));
        }
    }
    found
}

fn window(found: &mut Problems, tag: &str, from: SimTime, until: Option<SimTime>) {
    if let Some(until) = until.filter(|until| *until <= from) {
        let message = format!("must be after `from` ({until} is not after {from})");
        found.push((format!("{tag}.until"), message));
    }
}

fn positive(found: &mut Problems, path: &str, value: SimDuration) {
    if value == SimDuration::ZERO {
        found.push((path.into(), "must be longer than 0s".into()));
    }
}

fn batch_size(found: &mut Problems, size: BatchSize) {
    match size {
        BatchSize::Fixed { count: 0 } => {
            found.push(("batches.size".into(), "must be at least 1".into()));
        }
        BatchSize::Fixed { .. } => {}
        BatchSize::Geometric { mean } => {
            if !(mean.is_finite() && mean >= 1.0) {
                let message = format!("must be at least 1, and is {mean}");
                found.push(("batches.size.geometric.mean".into(), message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unsound_setting_is_named() {
        for (text, path) in [
            (r#"{"burst": {"count": 0}}"#, "burst.count"),
            (r#"{"poisson": {"rate": "1/s", "from": "5s", "until": "5s"}}"#, "poisson.until"),
            (r#"{"daily": {"mean": "1/s", "amplitude": 1.5}}"#, "daily.amplitude"),
            (r#"{"daily": {"mean": "1/s", "amplitude": 0.5, "period": "0s"}}"#, "daily.period"),
            (
                r#"{"on_off": {"on_rate": "1/s", "mean_on": "0s", "mean_off": "1s"}}"#,
                "on_off.mean_on",
            ),
            (r#"{"batches": {"rate": "1/s", "size": 0}}"#, "batches.size"),
            (
                r#"{"batches": {"rate": "1/s", "size": {"geometric": {"mean": 0.5}}}}"#,
                "batches.size.geometric.mean",
            ),
            (r#"{"closed_loop": {"users": 1000001, "think_time": "1s"}}"#, "closed_loop.users"),
            (r#"{"trace": {"csv": ""}}"#, "trace.csv"),
            (r#"{"closed_loop": {"users": 0, "think_time": "1s"}}"#, "closed_loop.users"),
            (r#"{"closed_loop": {"users": 1, "think_time": "0s"}}"#, "closed_loop.think_time"),
            (
                r#"{"closed_loop": {"users": 1, "think_time": {"pareto": {"scale": "1s", "shape": 1}}}}"#,
                "closed_loop.think_time.pareto.shape",
            ),
        ] {
            let process: ArrivalProcess = serde_json::from_str(text).unwrap();
            let paths: Vec<String> = process.check().into_iter().map(|(path, _)| path).collect();
            assert_eq!(paths, [path], "{text}");
        }
    }

    #[test]
    fn sound_settings_have_no_problem() {
        let text = r#"{"daily": {"mean": "1/s", "amplitude": 1, "from": "1s", "until": "2s"}}"#;
        let process: ArrivalProcess = serde_json::from_str(text).unwrap();
        assert_eq!(process.check(), []);
    }
}
