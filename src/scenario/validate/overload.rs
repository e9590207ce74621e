//! Services that get more work than they can do, before any retry: their line grows for ever. And services that get nearly as much,
//! in a run that is too short to tell how long their line is. Either may be the point of a scenario, so it is a warning.

use super::{Finding, node};
use crate::scenario::document::Document;
use crate::scenario::flow::{Prediction, predict};
use crate::theory::run_length;
use crate::theory::station::Law;
use crate::time::{SimDuration, SimTime};

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let from = document.trigger.map_or(SimTime::ZERO, |trigger| trigger.until);
    let warning = |prediction: Prediction| match prediction.offered_load {
        // Users who wait for their answers don't come any faster than these.
        _ if prediction.law == Some(Law::ClosedLoop) => None,
        1.0.. => Some(too_much(prediction)),
        NEARLY.. => too_short(document, prediction),
        _ => None,
    };
    predict(document, from).into_iter().filter_map(warning).collect()
}

/// From this load on a line so rarely empties that a run may show one rise of it and nothing else.
const NEARLY: f64 = 0.95;
/// How well its mean should be known.
const RELATIVE: f64 = 0.25;

fn too_short(document: &Document, prediction: Prediction) -> Option<Finding> {
    let Prediction { service, offered_load, capacity_per_s, .. } = prediction;
    let cv2 = document.services.get(&service)?.service_time.cv2();
    let needed = run_length::seconds_for_mean_line(offered_load, capacity_per_s, cv2, RELATIVE);
    let percent = offered_load * 100.0;
    let message = format!(
        "`{service}` is {percent:.1} % busy, and {} is too short to tell how long its line is",
        document.duration
    );
    let help = format!(
        "to know its mean within a quarter takes a run of about {} (Whitt 1989), or as much over several replications",
        SimDuration::from_secs_f64(needed.ceil())
    );
    let path = node("services", &service);
    let is_short = needed > document.duration.as_secs_f64();
    is_short.then(|| Finding::warning(path, message, help).on_key())
}

fn too_much(prediction: Prediction) -> Finding {
    let Prediction { service, arrival_rate_per_s, capacity_per_s, .. } = prediction;
    let message = format!("`{service}` gets more work than it can do");
    let (arrive, done) = (in_words(arrival_rate_per_s), in_words(capacity_per_s));
    let help = format!("{arrive} arrive, {done} can be done: its line grows");
    Finding::warning(node("services", &service), message, help).on_key()
}

/// A rate by the shortest unit of time in which it is 1 or more.
fn in_words(rate_per_s: f64) -> String {
    let units = [(1.0, "s"), (60.0, "min"), (3600.0, "h")];
    let (seconds, unit) =
        units.into_iter().find(|(s, _)| rate_per_s * s >= 1.0).unwrap_or(units[2]);
    format!("{:.2}/{unit}", rate_per_s * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_rates_are_told_per_minute_or_hour() {
        let rates = [17.5, 0.5, 0.75 / 3600.0].map(in_words);
        assert_eq!(rates, ["17.50/s", "30.00/min", "0.75/h"]);
    }
}
