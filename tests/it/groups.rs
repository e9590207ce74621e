//! What holds for every consumer group, whatever happens to its members.

use pileup::model::blueprint::ServicePlan;
use pileup::model::broker::Address;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;
use pileup::policy::idempotency::Idempotency;
use pileup::time::SimDuration;
use proptest::prelude::*;

use crate::support::{Plan, Story, With, json, member, publish, work};

/// A group, and what happens to it in the first 60 seconds.
#[derive(Debug, Clone)]
struct Recipe {
    partitions: usize,
    /// Workers of each service, each a member.
    workers: Vec<u32>,
    assignor: &'static str,
    protocol: &'static str,
    static_members: bool,
    commit: Commit,
    on_failure: &'static str,
    /// Whether dead letters go to a topic, from which they are read after a second.
    tries_later: bool,
    is_idempotent: bool,
    batch: u32,
    faults: Vec<Fault>,
}

/// Which service, what happens to it, and from when to when, in milliseconds.
type Fault = (usize, Mishap, u64, u64);

#[derive(Debug, Clone, Copy)]
enum Mishap {
    Crash,
    /// Closed in good order.
    Stop,
    Hang,
    /// Half of its work fails.
    Errors,
    /// A tenth of what is sent meanwhile is poison.
    Poison,
    /// The broker is down.
    BrokerCrash,
    /// Nothing passes between the broker and its consumers.
    Cut,
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let assignors = ["range", "round_robin", "sticky", "cooperative_sticky"];
    let auto = Commit::Auto { every: SimDuration::from_millis(1_700) };
    let commits = [Commit::Before, Commit::After, Commit::Each, auto];
    let mishaps = [
        Mishap::Crash,
        Mishap::Stop,
        Mishap::Hang,
        Mishap::Errors,
        Mishap::Poison,
        Mishap::BrokerCrash,
        Mishap::Cut,
    ];
    let policies = [
        r#""dead_letter""#,
        r#"{"dead_letter": {"attempts": 3, "backoff": {"exponential": {"base": "200ms"}}}}"#,
        r#"{"halt": {"backoff": {"fixed": {"delay": "700ms"}}}}"#,
    ];
    let mishap = prop::sample::select(mishaps.to_vec());
    let fault = (0..4_usize, mishap, 0..60_000_u64, 1..30_000_u64);
    (
        1..7_usize,
        proptest::collection::vec(1..4_u32, 1..5),
        prop::sample::select(assignors.to_vec()),
        prop::sample::select(vec!["classic", "consumer"]),
        any::<bool>(),
        (
            prop::sample::select(commits.to_vec()),
            prop::sample::select(policies.to_vec()),
            any::<bool>(),
            any::<bool>(),
        ),
        1..40_u32,
        proptest::collection::vec(fault, 0..6),
    )
        .prop_map(
            |(
                partitions,
                workers,
                assignor,
                protocol,
                static_members,
                (commit, on_failure, tries_later, is_idempotent),
                batch,
                faults,
            )| {
                let faults = faults.into_iter();
                let faults = faults
                    .map(|(of, what, from, long)| (of % workers.len(), what, from, from + long));
                let faults = faults.collect();
                Recipe {
                    partitions,
                    workers,
                    assignor,
                    protocol,
                    static_members,
                    commit,
                    on_failure,
                    tries_later,
                    is_idempotent,
                    batch,
                    faults,
                }
            },
        )
}

