//! The client of a log: what it sends together, what it holds, and when it gives up.

use pileup::model::blueprint::{LinkPlan, ServicePlan};
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;

use crate::support::{Plan, Story, With, member, publish, work};

/// `linger.ms` and `batch.size`: four are enough, and two wait for others for as long as they may.
#[test]
fn messages_go_when_there_are_enough_of_them_or_the_first_has_waited_long_enough() {
    let mut plan = Plan::lasting("10s");
    let log = plan.log(1, "{}", &["{}"]);
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    let sends = publish(log).client(r#"{"linger": "100ms", "batch": 4}"#);
    plan.producer("shop", r#"{"burst": {"count": 6, "at": "1s"}}"#, [sends]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.001, 1.002, 1.003, 1.004, 1.101, 1.102]);
    assert_eq!(story.answers(), [1.0, 1.0, 1.0, 1.0, 1.1, 1.1]);
}

/// Batches are of one partition: with two of them, each waits for itself.
#[test]
fn each_partition_has_its_own_batch() {
    let mut plan = Plan::lasting("10s");
    let log = plan.log(2, "{}", &["{}"]);
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    let sends = publish(log).client(r#"{"linger": "100ms", "batch": 3}"#);
    plan.producer("shop", r#"{"burst": {"count": 5, "at": "1s"}}"#, [sends]);
    // Three to the first partition, at once; two to the second, later.
    assert_eq!(plan.listen().answers(), [1.0, 1.0, 1.0, 1.1, 1.1]);
}

/// A message a second to a partition whose node is away from 10.5 s to 30.5 s.
fn held_up(dress: impl Fn(LinkPlan) -> LinkPlan) -> Story {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(1, "{}", &["{}"]);
    plan.replicate(log, 2, "{}");
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    plan.ails(log.node, Ailment::NodeLost(0), "10.5s", "30.5s");
    let arrivals = r#"{"constant": {"rate": "1/s", "until": "40.5s"}}"#;
    plan.producer("shop", arrivals, [dress(publish(log))]);
    plan.listen()
}

#[test]
fn what_cant_be_written_waits_at_its_client_in_order() {
    let story = held_up(|link| link);
    let waited = story.answers().iter().filter(|at| **at == 30.5).count();
    assert_eq!(waited, 20);
    assert_eq!(story.counts(["lost", "rejected", "abandoned"]), [0, 0, 0]);
}

/// `buffer.memory` and `max.block.ms`: the messages of 11, 12 and 13 s are inside, and who comes later waits for two seconds.
#[test]
fn a_full_buffer_blocks_and_then_refuses() {
    let story = held_up(|link| link.client(r#"{"buffer": {"messages": 3, "max_block": "2s"}}"#));
    let [rejected, lost, pending] = story.counts(["rejected", "lost", "pending"]);
    assert_eq!((rejected, lost, pending), (15, 0, 0), "those of 14 to 28 s");
    let settled = story.answers().iter().filter(|at| **at == 30.5).count();
    assert_eq!(settled, 5, "the three, and those of 29 and 30 s");
}

/// `delivery.timeout.ms`: however long its client would go on trying.
#[test]
fn what_is_too_late_is_given_up() {
    let story = held_up(|link| link.client(r#"{"delivery_timeout": "5s"}"#));
    assert_eq!(story.counts(["abandoned", "pending"]), [15, 0], "those of 11 to 25 s");
}
