//! Advice on every link of a scenario, for people to read.

use crate::experiment::results::Results;
use crate::report::advice::{Advice, Choice, Reason};

/// What the rule says of every link, why, and whether the measurement agrees.
#[must_use]
pub fn advice(results: &Results, advices: &[Advice]) -> String {
    let mut text = format!("{}\n", results.title);
    if advices.is_empty() {
        return text + "\nNobody sends anything to anybody: there is no link to advise on.\n";
    }
    for advice in advices {
        text += &format!("\n{} → {}: {}\n", advice.from, advice.to, word(advice.choice));
        let width = advice.reasons.iter().map(|reason| reason.question.chars().count()).max();
        for reason in &advice.reasons {
            text += &line(reason, width.unwrap_or(0));
        }
        for measured in &advice.measured {
            text += &format!("    {measured}\n");
        }
        let sign = match advice.agrees {
            Some(true) => '✓',
            Some(false) => '✗',
            None => '?',
        };
        text += &format!("  {sign} {}\n", advice.comparison);
    }
    text
}

fn word(choice: Choice) -> &'static str {
    match choice {
        Choice::Call => "a call",
        Choice::Queue => "a queue",
        Choice::Either => "a call will do, nothing here asks for a queue",
    }
}

fn line(Reason { question, holds, figure }: &Reason, width: usize) -> String {
    let answer = if *holds { "yes" } else { "no " };
    format!("  {answer}  {question:width$}  {figure}\n")
}
