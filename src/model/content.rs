//! What messages are like inside, and so whether work on them can succeed.
//!
//! That follows from who made a message, when, and which one it is; so nothing of it is kept with the message, and it is the same in every
//! variant of a scenario.

use super::blueprint::{Blueprint, FaultEffect, FaultTiming};
use super::id::{Id, NodeId};
use super::outbound::Link;
use crate::policy::compatibility::{Change, Fields, Reading, Schema};
use crate::random::{Chance, KeyedStream};
use crate::time::SimTime;

/// What is known of the messages of each node.
#[derive(Debug, Default)]
pub struct Contents {
    /// By node; empty if all messages of all nodes are sound.
    made: Vec<Made>,
    /// By node, which versions it reads, and from when on; a node that says nothing reads the first.
    readers: Vec<Vec<(SimTime, usize)>>,
    /// By link, the versions that a registry refuses.
    refused: Vec<Vec<usize>>,
}

/// What a node makes.
#[derive(Debug, Clone, Default)]
struct Made {
    poison: Vec<Poisoning>,
    /// When each version but the first comes into use, and by which change.
    changes: Vec<(SimTime, Change)>,
    versions: Vec<Schema>,
    /// Which symbols its messages carry: the chance of its first change.
    symbols: Option<KeyedStream>,
}

/// A time during which a node makes poison messages.
#[derive(Debug, Clone)]
struct Poisoning {
    from: SimTime,
    until: Option<SimTime>,
    probability: f64,
    draws: KeyedStream,
}

impl Contents {
    /// What the faults of a scenario make of the messages. `keyed` is the chance that belongs to a fault's label.
    pub fn start(
        blueprint: &Blueprint,
        nodes: usize,
        keyed: impl Fn(&str) -> KeyedStream,
    ) -> Contents {
        let mut contents = Contents::default();
        for plan in &blueprint.faults {
            let FaultTiming::Scheduled { from, until } = plan.timing else { continue };
            match &plan.effect {
                FaultEffect::Poison { by, probability } => {
                    let (probability, draws) = (*probability, keyed(&plan.label));
                    let poisoning = Poisoning { from, until, probability, draws };
                    contents.of_node(*by, nodes).poison.push(poisoning);
                }
                FaultEffect::SchemaChange { by, change } => {
                    let made = contents.of_node(*by, nodes);
                    made.changes.push((from, change.clone()));
                    made.symbols.get_or_insert_with(|| keyed(&plan.label));
                }
                FaultEffect::Node(..) | FaultEffect::Path { .. } => {}
            }
        }
        if !contents.are_sound() {
            contents.agree(blueprint, nodes);
        }
        contents
    }

    fn of_node(&mut self, by: NodeId, nodes: usize) -> &mut Made {
        self.made.resize(nodes, Made::default());
        &mut self.made[by.index()]
    }

    /// Who writes which versions, who reads which, and what registries refuse.
    fn agree(&mut self, blueprint: &Blueprint, nodes: usize) {
        let none = Fields::new();
        let mut declared = vec![&none; nodes];
        for plan in &blueprint.producers {
            declared[plan.node.index()] = &plan.schema;
        }
        for plan in &blueprint.services {
            declared[plan.node.index()] = &plan.schema;
        }
        for (made, declared) in self.made.iter_mut().zip(declared) {
            made.changes.sort_by_key(|(from, _)| *from);
            let changes: Vec<Change> = made.changes.iter().map(|(_, it)| it.clone()).collect();
            made.versions = Schema::versions(declared, &changes);
        }
        self.readers = vec![Vec::new(); nodes];
        for service in &blueprint.services {
            self.readers[service.node.index()].clone_from(&service.reads);
        }
        let producers = blueprint.producers.iter().map(|plan| (plan.node, &plan.sends));
        let services = blueprint.services.iter().map(|plan| (plan.node, &plan.sends));
        for (by, sends) in producers.chain(services) {
            let versions = &self.made[by.index()].versions;
            self.refused.extend(sends.iter().map(|link| {
                let taken = link.registry.map(|registry| registry.registers(versions));
                let taken = taken.into_iter().flatten().enumerate();
                taken.filter(|(_, taken)| !taken).map(|(version, _)| version).collect()
            }));
        }
    }

