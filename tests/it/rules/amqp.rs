//! Exchanges and queues as RabbitMQ has them: who gets what when, what comes back and where to, and what gets lost.
//!
//! Queues are called `rabbit/0`, `rabbit/1`, … here, in the order in which they are declared.

use pileup::model::blueprint::{FaultEffect, FaultPlan, FaultTiming, PathEffect};
use pileup::model::health::Ailment;
use pileup::model::id::Id;
use pileup::model::observation::Observation;

use crate::support::{Plan, Story};

/// A world of one broker, `rabbit`, that runs for a minute.
pub(super) fn world(broker: &str, producers: &str, services: &str) -> Plan {
    Plan::of_scenario(&format!(
        r#"{{"title": "t", "question": "?", "duration": "1min", "sample_every": "1s",
            "brokers": {{"rabbit": {{"amqp": {{{broker}}}}}}},
            "producers": {{{producers}}}, "services": {{{services}}}}}"#
    ))
}

/// A producer that makes `count` messages at once, and publishes them so.
pub(super) fn burst(name: &str, count: u32, publish: &str) -> String {
    format!(
        r#""{name}": {{"arrivals": [{{"burst": {{"count": {count}}}}}],
                       "sends": [{{"publish": {{"to": "rabbit", {publish}}}}}]}}"#
    )
}

/// A service with one worker that consumes so, and takes so long over each message.
pub(super) fn service(name: &str, time: &str, consume: &str) -> String {
    format!(
        r#""{name}": {{"service_time": "{time}", "consumes": [{{"from": "rabbit", {consume}}}]}}"#
    )
}

fn effects_of(story: &Story, queues: &[&str]) -> Vec<f64> {
    queues.iter().map(|name| story.of(name, "effects")).collect()
}

