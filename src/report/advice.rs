//! Which link should be a call and which a queue: a rule of thumb, the figure behind each of its reasons, and whether what was
//! measured agrees.
//!
//! A queue, if the sender can do without the outcome and the receiver may be slow or away, or work comes in bursts, or several want
//! it. A call, if the sender needs the outcome at once or the work is part of what it does as a whole, or a queue would make it too
//! late. (The decision rule of "Queues: From FIFO to Message Brokers to Team Backlogs", The Computing Series.)

use super::number;
use crate::experiment::results::{Replication, Results, VariantResult};
use crate::metrics::aggregate::aggregate;
use crate::metrics::summary_column::Across;
use crate::scenario::Scenario;
use crate::scenario::dependency::{Dependency, Way, dependencies};

/// What to make of one dependency.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// Who sends.
    pub from: String,
    /// Who does the work.
    pub to: String,
    /// What the rule says.
    pub choice: Choice,
    /// The reasons, each with its figure.
    pub reasons: Vec<Reason>,
    /// What was measured, a line for each variant.
    pub measured: Vec<String>,
    /// Whether that agrees with the rule, in a sentence.
    pub comparison: String,
    /// Whether it does; `None` if only one of the two ways was simulated.
    pub agrees: Option<bool>,
}

/// What the rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// A call.
    Call,
    /// A queue.
    Queue,
    /// Nothing asks for a queue: the simpler of the two will do.
    Either,
}

/// One question of the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The question.
    pub question: &'static str,
    /// Whether the answer is yes.
    pub holds: bool,
    /// What it stands on.
    pub figure: String,
}

/// A receiver that answers less than this of what it is asked is not always there.
const THERE: f64 = 0.999;
/// A receiver is slow if one request in a hundred waits longer than so many mean service times…
const SLOW_WAITS: f64 = 10.0;
/// …and longer than this.
const SLOW_S: f64 = 0.1;
/// What comes at once is a burst if it is more work than this.
const BURST_S: f64 = 1.0;
/// Shares of work done count as equal if they are no further apart.
const SAME_SHARE: f64 = 0.005;

/// Advice on every dependency of a scenario, from the results of its runs.
#[must_use]
pub fn advise(scenario: &Scenario, results: &Results) -> Vec<Advice> {
    let all = &dependencies(scenario)[..];
    all.iter().map(|dependency| Case { scenario, results, all, dependency }.advice()).collect()
}

/// One dependency, and all that is known of it.
struct Case<'a> {
    scenario: &'a Scenario,
    results: &'a Results,
    all: &'a [Dependency],
    dependency: &'a Dependency,
}

/// How one variant did.
struct Outcome<'a> {
    way: &'a Way,
    name: &'a str,
    done: Option<f64>,
    done_within_s: Option<f64>,
    answered_within_s: Option<f64>,
    /// How much of it was simulated, in seconds, if not all.
    reached_s: Option<f64>,
}

