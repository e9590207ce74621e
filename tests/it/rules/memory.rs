//! What limits of memory are held against: everything that waits is counted, wherever it waits, by what it takes.

use pileup::model::blueprint::ServicePlan;
use pileup::model::broker::{Order, SqsQueueSettings};
use pileup::model::build::simulate;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;
use pileup::policy::quota::Quota;
use pileup::time::SimDuration;

use super::amqp::{burst, service, world};
use crate::support::{
    Plan, With, bounded, call, from, lease, member, publish, standard, unbounded, work,
};

/// As many as a collection that doubles has room for, so that nothing is to spare.
const COUNT: u32 = 1 << 14;
/// What is known of a message that is alive, in bytes.
const ALIVE: f64 = 32.0;
/// By what a line of messages knows each.
const ID: f64 = 4.0;
/// Of a line of so many, half sleep at eight bytes each; the memory of those that were awake is kept, with its list of what is free.
const HALF_ASLEEP: f64 = (8.0 + ALIVE + ID + 2.0 * ID) / 2.0 - 1.0;

/// What each message takes in a world of so many; one alone takes next to nothing.
#[track_caller]
fn assert_each_takes(wanted: f64, plan: impl Fn(u32) -> Plan) {
    let bytes = |count: u32| {
        let plan = plan(count).0;
        let mut simulation = simulate(&plan, 1, 0, ());
        simulation.run_until(plan.horizon, u64::MAX);
        assert_eq!(simulation.model.unfinished(), count as usize);
        simulation.model.bytes() as f64
    };
    let one = bytes(1);
    assert!((ALIVE..8_192.0).contains(&one), "{one}");
    let each = (bytes(COUNT) - one) / f64::from(COUNT);
    assert!((wanted - 0.1..=wanted).contains(&each), "{each} and not {wanted}");
}

