//! Results in words: what became of each variant, and the answer to the scenario's question in a sentence.
//!
//! Words are chosen by the numbers alone, in a fixed order of gravity: a system that stays down is told before a message
//! that is lost, and that before one that is turned away.

use super::number;
use super::spread;
use crate::experiment::results::{Results, VariantResult};

/// What became of a variant, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Overload outlived its trigger: a metastable failure.
    Collapsed,
    /// It was not back to normal when the run ended.
    NotRecovered,
    /// Work that was accepted is gone.
    Lost,
    /// More came in than went out.
    FellBehind,
    /// Work was refused or given up.
    TurnedAway,
    /// Work was done, and whoever asked for it never learned of it.
    Unnoticed,
    /// Work was done more than once.
    Duplicated,
    /// A backlog arose and went.
    Drained,
    /// Nothing piled up.
    KeptUp,
}

/// How an outcome is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// At a price.
    Mixed,
    /// A failure.
    Bad,
}

impl Outcome {
    /// How it is to be taken.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Outcome::Collapsed | Outcome::NotRecovered => Tone::Bad,
            Outcome::Lost
            | Outcome::FellBehind
            | Outcome::TurnedAway
            | Outcome::Unnoticed
            | Outcome::Duplicated => Tone::Mixed,
            Outcome::Drained | Outcome::KeptUp => Tone::Good,
        }
    }
}

/// What became of one variant.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Which variant.
    pub variant: String,
    /// In a word.
    pub outcome: Outcome,
    /// In a sentence without the name.
    pub words: String,
}

/// The verdict on each variant, in their order.
#[must_use]
pub fn verdicts(results: &Results) -> Vec<Verdict> {
    let facts = results.variants.iter().map(|variant| Facts::of(results, variant));
    let verdict = |facts: Facts| Verdict {
        variant: facts.name.to_owned(),
        outcome: facts.outcome(),
        words: facts.words(),
    };
    facts.map(verdict).collect()
}

/// The answer to the scenario's question: variants that met the same end, told together, the gravest first.
#[must_use]
pub fn answer(results: &Results) -> String {
    let mut facts: Vec<Facts> =
        results.variants.iter().map(|variant| Facts::of(results, variant)).collect();
    facts.sort_by_key(Facts::outcome);
    let groups = facts.chunk_by(|a, b| a.outcome() == b.outcome()).map(told_together);
    let mut answer = groups.collect::<Vec<_>>().join("; ");
    if !answer.is_empty() {
        answer.push('.');
    }
    answer
}

fn told_together(group: &[Facts]) -> String {
    let names: Vec<&str> = group.iter().map(|facts| facts.name).collect();
    let range = |value: fn(&Facts) -> f64, unit: fn(f64) -> String| {
        let values = || group.iter().map(value);
        let (low, high) = (values().fold(f64::NAN, f64::min), values().fold(f64::NAN, f64::max));
        if unit(low) == unit(high) { unit(low) } else { format!("{} to {}", unit(low), unit(high)) }
    };
    let what = match group[0].outcome() {
        Outcome::Collapsed => "collapsed and would not recover".to_owned(),
        Outcome::NotRecovered => {
            format!("had not recovered after {}", number::duration(group[0].duration_s))
        }
        Outcome::Lost => {
            let set_aside = group.iter().any(|facts| facts.dead_lettered > 0.0);
            let how = if set_aside { "lost or set aside" } else { "lost" };
            format!("{how} {} messages", range(|facts| facts.gone(), number::count))
        }
        Outcome::FellBehind => {
            format!("fell behind, with {} messages waiting", range(|f| f.pending, number::count))
        }
        Outcome::TurnedAway => {
            format!("turned {} messages away", range(|f| f.turned_away, number::count))
        }
        Outcome::Unnoticed => {
            format!(
                "lost nothing, but did {} messages too late for their senders",
                range(|f| f.uncertain, number::count)
            )
        }
        Outcome::Duplicated => {
            format!(
                "lost nothing, but did {} pieces of work again",
                range(|f| f.duplicates, number::count)
            )
        }
        Outcome::Drained => format!(
            "lost nothing and worked off the backlog in {}",
            range(|f| f.drain_time_s.unwrap_or(f64::NAN), number::duration)
        ),
        Outcome::KeptUp => "kept up all the time".to_owned(),
    };
    format!("{} {what}", listed(&names))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// What a verdict rests on: means over replications.
struct Facts<'a> {
    name: &'a str,
    duration_s: f64,
    has_trigger: bool,
    produced: f64,
    done: f64,
    duplicates: f64,
    lost: f64,
    dead_lettered: f64,
    turned_away: f64,
    uncertain: f64,
    pending: f64,
    crashes: f64,
    metastable: f64,
    drain_time_s: Option<f64>,
    recovery_time_s: Option<f64>,
}

