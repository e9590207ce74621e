//! What consumers of a log put aside, and what becomes of it: retry topics, and dead letters that somebody looks into.

use pileup::model::blueprint::ServicePlan;
use pileup::model::broker::Broker;
use pileup::model::health::Ailment;

use crate::support::{Node, Plan, in_turn, member, publish, work};
use pileup::policy::commit::Commit;

/// Topics of so many partitions, each read by the group of its number but the last, which nobody reads.
fn topics(partitions: &[usize]) -> (Plan, Node<Broker>) {
    let mut plan = Plan::lasting("60s");
    let groups: Vec<(usize, &str)> = (0..partitions.len() - 1).map(|topic| (topic, "{}")).collect();
    let log = plan.topics(partitions, "{}", &groups);
    (plan, log)
}

/// Uber, "Building Reliable Reprocessing and Dead Letter Queues with Apache Kafka" (2018): what failed is tried again later, and holds
/// up nothing behind it.
#[test]
fn what_goes_to_a_retry_topic_is_tried_again_after_its_delay_and_holds_nobody_up() {
    let (mut plan, log) = topics(&[1, 1, 1]);
    plan.keep_back(log, 1, "5s");
    let w = plan.service("w", ServicePlan { consumes: in_turn(log, 2, 1), ..work(r#""1s""#) });
    plan.ails(w.node, Ailment::Errors(1.0), "0s", "1.5s");
    plan.producer("shop", r#"{"burst": {"count": 3}}"#, [publish(log)]);
    let story = plan.listen();
    // The first fails at 1 s, is kept back until 6 s, and takes another second.
    assert_eq!(story.effects(), [2.0, 3.0, 7.0]);
    assert_eq!(story.counts(["succeeded", "dead_lettered", "lost", "duplicates"]), [3, 0, 0, 0]);
    assert_eq!(story.total("final_lag"), 0.0);
    assert_eq!(story.of("w", "sojourn_max_ms"), 7_000.0, "it is as old as it is");
}

#[test]
fn what_fails_everywhere_ends_where_nobody_reads() {
    let (mut plan, log) = topics(&[2, 2, 2, 1]);
    (1..3).for_each(|topic| plan.keep_back(log, topic, "2s"));
    plan.service("w", ServicePlan { consumes: in_turn(log, 3, 10), ..work(r#""100ms""#) });
    let shop = plan.producer("shop", r#"{"burst": {"count": 4}}"#, [publish(log)]).node;
    plan.poison(shop, 1.0, "0s", "60s");
    let story = plan.listen();
    assert_eq!(story.counts(["dead_lettered", "effects", "pending", "redeliveries"]), [4, 0, 0, 0]);
    assert_eq!(story.of("w", "throughput_per_s") * 60.0, 12.0, "each is tried in three topics");
}

/// The key of a message goes with it into the partition of the same number, so the order of a partition is kept in the retry topic.
#[test]
fn what_was_put_aside_comes_in_order_of_its_partition() {
    let (mut plan, log) = topics(&[2, 2, 1]);
    let consumes = in_turn(log, 1, 1);
    let w = plan.service("w", ServicePlan { workers: 2, consumes, ..work(r#""1s""#) });
    plan.ails(w.node, Ailment::Errors(1.0), "0s", "60s");
    let second = in_turn(log, 2, 1).split_off(1);
    plan.service("later", ServicePlan { consumes: second, ..work(r#""10s""#) });
    plan.producer("shop", r#"{"burst": {"count": 4}}"#, [publish(log)]);
    let story = plan.listen();
    // Two fail at 1 s and two at 2 s; one worker does them one by one, and takes the partitions in turn.
    assert_eq!(story.effects(), [11.0, 21.0, 31.0, 41.0]);
    assert_eq!(story.of("log/2", "peak_lag"), 2.0);
    assert_eq!(story.of("log/3", "peak_lag"), 2.0);
}

/// A consumer that can't put a message aside has no choice but to stay at it.
#[test]
fn while_nothing_can_be_put_aside_a_consumer_tries_again() {
    let (mut plan, log) = topics(&[1, 1, 1]);
    let consumes = in_turn(log, 2, 1);
    let w = plan.service("w", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.ails(w.node, Ailment::Errors(1.0), "0s", "3.5s");
    plan.ails(log.node, Ailment::Crash, "500ms", "2.5s");
    plan.producer("shop", r#"{"burst": {"count": 2}}"#, [publish(log)]);
    let story = plan.listen();
    // It fails at 1 s and 2.1 s, when the log is down, and at 3.2 s, when it is up again. Both topics have something then.
    assert_eq!(story.effects(), [4.2, 5.2]);
    assert_eq!(story.counts(["succeeded", "lost"]), [2, 0]);
}

/// A consumer that dies before it has committed has put its message aside already, and another puts it aside again.
#[test]
fn what_was_put_aside_and_not_committed_is_there_twice() {
    let (mut plan, log) = topics(&[1, 1, 1]);
    let first =
        |node| ServicePlan { consumes: member(node, 0, 10, Commit::After), ..work(r#""1s""#) };
    let mut w = first(log);
    w.consumes[0].on_failure = in_turn(log, 1, 1).remove(0).on_failure;
    w.consumes[0].aside = in_turn(log, 1, 1)[0].aside;
    let w = plan.service("w", w);
    plan.ails(w.node, Ailment::Errors(1.0), "0s", "60s");
    // The first message is a batch of its own; of the next two one has failed when the process dies.
    plan.ails(w.node, Ailment::Crash, "2.5s", "3s");
    let second = in_turn(log, 2, 1).split_off(1);
    plan.service("later", ServicePlan { consumes: second, ..work(r#""1ms""#) });
    plan.producer("shop", r#"{"burst": {"count": 3}}"#, [publish(log)]);
    let story = plan.listen();
    assert_eq!(story.counts(["effects", "duplicates", "succeeded"]), [4, 1, 3]);
}
