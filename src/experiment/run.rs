//! Every variant times every replication, on as many threads as are wanted.

use std::any::Any;
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::{io, thread};

use super::expectation::{self, Awaited};
use super::limits::{Control, Limits, Tracker};
use super::replication::{Outcome, Probe, Run};
use super::reproducer::{self, Reproducer};
use super::results::{FaultWindow, ReferenceLine, Results, Stop, VariantResult};
use super::settling;
use super::sink::{RunLabel, Sink};
use crate::metrics::recorder::MOST_POINTS;
use crate::model::blueprint::BrokerKindPlan;
use crate::model::id::NodeId;
use crate::scenario::build::Plan;
use crate::scenario::document::Settling;
use crate::scenario::{ResolvedVariant, Scenario};
use crate::time::SimTime;

/// How an experiment is run. Nothing here changes what comes out of a run that is not stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How often each variant is run, with chance of its own each time.
    pub replications: NonZeroUsize,
    /// How many runs go on at the same time.
    pub jobs: NonZeroUsize,
    /// What ends a run early.
    pub limits: Limits,
}

/// A variant that is ready to run.
struct Prepared<'a> {
    variant: &'a ResolvedVariant,
    plan: Plan,
    awaited: Vec<Awaited<'a>>,
    probes: Vec<Probe>,
    /// The names of the rows: the total, then every node.
    rows: Vec<String>,
    /// When averages begin; found by the first of its runs that asks.
    settles_at: OnceLock<SimTime>,
}

/// Points of all series of an experiment together.
const MOST_POINTS_OF_ALL_RUNS: usize = 16 * MOST_POINTS;
const FEWEST_POINTS: usize = 128;

/// Runs every variant of `scenario` as `options` say, streaming windows into `sink`.
///
/// # Errors
/// If the sink can't be opened or written, or a trace can't be read again.
///
/// # Panics
/// If a run breaks an invariant, which is a bug of pileup: see [`reproducer::current`].
pub fn run(
    scenario: &Scenario,
    options: Options,
    sink: &dyn Sink,
    control: &Control<'_>,
) -> io::Result<Results> {
    let prepared: Vec<Prepared> =
        scenario.variants.iter().map(|variant| prepare(scenario, variant)).collect();
    let replications = options.replications.get();
    let tracker = Tracker::new(prepared.len() * replications);
    let run_one = |index: usize| {
        let (variant, replication) = (index / replications, index % replications);
        run_one(
            scenario,
            &prepared[variant],
            (variant, replication),
            options,
            sink,
            control,
            &tracker,
        )
    };
    let may_begin = || control.asks_to_stop().is_none();
    let outcomes = in_parallel(prepared.len() * replications, options.jobs, &may_begin, &run_one)?;
    let stopped = stop_of(&outcomes, prepared.len() * replications, control);
    Ok(collect(scenario, &prepared, outcomes, replications, stopped))
}

fn prepare<'a>(scenario: &'a Scenario, variant: &'a ResolvedVariant) -> Prepared<'a> {
    let plan = variant.plan();
    let labels = &plan.recorder.nodes;
    let node_of = |name: &str| labels.iter().position(|label| label.name == name).map(NodeId::new);
    let horizon = plan.blueprint.horizon;
    let (awaited, probes) = expectation::awaited(scenario, &variant.name, horizon, node_of);
    let names = labels.iter().map(|label| label.name.clone());
    let rows = std::iter::once(String::new()).chain(names).collect();
    Prepared { variant, plan, awaited, probes, rows, settles_at: OnceLock::new() }
}