impl Facts<'_> {
    fn of<'a>(results: &Results, variant: &'a VariantResult) -> Facts<'a> {
        let maybe = |name| spread::total(variant, name).mean;
        let value = |name| maybe(name).unwrap_or(0.0);
        Facts {
            name: &variant.name,
            duration_s: results.duration_s,
            has_trigger: results.trigger_s.is_some(),
            produced: value("produced"),
            done: value("effects") - value("duplicates"),
            duplicates: value("duplicates"),
            lost: value("lost") + value("expired"),
            dead_lettered: value("dead_lettered"),
            turned_away: value("rejected") + value("abandoned"),
            uncertain: value("uncertain"),
            pending: value("final_pending"),
            crashes: value("crashes"),
            metastable: value("metastable"),
            drain_time_s: maybe("drain_time_s"),
            recovery_time_s: maybe("recovery_time_s"),
        }
    }

    fn outcome(&self) -> Outcome {
        /// Shares of the messages below which turning away, or waiting, is no more than noise.
        const NOTICEABLE: f64 = 0.01;
        let unresolved = self.recovery_time_s.is_none() && self.drain_time_s.is_none();
        let piled_up = self.pending > (self.produced * NOTICEABLE).max(10.0);
        if self.metastable >= 0.5 {
            Outcome::Collapsed
        } else if self.has_trigger && unresolved && piled_up {
            Outcome::NotRecovered
        } else if self.gone() > 0.0 {
            Outcome::Lost
        } else if piled_up && self.drain_time_s.is_none() {
            Outcome::FellBehind
        } else if self.turned_away > self.produced * NOTICEABLE {
            Outcome::TurnedAway
        } else if self.uncertain > self.produced * NOTICEABLE {
            Outcome::Unnoticed
        } else if self.duplicates > 0.0 {
            Outcome::Duplicated
        } else if self.drain_time_s.is_some_and(|time| time > 0.0) {
            Outcome::Drained
        } else {
            Outcome::KeptUp
        }
    }

    /// Messages that no consumer will see again.
    fn gone(&self) -> f64 {
        self.lost + self.dead_lettered
    }

    fn words_for_gone(&self) -> String {
        let (lost, aside) = (messages(self.lost), messages(self.dead_lettered));
        match (self.lost > 0.0, self.dead_lettered > 0.0) {
            (true, true) => format!("{lost} lost, {aside} set aside as dead letters"),
            (false, true) => format!("{aside} set aside as dead letters"),
            (_, false) => format!("{lost} lost"),
        }
    }

    fn words(&self) -> String {
        let head = match self.outcome() {
            Outcome::Collapsed => "collapsed and would not recover".to_owned(),
            Outcome::NotRecovered => "had not recovered when the run ended".to_owned(),
            Outcome::Lost => self.words_for_gone(),
            Outcome::FellBehind => "more came in than went out".to_owned(),
            Outcome::TurnedAway => format!("{} turned away", messages(self.turned_away)),
            Outcome::Duplicated => {
                format!(
                    "nothing lost, {}",
                    counted(self.duplicates, "duplicate effect", "duplicate effects")
                )
            }
            Outcome::Unnoticed => {
                format!(
                    "nothing lost, {} done too late for their senders",
                    messages(self.uncertain)
                )
            }
            Outcome::Drained | Outcome::KeptUp => "nothing lost".to_owned(),
        };
        let details: Vec<String> = self.details().into_iter().flatten().collect();
        let is_calm = matches!(
            self.outcome(),
            Outcome::Unnoticed | Outcome::Duplicated | Outcome::Drained | Outcome::KeptUp
        );
        let joint = if is_calm { ", " } else { ": " };
        if details.is_empty() { head } else { head + joint + &details.join(", ") }
    }

    /// What else is worth a word, each if it is.
    fn details(&self) -> [Option<String>; 8] {
        let outcome = self.outcome();
        let is_bad = outcome.tone() == Tone::Bad;
        let when = |there: bool, words: String| there.then_some(words);
        let all = number::count(self.produced);
        [
            self.drain_time_s
                .filter(|time| *time > 0.0 && !is_bad)
                .map(|time| format!("backlog worked off in {}", number::duration(time))),
            when(outcome == Outcome::KeptUp, "nothing piled up".to_owned()),
            when(self.crashes > 0.0, counted(self.crashes, "crash", "crashes")),
            when(
                self.done < self.produced * 0.99,
                format!("{} of {all} messages had an effect", number::count(self.done)),
            ),
            when(
                self.duplicates > 0.0 && outcome != Outcome::Duplicated,
                counted(self.duplicates, "duplicate effect", "duplicate effects"),
            ),
            when(
                self.turned_away > 0.0 && outcome != Outcome::TurnedAway,
                format!("{} turned away or given up", number::count(self.turned_away)),
            ),
            when(
                self.uncertain > 0.0 && outcome != Outcome::Unnoticed,
                format!("{} done too late for their senders", number::count(self.uncertain)),
            ),
            when(
                self.pending > self.produced * 0.01,
                format!("{} still waiting", number::count(self.pending)),
            ),
        ]
    }
}

