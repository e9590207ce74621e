//! How old the oldest message is that a broker is not done with: counted from its production, wherever in the broker it is by then.
//!
//! One message is made at 2 s, and looked at at 10 s.

use pileup::model::blueprint::ServicePlan;
use pileup::model::broker::SqsQueueSettings;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;
use pileup::time::SimDuration;

use super::amqp::{burst, service, world};
use crate::support::{Plan, at, fifo, from, lease, member, publish, standard, unbounded, work};

const ONE: &str = r#"{"burst": {"count": 1, "at": "2s"}}"#;
const ONE_AND_LATER_ANOTHER: &str =
    r#"{"burst": {"count": 1, "at": "2s"}}; {"burst": {"count": 1, "at": "3s"}}"#;

/// What a consumer is in the middle of.
const FOR_HOURS: &str = r#""9h""#;

#[test]
fn at_a_queue_it_may_wait_or_be_in_hand_or_have_come_back() {
    let age = |crash: Option<&str>| {
        let mut plan = Plan::lasting("10s");
        let queue = plan.queue("queue", unbounded());
        let consumes = from(queue, 1, Commit::After);
        let mail = plan.service("mail", ServicePlan { consumes, ..work(FOR_HOURS) });
        if let Some(from) = crash {
            plan.ails(mail.node, Ailment::Crash, from, "1h");
        }
        plan.producer("web", ONE_AND_LATER_ANOTHER, [publish(queue)]);
        plan.run().of("queue", "final_lag_s")
    };
    assert_eq!(age(Some("1s")), 8.0, "it waits");
    assert_eq!(age(None), 8.0, "it is in hand, and another waits");
    assert_eq!(age(Some("5s")), 8.0, "it came back");
}

#[test]
fn at_a_rabbit_it_may_lie_unread_at_a_consumer_or_be_on_its_way_back() {
    let age = |queue: &str, wait: &str, crash: Option<&str>| {
        let broker =
            format!(r#""queues": {{"a": {{{queue}}}, "b": {{}}}}, "requeue_after": "{wait}""#);
        let other = burst("other", 1, r#""queue": "b""#);
        let web = burst("web", 1, r#""queue": "a""#)
            .replace(r#""count": 1"#, r#""count": 1, "at": "2s""#);
        let consumes = r#""queue": "a", "prefetch": 5}, {"from": "rabbit", "queue": "b""#;
        let mail = service("mail", "9h", consumes);
        let mut plan = world(&broker, &[other, web].join(","), &mail);
        let mail = plan.0.services[0].node;
        if let Some(from) = crash {
            plan.ails(mail, Ailment::Crash, from, "1h");
        }
        plan.0.horizon = at("10s");
        let story = plan.run();
        assert_eq!(story.of("rabbit/0", "final_lag"), 1.0);
        story.of("rabbit/0", "final_lag_s")
    };
    assert_eq!(age("", "5ms", Some("1s")), 8.0, "it waits");
    assert_eq!(age("", "5ms", None), 8.0, "it was sent to a consumer who is busy with another");
    assert_eq!(age("", "1h", Some("5s")), 8.0, "nobody knows yet that it is back");
    assert_eq!(age("", "5ms", Some("5s")), 8.0, "it is back");
    assert_eq!(age(r#""type": "quorum""#, "5ms", Some("5s")), 8.0);
    assert_eq!(age(r#""type": "quorum", "delivery_limit": "unlimited""#, "5ms", Some("5s")), 8.0);
}

#[test]
fn at_a_rabbit_it_may_be_in_work() {
    let web =
        burst("web", 1, r#""queue": "a""#).replace(r#""count": 1"#, r#""count": 1, "at": "2s""#);
    let age = |consume: &str| {
        let consume = format!(r#""queue": "a"{consume}"#);
        let mut plan = world(r#""queues": {"a": {}}"#, &web, &service("mail", "9h", &consume));
        plan.0.horizon = at("10s");
        plan.run().of("rabbit/0", "final_lag_s")
    };
    assert_eq!(age(""), 8.0);
    assert_eq!(age(r#", "commit": "before""#), 0.0, "whoever acknowledges first is done with it");
}

#[test]
fn at_a_leasing_queue_it_may_be_delayed_or_visible_or_leased_or_visible_again() {
    let age = |queue: SqsQueueSettings, crash: Option<&str>| {
        let mut plan = Plan::lasting("10s");
        let aws = plan.sqs([queue]);
        let mail =
            plan.service("mail", ServicePlan { consumes: lease(aws, 0, 1), ..work(FOR_HOURS) });
        if let Some(from) = crash {
            plan.ails(mail.node, Ailment::Crash, from, "1h");
        }
        plan.producer("web", ONE_AND_LATER_ANOTHER, [publish(aws)]);
        let story = plan.run();
        let name = story.metrics.nodes.iter().map(|node| node.name.clone());
        let name = name.into_iter().find(|name| name.starts_with("aws/")).expect("a queue");
        assert_eq!(story.of("aws", "final_lag_s"), story.of(&name, "final_lag_s"));
        story.of(&name, "final_lag_s")
    };
    let brief = |queue| SqsQueueSettings { visibility_timeout: SimDuration::from_secs(4), ..queue };
    for order in [standard, fifo] {
        let delay = SimDuration::from_secs(60);
        assert_eq!(age(SqsQueueSettings { delay, ..order("a") }, None), 8.0, "it is delayed");
        assert_eq!(age(order("a"), Some("1s")), 8.0, "it is visible");
        assert_eq!(age(order("a"), None), 8.0, "it is leased");
        assert_eq!(age(brief(order("a")), Some("5s")), 8.0, "it is visible again");
    }
}

#[test]
fn in_a_log_it_is_the_first_that_a_group_has_not_committed() {
    let age = |crash: Option<&str>| {
        let mut plan = Plan::lasting("10s");
        let log = plan.log(2, "{}", &["{}", "{}"]);
        let consumes = |group| member(log, group, 1, Commit::After);
        plan.service("quick", ServicePlan { consumes: consumes(0), ..work(r#""1ms""#) });
        let slow = plan.service("slow", ServicePlan { consumes: consumes(1), ..work(FOR_HOURS) });
        if let Some(from) = crash {
            plan.ails(slow.node, Ailment::Crash, from, "1h");
        }
        plan.producer("web", ONE, [publish(log)]);
        let story = plan.run();
        ["log", "log/0", "log/1", "log@0", "log@1"].map(|node| story.of(node, "final_lag_s"))
    };
    assert_eq!(age(None), [8.0, 8.0, 0.0, 0.0, 8.0], "it is in hand");
    assert_eq!(age(Some("1s")), [8.0, 8.0, 0.0, 0.0, 8.0], "it waits");
    assert_eq!(age(Some("5s")), [8.0, 8.0, 0.0, 0.0, 8.0], "it will be read again");
}
