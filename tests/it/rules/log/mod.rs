//! A partitioned log: who gets which message when, what is committed, and what is read again.

mod aside;
mod client;
mod leaving;
mod replication;
mod requests;
mod transactions;

use pileup::model::health::Ailment;
use pileup::model::observation::Observation;
use pileup::policy::commit::Commit;
use pileup::time::SimDuration;

use crate::support::{Plan, Story, member, publish, work};
use pileup::model::blueprint::ServicePlan;

/// Heartbeats every second, sessions of 6 s, and nothing takes time that need not.
const QUICK: &str =
    r#"{"session_timeout": "6s", "heartbeat_interval": "1s", "assignment_time": "100ms"}"#;

const AUTO: Commit = Commit::Auto { every: SimDuration::from_secs(5) };

/// So many messages a second, one at a time, from the start.
fn steady(per_second: u32) -> String {
    format!(r#"{{"constant": {{"rate": "{per_second}/s"}}}}"#)
}

/// Two services of one worker each in a group over two partitions; the second one crashes at 20.5 s.
fn crash(membership: &str, commit: Commit, until: &str) -> Story {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(2, "{}", &[membership]);
    let consumer = || ServicePlan { consumes: member(log, 0, 500, commit), ..work(r#""1ms""#) };
    plan.service("a", consumer());
    let b = plan.service("b", consumer());
    plan.ails(b.node, Ailment::Crash, "20.5s", until);
    plan.producer("shop", &steady(100), [publish(log)]);
    plan.listen()
}

#[test]
fn each_partition_is_read_in_order_by_one_member() {
    let mut plan = Plan::lasting("10s");
    let log = plan.log(3, "{}", &["{}"]);
    let consumes = member(log, 0, 1, Commit::After);
    plan.service("workers", ServicePlan { workers: 3, consumes, ..work(r#""2s""#) });
    plan.producer("shop", r#"{"burst": {"count": 7}}"#, [publish(log)]);
    let story = plan.listen();
    // Three messages to the first partition, two to each other one.
    assert_eq!(story.effects(), [2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 6.0]);
    assert_eq!(story.counts(["succeeded", "pending", "redeliveries"]), [7, 0, 0]);
}

#[test]
fn a_member_without_a_partition_is_idle() {
    let mut plan = Plan::lasting("10s");
    let log = plan.log(1, "{}", &["{}"]);
    let consumes = member(log, 0, 1, Commit::After);
    plan.service("workers", ServicePlan { workers: 3, consumes, ..work(r#""2s""#) });
    plan.producer("shop", r#"{"burst": {"count": 3}}"#, [publish(log)]);
    assert_eq!(plan.listen().effects(), [2.0, 4.0, 6.0]);
}

/// `KafkaConsumer.poll` gives at most `max.poll.records`; they are worked on one after the other and committed together.
#[test]
fn a_batch_is_committed_when_all_of_it_is_done() {
    let mut plan = Plan::lasting("2.5s");
    let log = plan.log(1, "{}", &["{}"]);
    plan.service(
        "w",
        ServicePlan { consumes: member(log, 0, 3, Commit::After), ..work(r#""1s""#) },
    );
    plan.producer("shop", r#"{"burst": {"count": 5}}"#, [publish(log)]);
    let story = plan.run();
    // The first message is a batch of its own: it is given as soon as it is there.
    assert_eq!([story.of("log", "final_lag"), story.of("log", "final_in_flight")], [4.0, 3.0]);
    assert_eq!(story.of("log/0", "final_waiting"), 1.0);
    assert_eq!(story.of("log@0", "final_lag"), 4.0);
}

/// The broker hears nothing of the crash: it waits for the session to end, which is its timeout after the last heartbeat.
#[test]
fn a_crash_is_noticed_when_the_session_ends_and_nothing_is_lost() {
    let story = crash(QUICK, Commit::After, "60s");
    let [expired] = story.marks("session_expired")[..] else { panic!("{:?}", story.metrics.marks) };
    assert!((25.5..=26.5).contains(&expired), "{expired}");
    // The survivor hears of it within a heartbeat, and joins at once as it has nothing to do.
    let [dealt] = story.marks("rebalance")[..] else { panic!("{:?}", story.metrics.marks) };
    assert!((expired + 0.1..=expired + 1.1).contains(&dealt), "{dealt}");
    assert_eq!(story.counts(["lost", "duplicates"]), [0, 0]);
    assert_eq!(story.total("final_lag"), 0.0);
}

#[test]
fn with_the_defaults_of_kafka_a_crash_is_noticed_after_42_to_45_seconds() {
    let mut plan = Plan::lasting("80s");
    let log = plan.log(2, "{}", &["{}"]);
    let consumer =
        || ServicePlan { consumes: member(log, 0, 1, Commit::After), ..work(r#""1ms""#) };
    plan.service("a", consumer());
    let b = plan.service("b", consumer());
    plan.ails(b.node, Ailment::Crash, "20s", "80s");
    plan.producer("shop", &steady(10), [publish(log)]);
    let [expired] = plan.run().marks("session_expired")[..] else { panic!("one session ends") };
    assert!((62.0..=65.0).contains(&expired), "{expired}");
}

/// What was worked on since the last commit is worked on again, no more and no less.
#[test]
fn after_a_crash_what_was_not_committed_is_read_again() {
    let story = crash(QUICK, AUTO, "60s");
    // The member had committed last at 20 s, what it had been given before; 50 messages a second come to its partition.
    let again = story.total("duplicates");
    assert_eq!(again, story.total("redeliveries"));
    assert_eq!(again, story.total("replayed"), "as the broker sees it");
    assert!((20.0..=30.0).contains(&again), "{again}");
    assert_eq!(story.counts(["lost"]), [0]);
}

#[test]
fn whoever_commits_before_the_work_reads_nothing_twice_and_loses_what_was_in_hand() {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(1, "{}", &[QUICK]);
    let consumes = member(log, 0, 4, Commit::Before);
    let b = plan.service("b", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.ails(b.node, Ailment::Crash, "2.5s", "10s");
    plan.producer("shop", r#"{"burst": {"count": 8}}"#, [publish(log)]);
    let story = plan.run();
    assert_eq!(story.counts(["effects", "duplicates", "lost", "pending"]), [5, 0, 3, 0]);
}

/// When effects happened at which service.
fn effects_at(story: &Story, service: usize) -> Vec<f64> {
    let node = |fact: &Observation| match fact {
        Observation::Effect { at, .. } => Some(at.index()),
        _ => None,
    };
    story.times(|fact| node(fact) == Some(service))
}

/// The longest time without an effect.
fn longest_pause(effects: &[f64]) -> f64 {
    effects.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max)
}

#[test]
fn an_eager_rebalance_stops_everybody_and_a_cooperative_one_only_what_changes_hands() {
    // The log and its parts are nodes 0 to 3.
    const A: usize = 4;
    let slow = |assignor: &str| {
        let membership = format!(
            r#"{{"session_timeout": "6s", "heartbeat_interval": "1s", "assignment_time": "2s", "assignor": "{assignor}"}}"#
        );
        crash(&membership, Commit::After, "60s")
    };
    let eager = longest_pause(&effects_at(&slow("range"), A));
    assert!((2.0..2.1).contains(&eager), "{eager}");
    let cooperative = longest_pause(&effects_at(&slow("cooperative_sticky"), A));
    assert!(cooperative < 0.05, "{cooperative}");
}

/// KIP-848: there is no moment at which all wait, and what was orphaned is taken with the next heartbeat.
#[test]
fn when_the_broker_leads_only_what_has_no_reader_waits() {
    const A: usize = 4;
    let membership = r#"{"session_timeout": "6s", "heartbeat_interval": "1s", "assignor": "sticky", "protocol": "consumer"}"#;
    let story = crash(membership, Commit::After, "60s");
    let ([expired], [dealt]) = (&story.marks("session_expired")[..], &story.marks("rebalance")[..])
    else {
        panic!("{:?}", story.metrics.marks)
    };
    assert!((25.5..=26.5).contains(expired) && (*expired..=expired + 1.0).contains(dealt));
    assert!(longest_pause(&effects_at(&story, A)) < 0.05);
    assert_eq!(story.total("final_lag"), 0.0);
}

/// A partition that changes hands waits for a heartbeat of its old reader, and for one of its new one.
#[test]
fn when_the_broker_leads_a_partition_is_given_up_before_it_is_taken() {
    let mut plan = Plan::lasting("30s");
    let log = plan.log(
        2,
        "{}",
        &[r#"{"session_timeout": "2s", "heartbeat_interval": "1s", "assignor": "sticky", "protocol": "consumer"}"#],
    );
    let consumer =
        || ServicePlan { consumes: member(log, 0, 1, Commit::After), ..work(r#""1ms""#) };
    plan.service("a", consumer());
    let b = plan.service("b", consumer());
    plan.ails(b.node, Ailment::Crash, "0s", "10s");
    plan.producer("shop", &steady(100), [publish(log)]);
    let story = plan.listen();
    let dealt = story.marks("rebalance");
    // The first is when the survivor takes over everything, the second when the other one is back.
    assert_eq!(dealt.len(), 2, "{dealt:?}");
    assert!((10.0..=12.0).contains(&dealt[1]), "{dealt:?}");
    let back = effects_at(&story, 5);
    assert_eq!(back.first().copied().map(|first| first >= dealt[1]), Some(true));
    assert_eq!(story.counts(["lost", "duplicates"]), [0, 0]);
}

#[test]
fn a_member_that_keeps_its_name_comes_back_unnoticed() {
    let membership = QUICK.replace('{', r#"{"static_members": true, "#);
    let story = crash(&membership, Commit::After, "23s");
    assert!(story.marks("rebalance_begins").is_empty());
    assert_eq!(story.total("final_lag"), 0.0);
}

/// The restarted process is a new member; the group goes on waiting for the one that it was, and everybody with it.
#[test]
fn a_quick_restart_makes_everybody_wait_for_the_session_that_nobody_ends() {
    const A: usize = 4;
    let story = crash(QUICK, Commit::After, "21s");
    let [dealt] = story.marks("rebalance")[..] else { panic!("{:?}", story.metrics.marks) };
    assert!((25.6..=26.6).contains(&dealt), "{dealt}");
    let pause = longest_pause(&effects_at(&story, A));
    assert!((3.5..=5.6).contains(&pause), "{pause}");
    assert_eq!(story.total("final_lag"), 0.0);
}

/// `max.poll.interval.ms`: whoever takes too long over a batch is out, can't commit, and the next one begins the same batch.
#[test]
fn a_batch_that_takes_too_long_is_never_committed() {
    let mut plan = Plan::lasting("10m");
    let membership = QUICK.replace('{', r#"{"max_poll_interval": "30s", "#);
    let log = plan.log(1, "{}", &[&membership]);
    for name in ["a", "b"] {
        let consumes = member(log, 0, 10, Commit::After);
        plan.service(name, ServicePlan { consumes, ..work(r#""4s""#) });
    }
    plan.producer("shop", r#"{"burst": {"count": 11}}"#, [publish(log)]);
    let story = plan.run();
    assert_eq!(story.total("final_lag"), 10.0);
    assert!(story.marks("evicted").len() >= 10);
    assert!(story.total("duplicates") > 80.0);
}

#[test]
fn groups_read_independently() {
    let mut plan = Plan::lasting("10s");
    let log = plan.log(1, "{}", &["{}", "{}"]);
    let consumes = |group| member(log, group, 1, Commit::After);
    plan.service("quick", ServicePlan { consumes: consumes(0), ..work(r#""100ms""#) });
    plan.service("slow", ServicePlan { consumes: consumes(1), ..work(r#""2s""#) });
    plan.producer("shop", r#"{"burst": {"count": 6}}"#, [publish(log)]);
    let story = plan.run();
    assert_eq!([story.of("log@0", "final_lag"), story.of("log@1", "final_lag")], [0.0, 2.0]);
    assert_eq!(story.total("final_lag"), 2.0);
    assert_eq!(story.counts(["effects", "duplicates", "succeeded", "pending"]), [10, 0, 4, 2]);
}

/// Error handlers that seek back to the failed record, as Kafka's own consumer does by not moving on: all behind it wait.
#[test]
fn a_failure_is_read_again_with_all_that_follows_it() {
    let mut plan = Plan::lasting("20s");
    let log = plan.log(1, "{}", &["{}"]);
    let consumes = member(log, 0, 10, Commit::After);
    let w = plan.service("w", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.ails(w.node, Ailment::Errors(1.0), "2.5s", "5.5s");
    plan.producer("shop", r#"{"burst": {"count": 4}}"#, [publish(log)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0, 6.0, 7.0]);
    assert_eq!(story.counts(["succeeded", "duplicates"]), [4, 0]);
}

/// `log.retention.ms` and `auto.offset.reset`: whoever reads too late finds nothing, and by default skips what is still there.
#[test]
fn what_is_read_too_late_is_gone() {
    let late = |reset: &str| {
        let mut plan = Plan::lasting("200s");
        let retention = r#"{"time": "50s", "segment_messages": 10, "check_every": "10s"}"#;
        let membership = format!(r#"{{"auto_offset_reset": "{reset}"}}"#);
        let log = plan.log(1, retention, &[&membership]);
        let consumes = member(log, 0, 1, Commit::After);
        let w = plan.service("w", ServicePlan { consumes, ..work(r#""1ms""#) });
        plan.ails(w.node, Ailment::Crash, "1ms", "90.5s");
        plan.producer(
            "shop",
            r#"{"constant": {"rate": "1/s", "from": "0s", "until": "100s"}}"#,
            [publish(log)],
        );
        plan.run()
    };
    let [expired, lost] = late("earliest").counts(["expired", "lost"]);
    assert_eq!(lost, 0);
    assert_eq!(expired % 10, 0, "whole segments go");
    assert!(expired >= 30, "{expired}");
    let latest = late("latest");
    assert!(latest.total("lost") > 0.0);
    assert_eq!(latest.total("expired") + latest.total("lost") + latest.total("succeeded"), 100.0);
}

/// A client commits again what its broker did not hear, as soon as that is up: at 6 s the message of 4.5 s, which was done at 5.5 s.
#[test]
fn what_was_done_while_the_broker_was_away_is_committed_when_it_is_back() {
    let story = |crash: &str| {
        let mut plan = Plan::lasting("60s");
        let log = plan.log(1, "{}", &[QUICK]);
        let consumes = member(log, 0, 1, Commit::After);
        let w = plan.service("w", ServicePlan { consumes, ..work(r#""1s""#) });
        plan.ails(log.node, Ailment::Crash, "5s", "6s");
        plan.ails(w.node, Ailment::Crash, crash, "8s");
        plan.producer("shop", r#"{"burst": {"count": 1, "at": "4500ms"}}"#, [publish(log)]);
        plan.listen()
    };
    let known = story("7s");
    assert_eq!((known.effects(), known.total("final_lag")), (vec![5.5], 0.0));
    let unknown = story("5.8s");
    assert_eq!(unknown.counts(["duplicates"]), [1], "whoever dies before that has told nobody");
}