impl Case<'_> {
    fn advice(&self) -> Advice {
        let outcomes: Vec<Outcome> = self.outcomes().collect();
        let needed = self.answer_is_needed();
        let too_late = self.queue_is_too_late(&outcomes);
        let for_queue = [self.may_be_away(), self.comes_in_bursts(), self.several_want_it()];
        let choice = if needed.holds || too_late.holds {
            Choice::Call
        } else if for_queue.iter().any(|reason| reason.holds) {
            Choice::Queue
        } else {
            Choice::Either
        };
        let best = |queue: bool| {
            let whole = outcomes.iter().filter(|outcome| outcome.reached_s.is_none());
            let of_kind = whole.filter(|outcome| outcome.way.broker.is_some() == queue);
            of_kind.reduce(|best, next| if next.rank() > best.rank() { next } else { best })
        };
        let (agrees, comparison) = compared(choice, best(false), best(true));
        Advice {
            from: self.dependency.from.clone(),
            to: self.dependency.to.clone(),
            choice,
            reasons: [needed, too_late].into_iter().chain(for_queue).collect(),
            measured: outcomes.iter().map(Outcome::in_words).chain(self.missing()).collect(),
            comparison,
            agrees,
        }
    }

    fn variant(&self, way: &Way) -> Option<(&VariantResult, &str)> {
        let name = self.scenario.variants[way.variant].name.as_str();
        let mut simulated = self.results.variants.iter().filter(|one| !one.replications.is_empty());
        simulated.find(|variant| variant.name == name).map(|found| (found, name))
    }

    fn outcomes(&self) -> impl Iterator<Item = Outcome<'_>> {
        self.dependency.ways.iter().filter_map(|way| {
            let (variant, name) = self.variant(way)?;
            let from = &self.dependency.from;
            let produced = mean(variant, from, "produced");
            let succeeded = mean(variant, from, "succeeded");
            let done = produced
                .zip(succeeded)
                .and_then(|(produced, succeeded)| (produced > 0.0).then_some(succeeded / produced));
            let seconds = |node, metric| mean(variant, node, metric).map(|ms| ms / 1e3);
            Some(Outcome {
                way,
                name,
                done,
                done_within_s: seconds(self.where_to_look(way), "sojourn_p99_ms"),
                answered_within_s: seconds(from, "latency_p99_ms"),
                reached_s: self.reached(variant),
            })
        })
    }

    /// How much of a variant was simulated, if one of its runs did not come to its end.
    fn reached(&self, variant: &VariantResult) -> Option<f64> {
        let cut_short = variant.replications.iter().filter(|run| !run.complete);
        cut_short.map(|run| run.reached_s).min_by(f64::total_cmp)
    }

    /// The variants that were not simulated, a line for each.
    fn missing(&self) -> impl Iterator<Item = String> {
        let missing = self.dependency.ways.iter().filter(|way| self.variant(way).is_none());
        missing.map(|way| format!("{}: not simulated", self.scenario.variants[way.variant].name))
    }

    /// The node that knows best how late this work was done: its sender if that has no other work done, or its receiver if that does no
    /// other.
    fn where_to_look(&self, way: &Way) -> &str {
        let Dependency { from, to, .. } = self.dependency;
        let others = |shared: fn(&Dependency, &Dependency) -> bool| {
            self.all.iter().any(|other| {
                other != self.dependency
                    && shared(other, self.dependency)
                    && other.ways.iter().any(|one| one.variant == way.variant)
            })
        };
        let document = &self.scenario.variants[way.variant].document;
        let is_producer = document.producers.contains_key(from);
        let sends_elsewhere = others(|other, this| other.from == this.from);
        let works_for_others = others(|other, this| other.to == this.to);
        if is_producer && (!sends_elsewhere || works_for_others) { from } else { to }
    }

    fn answer_is_needed(&self) -> Reason {
        let ways = &self.dependency.ways;
        let said = ways.iter().find_map(|way| way.needs_answer);
        let waited_for = ways.iter().any(|way| way.is_waited_for);
        let (holds, figure) = match (said, waited_for) {
            (Some(true), _) => (true, "the scenario says so (needs_answer)".to_owned()),
            (Some(false), _) => (false, "the scenario says not (needs_answer)".to_owned()),
            (None, true) => (true, "the next step is sent only if this one succeeds".to_owned()),
            (None, false) => (
                false,
                "no later step waits for the work; say needs_answer if the sender does".to_owned(),
            ),
        };
        Reason { question: "the sender needs the outcome before it goes on", holds, figure }
    }

    /// Whether work was late through a queue, and not by call.
    fn queue_is_too_late(&self, outcomes: &[Outcome]) -> Reason {
        let question = "a queue makes the work too late";
        let Some(due) = self.dependency.ways.iter().find_map(|way| way.due_within) else {
            let figure = "the scenario sets no limit (due_within)".to_owned();
            return Reason { question, holds: false, figure };
        };
        let due_s = due.as_secs_f64();
        let whole = outcomes.iter().filter(|outcome| outcome.reached_s.is_none());
        let queued = whole.filter(|outcome| outcome.way.broker.is_some());
        let best = queued
            .filter_map(|o| Some((o.done_within_s?, o.name)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let (holds, figure) = match best {
            None => (false, "no variant with a queue was simulated to its end".to_owned()),
            Some((within_s, name)) => {
                let (within, due) = (number::duration(within_s), number::duration(due_s));
                (within_s > due_s, format!("99 % done within {within}, due within {due} ({name})"))
            }
        };
        Reason { question, holds, figure }
    }

    /// Whether the receiver was slow or away in any variant; the gravest is told.
    fn may_be_away(&self) -> Reason {
        let to = self.dependency.to.as_str();
        let crashes = self.worst("crashes", 1.0).filter(|(crashes, _)| *crashes > 0.0);
        let answered = self.worst("availability_ratio", -1.0).filter(|(share, _)| *share < THERE);
        let waited = self.worst("waiting_p99_ms", 1.0);
        let is_asked = waited.is_some();
        let waited = waited.filter(|(ms, _)| self.is_slow(ms / 1e3));
        let figure = match (crashes, answered, waited) {
            (Some((crashes, place)), _, _) => {
                let times = if crashes == 1.0 {
                    "once".to_owned()
                } else {
                    format!("{} times", number::count(crashes))
                };
                format!("{to} crashed {times} ({place})")
            }
            (None, Some((share, place)), _) => {
                format!("{to} answered {} of what it was asked ({place})", number::percent(share))
            }
            (None, None, Some((ms, place))) => {
                let longer = number::duration(ms / 1e3);
                format!("one in a hundred waited longer than {longer} for {to} ({place})")
            }
            (None, None, None) => {
                let waits = if is_asked { ", and nobody waited long" } else { "" };
                let figure = format!("{to} was always there{waits}");
                return Reason { question: AWAY, holds: false, figure };
            }
        };
        Reason { question: AWAY, holds: true, figure }
    }

    /// The worst value of a metric of the receiver, and in which variant it was.
    fn worst(&self, metric: &'static str, sign: f64) -> Option<(f64, &str)> {
        let to = self.dependency.to.as_str();
        let variants = self.dependency.ways.iter().filter_map(|way| self.variant(way));
        let values = variants.filter_map(|(v, name)| Some((sign * mean(v, to, metric)?, name)));
        let values: Vec<(f64, &str)> = values.collect();
        let (worst, name) = values.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let is_everywhere = values.len() > 1 && values.iter().all(|(value, _)| *value == worst);
        Some((sign * worst, if is_everywhere { "in every variant" } else { name }))
    }

    fn is_slow(&self, waited_s: f64) -> bool {
        let to = self.dependency.to.as_str();
        let mut documents = self.scenario.variants.iter().map(|variant| &variant.document);
        let mean_s =
            documents.find_map(|document| Some(document.services.get(to)?.service_time.mean_s()));
        waited_s > SLOW_S && mean_s.is_some_and(|mean_s| waited_s > SLOW_WAITS * mean_s)
    }

    fn comes_in_bursts(&self) -> Reason {
        let question = "work comes in bursts";
        let to = self.dependency.to.as_str();
        let predicted = self.dependency.ways.iter().flat_map(|way| {
            let plan = self.scenario.variants[way.variant].plan();
            plan.predictions.into_iter().filter(|prediction| prediction.service == to)
        });
        let largest = predicted.max_by(|a, b| a.backlog.total_cmp(&b.backlog));
        let (holds, figure) = match largest {
            Some(prediction) if prediction.backlog / prediction.capacity_per_s > BURST_S => {
                let count = number::count(prediction.backlog);
                let work = number::duration(prediction.backlog / prediction.capacity_per_s);
                (true, format!("{count} come at once: {work} of work for {to}"))
            }
            Some(_) | None => (false, "what arrives is spread over time".to_owned()),
        };
        Reason { question, holds, figure }
    }

    fn several_want_it(&self) -> Reason {
        let most = self.dependency.ways.iter().map(|way| way.copies).max().unwrap_or(1);
        let figure = match most {
            0 | 1 => "each message goes to one of those who take it".to_owned(),
            more => format!("{more} receivers get a copy of each message"),
        };
        Reason { question: "several receivers want the same message", holds: most > 1, figure }
    }
}

const AWAY: &str = "the receiver may be slow or away";

impl Outcome<'_> {
    /// The higher, the better: what was done, and of two that did the same the sooner.
    fn rank(&self) -> f64 {
        self.done.unwrap_or(0.0) - 1e-9 * self.done_within_s.unwrap_or(0.0)
    }

    fn in_words(&self) -> String {
        let (way, answered) = match &self.way.broker {
            None => ("call".to_owned(), "answered"),
            Some(broker) => (format!("through {broker}"), "accepted"),
        };
        let told = |what: &str, seconds: Option<f64>| match seconds {
            Some(0.0) => format!("99 % {what} at once"),
            Some(seconds) => format!("99 % {what} within {}", number::duration(seconds)),
            None => format!("nothing {what}"),
        };
        let share = number::percent(self.done.unwrap_or(0.0));
        let answered = told(answered, self.answered_within_s);
        let done = told("done", self.done_within_s.filter(|_| self.done != Some(0.0)));
        let cut_short = self.reached_s.map(|reached_s| {
            format!("; only the first {} were simulated", number::duration(reached_s))
        });
        let cut_short = cut_short.unwrap_or_default();
        format!("{} ({way}): {share} succeeded, {answered}, {done}{cut_short}", self.name)
    }
}

