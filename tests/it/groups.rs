//! What holds for every consumer group, whatever happens to its members.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;
use pileup::time::SimDuration;
use proptest::prelude::*;

use crate::support::{Plan, Story, member, publish, work};

/// A group, and what happens to it in the first 60 seconds.
#[derive(Debug, Clone)]
struct Recipe {
    partitions: usize,
    /// Workers of each service, each a member.
    workers: Vec<u32>,
    assignor: &'static str,
    static_members: bool,
    commit: Commit,
    batch: u32,
    faults: Vec<Fault>,
}

/// Which service, whether it crashes or hangs, and from when to when, in milliseconds.
type Fault = (usize, bool, u64, u64);

fn recipes() -> impl Strategy<Value = Recipe> {
    let assignors = ["range", "round_robin", "sticky", "cooperative_sticky"];
    let commits =
        [Commit::Before, Commit::After, Commit::Auto { every: SimDuration::from_millis(1_700) }];
    let fault = (0..4_usize, any::<bool>(), 0..60_000_u64, 1..30_000_u64);
    (
        1..7_usize,
        proptest::collection::vec(1..4_u32, 1..5),
        prop::sample::select(assignors.to_vec()),
        any::<bool>(),
        prop::sample::select(commits.to_vec()),
        1..40_u32,
        proptest::collection::vec(fault, 0..6),
    )
        .prop_map(|(partitions, workers, assignor, static_members, commit, batch, faults)| {
            let faults = faults.into_iter();
            let faults = faults
                .map(|(of, crash, from, long)| (of % workers.len(), crash, from, from + long));
            let faults = faults.collect();
            Recipe { partitions, workers, assignor, static_members, commit, batch, faults }
        })
}

/// Ten messages a second for a minute, 10 ms each, and four more minutes for everything to come to rest.
fn tell(recipe: &Recipe) -> Story {
    let mut plan = Plan::lasting("300s");
    let membership = format!(
        r#"{{"session_timeout": "6s", "heartbeat_interval": "1s", "max_poll_interval": "9s",
            "assignor": "{}", "static_members": {}}}"#,
        recipe.assignor, recipe.static_members
    );
    let log = plan.log(recipe.partitions, "{}", &[&membership, "{}"]);
    let mut services = Vec::new();
    for (index, workers) in recipe.workers.iter().enumerate() {
        let consumes = member(log, 0, recipe.batch, recipe.commit);
        let service = ServicePlan { workers: *workers, consumes, ..work(r#""10ms""#) };
        services.push(plan.service(&format!("member-{index}"), service));
    }
    let consumes = member(log, 1, 500, Commit::After);
    plan.service("archive", ServicePlan { consumes, ..work(r#""1ms""#) });
    for (of, crash, from, until) in &recipe.faults {
        let ailment = if *crash { Ailment::Crash } else { Ailment::Hang };
        plan.ails(services[*of].node, ailment, &format!("{from}ms"), &format!("{until}ms"));
    }
    plan.producer("shop", r#"{"constant": {"rate": "10/s", "until": "60s"}}"#, [publish(log)]);
    plan.run()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The books are balanced in every run of a story, and no level of a partition or a group falls below zero.
    #[test]
    fn nothing_is_lost_after_the_work_and_nothing_is_done_twice_before_it(recipe in recipes()) {
        let story = tell(&recipe);
        prop_assert_eq!(story.total("final_lag"), 0.0, "everything is read in the end");
        prop_assert_eq!(story.total("pending"), 0.0);
        prop_assert_eq!(story.of("archive", "effects"), 600.0, "another group notices nothing");
        match recipe.commit {
            Commit::Before => prop_assert_eq!(story.total("duplicates"), 0.0),
            Commit::After | Commit::Auto { .. } => prop_assert_eq!(story.counts(["lost", "succeeded"]), [0, 600]),
        }
        if recipe.faults.is_empty() {
            prop_assert_eq!(story.counts(["duplicates", "out_of_order", "rebalances"]), [0, 0, 0]);
        }
    }
}