fn at_once(count: u32) -> String {
    format!(r#"{{"burst": {{"count": {count}}}}}"#)
}

#[test]
fn in_a_retry_queue() {
    assert_each_takes(ALIVE + ID, |count| {
        let mut plan = Plan::lasting("2s");
        let mail = plan.service("mail", work(r#""1s""#));
        let retry = r#"{"max_attempts": "unlimited", "resend": "on_recovery"}"#;
        plan.producer("web", &at_once(count), [call(mail).retry(retry)]);
        plan.ails(mail.node, Ailment::Crash, "0s", "9s");
        plan
    });
}

/// Waiting, delivered, and come back: with its place in the order, its consumer, and how often it was delivered.
#[test]
fn at_a_queue() {
    let queue = |batch: Option<u32>, crash: &'static str| {
        move |count| {
            let mut plan = Plan::lasting("2s");
            let queue = plan.queue("queue", unbounded());
            if let Some(batch) = batch {
                let consumes = from(queue, batch, Commit::After);
                let mail = plan.service("mail", ServicePlan { consumes, ..work(r#""9s""#) });
                plan.ails(mail.node, Ailment::Hang, "0s", "1s");
                plan.ails(mail.node, Ailment::Crash, crash, "1h");
            }
            plan.producer("web", &at_once(count), [publish(queue)]);
            plan
        }
    };
    assert_each_takes(HALF_ASLEEP, queue(None, "9s"));
    assert_each_takes(HALF_ASLEEP + 32.0 + 10.0, queue(Some(COUNT), "9s"));
    assert_each_takes(HALF_ASLEEP + 32.0 + 10.0 + 16.0, queue(Some(COUNT), "1500ms"));
}

/// The publish, and since when it waits.
#[test]
fn before_a_queue_that_is_full() {
    assert_each_takes(ALIVE + 24.0, |count| {
        let mut plan = Plan::lasting("2s");
        let queue = plan.queue("queue", bounded(1, r#""block""#));
        plan.producer("web", &at_once(count), [publish(queue)]);
        plan
    });
}

/// Each with a byte for how it came there; in hand it is known by its id as well.
#[test]
fn in_a_log() {
    let log = |batch: u32, until: &'static str| {
        move |count| {
            let mut plan = Plan::lasting("2s");
            let log = plan.log(1, "{}", &["{}"]);
            let consumes = member(log, 0, batch, Commit::After);
            let mail = plan.service("mail", ServicePlan { consumes, ..work(r#""9s""#) });
            plan.ails(mail.node, Ailment::Hang, "0s", until);
            plan.producer("web", &at_once(count), [publish(log)]);
            plan
        }
    };
    assert_each_takes(HALF_ASLEEP + 1.0, log(1, "9s"));
    assert_each_takes(HALF_ASLEEP + 1.0 + 14.0, log(COUNT, "1s"));
}

/// Waiting, leased, visible again, and delayed; a queue with order remembers whom it has accepted.
#[test]
fn at_a_leasing_queue() {
    let queue = |queue: SqsQueueSettings, batch: Option<u32>| {
        move |count| {
            let mut plan = Plan::lasting("2s");
            let aws = plan.sqs([queue.clone()]);
            if let Some(batch) = batch {
                let consumes = lease(aws, 0, batch);
                let mail = plan.service("mail", ServicePlan { consumes, ..work(r#""9s""#) });
                plan.ails(mail.node, Ailment::Hang, "0s", "1s");
                plan.ails(mail.node, Ailment::Crash, "1100ms", "1h");
            }
            let retry = r#"{"max_attempts": 2}"#;
            plan.producer("web", &at_once(count), [publish(aws).retry(retry)]);
            plan
        }
    };
    let delay = SimDuration::from_secs(9);
    let brief = SimDuration::from_millis(500);
    let order = Order::Fifo {
        deduplication_window: SimDuration::from_secs(300),
        quota: Quota::Unlimited,
        look_ahead: 20_000,
    };
    let strict = SqsQueueSettings { order, ..standard("a") };
    let returned = SqsQueueSettings { visibility_timeout: brief, ..standard("a") };
    assert_each_takes(HALF_ASLEEP, queue(standard("a"), None));
    assert_each_takes(HALF_ASLEEP, queue(SqsQueueSettings { delay, ..standard("a") }, None));
    assert_each_takes(HALF_ASLEEP + 16.0, queue(strict.clone(), None));
    assert_each_takes(HALF_ASLEEP + 130.0, queue(standard("a"), Some(COUNT)));
    assert_each_takes(203.0, queue(returned, Some(COUNT)));
    assert_each_takes(HALF_ASLEEP + 16.0, queue(strict, Some(1)));
}

/// Waiting, with a time to live, sent to a consumer, in its hands, and come back.
#[test]
fn at_a_rabbit() {
    let rabbit = |queue: &'static str, consume: Option<&'static str>, crash: &'static str| {
        move |count| {
            let consume = consume.unwrap_or(r#""queue": "b""#);
            let mail = service("mail", "1h", consume);
            let broker = format!(r#""queues": {{"a": {{{queue}}}, "b": {{}}}}"#);
            let mut plan = world(&broker, &burst("web", count, r#""queue": "a""#), &mail);
            let mail = plan.0.services[0].node;
            plan.ails(mail, Ailment::Crash, crash, "1h");
            plan
        }
    };
    let all = r#""queue": "a", "prefetch": 65535"#;
    assert_each_takes(HALF_ASLEEP, rabbit("", None, "59s"));
    assert_each_takes(HALF_ASLEEP + 8.0, rabbit(r#""message_ttl": "1h""#, None, "59s"));
    assert_each_takes(HALF_ASLEEP + 14.0, rabbit("", Some(all), "2min"));
    assert_each_takes(75.0, rabbit("", Some(all), "30s"));
    assert_each_takes(67.0, rabbit(r#""type": "quorum""#, Some(all), "30s"));
}

/// What is inside the broker and not taken in, and what has no credit to get there.
#[test]
fn on_the_way_into_a_rabbit() {
    let waiting = |credit: u32| {
        move |count| {
            let ingress = format!(r#""rate": "1/h", "credit": {credit}, "more_after": 1"#);
            let broker = format!(r#""queues": {{"a": {{}}}}, "ingress": {{{ingress}}}"#);
            world(&broker, &burst("web", count, r#""queue": "a""#), "")
        }
    };
    assert_each_takes(ALIVE + 24.0, waiting(1 << 20));
    assert_each_takes(ALIVE + 24.0, waiting(1));
}