fn run_one(
    scenario: &Scenario,
    prepared: &Prepared,
    (variant, replication): (usize, usize),
    options: Options,
    sink: &dyn Sink,
    control: &Control<'_>,
    tracker: &Tracker,
) -> io::Result<Outcome> {
    let variant_name = prepared.variant.name.as_str();
    let _stay = reproducer::enter(Reproducer {
        scenario: scenario.name.clone(),
        variant: variant_name.to_owned(),
        seed: scenario.seed,
        replication,
        simulated: SimTime::ZERO,
    });
    let label = RunLabel { variant, variant_name, replication, nodes: &prepared.rows };
    let mut sink = sink.open(label)?;
    let runs = scenario.variants.len() * options.replications.get();
    let jobs = options.jobs.get().min(runs) as u64;
    let Limits { max_events, max_memory } = options.limits;
    let mut run = Run {
        plan: &prepared.plan,
        seed: scenario.seed,
        replication,
        limits: Limits { max_events, max_memory: max_memory / jobs },
        probes: &prepared.probes,
        control,
        tracker,
        series_points: (MOST_POINTS_OF_ALL_RUNS / runs).clamp(FEWEST_POINTS, MOST_POINTS),
        settles_at: SimTime::ZERO,
    };
    run.settles_at = *prepared.settles_at.get_or_init(|| settling::settles_at(&run));
    run.go(&mut *sink)
}

/// Does `count` pieces of work on at most `jobs` threads; the results come in the order of the pieces. After an error or a
/// panic, and once `may_begin` says no, no further piece is begun: those that were are the first ones, without a gap.
fn in_parallel<T: Send>(
    count: usize,
    jobs: NonZeroUsize,
    may_begin: &(dyn Fn() -> bool + Sync),
    work: &(dyn Fn(usize) -> io::Result<T> + Sync),
) -> io::Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, thread::Result<io::Result<T>>)>> = Mutex::new(Vec::new());
    let work_on = || {
        while may_begin() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            let result = panic::catch_unwind(AssertUnwindSafe(|| work(index)));
            if !matches!(result, Ok(Ok(_))) {
                next.store(count, Ordering::Relaxed);
            }
            done.lock().expect("no thread panics while it holds this").push((index, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.get().min(count) {
            // Where the system gives no more threads, those that there are do all of it.
            if thread::Builder::new().spawn_scoped(scope, work_on).is_err() {
                break;
            }
        }
        work_on();
    });
    let mut done = done.into_inner().expect("no thread panics while it holds this");
    done.sort_by_key(|(index, _)| *index);
    let results = done.into_iter();
    results.map(|(_, result)| result.unwrap_or_else(io_error_or_bug)).collect()
}

/// What unwound from a run: an input that could not be read again, or a bug.
fn io_error_or_bug<T>(unwound: Box<dyn Any + Send>) -> io::Result<T> {
    Err(*unwound.downcast::<io::Error>().unwrap_or_else(|bug| panic::resume_unwind(bug)))
}

fn collect(
    scenario: &Scenario,
    prepared: &[Prepared],
    outcomes: Vec<Outcome>,
    replications: usize,
    stopped: Option<Stop>,
) -> Results {
    let mut outcomes = outcomes.into_iter();
    let (mut variants, mut expectations) = (Vec::new(), Vec::new());
    for prepared in prepared {
        let done: Vec<Outcome> = outcomes.by_ref().take(replications).collect();
        let name = &prepared.variant.name;
        if stopped.is_none() {
            let runs: Vec<_> =
                done.iter().map(|run| (&run.replication, run.probed.as_slice())).collect();
            expectations.extend(prepared.awaited.iter().map(|await_| await_.decide(name, &runs)));
        }
        if !done.is_empty() {
            variants.push(VariantResult {
                name: name.clone(),
                description: prepared.variant.description.clone(),
                warm_up_s: warm_up_s(prepared),
                predictions: prepared.plan.predictions.clone(),
                replications: done.into_iter().map(|outcome| outcome.replication).collect(),
            });
        }
    }
    Results {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        question: scenario.question.clone(),
        description: scenario.description.clone(),
        duration_s: scenario.duration.as_secs_f64(),
        sample_every_s: scenario.sample_every.as_secs_f64(),
        seed: scenario.seed,
        replications,
        document: scenario.document.clone(),
        trigger_s: prepared.first().and_then(|first| trigger_s(&first.plan)),
        fault_windows: prepared.first().map(fault_windows).unwrap_or_default(),
        references: prepared.iter().flat_map(references).collect(),
        variants,
        expectations,
        stopped,
    }
}

