//! One run: one variant, one replication, from its start to its horizon.

use std::io;

use super::limits::{Control, Limits, Tracker};
use super::reproducer;
use super::results::{Replication, Stop};
use super::sink::RunSink;
use crate::engine::{Pause, Simulation};
use crate::metrics::column::Column;
use crate::metrics::recorder::{Recorder, RecorderPlan};
use crate::model::build::simulate;
use crate::model::id::NodeId;
use crate::model::world::World;
use crate::scenario::build::Plan;
use crate::time::SimTime;

/// How many events are handled between two looks at limits and signals.
const EVENTS_BETWEEN_LOOKS: u64 = 1 << 16;

/// A value that an expectation wants to know at a time within the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probe {
    pub(super) at: SimTime,
    pub(super) node: Option<NodeId>,
    pub(super) column: &'static Column,
}

/// What one run gives.
pub(super) struct Outcome {
    pub(super) replication: Replication,
    /// One value for each probe; `None` also for those that were not reached.
    pub(super) probed: Vec<Option<f64>>,
    pub(super) stopped: Option<Stop>,
}

/// One run on its way.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) seed: u64,
    pub(super) replication: usize,
    pub(super) limits: Limits,
    pub(super) probes: &'a [Probe],
    pub(super) control: &'a Control<'a>,
    pub(super) tracker: &'a Tracker,
    pub(super) series_points: usize,
    /// When averages begin: the start of the run, or the end of a window.
    pub(super) settles_at: SimTime,
}

impl Run<'_> {
    /// Runs to the horizon, or until something stops it.
    pub(super) fn go(&self, sink: &mut (dyn RunSink + Send)) -> io::Result<Outcome> {
        let plan = RecorderPlan { series_points: self.series_points, ..self.plan.recorder.clone() };
        let (blueprint, replication) = (&self.plan.blueprint, self.replication as u32);
        let mut recorder = Recorder::new(plan);
        recorder.settle_at(self.settles_at);
        let mut simulation = simulate(blueprint, self.seed, replication, recorder);
        let mut probed = vec![None; self.probes.len()];
        let mut now = SimTime::ZERO;
        let mut stopped = None;
        while now < blueprint.horizon && stopped.is_none() {
            let next = self.next_boundary(now);
            reproducer::reach(now);
            stopped = self.simulate_until(next, now, &mut simulation);
            now = next;
            if stopped.is_none() {
                self.probe(now, &mut simulation, &mut probed);
                if self.ends_window(now) {
                    close_window(now, &mut simulation, sink)?;
                }
            }
        }
        sink.finish()?;
        self.tracker.end_run();
        let reached = if stopped.is_some() { simulation.now() } else { now };
        Ok(Outcome { replication: finish(simulation, reached, stopped), probed, stopped })
    }

    /// The next time at which something has to be read: the end of a window, or a probe.
    fn next_boundary(&self, now: SimTime) -> SimTime {
        let window = self.plan.window.as_nanos();
        let windows = now.as_nanos() / window + 1;
        let window_end = SimTime::from_nanos(windows.saturating_mul(window));
        let probes = self.probes.iter().map(|probe| probe.at).filter(|at| *at > now);
        probes.chain([window_end, self.plan.blueprint.horizon]).min().unwrap_or(window_end)
    }

    fn ends_window(&self, now: SimTime) -> bool {
        now.as_nanos().is_multiple_of(self.plan.window.as_nanos())
            || now == self.plan.blueprint.horizon
    }

    fn simulate_until(
        &self,
        until: SimTime,
        from: SimTime,
        simulation: &mut Simulation<World<Recorder>>,
    ) -> Option<Stop> {
        let horizon = self.plan.blueprint.horizon.as_secs_f64();
        let handled_before = simulation.handled();
        let stopped = loop {
            let left = self.limits.max_events.saturating_sub(simulation.handled());
            if left == 0 {
                break Some(Stop::MaxEvents);
            }
            if let Some(stop) = self.control.asks_to_stop() {
                break Some(stop);
            }
            if simulation.run_until(until, left.min(EVENTS_BETWEEN_LOOKS)) == Pause::Reached {
                break None;
            }
            if bytes(simulation) > self.limits.max_memory {
                break Some(Stop::MaxMemory);
            }
        };
        let events = simulation.handled() - handled_before;
        self.tracker.advance(from.as_secs_f64() / horizon, until.as_secs_f64() / horizon, events);
        (self.control.progress)(self.tracker.progress());
        stopped
    }

    fn probe(
        &self,
        now: SimTime,
        simulation: &mut Simulation<World<Recorder>>,
        probed: &mut [Option<f64>],
    ) {
        let (recorder, mut oldest) = simulation.model.observer_and_oldest();
        for (probe, value) in self.probes.iter().zip(probed) {
            if probe.at == now {
                *value = recorder.reading_at(now, probe.node, probe.column, &mut oldest);
            }
        }
    }
}

fn close_window(
    end: SimTime,
    simulation: &mut Simulation<World<Recorder>>,
    sink: &mut (dyn RunSink + Send),
) -> io::Result<()> {
    let idle = simulation.model.idles_beside_work();
    let (recorder, mut oldest) = simulation.model.observer_and_oldest();
    assert_eq!(idle, None, "work is conserved: the node with a worker that idles beside a line");
    recorder.close_window(end, &mut oldest);
    let (values, maxima): (Vec<&[f64]>, Vec<&[f64]>) =
        recorder.rows().map(|row| (row.values, row.maxima)).unzip();
    sink.window(end.as_secs_f64(), &values, &maxima)
}

/// Memory taken by everything that waits in a run.
fn bytes(simulation: &Simulation<World<Recorder>>) -> u64 {
    let calendar = simulation.calendar();
    (simulation.model.bytes() + calendar.len() * calendar.bytes_per_event()) as u64
}

fn finish(
    mut simulation: Simulation<World<Recorder>>,
    reached: SimTime,
    stopped: Option<Stop>,
) -> Replication {
    let events = simulation.handled();
    if stopped.is_some() {
        let (recorder, mut oldest) = simulation.model.observer_and_oldest();
        recorder.close_window(reached, &mut oldest);
    }
    let unfinished = simulation.model.unfinished() as u64;
    let recorder = simulation.model.into_observer();
    let ledger =
        recorder.ledger().unwrap_or_else(|broken| panic!("the ledger is broken: {broken}"));
    recorder.littles_law().unwrap_or_else(|broken| panic!("Little's law is broken at {broken}"));
    assert_eq!(ledger.pending, unfinished, "messages that are pending by the ledger, and alive");
    Replication {
        metrics: recorder.finish(),
        events,
        reached_s: reached.as_secs_f64(),
        complete: stopped.is_none(),
    }
}
