//! What a whole run comes to, from hand-fed observations.

use super::recorder_tests::{MAILER, Run, SHOP, at, id};
use crate::model::observation::{Observation, Place};

/// A run that ends the moment it has settled says nothing of what comes then; one that was stopped before tells what there is.
#[test]
fn averages_begin_when_the_run_has_settled() {
    let produced_per_s = |settles: u64, ends: u64| {
        let mut run = Run::new();
        run.0.settle_at(at(settles));
        (1..=4).for_each(|second| run.produce(second));
        run.close(10);
        if ends > 10 {
            run.produce(15);
            run.close(ends);
        }
        run.0.finish().nodes[SHOP].value("arrival_rate_per_s")
    };
    assert_eq!(produced_per_s(0, 10), Some(0.4));
    assert_eq!(produced_per_s(10, 20), Some(0.1));
    assert_eq!(produced_per_s(10, 10), None);
    assert_eq!(produced_per_s(30, 20), Some(0.25));
}

#[test]
fn whoever_makes_messages_has_a_ledger_and_a_producer_has_one_in_any_case() {
    let ledgers = |run: Run| {
        let metrics = run.0.finish();
        metrics.nodes.iter().map(|node| node.ledger.is_some()).collect::<Vec<_>>()
    };
    let mut idle = Run::new();
    idle.close(10);
    assert_eq!(ledgers(idle), [true, false, false]);
    let mut stage = Run::new();
    stage.see(1, Observation::Produced { by: id(MAILER) });
    stage.moves(1, None, Some((MAILER, Place::Producer)));
    stage.close(10);
    assert_eq!(ledgers(stage), [true, true, false]);
}
