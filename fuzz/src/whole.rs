//! A scenario from its text to its report, within bounds.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicI32;

use pileup::experiment::results::Results;
use pileup::experiment::sink::Discard;
use pileup::experiment::{self, Control, Limits, Options};
use pileup::report::catalog::CHARTS;
use pileup::report::html::{self, Drawn};
use pileup::report::terminal::{self, Style};
use pileup::report::{chart, csv, json, layout};
use pileup::scenario::source::Source;
use pileup::scenario::{self, Overrides, Scenario};

/// More than a small scenario needs, and done in a moment.
const LIMITS: Limits = Limits { max_events: 100_000, max_memory: 256 << 20 };

/// A scenario that is written as `text`, if it is valid.
#[must_use]
pub fn read(text: &str, sets: &[String]) -> Option<Scenario> {
    let source = Source::Text {
        name: "chance".to_owned(),
        shown: "chance.json".to_owned(),
        content: text.to_owned(),
    };
    let overrides = Overrides { sets: sets.to_vec(), ..Overrides::default() };
    match scenario::load(&source, &overrides) {
        Ok(scenario) => Some(scenario),
        Err(error) => {
            assert!(!error.problems.is_empty(), "it is refused without a reason");
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// Runs it to its end or to a limit. A ledger that doesn't balance is a panic.
#[must_use]
pub fn run(scenario: &Scenario) -> Results {
    let one = NonZeroUsize::MIN;
    let options = Options { replications: one, jobs: one, limits: LIMITS };
    let control = Control { stop: &AtomicI32::new(0), progress: &|_| {} };
    experiment::run(scenario, options, &Discard, &control).expect("nothing is written")
}

/// Everything that is written about `results`.
#[must_use]
pub fn report(results: &Results) -> String {
    let mut table = Vec::new();
    csv::write_summary(results, &mut table).expect("memory takes everything");
    csv::write_marks(results, &mut table).expect("memory takes everything");
    let drawn = CHARTS.iter().filter_map(|row| {
        let svg = chart::svg(&layout::draw(row, results)?).expect("every chart can be drawn");
        Some(Drawn { name: row.name, svg })
    });
    let drawn: Vec<Drawn> = drawn.collect();
    json::text(&json::summary(results))
        + &String::from_utf8(table).expect("tables are text")
        + &html::page(results, &drawn)
        + &terminal::overview(results, Style { width: 100, color: true })
}
