//! What holds for every batch, pair and job, whatever happens to those who work on them.

use pileup::model::blueprint::ServicePlan;
use pileup::model::broker::Broker;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;
use pileup::policy::jobs::Jobs;
use proptest::prelude::*;

use crate::support::{Node, Plan, Story, With, from, json, member, publish, unbounded, work};

/// A stage between two sources and a sink, and what happens to them in the first minute.
#[derive(Debug, Clone)]
struct Recipe {
    seed: u64,
    works_on: usize,
    /// Whether the first source is a log.
    is_log: bool,
    workers: u32,
    batch: u32,
    commit: Commit,
    idempotency: usize,
    faults: Vec<(usize, Mishap, u64, u64)>,
}

#[derive(Debug, Clone, Copy)]
enum Mishap {
    Crash,
    Hang,
    /// Half of its work fails.
    Errors,
    /// Nothing passes between it and its consumers.
    Cut,
}

const WORKS_ON: [&str; 6] = [
    r#"{"batch": {"window": "3s"}}"#,
    r#"{"batch": {"window": "500ms", "count": 4, "per_message": "5ms"}}"#,
    r#"{"batch": {"window": "20s", "count": 1}}"#,
    r#"{"join": {"window": "2s"}}"#,
    r#"{"join": {"window": "9s", "unmatched": "emit"}}"#,
    r#"{"join": {"window": "300ms", "unmatched": "emit"}}"#,
];
const BATCHES: std::ops::Range<usize> = 0..3;
const IDEMPOTENCY: [&str; 3] = [
    r#""none""#,
    r#"{"transactional": {"cost": "1ms"}}"#,
    r#"{"check_then_act": {"gap": "20ms"}}"#,
];

fn faults() -> impl Strategy<Value = Vec<(usize, Mishap, u64, u64)>> {
    let mishap =
        prop::sample::select(vec![Mishap::Crash, Mishap::Hang, Mishap::Errors, Mishap::Cut]);
    let fault = (0..5_usize, mishap, 0..60_000_u64, 1..20_000_u64);
    prop::collection::vec(fault, 0..6)
}

fn recipes() -> impl Strategy<Value = Recipe> {
    let stage = (0..WORKS_ON.len(), any::<bool>(), 1..4_u32, 1..9_u32);
    let commit = prop::sample::select(vec![Commit::Before, Commit::After]);
    (any::<u64>(), stage, commit, 0..IDEMPOTENCY.len(), faults()).prop_map(
        |(seed, (works_on, is_log, workers, batch), commit, idempotency, faults)| Recipe {
            seed,
            works_on,
            is_log,
            workers,
            batch,
            commit,
            idempotency,
            faults,
        },
    )
}