/// What the best of the calls and the best of the queues say of the choice.
fn compared(
    choice: Choice,
    call: Option<&Outcome>,
    queue: Option<&Outcome>,
) -> (Option<bool>, String) {
    let share = |outcome: &Outcome| outcome.done.unwrap_or(0.0);
    let (call, queue) = match (call, queue) {
        (Some(call), Some(queue)) => (call, queue),
        (Some(only), None) => return (None, alone("by call", only, "queue")),
        (None, Some(only)) => return (None, alone("through a queue", only, "call")),
        (None, None) => return (None, "no variant was simulated to its end".into()),
    };
    let figures = format!(
        "by call {} ({}), through a queue {} ({})",
        number::percent(share(call)),
        call.name,
        number::percent(share(queue)),
        queue.name
    );
    let (more_by_call, more_by_queue) =
        (share(call) - share(queue) > SAME_SHARE, share(queue) - share(call) > SAME_SHARE);
    match choice {
        Choice::Queue if more_by_call => {
            (Some(false), format!("rule and measurement disagree: {figures} succeeded"))
        }
        Choice::Call if more_by_queue => (
            Some(false),
            format!(
                "rule and measurement disagree: {figures} succeeded; a sender that needs the outcome can't have it from a queue, so what fails is the call itself"
            ),
        ),
        Choice::Either if more_by_queue => {
            (Some(false), format!("the measurement speaks for a queue: {figures} succeeded"))
        }
        Choice::Queue | Choice::Call | Choice::Either => {
            (Some(true), format!("the measurement agrees: {figures} succeeded"))
        }
    }
}

/// What can be said if one of the two ways was not simulated.
fn alone(way: &str, best: &Outcome, other: &str) -> String {
    let share = number::percent(best.done.unwrap_or(0.0));
    let best = format!("{way} {share} ({}) succeeded", best.name);
    format!("{best}; no variant with a {other} was simulated to its end to compare it with")
}

/// The mean of a metric of a node over the replications.
fn mean(variant: &VariantResult, node: &str, metric: &str) -> Option<f64> {
    let value =
        |run: &Replication| run.metrics.nodes.iter().find(|one| one.name == node)?.value(metric);
    let values: Vec<Option<f64>> = variant.replications.iter().map(value).collect();
    aggregate(Across::Mean, &values).mean
}
