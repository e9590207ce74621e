//! Stages of a pipeline: batches that are collected, and pairs that wait for one another.

use pileup::model::blueprint::{BrokerKindPlan, ServicePlan};
use pileup::model::broker::Broker;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;
use pileup::policy::partitioner::Partitioner;

use crate::support::{Node, Plan, bounded, from, json, member, publish, trace, unbounded, work};

/// A worker that takes 1 s for a batch of what comes to a queue at these times, keyed by nothing that matters.
fn batches(works_on: &str, times: &[&str]) -> (Plan, Node<Broker>) {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let service = ServicePlan {
        works_on: json(works_on),
        consumes: from(queue, 10, Commit::After),
        ..work(r#""1s""#)
    };
    plan.service("analytics", service);
    let lines: String = times.iter().map(|time| format!("{time},0\n")).collect();
    plan.producer("shop", "", [publish(queue)]).arrivals = vec![trace(&lines)];
    (plan, queue)
}

/// As AWS Lambda's batch window: from the first message on. What comes while a batch is in work waits for the next.
#[test]
fn a_batch_is_begun_when_its_window_ends_and_done_at_once() {
    let (plan, _) = batches(r#"{"batch": {"window": "2s"}}"#, &["0", "0.5", "1", "2.5"]);
    let story = plan.listen();
    assert_eq!(story.effects(), [3.0, 3.0, 3.0, 6.0]);
    assert_eq!(story.counts(["succeeded", "duplicates", "redeliveries"]), [4, 0, 0]);
    assert_eq!(story.of("analytics", "utilization_ratio"), 0.1, "two batches of 1 s in 20 s");
}

#[test]
fn a_full_batch_is_begun_at_once_and_takes_longer_by_each_message() {
    let works_on = r#"{"batch": {"window": "9s", "count": 3, "per_message": "100ms"}}"#;
    let (plan, _) = batches(works_on, &["0", "0.5", "1", "1.1"]);
    // 1 s + 3 · 100 ms after the third; the fourth is taken at 2.3 s, and its window ends 9 s later.
    assert_eq!(plan.listen().effects(), [2.3, 2.3, 2.3, 12.4]);
}

#[test]
fn one_message_goes_on_for_a_whole_batch() {
    let mut plan = Plan::lasting("20s");
    let (queue, results) = (plan.queue("queue", unbounded()), plan.queue("results", unbounded()));
    let service = ServicePlan {
        works_on: json(r#"{"batch": {"window": "2s"}}"#),
        consumes: from(queue, 1, Commit::After),
        sends: vec![publish(results)],
        ..work(r#""1s""#)
    };
    plan.service("analytics", service);
    let consumes = from(results, 1, Commit::After);
    plan.service("archive", ServicePlan { consumes, ..work(r#""500ms""#) });
    plan.producer("shop", r#"{"burst": {"count": 6}}"#, [publish(queue)]);
    let story = plan.listen();
    assert_eq!(story.of("analytics", "produced"), 1.0);
    assert_eq!(story.of("analytics", "succeeded"), 1.0, "the result has a row of its own");
    assert_eq!(story.effects(), [3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.5]);
}

/// If what is sent on for a batch fails, all of the batch is given back, and nothing of it has had its effect.
#[test]
fn a_batch_that_fails_is_delivered_again_as_a_whole() {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let results = plan.queue("results", bounded(1, r#""reject""#));
    let service = ServicePlan {
        works_on: json(r#"{"batch": {"window": "2s"}}"#),
        consumes: from(queue, 9, Commit::After),
        sends: vec![publish(results)],
        ..work(r#""1s""#)
    };
    plan.service("analytics", service);
    let consumes = from(results, 1, Commit::After);
    plan.service("archive", ServicePlan { consumes, ..work(r#""4s""#) });
    plan.producer(
        "shop",
        r#"{"burst": {"count": 2}}; {"burst": {"at": "2.5s", "count": 2}}"#,
        [publish(queue)],
    );
    let story = plan.listen();
    // The archive is busy with the first result from 3 s to 7 s; the second batch, of 3 s, fails at 6 s and comes again at 9 s.
    let analytics = story.of("analytics", "effects") - 2.0;
    assert_eq!(analytics, 2.0 + 2.0, "two batches of two, and two results");
    assert_eq!(story.counts(["duplicates", "redeliveries"]), [0, 2]);
    assert_eq!(&story.effects()[..3], [3.0, 3.0, 7.0]);
}

/// The word that it was taken goes out when a batch is done, so a crash while it is collected loses nothing.
#[test]
fn a_crash_while_a_batch_is_collected_brings_all_of_it_again() {
    let (mut plan, _) = batches(r#"{"batch": {"window": "2s"}}"#, &["0", "0.5"]);
    let analytics = plan.0.services[0].node;
    plan.ails(analytics, Ailment::Crash, "1s", "4s");
    let story = plan.listen();
    assert_eq!(story.effects(), [7.0, 7.0]);
    assert_eq!(story.counts(["redeliveries", "duplicates", "lost"]), [2, 0, 0]);
    plan.0.services[0].consumes[0].commit = Commit::Before;
    assert_eq!(plan.run().counts(["effects", "lost"]), [0, 2], "taken is done");
}

#[test]
fn several_polls_of_a_log_make_one_batch_that_is_committed_when_it_is_done() {
    let mut plan = Plan::lasting("20s");
    let log = plan.log(3, "{}", &["{}"]);
    let service = ServicePlan {
        works_on: json(r#"{"batch": {"window": "2s"}}"#),
        consumes: member(log, 0, 2, Commit::After),
        ..work(r#""1s""#)
    };
    plan.service("analytics", service);
    plan.producer("shop", r#"{"constant": {"rate": "10/s", "until": "5s"}}"#, [publish(log)]);
    let story = plan.listen();
    let effects = story.effects();
    // From the first message 2 s, then 1 s of work, and so on.
    assert_eq!(effects.iter().filter(|at| **at == effects[0]).count(), 20);
    assert_eq!(
        story.counts(["succeeded", "duplicates", "redeliveries"]),
        [story.total("produced") as u64, 0, 0]
    );
    assert_eq!(story.total("final_lag"), 0.0);
}

/// Rides that are asked for and drivers who are near, of the same place if they have the same key. A pair takes 100 ms.
fn pairs(join: &str, rides: &str, drivers: &str) -> Plan {
    let mut plan = Plan::lasting("30s");
    let queues = ["rides", "drivers", "matches"].map(|name| plan.queue(name, unbounded()));
    let sides = [queues[0], queues[1]].map(|queue| from(queue, 1, Commit::After).remove(0));
    let service = ServicePlan {
        works_on: json(join),
        consumes: sides.into(),
        sends: vec![publish(queues[2])],
        ..work(r#""100ms""#)
    };
    plan.service("dispatch", service);
    let consumes = from(queues[2], 1, Commit::After);
    plan.service("phone", ServicePlan { consumes, ..work(r#""1s""#) });
    for (name, queue, lines) in [("rider", queues[0], rides), ("driver", queues[1], drivers)] {
        plan.producer(name, "", [publish(queue)]).arrivals = vec![trace(lines)];
    }
    plan
}

const INNER: &str = r#"{"join": {"window": "5s"}}"#;
const OUTER: &str = r#"{"join": {"window": "5s", "unmatched": "emit"}}"#;

#[test]
fn two_of_a_key_become_one_message_when_the_second_is_there() {
    let story = pairs(INNER, "0,7", "2,7").listen();
    assert_eq!(story.effects(), [2.1, 2.1, 3.1]);
    assert_eq!(story.of("dispatch", "produced"), 1.0);
    assert_eq!(story.of("rider", "sojourn_max_ms"), 2_100.0);
    assert_eq!(story.counts(["succeeded", "unmatched", "expired"]), [3, 0, 0]);
}

#[test]
fn a_partner_of_another_key_is_none() {
    let story = pairs(INNER, "0,7", "2,8").run();
    assert_eq!(story.counts(["effects", "unmatched", "expired", "pending"]), [0, 2, 2, 0]);
}

/// What waits for its partner is done with at its broker, and pending at the service.
#[test]
fn who_waits_for_a_partner_is_pending_at_the_service_until_the_window_ends() {
    let mut plan = pairs(INNER, "0,7", "20,8");
    plan.0.horizon = "3s".parse().unwrap();
    let story = plan.run();
    assert_eq!(story.of("rides", "final_lag"), 0.0);
    assert_eq!(story.of("dispatch", "final_pending"), 1.0);
    plan.0.horizon = "6s".parse().unwrap();
    assert_eq!(plan.run().of("rider", "expired"), 1.0);
}

/// The first is given up 5 s after it was worked on, at 5.1 s; its partner comes at 5.2 s and waits in vain as well.
#[test]
fn a_partner_who_is_late_finds_nobody() {
    assert_eq!(pairs(INNER, "0,7", "5.2,7").run().counts(["effects", "unmatched"]), [0, 2]);
    assert_eq!(pairs(INNER, "0,7", "4.9,7").run().counts(["unmatched"]), [0], "5 s is in time");
}

#[test]
fn one_partner_is_enough_for_one_and_the_first_has_it() {
    let story = pairs(INNER, "0,7\n1,7", "2,7").listen();
    assert_eq!(story.of("rider", "sojourn_max_ms"), 2_100.0, "the one of 0 s");
    assert_eq!(story.counts(["unmatched", "expired"]), [1, 1]);
}

#[test]
fn an_outer_join_works_on_who_is_alone_when_the_window_ends() {
    let story = pairs(OUTER, "0,7", "20,8").listen();
    assert_eq!(story.effects(), [5.1, 6.1, 25.1, 26.1]);
    assert_eq!(story.counts(["succeeded", "unmatched", "expired"]), [4, 2, 0]);
}

/// The store of a join survives the process, as that of Kafka Streams does; while nobody is there no window ends.
#[test]
fn what_waits_survives_a_crash() {
    let mut plan = pairs(INNER, "0,7\n1,9", "6,7");
    let dispatch = plan.0.services[0].node;
    plan.ails(dispatch, Ailment::Crash, "2s", "4s");
    let story = plan.run();
    assert_eq!(story.counts(["effects", "unmatched", "lost"]), [0, 3, 0]);
    plan.0.producers[1].arrivals = vec![trace("4.5,7")];
    assert_eq!(plan.run().counts(["effects", "unmatched", "lost"]), [3, 1, 0]);
    plan.0.faults.clear();
    plan.ails(dispatch, Ailment::Crash, "2s", "7s");
    // Up again at 7 s: both are overdue, and are given up before the driver is looked at.
    assert_eq!(plan.run().counts(["effects", "unmatched", "lost"]), [0, 3, 0]);
}

/// Until the pair is across nothing of it has had its effect: if that fails, one goes back to its line and the other to its broker.
#[test]
fn a_pair_that_cannot_be_sent_on_is_tried_again() {
    let mut plan = pairs(INNER, "0,7", "1,7");
    let matches = plan.0.brokers[2].node;
    plan.ails(matches, Ailment::Crash, "1s", "3.05s");
    let story = plan.listen();
    // Every 100 ms from 1.1 s on; the first that succeeds is begun at 3 s.
    assert_eq!(&story.effects()[..2], [3.1, 3.1]);
    assert_eq!(story.counts(["succeeded", "unmatched", "duplicates"])[1..], [0, 0]);
}

/// Two jobs after the first, and one after both; each takes 1 s.
const DIAMOND: &str = r#"{"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}"#;

fn diamond(release: &str, workers: u32) -> Plan {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    plan.service("team", ServicePlan { workers, consumes, ..work(r#""1s""#) });
    let engine = plan.producer("engine", r#"{"burst": {"count": 1}}"#, [publish(queue)]);
    engine.jobs = Some(json(&format!(r#"{{"needs": {DIAMOND}, "release": "{release}"}}"#)));
    plan
}

/// A topological traversal: as long as the longest chain, which has three jobs.
#[test]
fn a_job_is_sent_when_all_that_it_needs_is_done() {
    let story = diamond("when_ready", 4).listen();
    assert_eq!(story.effects(), [1.0, 2.0, 2.0, 3.0]);
    assert_eq!(story.counts(["produced", "succeeded", "out_of_order"]), [4, 4, 0]);
    assert_eq!(story.of("engine", "peak_held_at_producer"), 3.0);
    assert_eq!(story.of("engine", "blocked_time_s"), 1.0 + 1.0 + 2.0);
}

/// Four workers begin all four at once, and three of them before what they need is done.
#[test]
fn a_line_with_several_workers_breaks_the_order_of_jobs() {
    let story = diamond("at_once", 4).listen();
    assert_eq!(story.effects(), [1.0, 1.0, 1.0, 1.0]);
    assert_eq!(story.counts(["succeeded", "out_of_order"]), [4, 3]);
}

#[test]
fn one_worker_respects_every_order_in_which_jobs_are_made_and_takes_them_all_one_by_one() {
    let story = diamond("at_once", 1).listen();
    assert_eq!(story.effects(), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(story.counts(["out_of_order"]), [0]);
}

/// The key of a job is its run, so a run is on one partition.
#[test]
fn a_partition_takes_the_jobs_of_a_run_one_by_one() {
    let mut plan = Plan::lasting("20s");
    let log = plan.log(2, "{}", &["{}"]);
    let BrokerKindPlan::Log(_, partitioners) = &mut plan.0.brokers[0].kind else { panic!("a log") };
    partitioners[0] = Partitioner::default();
    let consumes = member(log, 0, 1, Commit::After);
    plan.service("team", ServicePlan { workers: 2, consumes, ..work(r#""1s""#) });
    let engine = plan.producer("engine", r#"{"burst": {"count": 2}}"#, [publish(log)]);
    engine.jobs = Some(json(&format!(r#"{{"needs": {DIAMOND}, "release": "at_once"}}"#)));
    let story = plan.listen();
    // Run 0 goes to the first partition and run 1 to the second.
    assert_eq!(story.effects(), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
    assert_eq!(story.counts(["out_of_order"]), [0]);
}

/// What was lost is never done, and what needs it is held for ever.
#[test]
fn jobs_behind_one_that_is_lost_stay_pending() {
    let mut plan = diamond("when_ready", 4);
    plan.0.services[0].consumes[0].commit = Commit::Before;
    let team = plan.0.services[0].node;
    plan.ails(team, Ailment::Crash, "1.5s", "2s");
    let story = plan.run();
    assert_eq!(story.counts(["succeeded", "lost", "pending"]), [1, 2, 1]);
    assert_eq!(story.of("engine", "final_held_at_producer"), 1.0);
}

/// Work on a batch is one piece of work: it fails with the service, and with any message on which no work succeeds.
#[test]
fn a_batch_fails_as_a_whole_with_the_service_or_with_one_of_its_messages() {
    let window = r#"{"batch": {"window": "2s"}}"#;
    let (mut plan, _) = batches(window, &["0", "0.5"]);
    let analytics = plan.0.services[0].node;
    plan.ails(analytics, Ailment::Errors(1.0), "2.5s", "3.5s");
    assert_eq!(plan.listen().effects(), [6.0, 6.0], "again: two seconds and one");
    let (mut plan, _) = batches(window, &["0", "0.5", "10"]);
    let shop = plan.0.producers[0].node;
    plan.poison(shop, 1.0, "9s", "11s");
    assert_eq!(plan.listen().effects(), [3.0, 3.0], "poison spoils its own batch");
    plan.0.faults.clear();
    plan.poison(shop, 1.0, "400ms", "600ms");
    plan.0.horizon = "9s".parse().unwrap();
    assert_eq!(plan.listen().effects(), [0.0; 0], "and the other one with it");
}

/// The broker is away when a batch is done, and delivers all of it again: whoever keeps the keys of what it has done does none of it twice.
#[test]
fn the_keys_of_a_whole_batch_are_recorded() {
    let story = |idempotency: &str| {
        let (mut plan, queue) = batches(r#"{"batch": {"window": "2s"}}"#, &["0", "0.5"]);
        plan.0.services[0].idempotency = json(idempotency);
        plan.ails(queue.node, Ailment::Crash, "2.5s", "4s");
        plan.listen()
    };
    assert_eq!(story(r#""none""#).effects(), [3.0, 3.0, 7.0, 7.0]);
    let known = story(r#"{"transactional": {}}"#);
    assert_eq!((known.effects(), known.total("suppressed")), (vec![3.0, 3.0], 2.0));
}
