//! What messages are like inside, and so whether work on them can succeed.
//!
//! That follows from who made a message, when, and which one it is; so nothing of it is kept with the message, and it is the same in every
//! variant of a scenario.

use super::blueprint::{FaultEffect, FaultPlan, FaultTiming};
use super::id::NodeId;
use crate::random::{Chance, KeyedStream};
use crate::time::SimTime;

/// What is known of the messages of each node.
#[derive(Debug, Default)]
pub struct Contents {
    /// By node; empty if all messages of all nodes are sound.
    poison: Vec<Vec<Poisoning>>,
}

/// A time during which a node makes poison messages.
#[derive(Debug)]
struct Poisoning {
    from: SimTime,
    until: Option<SimTime>,
    probability: f64,
    draws: KeyedStream,
}

impl Contents {
    /// What the faults of a scenario make of the messages. `keyed` is the chance that belongs to a fault's label.
    pub fn start(
        faults: &[FaultPlan],
        nodes: usize,
        keyed: impl Fn(&str) -> KeyedStream,
    ) -> Contents {
        let mut contents = Contents::default();
        for plan in faults {
            let (FaultEffect::Poison { by, probability }, FaultTiming::Scheduled { from, until }) =
                (&plan.effect, &plan.timing)
            else {
                continue;
            };
            let (from, until, draws) = (*from, *until, keyed(&plan.label));
            contents.poison.resize_with(nodes, Vec::new);
            contents.poison[by.index()].push(Poisoning {
                from,
                until,
                probability: *probability,
                draws,
            });
        }
        contents
    }

    /// Whether there is nothing to know: every message of every node is sound.
    #[inline]
    #[must_use]
    pub fn are_sound(&self) -> bool {
        self.poison.is_empty()
    }

    /// Whether no work succeeds with a message that the node `by` made.
    #[must_use]
    pub fn is_poison(&self, by: NodeId, produced_at: SimTime, identity: u64) -> bool {
        let of_node = self.poison.get(by.index()).into_iter().flatten();
        let mut then = of_node.filter(|poisoning| {
            poisoning.from <= produced_at && poisoning.until.is_none_or(|until| produced_at < until)
        });
        then.any(|poisoning| poisoning.draws.at(identity, 0).chance(poisoning.probability))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poison(probability: f64, from_s: u64, until_s: Option<u64>) -> Contents {
        let at = |s: u64| SimTime::from_nanos(s * 1_000_000_000);
        let fault = FaultPlan {
            label: "poison at web".into(),
            node: NodeId::new(1),
            effect: FaultEffect::Poison { by: NodeId::new(1), probability },
            timing: FaultTiming::Scheduled { from: at(from_s), until: until_s.map(at) },
        };
        Contents::start(&[fault], 2, |label| KeyedStream::new(1, 0, label))
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
