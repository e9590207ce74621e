//! The faults of a running world: which are active now, and when the next one changes.

use super::blueprint::{FaultEffect, FaultPlan, FaultTiming, PathEffect};
use super::event::Event;
use super::health::Health;
use super::id::{Id, NodeId};
use super::network::PathHealth;
use super::outbound::Link;
use crate::engine::Calendar;
use crate::random::{Distribution, Sampler, Stream};
use crate::time::SimTime;

/// All faults of a world.
#[derive(Debug, Default)]
pub struct Faults(Vec<ActiveFault>);

#[derive(Debug)]
struct ActiveFault {
    node: NodeId,
    effect: FaultEffect,
    clock: Option<Clock>,
    active: bool,
}

/// When a random fault comes and goes.
#[derive(Debug)]
struct Clock {
    mtbf: Sampler,
    mttr: Sampler,
    until: SimTime,
    stream: Stream,
}

impl Faults {
    /// The faults of `plans`, the first change of each in the calendar.
    pub fn start(
        plans: &[FaultPlan],
        horizon: SimTime,
        mut stream: impl FnMut(&str) -> Stream,
        calendar: &mut Calendar<Event>,
    ) -> Faults {
        let start = |(index, plan): (usize, &FaultPlan)| {
            let fault = u16::try_from(index).expect("at most 65,536 faults");
            let clock = match &plan.timing {
                FaultTiming::Scheduled { from, until } => {
                    calendar.schedule(*from, Event::FaultBegins { fault });
                    if let Some(until) = until {
                        calendar.schedule(*until, Event::FaultEnds { fault });
                    }
                    None
                }
                FaultTiming::Random { from, until, mtbf, mttr } => {
                    let until = until.unwrap_or(horizon);
                    let mut clock = Clock::new(mtbf, mttr, until, stream(&plan.label));
                    clock.schedule_next(fault, *from, calendar);
                    Some(clock)
                }
            };
            ActiveFault { node: plan.node, effect: plan.effect.clone(), clock, active: false }
        };
        Faults(plans.iter().enumerate().map(start).collect())
    }

    /// A fault begins or ends. What it is about: the node at which it is marked, and its effect.
    pub fn switch(
        &mut self,
        fault: u16,
        active: bool,
        now: SimTime,
        calendar: &mut Calendar<Event>,
    ) -> (NodeId, &FaultEffect) {
        let this = &mut self.0[usize::from(fault)];
        this.active = active;
        if let Some(clock) = &mut this.clock {
            if active {
                let end = now + clock.mttr.sample(&mut clock.stream);
                calendar.schedule(end, Event::FaultEnds { fault });
            } else {
                clock.schedule_next(fault, now, calendar);
            }
        }
        (this.node, &this.effect)
    }

    /// What the active faults make of a node.
    #[must_use]
    pub fn health_of(&self, node: NodeId) -> Health {
        self.active().fold(Health::default(), |health, effect| match effect {
            FaultEffect::Node(at, ailment) if *at == node => health.with(*ailment),
            FaultEffect::Node(..)
            | FaultEffect::Path { .. }
            | FaultEffect::Poison { .. }
            | FaultEffect::SchemaChange { .. } => health,
        })
    }

    /// What the active faults make of a link.
    #[must_use]
    pub fn path_of(&self, link: Id<Link>) -> PathHealth {
        self.active().fold(PathHealth::default(), |health, effect| match effect {
            FaultEffect::Path { links, effect, .. } if links.contains(&link) => health.with(effect),
            FaultEffect::Node(..)
            | FaultEffect::Path { .. }
            | FaultEffect::Poison { .. }
            | FaultEffect::SchemaChange { .. } => health,
        })
    }

    /// Whether an active fault cuts a consumer off from a broker.
    #[must_use]
    pub fn cuts(&self, consumer: (Id<super::service::Service>, Id<super::broker::Broker>)) -> bool {
        self.active().any(|effect| match effect {
            FaultEffect::Path { cuts, effect: PathEffect::Cut, .. } => cuts.contains(&consumer),
            FaultEffect::Node(..)
            | FaultEffect::Path { .. }
            | FaultEffect::Poison { .. }
            | FaultEffect::SchemaChange { .. } => false,
        })
    }

    fn active(&self) -> impl Iterator<Item = &FaultEffect> {
        self.0.iter().filter(|fault| fault.active).map(|fault| &fault.effect)
    }
}

impl Clock {
    fn new(mtbf: &Distribution, mttr: &Distribution, until: SimTime, stream: Stream) -> Clock {
        Clock { mtbf: mtbf.sampler(), mttr: mttr.sampler(), until, stream }
    }

    fn schedule_next(&mut self, fault: u16, now: SimTime, calendar: &mut Calendar<Event>) {
        let begins = now + self.mtbf.sample(&mut self.stream);
        if begins < self.until {
            calendar.schedule(begins, Event::FaultBegins { fault });
        }
    }
}

impl PathHealth {
    fn with(mut self, effect: &PathEffect) -> PathHealth {
        match effect {
            PathEffect::Cut => self.cut = true,
            PathEffect::Loss(loss) => self.loss = 1.0 - (1.0 - self.loss) * (1.0 - loss),
            PathEffect::Latency(added) => self.added.push(added.sampler()),
        }
        self
    }
}
