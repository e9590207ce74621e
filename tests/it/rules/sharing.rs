//! How a worker is shared between calls and consumption. With another rule the queue variant of the incident crashes.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;

use crate::support::{Plan, call, from, publish, unbounded, work};

#[test]
fn a_worker_takes_from_a_broker_only_when_no_call_waits() {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    let mail = plan.service("mail", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.producer("payments", r#"{"burst": {"count": 3}}"#, [publish(queue)]);
    plan.producer("web", r#"{"burst": {"count": 2, "at": "500ms"}}"#, [call(mail)]);
    let story = plan.listen();
    assert_eq!(story.of("web", "latency_max_ms"), 2_500.0, "calls at 2 s and 3 s");
    assert_eq!(story.of("payments", "sojourn_mean_ms").round(), 3_333.0, "at 1 s, 4 s and 5 s");
    assert_eq!(story.effects(), [1.0, 2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn a_batch_is_finished_before_a_call_that_waits() {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 3, Commit::After);
    let mail = plan.service("mail", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.producer("payments", r#"{"burst": {"count": 4}}"#, [publish(queue)]);
    plan.producer("web", r#"{"burst": {"count": 1, "at": "1500ms"}}"#, [call(mail)]);
    let story = plan.run();
    assert_eq!(story.of("web", "latency_max_ms"), 3_500.0, "after the batch of three, at 5 s");
}

#[test]
fn consumed_messages_hold_a_worker_and_not_a_thread() {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    let mail = ServicePlan { workers: 2, threads: Some(1), consumes, ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    plan.producer("payments", r#"{"burst": {"count": 2}}"#, [publish(queue)]);
    plan.producer("web", r#"{"burst": {"count": 2, "at": "500ms"}}"#, [call(mail)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 1.0, 2.0]);
    assert_eq!(story.of("web", "refused"), 1.0, "the thread was taken by the call in line");
}

/// The first consumer had asked in vain, and then got a call: the message is the second one's.
#[test]
fn work_that_one_consumer_has_no_worker_for_goes_to_another_that_has() {
    let mut plan = Plan::lasting("60s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    let one = ServicePlan { consumes: consumes.clone(), ..work(r#""10s""#) };
    let one = plan.service("one", one);
    plan.service("two", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.producer("web", r#"{"burst": {"count": 1, "at": "1s"}}"#, [call(one)]);
    plan.producer("payments", r#"{"burst": {"count": 1, "at": "2s"}}"#, [publish(queue)]);
    assert_eq!(plan.listen().effects(), [3.0, 11.0]);
}

#[test]
fn messages_that_a_dead_consumer_gives_back_wake_every_consumer_that_is_idle() {
    let mut plan = Plan::lasting("60s");
    let queue = plan.queue("queue", unbounded());
    let dead = ServicePlan { consumes: from(queue, 2, Commit::After), ..work(r#""30s""#) };
    let consumes = || from(queue, 1, Commit::After);
    let dead = plan.service("dead", dead);
    let two = plan.service("two", ServicePlan { consumes: consumes(), ..work(r#""1s""#) });
    let three = plan.service("three", ServicePlan { consumes: consumes(), ..work(r#""1s""#) });
    for service in [two, three] {
        plan.ails(service.node, Ailment::Crash, "0s", "4s");
    }
    plan.ails(dead.node, Ailment::Hang, "0s", "1s");
    plan.ails(dead.node, Ailment::Crash, "5s", "59s");
    plan.producer("payments", r#"{"burst": {"count": 2}}"#, [publish(queue)]);
    assert_eq!(plan.listen().effects(), [6.0, 6.0]);
}

#[test]
fn a_consumer_of_two_queues_takes_from_them_in_turn() {
    let mut plan = Plan::lasting("60s");
    let queues = ["left", "right"].map(|name| plan.queue(name, unbounded()));
    let consumes = queues.map(|queue| from(queue, 1, Commit::After)).concat();
    plan.service("mail", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.producer("one", r#"{"burst": {"count": 3}}"#, [publish(queues[0])]);
    plan.producer("two", r#"{"burst": {"count": 3}}"#, [publish(queues[1])]);
    let story = plan.run();
    assert_eq!(story.of("one", "sojourn_mean_ms"), 3_000.0, "at 1, 3 and 5 s");
    assert_eq!(story.of("two", "sojourn_mean_ms"), 4_000.0, "at 2, 4 and 6 s");
}
