//! `pileup check SCENARIO...`

use std::ffi::{OsStr, OsString};

use clap::{Args, ValueHint};

use super::exit::Exit;
use super::output;
use super::partitions;
use super::retries;
use super::run::source;
use crate::report::number;
use crate::scenario::flow::Prediction;
use crate::scenario::{self, Overrides, ResolvedVariant, Scenario, document};

/// Validate scenarios without running them, and say what arithmetic predicts
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    /// Files, `-` for standard input, or names from `pileup list`
    #[arg(required = true, value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    scenarios: Vec<OsString>,
    /// Restate a value first: --set services.mail.workers=2 (may be repeated)
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  pileup check checkout.json
  pileup check incident-2013 --set services.notification.workers=2

All problems of a file are told at once, each with its line and what would be right.";

impl Check {
    pub(super) fn go(self) -> Exit {
        let overrides = Overrides { sets: self.sets, ..Overrides::default() };
        let checked = self.scenarios.iter().map(|argument| check(argument, &overrides));
        checked.fold(Exit::Done, Exit::worse_of)
    }
}

fn check(argument: &OsStr, overrides: &Overrides) -> Exit {
    let source = match source(argument) {
        Ok(source) => source,
        Err(exit) => return exit,
    };
    match scenario::load(&source, overrides) {
        Ok(scenario) => {
            for warning in &scenario.warnings {
                output::diagnostic(format_args!("warning: {warning}"));
            }
            output::result(&predicted(&scenario))
        }
        Err(error) => {
            output::diagnostic(error);
            Exit::Usage
        }
    }
}

/// What arithmetic says of a scenario; variants of which it says the same stand together.
fn predicted(scenario: &Scenario) -> String {
    let variants = scenario.variants.len();
    let plural = if variants == 1 { "" } else { "s" };
    let mut text = format!("{}: valid, {variants} variant{plural}\n", scenario.name);
    for (names, rows, partitions) in groups(scenario) {
        text += &format!("\n{}\n{}{partitions}", names.join(", "), aligned(&rows));
    }
    text + "\nArithmetic sees fresh work alone; retries, losses and faults come out of `pileup run`.\n"
}

/// Names of variants, and the rows and the words on partitions and jobs that they share.
type Group<'a> = (Vec<&'a str>, Vec<[String; 8]>, String);

fn groups(scenario: &Scenario) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for variant in &scenario.variants {
        let titles = TITLES.map(str::to_owned);
        let predictions = variant.plan().predictions;
        let rows = std::iter::once(titles).chain(predictions.iter().map(row)).collect();
        let partitions = partitions::in_words(&variant.partition_plans());
        let partitions = partitions
            + &jobs_in_words(variant)
            + &retries::of_those_who_give_up(&predictions)
            + &retries::in_words(&variant.retry_plans(&predictions));
        match groups.iter_mut().find(|(_, same, alike)| *same == rows && *alike == partitions) {
            Some((names, ..)) => names.push(&variant.name),
            None => groups.push((vec![&variant.name], rows, partitions)),
        }
    }
    groups
}

/// How many jobs of a run are in a row, for each producer that makes jobs.
fn jobs_in_words(variant: &ResolvedVariant) -> String {
    let producers = variant.document.producers.iter();
    let line = |(name, producer): (&String, &document::Producer)| {
        let graph = producer.jobs.as_ref()?.graph();
        let (all, chain) = (graph.len(), graph.longest_chain());
        Some(format!(
            "  jobs of {name}: {all} a run, {chain} of them in the longest chain, one after the other however many workers there are\n"
        ))
    };
    producers.filter_map(line).collect()
}

const TITLES: [&str; 8] =
    ["service", "fresh work", "capacity", "load", "mean wait", "by", "all at once", "drains in"];

/// One service.
fn row(prediction: &Prediction) -> [String; 8] {
    let per_second = |rate: f64| match rate {
        f64::INFINITY => "∞".to_owned(),
        rate => format!("{}/s", number::quantity(rate)),
    };
    let dash = || "–".to_owned();
    let stability = if prediction.grows { "too much" } else { "stable" };
    let waiting = match prediction.mean_waiting_s {
        Some(waiting) => number::duration(waiting),
        None if prediction.grows => "grows for ever".to_owned(),
        None => dash(),
    };
    let law = prediction.law.filter(|_| !prediction.grows && prediction.arrival_rate_per_s > 0.0);
    let is_backlog = prediction.backlog > 0.0;
    [
        prediction.service.clone(),
        per_second(prediction.arrival_rate_per_s),
        per_second(prediction.capacity_per_s),
        format!("{}, {stability}", number::percent(prediction.offered_load)),
        waiting,
        law.map_or_else(dash, |law| law.name().to_owned()),
        if is_backlog { number::count(prediction.backlog) } else { dash() },
        match prediction.drain_time_s {
            Some(drain) => number::duration(drain),
            None if is_backlog => "never".to_owned(),
            None => dash(),
        },
    ]
}

/// Rows below one another: the first column begins at the left, all others end at the right.
fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let line = |row: &[String; N]| {
        let cells = row.iter().enumerate().map(|(column, cell)| match column {
            0 => format!("  {cell:<0$}", width(0)),
            _ => format!("   {cell:>0$}", width(column)),
        });
        cells.collect::<String>() + "\n"
    };
    rows.iter().map(line).collect()
}