/// Why the experiment stopped, if it did: a signal before all else. A run that never began was kept from it by a signal.
fn stop_of(outcomes: &[Outcome], runs: usize, control: &Control<'_>) -> Option<Stop> {
    let stops = || outcomes.iter().filter_map(|outcome| outcome.stopped);
    let signal = stops().find(|stop| matches!(stop, Stop::Signal(_)));
    let kept_from = || (outcomes.len() < runs).then(|| control.asks_to_stop());
    signal.or_else(|| kept_from().flatten()).or_else(|| stops().next())
}

/// How much of its beginning is left out of averages, if the scenario says anything of that.
fn warm_up_s(prepared: &Prepared) -> Option<f64> {
    let is_stated = prepared.plan.settling != Settling::default();
    let settles_at = prepared.settles_at.get().copied().unwrap_or_default();
    is_stated.then_some(settles_at.as_secs_f64())
}

fn trigger_s(plan: &Plan) -> Option<(f64, f64)> {
    plan.trigger.map(|(from, until)| (from.as_secs_f64(), until.as_secs_f64()))
}

fn fault_windows(prepared: &Prepared) -> Vec<FaultWindow> {
    let window =
        |(kind, node, from, until): &(&'static str, String, SimTime, SimTime)| FaultWindow {
            kind: (*kind).to_owned(),
            node: node.clone(),
            from_s: from.as_secs_f64(),
            until_s: until.as_secs_f64(),
        };
    prepared.plan.fault_windows.iter().map(window).collect()
}

/// The fluid drain of what comes all at once and is kept by brokers: a straight line down.
fn references(prepared: &Prepared) -> Vec<ReferenceLine> {
    let start = prepared.plan.trigger.map_or(0.0, |(_, end)| end.as_secs_f64());
    // Where several services drain, each at its own pace, or a fault comes between, no single line says when all is done.
    let piles = prepared.plan.predictions.iter().filter(|service| service.backlog > 0.0).count();
    let is_plain = piles == 1 && prepared.plan.fault_windows.is_empty();
    let line = |metric: &'static str| {
        prepared.plan.predictions.iter().filter_map(move |service| {
            let drain =
                service.drain_time_s.filter(|_| is_plain && service.backlog_at_brokers > 0.0)?;
            Some(ReferenceLine {
                variant: prepared.variant.name.clone(),
                metric,
                node: String::new(),
                label: format!("B ÷ (μ − λ) = {drain:.0} s"),
                points: vec![(start, service.backlog), (start + drain, 0.0)],
            })
        })
    };
    // Behind a bound the backlog waits elsewhere, and the lag does not follow the line.
    let lag = line("lag").filter(|_| brokers_take_all(&prepared.plan));
    line("pending").chain(lag).chain(capacities(prepared)).collect()
}

fn brokers_take_all(plan: &Plan) -> bool {
    plan.blueprint.brokers.iter().all(|broker| match &broker.kind {
        BrokerKindPlan::Queue(queue) => queue.capacity.is_none() && queue.credit.is_none(),
        BrokerKindPlan::Log(..) | BrokerKindPlan::Sqs(_) => true,
        BrokerKindPlan::Amqp(amqp) => {
            amqp.watches.is_empty()
                && amqp.ingress.is_none()
                && amqp.queues.iter().all(|queue| queue.max_length.is_none())
        }
    })
}

/// What each service can do, as a level line.
fn capacities(prepared: &Prepared) -> impl Iterator<Item = ReferenceLine> {
    let horizon_s = prepared.plan.blueprint.horizon.as_secs_f64();
    let services = prepared.plan.predictions.iter();
    let services = services.filter(|service| service.capacity_per_s.is_finite());
    services.map(move |service| ReferenceLine {
        variant: prepared.variant.name.clone(),
        metric: "throughput_per_s",
        node: service.service.clone(),
        label: format!("{} can do {:.3}/s", service.service, service.capacity_per_s)
            .replace(".000/s", "/s"),
        points: vec![(0.0, service.capacity_per_s), (horizon_s, service.capacity_per_s)],
    })
}
