//! The requests of a client: how many are under way, what goes together, what stays in order, and what a quota costs.

use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;

use crate::support::{Plan, Story, With, json, member, publish, work};
use pileup::model::blueprint::ServicePlan;

/// `count` messages at 1 s to one partition.
fn burst(count: u32, client: &str, latency: &str) -> Story {
    let mut plan = Plan::lasting("100s");
    let log = plan.log(1, "{}", &["{}"]);
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    let sends = publish(log).client(client).latency(latency);
    let arrivals = format!(r#"{{"burst": {{"count": {count}, "at": "1s"}}}}"#);
    plan.producer("shop", &arrivals, [sends]);
    plan.listen()
}

/// `RecordAccumulator` and `Sender`: the first message leaves at once, and what comes while it is under way goes together.
#[test]
fn what_cant_leave_goes_together() {
    let client = r#"{"max_in_flight": 1, "request_time": "100ms", "batch": 4}"#;
    let answers = burst(9, client, r#""0s""#).answers();
    assert_eq!(answers, [1.1, 1.2, 1.2, 1.2, 1.2, 1.3, 1.3, 1.3, 1.3]);
}

/// `RecordAccumulator.drain`: when a request leaves for one partition, what waits for others goes along. Nine messages to three partitions by
/// turns, three at most of each.
#[test]
fn a_request_takes_along_what_waits_for_other_partitions() {
    let mut plan = Plan::lasting("100s");
    let log = plan.log(3, "{}", &["{}"]);
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    let client = r#"{"max_in_flight": 1, "request_time": "100ms", "batch": 3, "linger": "50ms"}"#;
    let sends = publish(log).client(client);
    plan.producer("shop", r#"{"burst": {"count": 8, "at": "1s"}}"#, [sends]);
    // The third message for the first partition makes its batch full: with it go two for the second and two for the third. The third one
    // for the second comes after that, and waits for the answer.
    assert_eq!(plan.listen().answers(), [1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.2]);
}

/// A broker reads no further request from a connection before it has answered the last (`Processor`, `selector.mute`): two under way are no
/// faster than one where nothing is lost on the way.
#[test]
fn a_broker_takes_the_requests_of_a_client_one_after_the_other() {
    for most in ["1", "2", "5", "null"] {
        let client = format!(r#"{{"max_in_flight": {most}, "request_time": "100ms", "batch": 1}}"#);
        assert_eq!(burst(4, &client, r#""0s""#).answers(), [1.1, 1.2, 1.3, 1.4], "{most}");
    }
}

/// A request is under way until its answer is there: with 50 ms each way, so many every 100 ms, and the first one arrives at 1.05 s.
#[test]
fn requests_under_way_fill_the_time_until_the_answer() {
    let of = |most: u32| {
        let client = format!(r#"{{"max_in_flight": {most}, "batch": 1}}"#);
        burst(6, &client, r#""50ms""#).answers()
    };
    assert_eq!(of(1), [1.1, 1.2, 1.3, 1.4, 1.5, 1.6]);
    assert_eq!(of(2), [1.1, 1.1, 1.2, 1.2, 1.3, 1.3]);
    assert_eq!(of(5), [1.1, 1.1, 1.1, 1.1, 1.1, 1.2]);
    let unanswered = burst(6, r#"{"max_in_flight": 1, "batch": 1, "acks": "0"}"#, r#""50ms""#);
    assert_eq!(unanswered.answers(), [1.1; 6], "who wants no answer waits for none");
}

/// With acks "all" an answer waits for the replicas, and so does what it makes room for.
#[test]
fn an_answer_that_waits_for_replicas_keeps_its_place() {
    let of = |acks: &str| {
        let mut plan = Plan::lasting("100s");
        let log = plan.log(1, "{}", &["{}"]);
        plan.replicate(log, 3, r#"{"replicas": 3, "delay": "200ms"}"#);
        let consumes = member(log, 0, 500, Commit::After);
        plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
        let client = format!(r#"{{"max_in_flight": 1, "batch": 1, "acks": "{acks}"}}"#);
        let sends = publish(log).client(&client);
        plan.producer("shop", r#"{"burst": {"count": 3, "at": "1s"}}"#, [sends]);
        plan.listen().answers()
    };
    assert_eq!(of("all"), [1.2, 1.4, 1.6]);
    assert_eq!(of("1"), [1.0, 1.0, 1.0]);
}

/// Ten messages a second, all of one key, to a partition that has no leader from 10.05 s on, for 9 s.
fn without_a_leader(client: &str) -> Story {
    let mut plan = Plan::lasting("60s");
    let log = plan.log(1, "{}", &["{}"]);
    plan.replicate(log, 2, "{}");
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    plan.ails(log.node, Ailment::NodeLost(0), "10.05s", "19.05s");
    let retry = r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "700ms"}}, "jitter": "none"}"#;
    let sends = publish(log).client(client).retry(retry);
    let arrivals = r#"{"constant": {"rate": "10/s", "until": "30s"}}"#;
    plan.producer("shop", arrivals, [sends]).keys = json(r#"{"uniform": {"count": 1}}"#);
    plan.run()
}

/// `max.in.flight.requests.per.connection`: "if this configuration is set to be greater than 1 and enable.idempotence is set to false, there
/// is a risk of message reordering after a failed send due to retries".
#[test]
fn order_is_lost_with_several_under_way_unless_the_broker_knows_them_by_number() {
    for (client, stays) in [
        (r#"{"idempotent": false, "max_in_flight": 1}"#, true),
        (r#"{"idempotent": false, "max_in_flight": 2}"#, false),
        (r#"{"idempotent": false}"#, false),
        (r#"{"idempotent": true, "max_in_flight": 5}"#, true),
        (r#"{"idempotent": true}"#, true),
    ] {
        let story = without_a_leader(client);
        assert_eq!(story.counts(["effects", "pending"]), [300, 0], "{client}");
        assert_eq!(story.total("out_of_order") == 0.0, stays, "{client}");
    }
}

/// `QuotaUtils.throttleTime`, by hand. Of 150 messages at 10/s 100 are within ten seconds' worth, and as requests take no time each goes by
/// itself. After the 101st the client has to stay away for 101 / 10 - 10 = 0.1 s; then 16 go together, 117 in a window of 0.1 + 10 s: 1.6 s.
/// Then 133 in one of 1.7 + 9 s: 2.6 s, and 149 in one of 4.3 + 6 s: 4.6 s.
#[test]
fn who_writes_more_than_its_quota_is_made_to_wait() {
    let client = r#"{"quota": "10/s", "max_in_flight": 1, "batch": 16}"#;
    let answers = burst(150, client, r#""0s""#).answers();
    let count = |at: f64| answers.iter().filter(|answer| (**answer - at).abs() < 1e-6).count();
    assert_eq!([1.0, 1.1, 2.7, 5.3, 9.9].map(count), [101, 16, 16, 16, 1], "{answers:?}");
}

/// In the long run a client writes what it may, and the rest waits where it is made; nothing is refused but by its own buffer.
#[test]
fn a_quota_fills_the_buffer_of_its_client() {
    let mut plan = Plan::lasting("200s");
    let log = plan.log(1, "{}", &["{}"]);
    let consumes = member(log, 0, 500, Commit::After);
    plan.service("reader", ServicePlan { consumes, ..work(r#""1ms""#) });
    let client =
        r#"{"quota": "10/s", "max_in_flight": 5, "buffer": {"messages": 50, "max_block": "1s"}}"#;
    let sends = publish(log).client(client);
    plan.producer("shop", r#"{"constant": {"rate": "20/s"}}"#, [sends]);
    let story = plan.run();
    let written = story.total("effects");
    // 10/s · 200 s, and the ten seconds' worth at first.
    assert!((2_000.0..=2_110.0).contains(&written), "{written}");
    assert!(story.total("rejected") > 1_700.0, "{}", story.total("rejected"));
}
