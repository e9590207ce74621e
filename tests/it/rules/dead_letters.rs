//! What can't stay in a queue of RabbitMQ, and where it goes: times to live, length limits, delivery limits, and publishers that wait.

use pileup::model::health::Ailment;
use pileup::model::observation::{Fate, Observation};

use super::amqp::{SIX, burst, order, service, world};
use crate::support::{Plan, Story, at};

/// When messages ended like this.
fn settled(story: &Story, wanted: Fate) -> Vec<f64> {
    story.times(|fact| matches!(fact, Observation::Settled { fate, .. } if *fate == wanted))
}

/// Six messages, a tenth of a second apart, for a queue with these settings whose consumer is away until 10 s; a queue `dead` beside it,
/// to which nobody listens.
fn behind_an_absent_consumer(queue: &str, publish: &str) -> Story {
    let broker = format!(r#""queues": {{"a": {{{queue}}}, "dead": {{}}}}"#);
    let producer =
        SIX.replace(r#""to": "rabbit""#, &format!(r#""to": "rabbit", "queue": "a"{publish}"#));
    let mut plan = world(&broker, &producer, &service("mail", "1s", r#""queue": "a""#));
    let mail = plan.0.services[0].node;
    plan.ails(mail, Ailment::Crash, "0s", "10s");
    plan.listen()
}

/// Measured at RabbitMQ 3.10.8 with a limit of 3 and six publishes: `drop-head` keeps 3, 4, 5 and `reject-publish` keeps 0, 1, 2, with
/// three negative confirms.
#[test]
fn at_its_length_limit_a_queue_drops_the_oldest_or_refuses_the_newest() {
    let full = |overflow: &str, publish: &str| {
        let settings = format!(
            r#""max_length": 3, "overflow": "{overflow}", "dead_letter_exchange": "",
               "dead_letter_routing_key": "dead""#
        );
        behind_an_absent_consumer(&settings, publish)
    };
    let head = full("drop_head", r#", "confirms": true"#);
    assert_eq!(order(&head), [3, 4, 5]);
    assert_eq!(head.counts(["dead_lettered", "rejected", "refused"]), [3, 0, 0]);
    let reject = full("reject_publish", r#", "confirms": true"#);
    assert_eq!(order(&reject), [0, 1, 2]);
    assert_eq!(reject.counts(["dead_lettered", "rejected", "refused"]), [0, 3, 3]);
    assert_eq!(reject.of("rabbit/0", "peak_lag"), 3.0);
    let both = full("reject_publish_dlx", r#", "confirms": true"#);
    assert_eq!(order(&both), [0, 1, 2]);
    assert_eq!(both.counts(["dead_lettered", "refused"]), [3, 3]);
    assert_eq!(both.of("rabbit/1", "final_lag"), 3.0, "they are there to be looked at");
}

#[test]
fn without_confirms_nobody_is_told_of_what_is_refused() {
    let settings = r#""max_length": 3, "overflow": "reject_publish""#;
    let story = behind_an_absent_consumer(settings, "");
    assert_eq!(story.counts(["lost", "refused", "rejected", "succeeded"]), [3, 0, 0, 3]);
    assert_eq!(story.of("web", "availability_ratio"), 1.0);
}

/// "Queue Length Limit" of RabbitMQ's documentation: only ready messages count. Two are in hand.
#[test]
fn what_consumers_have_in_hand_does_not_count_for_the_length_limit() {
    let broker = r#""queues": {"a": {"max_length": 3}}"#;
    let story = world(broker, SIX, &service("mail", "10s", r#""prefetch": 2"#)).run();
    assert_eq!(story.of("rabbit/0", "peak_lag"), 5.0);
    assert_eq!(story.total("lost"), 1.0);
}

/// "Time-To-Live and Expiration" of RabbitMQ's documentation: the shorter of the two counts.
#[test]
fn a_message_expires_after_the_shorter_of_its_own_time_and_that_of_its_queue() {
    for (queue, publish, seconds) in [
        (r#""message_ttl": "2s""#, "", 2.0),
        (r#""message_ttl": "2s""#, r#", "ttl": "1s""#, 1.0),
        (r#""message_ttl": "2s""#, r#", "ttl": "3s""#, 2.0),
        ("", r#", "ttl": "3s""#, 3.0),
    ] {
        let story = behind_an_absent_consumer(queue, publish);
        let wanted = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5].map(|produced| produced + seconds);
        assert_eq!(settled(&story, Fate::Expired), wanted, "{queue} {publish}");
    }
}

/// The same page, "Caveats": a message that has expired stays until it is the first in line.
#[test]
fn a_message_expires_only_when_it_is_the_first_in_line() {
    let one = |name: &str, moment: &str, ttl: &str| {
        format!(
            r#""{name}": {{"arrivals": [{{"burst": {{"count": 1, "at": "{moment}"}}}}],
                           "sends": [{{"publish": {{"to": "rabbit", "ttl": "{ttl}"}}}}]}}"#
        )
    };
    let producers = [one("slow", "0s", "5s"), one("hasty", "1s", "1s")].join(",");
    let mut plan =
        world(r#""queues": {"a": {}}"#, &producers, &service("mail", "1s", r#""prefetch": 1"#));
    let mail = plan.0.services[0].node;
    plan.ails(mail, Ailment::Crash, "0s", "30s");
    assert_eq!(settled(&plan.listen(), Fate::Expired), [5.0, 5.0]);
}

/// The same page: with a time to live of 0 a message expires unless it can be delivered at once.
#[test]
fn a_message_with_no_time_to_wait_is_delivered_at_once_or_not_at_all() {
    let broker = r#""queues": {"a": {"message_ttl": "0s"}}"#;
    let story = world(broker, SIX, &service("mail", "250ms", r#""prefetch": 1"#)).listen();
    assert_eq!(order(&story), [0, 3]);
    assert_eq!(settled(&story, Fate::Expired), [0.1, 0.2, 0.4, 0.5]);
}

/// "Dead Letter Exchanges" of RabbitMQ's documentation. Work on the only message fails until 12 s; between two tries it waits for 5 s in a
/// queue that nobody listens to.
#[test]
fn a_queue_that_nobody_listens_to_makes_a_message_wait_before_it_is_tried_again() {
    let broker = r#""queues": {
        "work": {"dead_letter_exchange": "", "dead_letter_routing_key": "wait"},
        "wait": {"message_ttl": "5s", "dead_letter_exchange": "", "dead_letter_routing_key": "work"}}"#;
    let mail = service("mail", "1s", r#""queue": "work", "on_failure": "reject""#);
    let mut plan = world(broker, &burst("web", 1, r#""queue": "work""#), &mail);
    let mail = plan.0.services[0].node;
    plan.ails(mail, Ailment::Errors(1.0), "0s", "12s");
    let story = plan.listen();
    // Tried from 0 s to 1 s, from 6 s to 7 s and from 12 s to 13 s.
    assert_eq!(story.effects(), [13.0]);
    assert_eq!(story.counts(["succeeded", "duplicates", "lost"]), [1, 0, 0]);
    assert_eq!(story.marks("dead_letters"), [1.0, 6.0]);
}

/// The same page: a cycle without a rejection in it is broken by dropping the message.
#[test]
fn dead_letters_do_not_go_in_a_circle_that_nobody_breaks() {
    let broker = r#""queues": {
        "a": {"message_ttl": "1s", "dead_letter_exchange": "", "dead_letter_routing_key": "b"},
        "b": {"message_ttl": "1s", "dead_letter_exchange": "", "dead_letter_routing_key": "a"}}"#;
    let mut plan = world(
        broker,
        &burst("web", 1, r#""queue": "a""#),
        &service("mail", "1s", r#""queue": "a""#),
    );
    let mail = plan.0.services[0].node;
    plan.ails(mail, Ailment::Crash, "0s", "30s");
    assert_eq!(settled(&plan.listen(), Fate::Expired), [2.0]);
}

/// "Quorum Queues" of RabbitMQ's documentation: the limit is 20 by default, so there are 21 deliveries.
#[test]
fn a_quorum_queue_gives_a_message_up_that_came_back_too_often() {
    for (limit, deliveries) in [("", 21.0), (r#", "delivery_limit": 2"#, 3.0)] {
        let broker = format!(
            r#""queues": {{"a": {{"type": "quorum", "dead_letter_exchange": "", "dead_letter_routing_key": "dead"{limit}}},
                           "dead": {{}}}}"#
        );
        let mail = service("mail", "1s", r#""queue": "a", "prefetch": 1"#);
        let mut plan = world(&broker, &burst("web", 1, r#""queue": "a""#), &mail);
        let mail = plan.0.services[0].node;
        plan.ails(mail, Ailment::Errors(1.0), "0s", "60s");
        let story = plan.listen();
        assert_eq!(settled(&story, Fate::DeadLettered), [deliveries]);
        assert_eq!(story.of("rabbit/0", "redeliveries"), deliveries - 1.0);
    }
}

/// The same page: a crash counts for everything that the consumer had in hand, whether it was worked on or not.
#[test]
fn a_consumer_that_crashes_again_and_again_takes_innocent_messages_along() {
    let broker =
        r#""queues": {"a": {"type": "quorum", "delivery_limit": 1}}, "requeue_after": "0s""#;
    let mut plan = world(broker, SIX, &service("mail", "10s", r#""prefetch": 4"#));
    let mail = plan.0.services[0].node;
    plan.ails(mail, Ailment::Crash, "1s", "2s");
    plan.ails(mail, Ailment::Crash, "3s", "4s");
    let story = plan.run();
    assert_eq!(story.counts(["lost", "succeeded"]), [4, 2]);
}

/// "Time-To-Live and Expiration", "Queue TTL": it counts from when the last consumer left, and nothing is dead-lettered.
#[test]
fn a_queue_that_nobody_uses_is_deleted_with_all_that_it_holds() {
    let story = behind_an_absent_consumer(
        r#""expires": "3s", "dead_letter_exchange": "", "dead_letter_routing_key": "dead""#,
        "",
    );
    assert_eq!(settled(&story, Fate::Expired), [3.0; 6]);
    assert_eq!(story.marks("queue_deleted"), [3.0]);
}

/// With automatic acknowledgement everything counts as done that has been sent ("Consumer Acknowledgements" of RabbitMQ's documentation).
#[test]
fn what_is_acknowledged_when_it_is_sent_is_lost_in_a_crash_however_much_it_is() {
    let consume = r#""prefetch": 1, "commit": "before""#;
    let mut plan = world(r#""queues": {"a": {}}"#, SIX, &service("mail", "1s", consume));
    let mail = plan.0.services[0].node;
    plan.ails(mail, Ailment::Crash, "2500ms", "3s");
    let story = plan.run();
    assert_eq!(story.counts(["succeeded", "lost"]), [2, 4]);
    assert_eq!(story.of("rabbit/0", "peak_in_flight"), 0.0);
}

/// At 2.5 s two are done; one is in work and three wait, or lie at the consumer. The broker is away for a second.
#[test]
fn a_broker_that_crashes_keeps_what_is_durable_and_delivers_again_what_was_in_hand() {
    let crash = |queue: &str| {
        let mut plan = world(
            &format!(r#""queues": {{"a": {{{queue}}}}}"#),
            SIX,
            &service("mail", "1s", r#""prefetch": 2"#),
        );
        let rabbit = plan.0.brokers[0].node;
        plan.ails(rabbit, Ailment::Crash, "2500ms", "3500ms");
        plan.listen()
    };
    let durable = crash("");
    assert_eq!(durable.effects(), [1.0, 2.0, 3.0, 4.5, 5.5, 6.5, 7.5]);
    assert_eq!(durable.counts(["succeeded", "duplicates", "lost"]), [6, 1, 0]);
    let transient = crash(r#""durable": false"#);
    assert_eq!(transient.effects(), [1.0, 2.0, 3.0]);
    assert_eq!(transient.counts(["succeeded", "uncertain", "lost"]), [2, 1, 3]);
}

/// "Memory Alarms" of RabbitMQ's documentation: every publisher is blocked, consumers go on, and all who waited come at once. Ten messages
/// are not too many. Ten a second come to a queue that loses one a second; memory is looked at every second.
fn alarm() -> Plan {
    let broker = r#""queues": {"a": {}, "b": {}}, "memory":
        {"bytes": 10240, "watermark": 1.0, "message_bytes": 1024, "check_every": "1s"}"#;
    let producers = [
        r#""web": {"arrivals": [{"constant": {"rate": "10/s", "until": "2s"}}],
                   "sends": [{"publish": {"to": "rabbit", "queue": "a"}}]}"#,
        r#""shop": {"arrivals": [{"constant": {"rate": "1/s", "from": "500ms", "until": "30s"}}],
                    "sends": [{"publish": {"to": "rabbit", "queue": "b"}}]}"#,
    ];
    let services =
        [service("slow", "1s", r#""queue": "a""#), service("quick", "1ms", r#""queue": "b""#)];
    let mut plan = world(broker, &producers.join(","), &services.join(","));
    plan.0.horizon = at("60s");
    plan
}

#[test]
fn while_memory_is_short_every_publisher_waits_and_consumers_go_on() {
    let story = alarm().listen();
    // At 1 s there are 9, at 2 s 18; one less every second, so 10 at 10 s, when the eight of `shop` come that waited.
    assert_eq!(story.marks("memory_alarm"), [2.0]);
    assert_eq!(story.marks("memory_alarm_clears"), [10.0]);
    assert_eq!(story.of("shop", "peak_held_at_producer"), 8.0);
    assert_eq!(
        story.of("shop", "blocked_time_s"),
        (1..=8).map(|n| f64::from(n) - 0.5).sum::<f64>()
    );
    assert_eq!(story.of("quick", "effects"), 30.0);
    assert_eq!(story.counts(["succeeded", "lost", "pending"]), [50, 0, 0]);
}

#[test]
fn whoever_gives_up_while_memory_is_short_is_let_go() {
    let mut plan = alarm();
    plan.0.producers[1].sends[0].timeout = Some("1500ms".parse().unwrap());
    let story = plan.run();
    // Of those made from 2.5 s on, the ones of 2.5 s to 8.5 s have given up by 10 s, and that of 9.5 s has not.
    assert_eq!(story.of("shop", "abandoned"), 7.0);
    assert_eq!(story.of("shop", "final_held_at_producer"), 0.0);
    assert_eq!(story.of("quick", "effects"), 23.0);
}

/// A broker that goes down while it makes publishers wait breaks their connections.
#[test]
fn a_crash_breaks_the_connections_of_publishers_that_wait() {
    let mut plan = alarm();
    let rabbit = plan.0.brokers[0].node;
    plan.ails(rabbit, Ailment::Crash, "5s", "5100ms");
    let story = plan.run();
    assert_eq!(story.of("shop", "abandoned"), 3.0);
    assert_eq!(story.of("shop", "final_held_at_producer"), 0.0);
    assert_eq!(story.total("lost"), 0.0);
}

#[test]
fn a_service_may_be_a_consumer_and_a_publisher_of_the_same_broker() {
    let broker = r#""queues": {"in": {}, "out": {}}"#;
    let relay = r#""relay": {"service_time": "1s", "consumes": [{"from": "rabbit", "queue": "in", "prefetch": 1}],
        "sends": [{"publish": {"to": "rabbit", "queue": "out", "confirms": true}}]}"#;
    let services = [relay.to_owned(), service("mail", "1s", r#""queue": "out", "prefetch": 1"#)];
    let plan = world(broker, &burst("web", 2, r#""queue": "in""#), &services.join(","));
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0, 2.0, 3.0]);
    assert_eq!(story.counts(["succeeded", "duplicates"]), [4, 0]);
}

/// Two dead letters lie in a queue that holds three and refuses more: of three that are published to it one has room.
#[test]
fn dead_letters_count_for_the_length_limit_of_the_queue_in_which_they_lie() {
    let broker = r#""queues": {
        "a": {"message_ttl": "1s", "dead_letter_exchange": "", "dead_letter_routing_key": "dead"},
        "dead": {"max_length": 3, "overflow": "reject_publish"}}"#;
    let shop = burst("shop", 3, r#""queue": "dead", "confirms": true"#);
    let shop = shop.replace(r#""count": 3"#, r#""count": 3, "at": "2s""#);
    let story = world(broker, &[burst("web", 2, r#""queue": "a""#), shop].join(","), "").listen();
    assert_eq!(story.counts(["dead_lettered", "rejected", "pending"]), [2, 2, 1]);
    assert_eq!(story.of("rabbit/1", "final_lag"), 3.0);
    assert_eq!(settled(&story, Fate::Rejected), [2.0, 2.0]);
}