/// Ten messages a second for a minute, 10 ms each, and four more minutes for everything to come to rest.
fn tell(recipe: &Recipe) -> Story {
    let mut plan = Plan::lasting("300s");
    let membership = format!(
        r#"{{"session_timeout": "6s", "heartbeat_interval": "1s", "max_poll_interval": "9s",
            "assignor": "{}", "protocol": "{}", "static_members": {}}}"#,
        recipe.assignor, recipe.protocol, recipe.static_members
    );
    let groups = [(0, &*membership), (0, "{}"), (1, &*membership)];
    let log = plan.topics(&[recipe.partitions, 2], "{}", &groups);
    plan.keep_back(log, 1, "1s");
    let idempotency = match recipe.is_idempotent {
        true => Idempotency::Transactional { cost: SimDuration::from_millis(1) },
        false => Idempotency::None,
    };
    let mut services = Vec::new();
    for (index, workers) in recipe.workers.iter().enumerate() {
        let mut consumes = member(log, 0, recipe.batch, recipe.commit);
        consumes[0].on_failure = json(recipe.on_failure);
        if recipe.tries_later && recipe.on_failure.contains("dead_letter") {
            let mut later = member(log, 2, recipe.batch, recipe.commit).remove(0);
            consumes[0].aside = Some(Address(1));
            later.on_failure = json(recipe.on_failure);
            consumes.push(later);
        }
        let idempotency = idempotency.clone();
        let service = ServicePlan { workers: *workers, consumes, idempotency, ..work(r#""10ms""#) };
        services.push(plan.service(&format!("member-{index}"), service));
    }
    let mut consumes = member(log, 1, 500, Commit::After);
    consumes[0].on_failure = json(r#""dead_letter""#);
    plan.service("archive", ServicePlan { consumes, idempotency, ..work(r#""1ms""#) });
    let sends = publish(log).retry(
        r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "1s"}}, "jitter": "none"}"#,
    );
    let ten = r#"{"constant": {"rate": "10/s", "until": "60s"}}"#;
    let shop = plan.producer("shop", ten, [sends]).node;
    for (of, what, from, until) in &recipe.faults {
        let (from, until) = (format!("{from}ms"), format!("{until}ms"));
        match what {
            Mishap::Crash => plan.ails(services[*of].node, Ailment::Crash, &from, &until),
            Mishap::Stop => plan.ails(services[*of].node, Ailment::Stop, &from, &until),
            Mishap::Hang => plan.ails(services[*of].node, Ailment::Hang, &from, &until),
            Mishap::Errors => plan.ails(services[*of].node, Ailment::Errors(0.5), &from, &until),
            Mishap::Poison => plan.poison(shop, 0.1, &from, &until),
            Mishap::BrokerCrash => plan.ails(log.node, Ailment::Crash, &from, &until),
            Mishap::Cut => plan.cut_off(log.node, &from, &until),
        }
    }
    plan.run()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// The books are balanced in every run of a story, and no level of a partition or a group falls below zero.
    #[test]
    fn nothing_is_lost_after_the_work_and_nothing_is_done_twice_before_it(recipe in recipes()) {
        let story = tell(&recipe);
        let poisoned = recipe.faults.iter().any(|(_, what, ..)| matches!(what, Mishap::Poison));
        if poisoned && recipe.on_failure.contains("halt") && recipe.commit != Commit::Before {
            // Nobody gets past the first one; but nothing is lost.
            prop_assert_eq!(story.counts(["lost", "dead_lettered"]), [0, 0]);
            return Ok(());
        }
        prop_assert_eq!(story.total("final_lag"), 0.0, "everything is read in the end");
        prop_assert_eq!(story.total("pending"), 0.0);
        let [effects, again] = ["effects", "duplicates"].map(|count| story.of("archive", count));
        match recipe.commit {
            Commit::Before => prop_assert_eq!(story.total("duplicates"), 0.0),
            Commit::After | Commit::Each | Commit::Transaction | Commit::Auto { .. } => {
                prop_assert_eq!(story.total("lost"), 0.0)
            }
        }
        if !poisoned {
            prop_assert_eq!(effects - again, 600.0, "another group reads everything, too");
            if recipe.on_failure.contains("halt") && recipe.commit != Commit::Before {
                prop_assert_eq!(story.total("succeeded"), 600.0);
            }
        }
        if let ([(_, Mishap::Crash, ..)], false) = (&recipe.faults[..], recipe.is_idempotent) {
            // What is done twice is what had been done since the last commit.
            prop_assert_eq!(story.total("duplicates"), story.total("replayed"));
        }
        if recipe.is_idempotent {
            prop_assert_eq!(story.total("duplicates"), 0.0, "at most one effect for each reader");
            if recipe.commit != Commit::Before && story.total("dead_lettered") == 0.0 {
                prop_assert_eq!(story.total("effects"), 1_200.0, "and in the end exactly one");
            }
        }
        let [lost, dead, succeeded] = story.counts(["lost", "dead_lettered", "succeeded"]);
        prop_assert_eq!(lost + dead + succeeded, 600);
        if recipe.faults.is_empty() {
            prop_assert_eq!(succeeded, 600);
            prop_assert_eq!(story.counts(["duplicates", "out_of_order", "rebalances"]), [0, 0, 0]);
        }
    }
}
