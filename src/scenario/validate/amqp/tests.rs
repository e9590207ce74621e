//! What brokers with exchanges are warned of.

use crate::scenario::source::Source;
use crate::scenario::{Overrides, load};

const FILE: &str = r#"{
    "title": "Letters", "question": "?", "duration": "1h", "sample_every": "10s",
    "producers": { "shop": { "arrivals": [ { "constant": { "rate": "1/s" } } ],
        "sends": [ { "publish": { "to": "rabbit", "exchange": "in", "routing_key": "letter" } } ] } },
    "brokers": { "rabbit": { "amqp": {
        "exchanges": { "in": { "type": "topic" } },
        "queues": { "letters": {} },
        "bindings": [ { "exchange": "in", "queue": "letters", "key": "letter" } ] } } },
    "services": { "mail": { "service_time": "10ms",
        "consumes": [ { "from": "rabbit", "queue": "letters" } ] } } }"#;

/// The warnings with these values restated.
fn warnings(sets: &[&str]) -> Vec<String> {
    let (name, shown) = ("x".to_owned(), "x.json".to_owned());
    let source = Source::Text { name, shown, content: FILE.into() };
    let sets = sets.iter().map(|set| (*set).to_owned()).collect();
    let scenario = load(&source, &Overrides { sets, ..Overrides::default() });
    let warnings = scenario.unwrap_or_else(|error| panic!("{error}")).warnings;
    warnings.into_iter().map(|warning| warning.message).collect()
}

const QUEUES: &str = "brokers.rabbit.amqp.queues";
const PUBLISH: &str = "producers.shop.sends[0].publish";

#[test]
fn nothing_is_warned_of_that_is_as_it_should_be() {
    assert_eq!(warnings(&[]), [""; 0]);
}

#[test]
fn what_nobody_gets_is_warned_of() {
    assert_eq!(
        warnings(&[&format!("{PUBLISH}.routing_key=order")]),
        [
            "no binding of `in` matches the routing key `order`",
            "nothing ever comes to the queue `letters`"
        ]
    );
    assert_eq!(
        warnings(&[r#"brokers.rabbit.amqp.exchanges.other={"type": "fanout"}"#]),
        ["no queue is bound to the exchange `other`"]
    );
}

#[test]
fn a_queue_that_only_one_side_knows_is_warned_of() {
    let more = format!("{QUEUES}.more={{}}");
    assert_eq!(warnings(&[&more]), ["nothing ever comes to the queue `more`"]);
    let bound = r#"brokers.rabbit.amqp.bindings=[{"exchange": "in", "queue": "letters", "key": "letter"},
        {"exchange": "in", "queue": "more", "key": "letter"}]"#;
    assert_eq!(warnings(&[&more, bound]), ["nothing consumes from the queue `more`"]);
    let fading = format!(r#"{QUEUES}.more={{"message_ttl": "9s"}}"#);
    assert_eq!(warnings(&[&fading, bound]), [""; 0], "its messages don't stay");
}

#[test]
fn work_that_outlasts_the_patience_of_the_broker_is_warned_of() {
    let rare = "producers.shop.arrivals[0].constant.rate=1/h";
    let slow = "services.mail.service_time=20min";
    assert_eq!(warnings(&[rare, slow]), [""; 0]);
    assert_eq!(
        warnings(&[rare, slow, "services.mail.consumes[0].prefetch=2"]),
        ["a full window takes 40min on average, longer than `consumer_timeout` (30min)"]
    );
    assert_eq!(
        warnings(&[rare, "services.mail.service_time=40min"]),
        ["a message takes 40min on average, longer than `consumer_timeout` (30min)"]
    );
}

#[test]
fn consumers_without_bound_are_warned_of_unless_there_is_only_one() {
    let two = "services.mail.workers=2";
    let wanted = "`letters` has 2 consumers, and nothing bounds what each has in hand";
    assert_eq!(warnings(&[two]), [wanted]);
    assert_eq!(warnings(&[two, "services.mail.consumes[0].prefetch=10"]), [""; 0]);
}

#[test]
fn a_refusal_that_nobody_hears_of_is_warned_of() {
    let full = format!(r#"{QUEUES}.letters={{"max_length": 9, "overflow": "reject_publish"}}"#);
    let wanted = "what `letters` refuses is lost, and the sender isn't told";
    assert_eq!(warnings(&[&full]), [wanted]);
    assert_eq!(warnings(&[&full, &format!("{PUBLISH}.confirms=true")]), [""; 0]);
}

#[test]
fn a_circle_of_dead_letters_is_warned_of_unless_a_consumer_breaks_it() {
    let to = |queue: &str, next: &str| {
        format!(
            r#"{QUEUES}.{queue}={{"message_ttl": "9s", "dead_letter_exchange": "",
                "dead_letter_routing_key": "{next}"}}"#
        )
    };
    let circle = [to("letters", "dead"), to("dead", "letters")];
    let circle = circle.each_ref().map(String::as_str);
    assert_eq!(
        warnings(&circle),
        ["dead letters of `letters` come back to it", "dead letters of `dead` come back to it"]
    );
    let [first, second] = circle;
    let reject = r#"services.mail.consumes[0].on_failure="reject""#;
    assert_eq!(warnings(&[first, second, reject]), [""; 0]);
}