/// "Exchanges" of RabbitMQ's documentation: at the default exchange the routing key names the queue.
#[test]
fn the_default_exchange_passes_on_by_the_name_of_the_queue() {
    let story = world(
        r#""queues": {"a": {}, "b": {}}"#,
        &[burst("web", 3, r#""routing_key": "a""#), burst("shop", 2, r#""queue": "b""#)].join(","),
        &[service("one", "1s", r#""queue": "a""#), service("two", "1s", r#""queue": "b""#)]
            .join(","),
    )
    .listen();
    assert_eq!(effects_of(&story, &["one", "two"]), [3.0, 2.0]);
    assert_eq!(story.effects(), [1.0, 1.0, 2.0, 2.0, 3.0]);
    assert_eq!(story.counts(["succeeded", "duplicates", "lost", "pending"]), [5, 0, 0, 0]);
}

/// When the messages were made whose work took effect, in the order of the effects, in tenths of a second.
pub(super) fn order(story: &Story) -> Vec<i64> {
    let effects = story.facts.iter().filter_map(|(now, fact)| match fact {
        Observation::Effect { sojourn, .. } => Some(now.as_secs_f64() - sojourn.as_secs_f64()),
        _ => None,
    });
    effects.map(|produced| (produced * 10.0).round() as i64).collect()
}

/// Six messages, a tenth of a second apart, to the only queue.
pub(super) const SIX: &str = r#""web": {"arrivals": [{"constant": {"rate": "10/s", "until": "600ms"}}],
                             "sends": [{"publish": {"to": "rabbit"}}]}"#;

/// "Exchanges" of RabbitMQ's documentation: one message to each type of exchange, with three queues bound to it.
#[test]
fn each_type_of_exchange_reaches_the_queues_that_it_should() {
    let reached = |kind: &str, bindings: [&str; 3], publish: &str| {
        let bound = bindings.iter().zip(["a", "b", "c"]).map(|(arguments, queue)| {
            format!(r#"{{"exchange": "in", "queue": "{queue}", {arguments}}}"#)
        });
        let bound = bound.collect::<Vec<_>>().join(",");
        let broker = format!(
            r#""exchanges": {{"in": {{"type": "{kind}"}}}}, "queues": {{"a": {{}}, "b": {{}}, "c": {{}}}},
               "bindings": [{bound}]"#
        );
        let services = ["a", "b", "c"]
            .map(|name| service(&format!("{name}s"), "1s", &format!(r#""queue": "{name}""#)));
        let publish = format!(r#""exchange": "in", {publish}"#);
        let story = world(&broker, &burst("web", 1, &publish), &services.join(",")).run();
        assert_eq!(story.counts(["succeeded", "duplicates"]), [1, 0]);
        effects_of(&story, &["as", "bs", "cs"])
    };
    let keys = [r#""key": "ride""#, r#""key": "ride.*""#, r#""key": "ride.#""#];
    let key = r#""routing_key": "ride""#;
    assert_eq!(reached("direct", keys, key), [1.0, 0.0, 0.0]);
    assert_eq!(reached("fanout", keys, key), [1.0, 1.0, 1.0]);
    assert_eq!(reached("topic", keys, key), [1.0, 0.0, 1.0]);
    let headers = [
        r#""headers": {"all": {"region": "eu", "kind": "paid"}}"#,
        r#""headers": {"any": {"region": "eu", "kind": "paid"}}"#,
        r#""headers": {"all": {}}"#,
    ];
    assert_eq!(reached("headers", headers, r#""headers": {"region": "eu"}"#), [0.0, 1.0, 1.0]);
}

/// "Publishers" of RabbitMQ's documentation, "Unroutable Message Handling".
#[test]
fn what_no_queue_gets_is_dropped_or_comes_back_or_goes_to_the_alternate_exchange() {
    let unroutable = |exchange: &str, publish: &str| {
        let broker = format!(
            r#""exchanges": {{"in": {{{exchange}}}, "rest": {{"type": "fanout"}}}},
               "queues": {{"a": {{}}, "lost": {{}}}},
               "bindings": [{{"exchange": "in", "queue": "a", "key": "a"}},
                            {{"exchange": "rest", "queue": "lost"}}]"#
        );
        let producers = [
            burst("web", 3, &format!(r#""exchange": "in", "routing_key": "b"{publish}"#)),
            burst("shop", 1, r#""exchange": "in", "routing_key": "a""#),
        ];
        let services =
            [service("one", "1s", r#""queue": "a""#), service("two", "1s", r#""queue": "lost""#)];
        let story = world(&broker, &producers.join(","), &services.join(",")).run();
        (story.counts(["lost", "rejected", "succeeded"]), story.of("web", "availability_ratio"))
    };
    assert_eq!(unroutable("", ""), ([3, 0, 1], 1.0), "nobody is told");
    assert_eq!(unroutable("", r#", "confirms": true"#), ([3, 0, 1], 1.0), "not even then");
    assert_eq!(unroutable("", r#", "mandatory": true"#), ([0, 3, 1], 0.0));
    assert_eq!(unroutable(r#""alternate": "rest""#, ""), ([0, 0, 4], 1.0));
}

#[test]
fn a_message_with_several_queues_is_as_well_off_as_the_worst_of_its_copies() {
    let fan_out = |consume: &str, fault: bool| {
        let broker = r#""exchanges": {"in": {"type": "fanout"}}, "queues": {"a": {}, "b": {}},
            "bindings": [{"exchange": "in", "queue": "a"}, {"exchange": "in", "queue": "b"}]"#;
        let services = [
            service("one", "1s", r#""queue": "a""#),
            service("two", "1s", &format!(r#""queue": "b", {consume}"#)),
        ];
        let mut plan = world(broker, &burst("web", 2, r#""exchange": "in""#), &services.join(","));
        if fault {
            let two = plan.0.services[1].node;
            plan.ails(two, Ailment::Errors(1.0), "0s", "1min");
        }
        plan.run()
    };
    let both = fan_out(r#""prefetch": 1"#, false);
    assert_eq!(both.counts(["succeeded", "effects", "duplicates"]), [2, 4, 0]);
    let refused = fan_out(r#""on_failure": "reject""#, true);
    assert_eq!(refused.counts(["succeeded", "lost", "effects"]), [0, 2, 2]);
    let tried_again = fan_out(r#""on_failure": "requeue""#, true);
    assert_eq!(tried_again.counts(["succeeded", "pending", "effects"]), [0, 2, 2]);
}

/// Six messages at once for a consumer that takes 1 s and one that takes 10 s, with this prefetch: when the work of each is done.
fn shared(prefetch: u32) -> Story {
    let consume = format!(r#""prefetch": {prefetch}"#);
    let services = [service("quick", "1s", &consume), service("slow", "10s", &consume)];
    world(r#""queues": {"a": {}}"#, &burst("web", 6, r#""queue": "a""#), &services.join(","))
        .listen()
}

/// "Consumer Prefetch" of RabbitMQ's documentation. What lies at the slow consumer is not there for the quick one.
#[test]
fn a_consumer_keeps_what_it_was_sent_from_all_others() {
    assert_eq!(shared(1).effects(), [1.0, 2.0, 3.0, 4.0, 5.0, 10.0]);
    assert_eq!(shared(2).effects(), [1.0, 2.0, 3.0, 4.0, 10.0, 20.0]);
    assert_eq!(shared(3).effects(), [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
    assert_eq!(shared(0).effects(), [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
}

#[test]
fn what_consumers_have_in_hand_is_in_flight_and_the_rest_waits() {
    let story = shared(2);
    assert_eq!(story.of("rabbit/0", "peak_in_flight"), 4.0);
    assert_eq!(story.of("rabbit/0", "peak_lag"), 6.0);
    assert_eq!(story.of("rabbit", "peak_waiting"), 2.0);
    assert_eq!(story.of("rabbit/0", "final_lag"), 0.0);
}

/// "Consumer Priorities" of RabbitMQ's documentation: lower ones are served when higher ones have no room.
#[test]
fn who_has_the_highest_priority_is_served_first_as_long_as_there_is_room() {
    let services = [
        service("low", "1s", r#""prefetch": 10"#),
        service("high", "1s", r#""prefetch": 2, "priority": 5"#),
    ];
    let broker = r#""queues": {"a": {}}"#;
    let story = world(broker, &burst("web", 5, r#""queue": "a""#), &services.join(",")).run();
    assert_eq!(effects_of(&story, &["low", "high"]), [3.0, 2.0]);
}

/// "Single Active Consumer" of RabbitMQ's documentation. The first dies at 2.5 s with three of five in hand.
#[test]
fn a_single_active_consumer_gets_everything_and_the_next_takes_over_when_it_is_gone() {
    let services = ["one", "two", "three"].map(|name| service(name, "1s", r#""prefetch": 3"#));
    let broker = r#""queues": {"a": {"single_active_consumer": true}}, "requeue_after": "0s""#;
    let mut plan = world(broker, SIX, &services.join(","));
    let one = plan.0.services[0].node;
    plan.ails(one, Ailment::Crash, "2500ms", "4s");
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0, 3.5, 4.5, 5.5, 6.5]);
    assert_eq!(order(&story), [0, 1, 2, 3, 4, 5]);
    assert_eq!(effects_of(&story, &["one", "two", "three"]), [2.0, 4.0, 0.0]);
}

/// The first of six fails once. Measured at RabbitMQ 3.10.8: a classic queue delivers 0, 1, 2, 3, 4, 5 and a quorum queue without
/// delivery limit 1, 2, 3, 4, 5, 0; with one, messages come back near the head ("Quorum Queues" of its documentation).
#[test]
fn what_comes_back_goes_to_where_its_type_of_queue_puts_it() {
    let order_of = |settings: &str| {
        let broker = format!(r#""queues": {{"a": {{{settings}}}}}"#);
        let mut plan = world(&broker, SIX, &service("mail", "1s", r#""prefetch": 1"#));
        let mail = plan.0.services[0].node;
        plan.ails(mail, Ailment::Errors(1.0), "500ms", "1500ms");
        let story = plan.listen();
        assert_eq!(story.effects(), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(story.of("rabbit/0", "redeliveries"), 1.0);
        order(&story)
    };
    assert_eq!(order_of(""), [0, 1, 2, 3, 4, 5]);
    assert_eq!(order_of(r#""type": "quorum", "delivery_limit": "unlimited""#), [1, 2, 3, 4, 5, 0]);
    assert_eq!(order_of(r#""type": "quorum""#), [0, 1, 2, 3, 4, 5]);
}

/// `first` gets five messages because of its priority, and something happens to it at 1 s; `other` could do them at once.
fn with_five_in_hand(queue: &str, fault: Ailment, until: &str, horizon: &str) -> Story {
    let broker = format!(r#""queues": {{"a": {{{queue}}}}}"#);
    let services = [
        service("first", "10s", r#""prefetch": 5, "priority": 1"#),
        service("other", "1s", r#""prefetch": 0"#),
    ];
    let producer = SIX.replace("600ms", "500ms");
    let mut plan = world(&broker, &producer, &services.join(","));
    let first = plan.0.services[0].node;
    plan.ails(first, fault, "1s", until);
    plan.0.horizon = crate::support::at(horizon);
    plan.listen()
}

/// Measured at RabbitMQ 3.10.8: a consumer killed with five messages in hand; another gets the same five in order, marked as redelivered,
/// after 4.4 ms (classic) and 7.7 ms (quorum).
#[test]
fn what_a_dead_consumer_had_in_hand_is_delivered_again_in_order_within_milliseconds() {
    for queue in ["", r#""type": "quorum""#] {
        let story = with_five_in_hand(queue, Ailment::Crash, "50s", "60s");
        let again = story.times(|fact| matches!(fact, Observation::Redelivered { .. }));
        assert_eq!(again, [1.005; 10], "at the queue and at the broker");
        assert_eq!(order(&story), [0, 1, 2, 3, 4]);
        assert_eq!(story.effects(), [2.005, 3.005, 4.005, 5.005, 6.005]);
        assert_eq!(story.counts(["succeeded", "duplicates", "lost"]), [5, 0, 0]);
    }
}

/// Measured at RabbitMQ 3.10.8: a consumer stopped for 8 s; nothing comes back.
#[test]
fn a_consumer_that_stands_still_for_a_while_keeps_what_it_has() {
    let story = with_five_in_hand("", Ailment::Hang, "9s", "100s");
    assert_eq!(story.of("rabbit/0", "redeliveries"), 0.0);
    assert_eq!(story.effects(), [18.0, 28.0, 38.0, 48.0, 58.0]);
}

/// "Acknowledgement Timeout" of RabbitMQ's documentation: 30 minutes, looked at once a minute. The first is delivered at 0 s, which at
/// 1800 s is not longer ago than that.
#[test]
fn a_consumer_that_stands_still_for_too_long_loses_everything_at_once() {
    let story = with_five_in_hand("", Ailment::Hang, "2000s", "2100s");
    assert_eq!(story.effects(), [1861.0, 1862.0, 1863.0, 1864.0, 1865.0, 2009.0]);
    assert_eq!(story.marks("consumer_timed_out"), [1860.0]);
    assert_eq!(story.counts(["succeeded", "duplicates"]), [5, 1], "the first has it still in work");
}

/// Looked at at 60 s, 120 s, …: what was delivered at 29 s has been in hand for more than 90 s at 120 s, what came at 30 s at 180 s.
#[test]
fn the_acknowledgement_timeout_is_found_out_with_the_next_look() {
    for (delivered, taken) in [(29, 120.0), (30, 180.0), (31, 180.0)] {
        let broker = r#""queues": {"a": {}}, "consumer_timeout": "90s""#;
        let producer = format!(
            r#""web": {{"arrivals": [{{"burst": {{"count": 1, "at": "{delivered}s"}}}}],
                        "sends": [{{"publish": {{"to": "rabbit"}}}}]}}"#
        );
        let mut plan = world(broker, &producer, &service("mail", "1s", r#""prefetch": 1"#));
        let mail = plan.0.services[0].node;
        plan.ails(mail, Ailment::Hang, "1s", "300s");
        plan.0.horizon = crate::support::at("200s");
        assert_eq!(plan.run().marks("consumer_timed_out"), [taken]);
    }
}

/// "Heartbeats" of RabbitMQ's documentation: 60 s until a silent peer counts as gone.
#[test]
fn a_consumer_out_of_reach_is_found_out_by_its_heartbeats() {
    let cut = |until: &str| {
        let services = [
            service("first", "10s", r#""prefetch": 2, "priority": 1"#),
            service("other", "1s", r#""prefetch": 0"#),
        ];
        let producer = SIX.replace("600ms", "200ms");
        let mut plan = world(r#""queues": {"a": {}}"#, &producer, &services.join(","));
        let (first, rabbit) = (Id::new(0), plan.0.brokers[0].node);
        let effect = PathEffect::Cut;
        plan.0.faults.push(FaultPlan {
            label: "cut".into(),
            node: rabbit,
            effect: FaultEffect::Path { links: vec![], cuts: vec![(first, Id::new(0))], effect },
            timing: FaultTiming::Scheduled {
                from: crate::support::at("1s"),
                until: Some(crate::support::at(until)),
            },
        });
        plan.0.horizon = crate::support::at("100s");
        plan.listen()
    };
    let long = cut("90s");
    assert_eq!(long.marks("session_expired"), [61.0]);
    assert_eq!(long.effects(), [10.0, 62.0, 63.0]);
    assert_eq!(long.counts(["succeeded", "duplicates"]), [2, 1]);
    let short = cut("50s");
    assert_eq!(short.effects(), [10.0, 60.0], "what it says late is heard");
    assert_eq!(short.counts(["succeeded", "duplicates"]), [2, 0]);
    assert_eq!(short.of("rabbit/0", "redeliveries"), 0.0);
}

/// "Single Active Consumer" of RabbitMQ's documentation: at a quorum queue one with a higher priority takes over when it comes, once everything is
/// acknowledged that the active one has. It is back at 2.5 s; the other one is done with what it has at 3 s.
#[test]
fn a_single_active_consumer_hands_over_to_a_higher_priority_when_it_is_done() {
    let done_by = |queue: &str| {
        let services = [
            service("high", "1s", r#""prefetch": 1, "priority": 9"#),
            service("low", "1s", r#""prefetch": 1"#),
        ];
        let broker = format!(r#""queues": {{"a": {{"single_active_consumer": true{queue}}}}}"#);
        let mut plan = world(&broker, SIX, &services.join(","));
        let high = plan.0.services[0].node;
        plan.ails(high, Ailment::Crash, "0s", "2500ms");
        let story = plan.listen();
        assert_eq!(story.effects(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        effects_of(&story, &["low", "high"])
    };
    assert_eq!(done_by(r#", "type": "quorum""#), [3.0, 3.0]);
    assert_eq!(done_by(""), [6.0, 0.0], "a classic queue looks at no priority");
}

/// Whoever comes first to publish says nothing of the others.
#[test]
fn producers_publish_in_any_order_through_ways_of_their_own() {
    let broker = r#""exchanges": {"in": {"type": "fanout"}}, "queues": {"a": {}, "b": {}, "c": {}},
        "bindings": [{"exchange": "in", "queue": "a"}, {"exchange": "in", "queue": "b"}]"#;
    let later = burst("web", 1, r#""exchange": "in""#);
    let later = later.replace(r#""count": 1"#, r#""count": 1, "at": "1s""#);
    let producers = [later, burst("shop", 1, r#""queue": "c""#)].join(",");
    let services = ["a", "b", "c"]
        .map(|name| service(&format!("{name}s"), "1s", &format!(r#""queue": "{name}""#)));
    let story = world(broker, &producers, &services.join(",")).listen();
    assert_eq!(story.effects(), [1.0, 2.0, 2.0]);
    assert_eq!(effects_of(&story, &["as", "bs", "cs"]), [1.0, 1.0, 1.0]);
}
