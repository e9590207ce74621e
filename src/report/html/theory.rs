//! What arithmetic says of each service in the long run, beside what the simulation gave.
//!
//! Where the two agree, the simulation is believed; where they don't, the difference is what arithmetic leaves out: bursts, retries,
//! crashes, full queues.

use std::fmt::Write as _;

use super::escape::escaped;
use crate::experiment::results::{Results, VariantResult};
use crate::metrics::summary_column;
use crate::report::number;
use crate::report::spread::{self, Scope};
use crate::scenario::flow::Prediction;
use crate::theory::station::Law;

/// A row for each service that has work, of each variant; empty if none has.
pub fn table(results: &Results) -> String {
    let rows: String = results.variants.iter().flat_map(rows).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\"></th><th scope=\"col\" class=\"words\">service</th>\
         <th scope=\"col\">load, predicted</th><th scope=\"col\">utilization</th>\
         <th scope=\"col\" class=\"words\">by</th><th scope=\"col\">mean wait, predicted</th><th scope=\"col\">mean wait</th>\
         <th scope=\"col\">in line and in work, predicted</th><th scope=\"col\">in line and in work</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n<p class=\"note\">Arithmetic takes fresh work alone, arriving at random at its mean \
         rate for ever, and tells by which formula (of several workers with other than exponential times by that of Allen and Cunneen). What differs is the work of bursts, retries, faults and \
         limits. Work from a broker waits there and not at the service: its line is left out.</p>\n"
    )
}

fn rows(variant: &VariantResult) -> impl Iterator<Item = String> + '_ {
    let busy = variant.predictions.iter().filter(|service| service.arrival_rate_per_s > 0.0);
    busy.filter_map(|service| row(variant, service))
}

fn row(variant: &VariantResult, service: &Prediction) -> Option<String> {
    let nodes = &variant.replications.first()?.metrics.nodes;
    let node = nodes.iter().position(|node| node.name == service.service)?;
    let simulated = |metric: &str| {
        let column = summary_column::index(metric)?;
        spread::summary(variant, Scope::Node(node), column).mean
    };
    let in_system = simulated("mean_waiting").zip(simulated("mean_in_flight"));
    let at_service = |value: Option<f64>| value.filter(|_| !service.consumes);
    let cells = [
        Some(number::percent(service.offered_load)),
        simulated("utilization_ratio").map(number::percent),
        at_service(service.mean_waiting_s).map(number::duration),
        at_service(simulated("waiting_mean_ms")).map(|ms| number::duration(ms / 1e3)),
        at_service(service.mean_in_system).map(number::quantity),
        at_service(in_system.map(|(waiting, at_work)| waiting + at_work)).map(number::quantity),
    ];
    let mut line = format!(
        "<tr><th scope=\"row\">{}</th><td class=\"words\">{}</td>",
        escaped(&variant.name),
        escaped(&service.service)
    );
    let law = service.law.filter(|_| !service.consumes && !service.grows);
    for (place, cell) in cells.into_iter().enumerate() {
        if place == 2 {
            let _ = write!(line, "<td class=\"words\">{}</td>", law.map_or("–", Law::name));
        }
        let _ = write!(line, "<td>{}</td>", cell.unwrap_or_else(|| "–".to_owned()));
    }
    Some(line + "</tr>\n")
}