fn messages(count: f64) -> String {
    counted(count, "message", "messages")
}

fn counted(count: f64, one: &str, many: &str) -> String {
    format!("{} {}", number::count(count), if count == 1.0 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_collapse_is_told_with_what_it_cost() {
        let verdict = &verdicts(&sample::incident())[0];
        assert_eq!(verdict.outcome, Outcome::Collapsed);
        assert_eq!(
            verdict.words,
            "collapsed and would not recover: 240 crashes, 0 of 272,000 messages had an effect, \
             72,000 turned away or given up, 200,000 still waiting"
        );
    }

    #[test]
    fn a_queue_loses_nothing() {
        let verdict = &verdicts(&sample::incident())[2];
        assert_eq!(verdict.words, "nothing lost, backlog worked off in 14 min 49 s");
        assert_eq!(verdict.outcome.tone(), Tone::Good);
    }

    #[test]
    fn work_done_again_is_told_even_if_nothing_is_lost() {
        let mut results = sample::incident();
        let total = &mut results.variants[2].replications[0].metrics.total;
        total.summary[crate::metrics::summary_column::index("duplicates").unwrap()] = Some(1.0);
        let verdict = &verdicts(&results)[2];
        assert_eq!(verdict.outcome.tone(), Tone::Mixed);
        let words = "nothing lost, 1 duplicate effect, backlog worked off in 14 min 49 s";
        assert_eq!(verdict.words, words);
    }

    #[test]
    fn work_that_nobody_waits_for_any_more_is_told() {
        let words = |uncertain: f64| {
            let mut results = sample::incident();
            let total = &mut results.variants[2].replications[0].metrics.total;
            let place = crate::metrics::summary_column::index("uncertain").unwrap();
            total.summary[place] = Some(uncertain);
            let verdict = verdicts(&results).swap_remove(2);
            (verdict.outcome, verdict.words)
        };
        let drained =
            "nothing lost, backlog worked off in 14 min 49 s, 607 done too late for their senders";
        assert_eq!(words(607.0), (Outcome::Drained, drained.to_owned()));
        let late = "nothing lost, 27,200 messages done too late for their senders, \
                    backlog worked off in 14 min 49 s";
        assert_eq!(words(27_200.0), (Outcome::Unnoticed, late.to_owned()));
    }

    #[test]
    fn the_answer_tells_the_same_end_once() {
        assert_eq!(
            answer(&sample::incident()),
            "direct and direct-rounds collapsed and would not recover; \
             queue, backpressure-block, backpressure-reject and credit lost nothing and worked off \
             the backlog in 14 min 49 s."
        );
    }
}
