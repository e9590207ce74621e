//! `report.html`: the whole result on one page, for people.
//!
//! One file that opens offline, without scripts and without fetching anything: styles and charts are inside. It leads with
//! the answer; whatever came from the scenario file is escaped.

mod escape;
mod tables;
mod theory;

pub use tables::what as expected;

use super::catalog::{CHARTS, Chart};
use super::json::is_complete;
use super::number;
use super::verdict::{self, Tone};
use crate::experiment::results::{Results, Stop, VariantResult};
use escape::escaped;
use std::fmt::Write as _;

/// A chart that has been drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The stem of its file, as in the catalog.
    pub name: &'static str,
    /// The SVG document.
    pub svg: String,
}

/// The page.
#[must_use]
pub fn page(results: &Results, charts: &[Drawn]) -> String {
    let title = escaped(&results.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n<main>\n",
        include_str!("page.css")
    );
    page += &head(results);
    page += &section("Comparison", &tables::comparison(results));
    page += &section("Differences", &tables::differences(results));
    page += &section("Charts", &figures(charts));
    page += &section("Theory beside simulation", &theory::table(results));
    page += &section("What was expected", &tables::expectations(results));
    page += &section("Where every message ended up", &tables::ledger(results));
    page += &section("What is assumed", &assumptions(results));
    page += &section("How to reproduce it", &reproduction(results));
    page += &footer();
    page + "</main>\n</body>\n</html>\n"
}

/// A part of the page, left out if it is empty.
fn section(title: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>{title}</h2>\n{body}</section>\n")
}

fn head(results: &Results) -> String {
    let mut head = format!("<header>\n<h1>{}</h1>\n", escaped(&results.title));
    if !results.question.is_empty() {
        let _ = writeln!(head, "<p class=\"question\">{}</p>", escaped(&results.question));
    }
    head += &incomplete(results);
    let _ = writeln!(
        head,
        "<p class=\"answer\">{}</p>",
        escaped(&capitalised(&verdict::answer(results)))
    );
    head + &verdicts(results) + &tables::expected_and_met(results) + "</header>\n"
}

/// The answer begins with the name of a variant, which is written small.
fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn incomplete(results: &Results) -> String {
    if is_complete(results) {
        return String::new();
    }
    let why = match results.stopped {
        Some(Stop::MaxEvents) => "the limit on events was reached",
        Some(Stop::MaxMemory) => "the limit on memory was reached",
        Some(Stop::Signal(_)) => "it was interrupted",
        None => "a run did not reach its end",
    };
    format!(
        "<p class=\"warning\">This result is incomplete: {why}. What follows covers what had been simulated.</p>\n"
    )
}

fn verdicts(results: &Results) -> String {
    let mut list = "<ul class=\"verdicts\">\n".to_owned();
    for (verdict, variant) in verdict::verdicts(results).iter().zip(&results.variants) {
        let (class, sign) = match verdict.outcome.tone() {
            Tone::Good => ("good", "✓"),
            Tone::Mixed => ("mixed", "!"),
            Tone::Bad => ("bad", "✗"),
        };
        let (name, words) = (escaped(&verdict.variant), escaped(&verdict.words));
        let _ = writeln!(
            list,
            "<li><span class=\"sign {class}\">{sign}</span><strong>{name}</strong>: {words}{}</li>",
            what_it_is(variant)
        );
    }
    list + "</ul>\n"
}

/// What a variant does differently stands below its verdict: the reader needs both to see why.
fn what_it_is(variant: &VariantResult) -> String {
    let words = variant.description.as_deref().map(escaped);
    words.map_or_else(String::new, |words| format!("<br><span class=\"how\">{words}</span>"))
}

fn figures(charts: &[Drawn]) -> String {
    charts.iter().filter_map(|drawn| Some(figure(drawn, chart(drawn.name)?))).collect()
}

fn chart(name: &str) -> Option<&'static Chart> {
    CHARTS.iter().find(|chart| chart.name == name)
}

fn figure(drawn: &Drawn, chart: &Chart) -> String {
    let columns =
        chart.layers.iter().map(|layer| format!("<code>{}</code>", layer.reading.column()));
    let columns = columns.collect::<Vec<_>>().join(", ");
    let svg = drawn.svg.find("<svg").map_or("", |start| drawn.svg[start..].trim_end());
    let label = format!("{}. {}", chart.title, chart.shows);
    let svg =
        svg.replacen("<svg", &format!("<svg role=\"img\" aria-label=\"{}\"", escaped(&label)), 1);
    format!(
        "<figure id=\"{0}\">\n{svg}\n<figcaption><a href=\"charts/{0}.svg\">{0}.svg</a> · columns: {columns}</figcaption>\n</figure>\n",
        chart.name
    )
}

fn assumptions(results: &Results) -> String {
    let mut body = String::new();
    for paragraph in &results.description {
        let _ = writeln!(body, "<p>{}</p>", escaped(paragraph));
    }
    body
}

fn reproduction(results: &Results) -> String {
    let name = escaped(&results.name);
    let replications = match results.replications {
        1 => String::new(),
        count => format!(" --replications {count}"),
    };
    format!(
        "<pre><code>pileup run {name} --seed {}{replications}</code></pre>\n\
         <p>With pileup {}, this gives the same numbers on every machine. Each run covers {}, in windows of {}; \
         the scenario as it was run stands below and, with the hashes of all files, in <code>manifest.json</code>.</p>\n\
         <details>\n<summary>The scenario</summary>\n<pre><code>{}</code></pre>\n</details>\n",
        results.seed,
        env!("CARGO_PKG_VERSION"),
        number::duration(results.duration_s),
        number::duration(results.sample_every_s),
        escaped(&format!("{:#}", results.document)),
    )
}

fn footer() -> String {
    format!(
        "<footer>Made by pileup {}, a simulator of queueing failures.</footer>\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests;
