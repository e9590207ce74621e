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
    let help = format!(
        "{arrival_rate_per_s:.1}/s arrive, {capacity_per_s:.1}/s can be done: its line grows"
    );
    Finding::warning(node("services", &service), message, help).on_key()
}