    /// Whether there is nothing to know: every message of every node is sound.
    #[inline]
    #[must_use]
    pub fn are_sound(&self) -> bool {
        self.made.is_empty()
    }

    /// Whether no work succeeds with a message that the node `by` made.
    #[must_use]
    pub fn is_poison(&self, by: NodeId, produced_at: SimTime, identity: u64) -> bool {
        let of_node = self.made.get(by.index()).into_iter().flat_map(|made| &made.poison);
        let mut then = of_node.filter(|poisoning| {
            poisoning.from <= produced_at && poisoning.until.is_none_or(|until| produced_at < until)
        });
        then.any(|poisoning| poisoning.draws.at(identity, 0).chance(poisoning.probability))
    }

    /// What comes of reading, `now` and at the node `at`, a message that the node `by` made.
    #[must_use]
    pub fn read(
        &self,
        (by, identity): (NodeId, u64),
        produced_at: SimTime,
        at: NodeId,
        now: SimTime,
    ) -> Reading {
        let Some(made) = self.made.get(by.index()) else { return Reading::Right };
        let steps = self.readers[at.index()].iter().take_while(|(from, _)| *from <= now);
        let version = steps.last().map_or(0, |(_, version)| *version);
        let (latest, written) = (made.versions.len() - 1, made.version(produced_at));
        made.versions[version.min(latest)].read_message(&made.versions[written], |field| {
            made.symbols.map(|symbols| symbols.at(identity, field as u32).unit())
        })
    }

    /// Whether a registry keeps a message from being sent over a link.
    #[must_use]
    pub fn refuse(&self, link: Id<Link>, by: NodeId, produced_at: SimTime) -> bool {
        let Some(made) = self.made.get(by.index()) else { return false };
        self.refused[link.index()].contains(&made.version(produced_at))
    }
}

impl Made {
    /// The version that was in use at a time.
    fn version(&self, at: SimTime) -> usize {
        self.changes.iter().take_while(|(from, _)| *from <= at).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::blueprint::FaultPlan;

    fn poison(probability: f64, from_s: u64, until_s: Option<u64>) -> Contents {
        let at = |s: u64| SimTime::from_nanos(s * 1_000_000_000);
        let fault = FaultPlan {
            label: "poison at web".into(),
            node: NodeId::new(1),
            effect: FaultEffect::Poison { by: NodeId::new(1), probability },
            timing: FaultTiming::Scheduled { from: at(from_s), until: until_s.map(at) },
        };
        let blueprint = Blueprint {
            horizon: at(9),
            producers: Vec::new(),
            services: Vec::new(),
            brokers: Vec::new(),
            faults: vec![fault],
        };
        Contents::start(&blueprint, 2, |label| KeyedStream::new(1, 0, label))
    }

    #[test]
    fn poison_is_what_its_producer_makes_meanwhile() {
        let contents = poison(1.0, 2, Some(4));
        let made_at = |node: usize, s: u64| {
            let at = SimTime::from_nanos(s * 1_000_000_000);
            contents.is_poison(NodeId::new(node), at, 7)
        };
        assert_eq!([1, 2, 3, 4].map(|s| made_at(1, s)), [false, true, true, false]);
        assert!(!made_at(0, 3), "of another node");
        assert!(Contents::default().are_sound() && !contents.are_sound());
    }

    #[test]
    fn chance_decides_by_the_message_and_not_by_when_one_asks() {
        let contents = poison(0.25, 0, None);
        let ask = |identity| contents.is_poison(NodeId::new(1), SimTime::ZERO, identity);
        let all: Vec<bool> = (0..10_000).map(ask).collect();
        let again: Vec<bool> = (0..10_000).rev().map(ask).collect();
        assert!(all.iter().eq(again.iter().rev()));
        let share = all.iter().filter(|poison| **poison).count() as f64 / 10_000.0;
        // Three standard deviations of a share of 0.25 in 10,000: 0.013.
        assert!((share - 0.25).abs() < 0.013, "{share}");
    }
}
