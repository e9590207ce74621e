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
    let found = dependencies(scenario);
    found.iter().map(|dependency| Case { scenario, results, dependency }.advice()).collect()
}

/// One dependency, and all that is known of it.
struct Case<'a> {
    scenario: &'a Scenario,
    results: &'a Results,
    dependency: &'a Dependency,
}

/// How one variant did.
struct Outcome<'a> {
    way: &'a Way,
    name: &'a str,
    done: Option<f64>,
    done_within_s: Option<f64>,
    answered_within_s: Option<f64>,
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
            let of_kind = outcomes.iter().filter(|outcome| outcome.way.broker.is_some() == queue);
            of_kind.max_by(|a, b| a.rank().total_cmp(&b.rank()))
        };
        let (agrees, comparison) = compared(choice, best(false), best(true));
        Advice {
            from: self.dependency.from.clone(),
            to: self.dependency.to.clone(),
            choice,
            reasons: [needed, too_late].into_iter().chain(for_queue).collect(),
            measured: outcomes.iter().map(Outcome::in_words).collect(),
            comparison,
            agrees,
        }
    }

    fn variant(&self, way: &Way) -> Option<(&VariantResult, &str)> {
        let name = self.scenario.variants[way.variant].name.as_str();
        self.results.variants.iter().find(|variant| variant.name == name).map(|found| (found, name))
    }

    fn outcomes(&self) -> impl Iterator<Item = Outcome<'_>> {
        self.dependency.ways.iter().filter_map(|way| {
            let (variant, name) = self.variant(way)?;
            let Dependency { from, to, .. } = self.dependency;
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
                done_within_s: seconds(to, "sojourn_p99_ms"),
                answered_within_s: seconds(from, "latency_p99_ms"),
            })
        })
    }

    fn answer_is_needed(&self) -> Reason {
        let ways = &self.dependency.ways;
        let said = ways.iter().find_map(|way| way.needs_answer);
        let waited_for = ways.iter().any(|way| way.is_waited_for);
        let (holds, figure) = match (said, waited_for) {
            (Some(true), _) => (true, "the scenario says so (needs_answer)".to_owned()),
            (Some(false), _) => (false, "the scenario says not (needs_answer)".to_owned()),
            (None, true) => (true, "the next step is sent only if this one succeeds".to_owned()),
            (None, false) => {
                (false, "nothing is sent after it; say needs_answer if it is".to_owned())
            }
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
        let queued = outcomes.iter().filter(|outcome| outcome.way.broker.is_some());
        let best = queued
            .filter_map(|o| Some((o.done_within_s?, o.name)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let (holds, figure) = match best {
            None => (false, "no variant with a queue was simulated".to_owned()),
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
        let variants = || self.dependency.ways.iter().filter_map(|way| self.variant(way));
        let worst = |metric: &'static str, sign: f64| {
            let values =
                variants().filter_map(|(v, name)| Some((sign * mean(v, to, metric)?, name)));
            values.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(value, name)| (sign * value, name))
        };
        let crashes = worst("crashes", 1.0).filter(|(crashes, _)| *crashes > 0.0);
        let answered = worst("availability_ratio", -1.0).filter(|(share, _)| *share < THERE);
        let waited = worst("waiting_p99_ms", 1.0).filter(|(ms, _)| self.is_slow(ms / 1e3));
        let figure = match (crashes, answered, waited) {
            (Some((crashes, name)), _, _) => {
                let times = if crashes == 1.0 {
                    "once".to_owned()
                } else {
                    format!("{} times", number::count(crashes))
                };
                format!("{to} crashed {times} ({name})")
            }
            (None, Some((share, name)), _) => {
                format!("{to} answered {} of what it was asked ({name})", number::percent(share))
            }
            (None, None, Some((ms, name))) => {
                format!(
                    "one in a hundred waited longer than {} for {to} ({name})",
                    number::duration(ms / 1e3)
                )
            }
            (None, None, None) => {
                let figure = format!("{to} was always there, and nobody waited long");
                return Reason { question: AWAY, holds: false, figure };
            }
        };
        Reason { question: AWAY, holds: true, figure }
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
        let most = self.dependency.ways.iter().map(|way| way.consumers).max().unwrap_or(1);
        let figure = match most {
            0 | 1 => format!("only {} takes it", self.dependency.to),
            more => format!("{more} services take the same message"),
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
        let way = match &self.way.broker {
            None => "call".to_owned(),
            Some(broker) => format!("through {broker}"),
        };
        let told = |what: &str, seconds: Option<f64>| match seconds {
            Some(seconds) => format!("99 % {what} within {}", number::duration(seconds)),
            None => format!("nothing {what}"),
        };
        let share = number::percent(self.done.unwrap_or(0.0));
        let answered = told("answered", self.answered_within_s);
        let done = told("done", self.done_within_s);
        format!("{} ({way}): {share} succeeded, {answered}, {done}", self.name)
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
        (Some(_), None) => {
            return (
                None,
                "no variant with a queue was simulated, so nothing can be compared".into(),
            );
        }
        (None, Some(_)) => {
            return (
                None,
                "no variant with a call was simulated, so nothing can be compared".into(),
            );
        }
        (None, None) => return (None, "nothing was simulated".into()),
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

/// The mean of a metric of a node over the replications.
fn mean(variant: &VariantResult, node: &str, metric: &str) -> Option<f64> {
    let value =
        |run: &Replication| run.metrics.nodes.iter().find(|one| one.name == node)?.value(metric);
    let values: Vec<Option<f64>> = variant.replications.iter().map(value).collect();
    aggregate(Across::Mean, &values).mean
}