/// Messages for half a minute, and then four minutes for everything to come to rest.
fn tell(recipe: &Recipe) -> Story {
    let mut plan = Plan::lasting("300s");
    let quick = r#"{"session_timeout": "6s", "heartbeat_interval": "1s"}"#;
    let one =
        if recipe.is_log { plan.log(3, "{}", &[quick]) } else { plan.queue("one", unbounded()) };
    let (other, sink) = (plan.queue("other", unbounded()), plan.queue("sink", unbounded()));
    let consumes_one = || match recipe.is_log {
        true => member(one, 0, recipe.batch, recipe.commit),
        false => from(one, recipe.batch, recipe.commit),
    };
    let again = r#"{"max_attempts": 3, "backoff": {"fixed": {"delay": "100ms"}}}"#;
    let mut stage = ServicePlan {
        workers: recipe.workers,
        works_on: json(WORKS_ON[recipe.works_on]),
        idempotency: json(IDEMPOTENCY[recipe.idempotency]),
        consumes: consumes_one(),
        sends: vec![publish(sink).retry(again)],
        ..work(r#"{"exponential": {"mean": "20ms"}}"#)
    };
    if !BATCHES.contains(&recipe.works_on) {
        stage.consumes.extend(from(other, recipe.batch, recipe.commit));
    }
    let stage = plan.service("stage", stage);
    let consumes = from(sink, 1, Commit::After);
    plan.service("end", ServicePlan { consumes, ..work(r#""1ms""#) });
    if BATCHES.contains(&recipe.works_on) {
        let consumes = from(other, 1, Commit::After);
        plan.service("aside", ServicePlan { consumes, ..work(r#""1ms""#) });
    }
    let endless = r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "1s"}}}"#;
    for (name, to) in [("left", one), ("right", other)] {
        let arrivals = r#"{"poisson": {"rate": "8/s", "until": "30s"}}"#;
        let producer = plan.producer(name, arrivals, [publish(to).retry(endless)]);
        producer.keys = json(r#"{"uniform": {"count": 5}}"#);
    }
    for fault in &recipe.faults {
        befall(
            &mut plan,
            [stage.node, one.node, other.node, sink.node],
            [one, other, sink],
            *fault,
        );
    }
    plan.0.horizon = "300s".parse().unwrap();
    crate::support::run(&plan.0, recipe.seed, 0)
}

fn befall(
    plan: &mut Plan,
    nodes: [pileup::model::id::NodeId; 4],
    brokers: [Node<Broker>; 3],
    (place, what, from, long): (usize, Mishap, u64, u64),
) {
    let (begin, end) = (format!("{from}ms"), format!("{}ms", from + long));
    match what {
        Mishap::Crash => plan.ails(nodes[place % 4], Ailment::Crash, &begin, &end),
        Mishap::Hang => plan.ails(nodes[0], Ailment::Hang, &begin, &end),
        Mishap::Errors => plan.ails(nodes[0], Ailment::Errors(0.5), &begin, &end),
        Mishap::Cut => plan.cut_off(brokers[place % 3].node, &begin, &end),
    }
}

/// Jobs of which each needs some of those before it, as bits.
fn jobs() -> impl Strategy<Value = Jobs> {
    prop::collection::vec(any::<u8>(), 1..7).prop_map(|bits| {
        let needs = |(job, bits): (usize, &u8)| {
            let needs =
                (0..job).filter(|need| bits & (1 << need) != 0).map(|need| format!("j{need}"));
            (format!("j{job}"), needs.collect::<Vec<String>>())
        };
        // Listed from the last to the first: the order of the list is not that of the work.
        let needs = bits.iter().enumerate().map(needs).rev().collect();
        Jobs { needs, release: Default::default() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// The ledger balances (every run is checked for that), and in the end nothing is left anywhere.
    #[test]
    fn whatever_happens_every_message_comes_to_an_end(recipe in recipes()) {
        let story = tell(&recipe);
        prop_assert_eq!(story.counts(["pending", "final_lag", "final_in_flight"]), [0, 0, 0]);
        if recipe.commit == Commit::After {
            prop_assert_eq!(story.total("lost"), 0.0);
        }
        if recipe.idempotency == 1 {
            prop_assert_eq!(story.of("left", "duplicates"), 0.0);
        }
    }

    /// Left alone, whoever finds a partner shares one message with it, and each result is of two or of one that was alone.
    #[test]
    fn every_pair_is_one_message(recipe in recipes()) {
        let story = tell(&Recipe { faults: Vec::new(), works_on: recipe.works_on.max(3), ..recipe });
        let [left, right] = ["left", "right"].map(|side| story.of(side, "succeeded"));
        let alone = ["left", "right"].map(|side| story.of(side, "unmatched"));
        let emitted = story.of("left", "succeeded") + story.of("left", "expired") == story.of("left", "produced");
        prop_assert!(emitted);
        let expired = story.total("expired");
        let pairs = (left + right + expired - alone[0] - alone[1]) / 2.0;
        let emits = alone[0] + alone[1] - expired;
        prop_assert_eq!(story.of("stage", "produced"), pairs + emits);
        prop_assert_eq!(left + expired_of(&story, "left") - alone[0], right + expired_of(&story, "right") - alone[1]);
    }

    /// No fault makes a job begin before all that it needs is done, and none is forgotten.
    #[test]
    fn jobs_are_done_in_an_order_that_respects_all_needs(
        jobs in jobs(), seed in any::<u64>(), workers in 1..4_u32, faults in faults(),
    ) {
        let mut plan = Plan::lasting("300s");
        let queue = plan.queue("queue", unbounded());
        let consumes = from(queue, 2, Commit::After);
        let team = ServicePlan { workers, consumes, ..work(r#"{"exponential": {"mean": "100ms"}}"#) };
        let team = plan.service("team", team);
        let endless = r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "1s"}}}"#;
        let runs = r#"{"poisson": {"rate": "1/s", "until": "30s"}}"#;
        let each = jobs.needs.len() as f64;
        plan.producer("engine", runs, [publish(queue).retry(endless)]).jobs = Some(jobs);
        for fault in &faults {
            befall(&mut plan, [team.node, queue.node, team.node, queue.node], [queue; 3], *fault);
        }
        let story = crate::support::run(&plan.0, seed, 0);
        prop_assert_eq!(story.counts(["pending", "out_of_order", "lost"]), [0, 0, 0]);
        prop_assert_eq!(story.of("engine", "produced") % each, 0.0);
    }
}

fn expired_of(story: &Story, side: &str) -> f64 {
    story.of(side, "expired")
}
