//! `pileup check SCENARIO...`

use clap::Args;

use super::exit::{self, Exit};
use super::output;
use super::run::source;
use crate::report::number;
use crate::scenario::flow::Prediction;
use crate::scenario::{self, Overrides, Scenario};

/// Validate scenarios without running them, and say what arithmetic predicts
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files, `-` for standard input, or names from `pileup list`
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// Restate a value first: PATH=VALUE
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
}

impl Check {
    pub(super) fn go(self) -> Exit {
        let overrides = Overrides { sets: self.sets, ..Overrides::default() };
        self.scenarios.iter().fold(Exit::Done, |worst, argument| {
            worst.worse_of(
                match source(argument).map(|source| scenario::load(&source, &overrides)) {
                    Ok(Ok(scenario)) => report(&scenario),
                    Ok(Err(error)) => {
                        output::diagnostic(error);
                        Exit::Usage
                    }
                    Err(error) => exit::with_error(Exit::Failed, error),
                },
            )
        })
    }
}

fn report(scenario: &Scenario) -> Exit {
    for warning in &scenario.warnings {
        output::diagnostic(format_args!("warning: {warning}"));
    }
    let mut text = format!("{}: valid, {} variants\n", scenario.name, scenario.variants.len());
    for variant in &scenario.variants {
        text += &format!("\n  {}\n", variant.name);
        for prediction in variant.plan().predictions {
            text += &in_words(&prediction);
        }
    }
    output::result(&text)
}

/// What arithmetic says of one service.
fn in_words(prediction: &Prediction) -> String {
    let Prediction { service, arrival_rate_per_s: rate, capacity_per_s: capacity, .. } = prediction;
    let load = prediction.offered_load * 100.0;
    let mut text = format!(
        "    {service}: {rate:.4}/s of fresh work for a capacity of {capacity:.4}/s, load {load:.1} %"
    );
    text += &match prediction.mean_waiting_s {
        Some(waiting) => format!(": stable, mean wait about {}", number::duration(waiting)),
        None => ": too much, the line grows for ever".to_owned(),
    };
    if prediction.backlog > 0.0 {
        let backlog = number::count(prediction.backlog);
        text += &match prediction.drain_time_s {
            Some(drain) => format!(
                "; {backlog} at once drain in {}, if nothing is lost or retried",
                number::duration(drain)
            ),
            None => format!("; {backlog} at once never drain"),
        };
    }
    text + "\n"
}
