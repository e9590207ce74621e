//! A log on several nodes: what survives the loss of one, and who was told what.

use pileup::model::blueprint::{LinkPlan, ServicePlan};
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;

use super::steady;
use crate::support::{Plan, Story, With, json, member, publish, work};

const RETRY: &str =
    r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "100ms"}}, "jitter": "none"}"#;

/// A hundred messages a second to one partition, and what happens to its replicas: node, from, until. What is written is copied 50 ms
/// later; nobody reads from 5 s to 60 s.
fn losing(
    replication: &str,
    losses: &[(u32, &str, &str)],
    dress: impl Fn(LinkPlan) -> LinkPlan,
) -> Story {
    let mut plan = Plan::lasting("200s");
    let log = plan.log(1, "{}", &[r#"{"static_members": true, "session_timeout": "300s"}"#]);
    plan.replicate(log, 3, replication);
    let consumes = member(log, 0, 500, Commit::After);
    let reader = plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    plan.ails(reader.node, Ailment::Crash, "5.001s", "60.001s");
    for (node, from, until) in losses {
        plan.ails(log.node, Ailment::NodeLost(*node), from, until);
    }
    let arrivals = r#"{"constant": {"rate": "100/s", "until": "60s"}}"#;
    plan.producer("shop", arrivals, [dress(publish(log)).retry(RETRY)]).keys =
        json(r#"{"uniform": {"count": 1}}"#);
    plan.listen()
}

const THREE: &str = r#"{"replicas": 3, "delay": "50ms"}"#;
const LEADER: (u32, &str, &str) = (0, "10.001s", "100s");

/// `broker.session.timeout.ms`: until then there is no leader, and what is written waits at its client.
#[test]
fn the_loss_of_a_leader_is_noticed_after_nine_seconds() {
    let story = losing(THREE, &[LEADER], |link| link);
    assert_eq!(story.marks("leaders_moved"), [19.001]);
    let answered = story.answers();
    let none = answered.iter().all(|at| !(10.002..19.001).contains(at));
    assert!(none && answered.contains(&19.051));
}

/// acks=1: what was written in the last 50 ms was confirmed and is gone. The five messages are those of 9.96 s to 10.00 s.
#[test]
fn what_only_the_leader_had_is_lost_with_it() {
    let story = losing(THREE, &[LEADER], |link| link.client(r#"{"acks": "1"}"#));
    assert_eq!(story.counts(["lost", "succeeded", "duplicates"]), [5, 5995, 0]);
}

/// acks=0: that, and the 900 messages of the nine seconds in which they went nowhere.
#[test]
fn whoever_asks_for_no_answer_loses_all_that_is_sent_to_a_dead_leader() {
    let story = losing(THREE, &[LEADER], |link| link.client(r#"{"acks": "0"}"#));
    assert_eq!(story.counts(["lost", "succeeded"]), [905, 5095]);
}

/// acks=all: who had no answer yet is told so, and writes again; order is kept.
#[test]
fn what_every_replica_has_survives() {
    let story = losing(THREE, &[LEADER], |link| link.client(r#"{"acks": "all"}"#));
    assert_eq!(story.counts(["lost", "succeeded", "duplicates"]), [0, 6000, 0]);
}

/// A client without numbers tries again message by message, and newer ones overtake (`max.in.flight.requests.per.connection` > 1
/// without idempotence).
#[test]
fn without_idempotence_what_is_tried_again_is_overtaken() {
    let order = |client: &str| {
        losing(THREE, &[(0, "10.001s", "100s")], |link| link.client(client)).total("out_of_order")
    };
    assert!(order(r#"{"idempotent": false}"#) > 0.0);
    assert_eq!(order(r#"{"acks": "1"}"#), 0.0);
}

/// The follower counts as in sync until its loss is noticed, and so nothing is safe until then.
#[test]
fn the_loss_of_a_follower_holds_up_whoever_waits_for_every_replica() {
    let two = r#"{"replicas": 2, "delay": "50ms"}"#;
    let answered = losing(two, &[(1, "10.001s", "100s")], |link| link).answers();
    assert!(answered.iter().all(|at| !(10.002..19.001).contains(at)));
    assert!(answered.contains(&19.001));
    let answered =
        losing(two, &[(1, "10.001s", "100s")], |l| l.client(r#"{"acks": "1"}"#)).answers();
    assert_eq!(answered.iter().filter(|at| (10.0..19.0).contains(*at)).count(), 900);
}

/// `min.insync.replicas`: with fewer in sync nothing is confirmed; ten seconds after the follower is back it has caught up.
#[test]
fn with_too_few_in_sync_nothing_is_confirmed_until_there_are_enough() {
    let two = r#"{"replicas": 2, "min_in_sync": 2, "delay": "50ms"}"#;
    let story = losing(two, &[(1, "10.001s", "40s")], |link| link);
    let answered = story.answers();
    assert!(answered.iter().all(|at| !(10.002..50.0).contains(at)), "{answered:?}");
    assert!(answered.contains(&50.0));
    assert_eq!(story.counts(["lost", "succeeded", "out_of_order"]), [0, 6000, 0]);
}

/// `unclean.leader.election.enable`: who was lost at 10 s leads at 39 s, and hasn't what was written from 10 s to 30 s.
#[test]
fn an_unclean_election_loses_what_the_new_leader_never_had() {
    let losses = [(1, "10.001s", "25s"), (0, "30.001s", "60s")];
    let with = |unclean: &str| {
        let replication = format!(
            r#"{{"replicas": 2, "delay": "50ms", "catch_up": "100s", "unclean_election": {unclean}}}"#
        );
        losing(&replication, &losses, |link| link)
    };
    let clean = with("false");
    assert_eq!(clean.counts(["lost", "succeeded"]), [0, 6000]);
    assert!(clean.answers().iter().all(|at| !(30.002..60.0).contains(at)));
    let unclean = with("true");
    // The last that both had is of 9.95 s.
    assert_eq!(unclean.counts(["lost", "succeeded"]), [2005, 3995]);
    assert!(unclean.answers().iter().any(|at| (39.0..40.0).contains(at)));
}

/// `enable.idempotence`: the broker knows the number of a message whose answer came too late.
#[test]
fn a_retry_writes_a_message_twice_unless_the_broker_knows_its_number() {
    let written = |client: &str| {
        let mut plan = Plan::lasting("60s");
        let log = plan.log(1, "{}", &["{}"]);
        let consumes = member(log, 0, 500, Commit::After);
        plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
        let sends = publish(log).client(client).latency(r#""100ms""#).timeout("150ms");
        let three =
            r#"{"max_attempts": 3, "backoff": {"fixed": {"delay": "1s"}}, "jitter": "none"}"#;
        plan.producer("shop", r#"{"burst": {"count": 10}}"#, [sends.retry(three)]);
        plan.run().counts(["effects", "duplicates"])
    };
    assert_eq!(written("{}"), [10, 0]);
    assert_eq!(written(r#"{"idempotent": false}"#), [30, 20]);
    assert_eq!(written(r#"{"acks": "1"}"#), [30, 20]);
}

/// With one replica there is nobody to take over: the partition waits for its node, and the others go on.
#[test]
fn without_copies_a_partition_is_gone_with_its_node() {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(2, "{}", &["{}"]);
    plan.replicate(log, 2, "{}");
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    plan.ails(log.node, Ailment::NodeLost(1), "10.001s", "40s");
    plan.producer("shop", &steady(100), [publish(log)]);
    let story = plan.listen();
    let answered = story.answers();
    assert_eq!(answered.iter().filter(|at| (20.0..40.0).contains(*at)).count(), 1000);
    assert_eq!(story.counts(["lost"]), [0]);
    assert_eq!(story.total("final_waiting"), 0.0);
}

/// The five messages of 9.96 s to 10.00 s are gone, and nobody waits for them any longer, even if nothing comes after them.
#[test]
fn what_was_lost_is_passed_over_by_its_readers() {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(1, "{}", &["{}"]);
    plan.replicate(log, 3, THREE);
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    plan.ails(log.node, Ailment::NodeLost(0), "10.001s", "40s");
    let arrivals = r#"{"constant": {"rate": "100/s", "until": "10.005s"}}"#;
    plan.producer("shop", arrivals, [publish(log).client(r#"{"acks": "1"}"#)]);
    let story = plan.run();
    assert_eq!(story.counts(["lost", "succeeded", "pending"]), [5, 996, 0]);
    assert_eq!((story.total("final_lag"), story.of("log@0", "final_lag")), (0.0, 0.0));
    let marks = &story.metrics.marks;
    let moved = marks.iter().find(|mark| mark.kind == "leaders_moved").expect("another leads");
    assert!(moved.detail.contains('5'), "{}", moved.detail);
}

/// A node that was away for less time than it takes to notice has missed nothing: what it has counts from its next loss on.
#[test]
fn a_short_absence_that_nobody_noticed_changes_nothing_about_a_later_loss() {
    let replication =
        r#"{"replicas": 2, "delay": "50ms", "catch_up": "100s", "unclean_election": true}"#;
    let later = [(1, "10.001s", "25s"), (0, "30.001s", "60s")];
    let flap = [(1, "3.001s", "4s"), later[0], later[1]];
    let wanted = losing(replication, &later, |link| link).counts(["lost", "succeeded"]);
    assert_eq!(losing(replication, &flap, |link| link).counts(["lost", "succeeded"]), wanted);
}

/// The follower of a loss that was noticed catches up 10 s after it is back, and is what the others are from then on.
#[test]
fn whoever_has_caught_up_may_lead_without_loss() {
    let two = r#"{"replicas": 2, "delay": "50ms"}"#;
    let led_again = |leader_lost: &'static str| {
        let losses = [(1, "10.001s", "25s"), (0, leader_lost, "190s")];
        losing(two, &losses, |link| link)
    };
    let in_time = led_again("35.001s");
    assert_eq!(in_time.marks("leaders_moved"), [19.001, 44.001]);
    assert_eq!(in_time.counts(["lost", "succeeded", "pending"]), [0, 6_000, 0]);
    // The leader is known to be lost at 34.5 s, when there is nobody to catch up with.
    let too_early = led_again("25.5s");
    assert!(too_early.answers().iter().all(|at| *at < 26.0 || *at >= 190.0), "nobody leads");
}

/// What every group has read is nobody's loss, even if the new leader never had it.
#[test]
fn an_unclean_election_loses_nothing_that_was_read_before() {
    let mut plan = Plan::lasting("100s");
    let log = plan.log(1, "{}", &["{}"]);
    plan.replicate(log, 2, r#"{"replicas": 2, "catch_up": "100s", "unclean_election": true}"#);
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""100us""#) });
    plan.ails(log.node, Ailment::NodeLost(1), "10.001s", "25s");
    plan.ails(log.node, Ailment::NodeLost(0), "30.001s", "60s");
    let arrivals = r#"{"constant": {"rate": "100/s", "until": "60s"}}"#;
    plan.producer("shop", arrivals, [publish(log).retry(RETRY)]);
    let story = plan.run();
    assert_eq!(story.marks("leaders_moved"), [19.001, 39.001]);
    assert_eq!(story.counts(["lost", "duplicates", "succeeded"]), [0, 0, 6_000]);
}
