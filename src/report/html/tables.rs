//! The tables of the page.

use super::escape::escaped;
use crate::experiment::results::{ExpectationResult, Results};
use crate::metrics::summary_column;
use crate::report::catalog::OUTCOMES;
use crate::report::comparison::{self, Cell, Rank, Row};
use crate::report::{number, spread};
use std::fmt::Write as _;

/// Variants as columns, the metrics in which they differ as rows.
pub fn comparison(results: &Results) -> String {
    let rows = comparison::table(results);
    if rows.is_empty() {
        return String::new();
    }
    let table = side_by_side(results, &rows);
    let legend = if results.variants.len() > 1 {
        "<p class=\"note\">▲ best, ▼ worst of the variants. Metrics in which all variants agree are left out; \
         all of them are in <code>summary.csv</code>. \
         Latency and time until done count what succeeded: a variant that fails a lot may look fast.</p>\n"
    } else {
        ""
    };
    let warm_up = comparison::warm_up(results);
    let warm_up =
        warm_up.map_or_else(String::new, |words| format!("<p class=\"note\">{words}</p>\n"));
    format!("{table}{legend}{warm_up}")
}

/// What each variant has more of than the first.
pub fn differences(results: &Results) -> String {
    let rows = comparison::differences(results);
    let Some(first) = results.variants.first().filter(|_| !rows.is_empty()) else {
        return String::new();
    };
    let table = side_by_side(results, &rows);
    let name = escaped(&first.name);
    format!(
        "{table}<p class=\"note\">How much more than <em>{name}</em>, with the 95 % interval, from pairs of runs that saw the same chance: \
         ▲ better, ▼ worse, ≈ the interval leaves it open. Metrics without a difference that can be told are left out.</p>\n"
    )
}

fn side_by_side(results: &Results, rows: &[(&'static Row, Vec<Cell>)]) -> String {
    let mut table = opened(results, "");
    for (row, cells) in rows {
        let cells: String = cells.iter().map(compared).collect();
        let _ = writeln!(table, "<tr><th scope=\"row\">{}</th>{cells}</tr>", explained(row));
    }
    table + "</tbody>\n</table></div>\n"
}

/// A table with a column for each variant.
fn opened(results: &Results, corner: &str) -> String {
    let names = results.variants.iter();
    let names: String =
        names.map(|v| format!("<th scope=\"col\">{}</th>", escaped(&v.name))).collect();
    format!(
        "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">{corner}</th>{names}</tr></thead>\n<tbody>\n"
    )
}

fn explained(row: &Row) -> String {
    match summary_column::lookup(row.metric) {
        Some(column) => {
            let meaning = escaped(&format!("{}: {}", row.metric, column.meaning));
            format!("<abbr title=\"{meaning}\">{}</abbr>", row.label)
        }
        None => row.label.to_owned(),
    }
}

fn compared(cell: &Cell) -> String {
    let text = escaped(&cell.text);
    match cell.rank {
        Rank::Best => format!("<td class=\"best\">▲ {text}</td>"),
        Rank::Worst => format!("<td class=\"worst\">▼ {text}</td>"),
        Rank::Other => format!("<td>{text}</td>"),
    }
}

/// How many expectations were met, in a line.
pub fn expected_and_met(results: &Results) -> String {
    let (met, all) =
        (results.expectations.iter().filter(|one| one.met).count(), results.expectations.len());
    match all - met {
        _ if all == 0 => String::new(),
        0 => format!("<p>All {all} expectations of the scenario are met.</p>\n"),
        missed => format!(
            "<p class=\"bad\"><strong>✗ {missed} of {all} expectations of the scenario are not met.</strong></p>\n"
        ),
    }
}

/// What the scenario expects, and what came.
pub fn expectations(results: &Results) -> String {
    if results.expectations.is_empty() {
        return String::new();
    }
    let rows: String = results.expectations.iter().map(expectation).collect();
    format!(
        "<div class=\"scroll\"><table>\n<thead><tr>\
         <th scope=\"col\"></th><th scope=\"col\" class=\"words\">variant</th>\
         <th scope=\"col\" class=\"words\">metric</th><th scope=\"col\" class=\"words\">wanted</th>\
         <th scope=\"col\">got</th><th scope=\"col\" class=\"words\">because</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

fn expectation(expectation: &ExpectationResult) -> String {
    let sign = if expectation.met {
        "<td class=\"good\">✓ met</td>"
    } else {
        "<td class=\"bad\"><strong>✗ not met</strong></td>"
    };
    let got = expectation.got;
    let got =
        got.map_or_else(|| "no value".to_owned(), |got| number::metric(&expectation.metric, got));
    let words = |text: &str| format!("<td class=\"words\">{}</td>", escaped(text));
    format!(
        "<tr>{sign}{}{}{}<td>{}</td>{}</tr>\n",
        words(&expectation.variant),
        words(&what(expectation)),
        words(&expectation.wanted),
        escaped(&got),
        words(expectation.because.as_deref().unwrap_or_default()),
    )
}

/// `retry_backlog at 4h of payment-processor`.
pub fn what(expectation: &ExpectationResult) -> String {
    let mut what = expectation.metric.clone();
    if let Some(at) = &expectation.at {
        let _ = write!(what, " at {at}");
    }
    if let Some(node) = &expectation.node {
        let _ = write!(what, " of {node}");
    }
    what
}

/// The states that messages ended up in; they add up to what was produced.
pub fn ledger(results: &Results) -> String {
    if results.variants.is_empty() {
        return String::new();
    }
    let mut table = opened(results, "state");
    for state in OUTCOMES {
        let cells = counts(results, state.reading.column());
        let label = explained_state(state.label, state.reading.column());
        let _ = writeln!(table, "<tr><th scope=\"row\">{label}</th>{cells}</tr>");
    }
    let produced = counts(results, "produced");
    let _ = writeln!(table, "<tr class=\"total\"><th scope=\"row\">produced</th>{produced}</tr>");
    table + "</tbody>\n</table></div>\n"
}

fn explained_state(label: &str, metric: &str) -> String {
    summary_column::lookup(metric).map_or_else(
        || label.to_owned(),
        |column| format!("<abbr title=\"{}\">{label}</abbr>", escaped(&column.meaning.to_string())),
    )
}

fn counts(results: &Results, metric: &str) -> String {
    let means = results.variants.iter().map(|variant| spread::total(variant, metric).mean);
    means.map(|mean| count(metric, mean)).collect()
}

fn count(metric: &str, mean: Option<f64>) -> String {
    let class = if mean == Some(0.0) { " class=\"zero\"" } else { "" };
    format!("<td{class}>{}</td>", number::metric_or_dash(metric, mean))
}
