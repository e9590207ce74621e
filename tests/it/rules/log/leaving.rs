//! How a member goes: in good order, or not, or because it doesn't know where to read on.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;

use super::{AUTO, QUICK, steady};
use crate::support::{Plan, Story, member, publish, work};

/// Two services of one worker each in a group over two partitions; something happens to the second one at 20.5 s.
fn goes(membership: &str, commit: Commit, ailment: Ailment) -> Story {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(2, "{}", &[membership]);
    let consumer = || ServicePlan { consumes: member(log, 0, 500, commit), ..work(r#""1ms""#) };
    plan.service("a", consumer());
    let b = plan.service("b", consumer());
    plan.ails(b.node, ailment, "20.5s", "60s");
    plan.producer("shop", &steady(100), [publish(log)]);
    plan.run()
}

/// `KafkaConsumer.close` commits, sends a LeaveGroup, and so ends the session at once.
#[test]
fn who_is_closed_in_good_order_is_missed_at_once() {
    for commit in [Commit::After, Commit::Each, AUTO] {
        let story = goes(QUICK, commit, Ailment::Stop);
        assert_eq!(story.marks("left"), [20.5]);
        assert!(story.marks("session_expired").is_empty());
        let [dealt] = story.marks("rebalance")[..] else { panic!("{:?}", story.metrics.marks) };
        assert!((20.6..=21.6).contains(&dealt), "{dealt}");
        assert_eq!(story.counts(["lost", "duplicates"]), [0, 0]);
        assert_eq!(story.total("final_waiting"), 0.0);
    }
}

/// A static member sends no LeaveGroup (KIP-345): the group waits for it until its session ends.
#[test]
fn who_has_a_name_of_its_own_is_waited_for_even_if_it_was_closed() {
    let membership = QUICK.replace('{', r#"{"static_members": true, "#);
    let story = goes(&membership, AUTO, Ailment::Stop);
    let [expired] = story.marks("session_expired")[..] else { panic!("{:?}", story.metrics.marks) };
    assert!((25.5..=26.5).contains(&expired), "{expired}");
    assert_eq!(story.counts(["lost", "duplicates"]), [0, 0]);
}

/// One partition, one reader that works for a second on each of six messages and goes at 3.5 s, and another one that takes over.
fn in_the_middle_of_a_batch(commit: Commit, ailment: Ailment) -> Story {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(1, "{}", &[QUICK]);
    let consumer = || ServicePlan { consumes: member(log, 0, 4, commit), ..work(r#""1s""#) };
    let a = plan.service("a", consumer());
    plan.service("b", consumer());
    plan.ails(a.node, ailment, "3.5s", "60s");
    plan.producer("shop", r#"{"burst": {"count": 6}}"#, [publish(log)]);
    plan.run()
}

/// The first message is a batch of its own, the next four are one, of which two are done at 3.5 s.
#[test]
fn what_a_batch_has_seen_of_commits_decides_what_is_done_twice() {
    let again = |commit, ailment| {
        let story = in_the_middle_of_a_batch(commit, ailment);
        assert_eq!(story.counts(["succeeded", "lost"]), [6, 0]);
        story.counts(["duplicates", "redeliveries"])
    };
    assert_eq!(again(Commit::After, Ailment::Crash), [2, 4], "none of the batch was committed");
    assert_eq!(again(Commit::Each, Ailment::Crash), [0, 2], "each was committed when it was done");
    assert_eq!(
        again(Commit::After, Ailment::Stop),
        [0, 2],
        "what was done is committed on the way out"
    );
    assert_eq!(again(AUTO, Ailment::Stop), [0, 2], "and so it is by whoever commits by itself");
}

/// `auto.offset.reset=none`: an exception for every reader, also after a restart.
#[test]
fn who_is_not_told_where_to_read_on_stops_and_so_does_who_comes_after() {
    let mut plan = Plan::lasting("300s");
    let retention = r#"{"time": "50s", "segment_messages": 10, "check_every": "10s"}"#;
    let membership = QUICK.replace('{', r#"{"auto_offset_reset": "none", "#);
    let log = plan.log(1, retention, &[&membership]);
    let consumer =
        || ServicePlan { consumes: member(log, 0, 1, Commit::After), ..work(r#""1ms""#) };
    for name in ["a", "b"] {
        let service = plan.service(name, consumer());
        plan.ails(service.node, Ailment::Crash, "1ms", "90.5s");
        plan.ails(service.node, Ailment::Crash, "200s", "201s");
    }
    plan.producer("shop", r#"{"constant": {"rate": "1/s", "until": "100s"}}"#, [publish(log)]);
    let story = plan.run();
    assert_eq!(story.marks("left").len(), 4, "two, and both again after their restart");
    assert_eq!(story.marks("rebalance").len(), 4, "none of those that stopped joins again");
    let [effects, expired, lost, pending] = story.counts(["effects", "expired", "lost", "pending"]);
    assert_eq!((effects, lost, expired + pending), (0, 0, 100));
}

/// A consumer that reads for two groups is out of reach for so long that both have gone on without it (`session.timeout.ms`). When it is
/// back both hear of it before it polls either, and it is a member of both again.
#[test]
fn who_reads_for_two_groups_comes_back_to_both() {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(1, "{}", &[QUICK, QUICK]);
    let consumes = [member(log, 0, 5, Commit::After), member(log, 1, 5, Commit::After)].concat();
    plan.service("both", ServicePlan { consumes, ..work(r#""1ms""#) });
    plan.cut_off(log.node, "5.5s", "20.5s");
    plan.producer("shop", r#"{"constant": {"rate": "1/s", "until": "40s"}}"#, [publish(log)]);
    let story = plan.run();
    assert_eq!(story.marks("session_expired").len(), 2);
    for group in ["log@0", "log@1"] {
        assert_eq!(story.of(group, "final_lag"), 0.0, "{group}");
    }
    assert_eq!(story.counts(["effects", "duplicates", "lost", "pending"]), [80, 0, 0, 0]);
}

/// Three members with names of their own and a partition each. `c` is gone for good at 10 s and found out 5 to 6 s later; `a` is busy until
/// 22 s, so until then the others wait for it. `b` is away from 12 s to 16.5 s, when they are joining already: with its start it joins as
/// well (`JoinGroup`), and is not waited for until the barrier, at 45 s.
#[test]
fn who_is_started_again_while_others_join_joins_with_them() {
    let membership = QUICK.replace('{', r#"{"static_members": true, "max_poll_interval": "30s", "#);
    for (ailment, back) in [(Ailment::Crash, "16.5s"), (Ailment::Stop, "16.5s")] {
        let mut plan = Plan::lasting("60s");
        let log = plan.log(3, "{}", &[&membership]);
        let consumer =
            |time: &str| ServicePlan { consumes: member(log, 0, 1, Commit::After), ..work(time) };
        plan.service("a", consumer(r#""12s""#));
        let b = plan.service("b", consumer(r#""1ms""#));
        let c = plan.service("c", consumer(r#""1ms""#));
        plan.ails(c.node, Ailment::Crash, "10s", "60s");
        plan.ails(b.node, ailment, "12s", back);
        plan.producer("shop", r#"{"burst": {"count": 1, "at": "10s"}}"#, [publish(log)]);
        let story = plan.run();
        assert_eq!(story.marks("session_expired").len(), 1, "only that of `c`");
        assert_eq!(story.marks("rebalance"), [22.1]);
    }
}
