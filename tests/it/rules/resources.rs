//! What a broker with exchanges runs short of, and how far publishers may run ahead of it.

use super::amqp::{SIX, burst, order, service, world};
use crate::support::at;

/// "Free Disk Space Alarms" of RabbitMQ's documentation, and `rabbit_disk_monitor`: ten messages fit above the 50 MB that have to be free,
/// and eleven come. So little to spare is looked at every 100 ms, and the other way round every 10 s; one is done every second.
#[test]
fn while_disk_space_is_short_every_publisher_waits_until_the_next_look() {
    let story_of = |queue: &str| {
        let broker = format!(
            r#""queues": {{"a": {{{queue}}}, "b": {{}}}}, "message_bytes": 1024, "disk": {{"bytes": 50010240}}"#
        );
        let shop = burst("shop", 1, r#""queue": "b""#)
            .replace(r#""count": 1"#, r#""count": 1, "at": "5s""#);
        let web = burst("web", 11, r#""queue": "a""#)
            .replace(r#""count": 11"#, r#""count": 11, "at": "50ms""#);
        let services = [
            service("slow", "1s", r#""queue": "a", "prefetch": 1"#),
            service("quick", "1ms", r#""queue": "b""#),
        ];
        let mut plan = world(&broker, &[web, shop].join(","), &services.join(","));
        plan.0.horizon = at("30s");
        plan.run()
    };
    let story = story_of("");
    assert_eq!(story.marks("disk_alarm"), [0.1]);
    assert_eq!(story.marks("disk_alarm_clears"), [10.1]);
    assert_eq!(story.of("shop", "blocked_time_s"), 5.1);
    assert_eq!(story.of("slow", "effects"), 11.0);
    assert_eq!(story.counts(["succeeded", "lost"]), [12, 0]);
    let in_memory = story_of(r#""durable": false"#);
    assert_eq!(in_memory.marks("disk_alarm"), [0.0; 0], "nothing of it is on the disk");
    assert_eq!(in_memory.of("shop", "blocked_time_s"), 0.0);
}

/// "Queue Length Limit" of RabbitMQ's documentation: bytes of what waits; the first limit that is reached counts. The first of six is in
/// hand.
#[test]
fn a_limit_in_bytes_holds_as_many_messages_as_fit() {
    let order_of = |limits: &str, publish: &str| {
        let broker = format!(r#""queues": {{"a": {{{limits}}}}}, "message_bytes": 1000"#);
        let six = SIX.replace(r#""to": "rabbit""#, &format!(r#""to": "rabbit"{publish}"#));
        let story = world(&broker, &six, &service("mail", "1s", r#""prefetch": 1"#)).listen();
        (order(&story), story.counts(["rejected", "lost"]))
    };
    assert_eq!(order_of(r#""max_length_bytes": 3999"#, ""), (vec![0, 3, 4, 5], [0, 2]));
    assert_eq!(
        order_of(r#""max_length_bytes": 3999, "max_length": 2"#, ""),
        (vec![0, 4, 5], [0, 3])
    );
    assert_eq!(order_of(r#""max_length_bytes": 1000, "max_length": 2"#, ""), (vec![0, 5], [0, 4]));
    let reject = r#""max_length_bytes": 3000, "overflow": "reject_publish""#;
    assert_eq!(order_of(reject, r#", "confirms": true"#), (vec![0, 1, 2, 3], [2, 0]));
}

/// "Publisher Confirms" of RabbitMQ's documentation: a publisher that waits for confirms before it goes on is slowed down by them. A confirm
/// is back after 2 s.
#[test]
fn a_publisher_sends_no_more_than_it_may_have_unconfirmed() {
    let story_of = |publish: &str| {
        let publish = format!(r#""latency": "1s", "confirms": true{publish}"#);
        world(
            r#""queues": {"a": {}}"#,
            &burst("web", 5, &publish),
            &service("mail", "100ms", r#""prefetch": 9"#),
        )
        .listen()
    };
    let free = story_of("");
    assert_eq!(free.effects(), [1.1, 1.2, 1.3, 1.4, 1.5]);
    assert_eq!(free.of("web", "peak_held_at_producer"), 0.0);
    let bound = story_of(r#", "max_unconfirmed": 2"#);
    assert_eq!(bound.effects(), [1.1, 1.2, 3.1, 3.2, 5.1]);
    assert_eq!(bound.of("web", "peak_held_at_producer"), 3.0);
    assert_eq!(bound.of("web", "blocked_time_s"), 2.0 + 2.0 + 4.0);
    assert_eq!(bound.counts(["succeeded", "pending"]), [5, 0]);
}

/// RabbitMQ's "Exchange to Exchange Bindings".
#[test]
fn an_exchange_passes_on_to_another_as_if_it_had_been_published_there() {
    let broker = r#""exchanges": {"in": {"type": "topic"}, "all": {"type": "fanout"}},
        "queues": {"a": {}, "b": {}},
        "bindings": [{"exchange": "in", "to_exchange": "all", "key": "order.*"},
                     {"exchange": "in", "queue": "a", "key": "order.paid"},
                     {"exchange": "all", "queue": "a"}, {"exchange": "all", "queue": "b"},
                     {"exchange": "all", "to_exchange": "in"}]"#;
    let publish = |key: &str| format!(r#""exchange": "in", "routing_key": "{key}""#);
    let producers = [burst("web", 2, &publish("order.paid")), burst("shop", 1, &publish("ride"))];
    let services =
        [service("one", "1s", r#""queue": "a""#), service("two", "1s", r#""queue": "b""#)];
    let story = world(broker, &producers.join(","), &services.join(",")).run();
    assert_eq!(
        [story.of("one", "effects"), story.of("two", "effects")],
        [2.0, 2.0],
        "one copy each"
    );
    assert_eq!(story.counts(["succeeded", "lost"]), [2, 1]);
}

/// `credit_flow` of RabbitMQ, with credit for four, and two more after every two that were taken in: ten a second. At 0 s four get in; two more
/// at 0.2 s and at 0.4 s. What another publisher sends in between has its place in the line, and holds nobody's credit.
#[test]
fn a_publisher_that_is_faster_than_the_broker_goes_at_its_pace() {
    let broker =
        r#""queues": {"a": {}}, "ingress": {"rate": "10/s", "credit": 4, "more_after": 2}"#;
    let mail = service("mail", "1ms", r#""prefetch": 9"#);
    let alone = world(broker, &burst("web", 8, r#""queue": "a""#), &mail).listen();
    let millis = |story: &crate::support::Story| -> Vec<i64> {
        story.effects().iter().map(|at| (at * 1e3).round() as i64).collect()
    };
    assert_eq!(millis(&alone), [101, 201, 301, 401, 501, 601, 701, 801]);
    assert_eq!(alone.of("web", "peak_held_at_producer"), 4.0);
    assert!((alone.of("web", "blocked_time_s") - (2.0 * 0.2 + 2.0 * 0.4)).abs() < 1e-9);
    let shop = burst("shop", 1, r#""queue": "a""#);
    let shop = shop.replace(r#""count": 1"#, r#""count": 1, "at": "50ms""#);
    let both = world(broker, &[burst("web", 8, r#""queue": "a""#), shop].join(","), &mail).listen();
    assert_eq!(both.of("shop", "latency_max_ms"), 450.0, "after the four that are inside");
    assert_eq!(both.of("shop", "blocked_time_s"), 0.0);
    assert_eq!(both.counts(["succeeded", "rejected"]), [9, 0]);
}
