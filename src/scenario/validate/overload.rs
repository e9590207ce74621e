//! Services that get more work than they can do, before any retry: their line grows for ever. That may be the point of a
//! scenario, so it is a warning.

use super::{Finding, node};
use crate::scenario::document::Document;
use crate::scenario::flow::{Prediction, predict};
use crate::time::SimTime;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let from = document.trigger.map_or(SimTime::ZERO, |trigger| trigger.until);
    let predictions = predict(document, from);
    predictions.into_iter().filter(|service| service.offered_load >= 1.0).map(warning).collect()
}

fn warning(prediction: Prediction) -> Finding {
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
