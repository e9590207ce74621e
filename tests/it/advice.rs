//! `pileup advise`: what the rule says, the figure behind each reason, and whether the measurement agrees.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicI32;

use pileup::experiment::sink::Discard;
use pileup::experiment::{Control, Limits, Options, run};
use pileup::report::advice::{Advice, Choice, advise};
use pileup::scenario::source::Source;
use pileup::scenario::{Overrides, load};

fn advice_on(source: &Source) -> Vec<Advice> {
    let scenario = load(source, &Overrides::default()).unwrap();
    let options = Options {
        replications: NonZeroUsize::MIN,
        jobs: NonZeroUsize::MIN,
        limits: Limits::default(),
    };
    let control = Control { stop: &AtomicI32::new(0), progress: &|_| {} };
    advise(&scenario, &run(&scenario, options, &Discard, &control).unwrap())
}

/// One producer and one service in two variants; what the scenario says of the link stands in `said`, what the system is like in
/// `service` and `faults`.
fn link(said: &str, arrivals: &str, faults: &str) -> Advice {
    let content = format!(
        r#"{{ "title": "t", "question": "q", "duration": "10min", "sample_every": "10s",
            "producers": {{ "shop": {{ "arrivals": [ {arrivals} ],
                "sends": [ {{ "call": {{ "to": "mail", "timeout": "2s", "retry": "none" {said} }} }} ] }} }},
            "services": {{ "mail": {{ "service_time": "20ms" }} }},
            "faults": [ {faults} ],
            "variants": {{ "direct": {{}}, "queue": {{
                "brokers": {{ "letters": {{ "queue": {{}} }} }},
                "producers": {{ "shop": {{ "sends": [ {{ "publish": {{ "to": "letters" {said} }} }} ] }} }},
                "services": {{ "mail": {{ "consumes": [ {{ "from": "letters" }} ] }} }} }} }} }}"#
    );
    let source = Source::Text { name: "t".into(), shown: "t".into(), content };
    let mut advices = advice_on(&source);
    assert_eq!(advices.len(), 1);
    advices.remove(0)
}

const CALM: &str = r#"{ "constant": { "rate": "10/s" } }"#;
const BURST: &str =
    r#"{ "constant": { "rate": "10/s" } }, { "burst": { "at": "1min", "count": 1000 } }"#;
const DOWN: &str = r#"{ "crash": { "on": "mail", "from": "4min", "until": "5min" } }"#;

fn figures(advice: &Advice) -> Vec<&str> {
    advice.reasons.iter().filter(|reason| reason.holds).map(|reason| &*reason.figure).collect()
}

#[test]
fn a_receiver_that_was_away_asks_for_a_queue_and_the_measurement_agrees() {
    let advice = link("", CALM, DOWN);
    assert_eq!((advice.choice, advice.agrees), (Choice::Queue, Some(true)));
    assert_eq!(figures(&advice).len(), 1);
    assert!(figures(&advice)[0].starts_with("mail crashed once"), "{:?}", figures(&advice));
    assert!(advice.comparison.contains("by call 90 %"), "{}", advice.comparison);
}

#[test]
fn a_burst_asks_for_a_queue() {
    let advice = link("", BURST, "");
    assert_eq!(advice.choice, Choice::Queue);
    assert!(figures(&advice).contains(&"1,000 come at once: 20 s of work for mail"), "{advice:?}");
}

#[test]
fn a_sender_that_needs_the_outcome_needs_a_call_even_where_a_queue_would_do_more() {
    let advice = link(r#", "needs_answer": true"#, CALM, DOWN);
    assert_eq!((advice.choice, advice.agrees), (Choice::Call, Some(false)));
    assert!(advice.comparison.starts_with("rule and measurement disagree"), "{advice:?}");
}

#[test]
fn work_that_a_queue_would_do_too_late_needs_a_call() {
    let late = link(r#", "due_within": "5s""#, BURST, "");
    assert_eq!(late.choice, Choice::Call);
    let soon = link(r#", "due_within": "5min""#, BURST, "");
    assert_eq!(soon.choice, Choice::Queue);
}

#[test]
fn where_nothing_asks_for_a_queue_a_call_will_do() {
    let advice = link("", CALM, "");
    assert_eq!((advice.choice, advice.agrees), (Choice::Either, Some(true)));
    assert_eq!(figures(&advice), Vec::<&str>::new());
}

#[test]
fn the_payment_is_a_call_and_the_email_goes_through_a_queue() {
    let advices = advice_on(&Source::Builtin("order-flow".into()));
    let choices: Vec<_> = advices.iter().map(|one| (&*one.to, one.choice, one.agrees)).collect();
    assert_eq!(
        choices,
        [("payment", Choice::Call, Some(true)), ("mail", Choice::Queue, Some(true))]
    );
}

/// Cut short in its first variant: no figure of it counts for or against the rule, and what is missing is named.
#[test]
fn what_was_not_simulated_to_its_end_is_no_measurement() {
    let source = Source::Builtin("order-flow".into());
    let scenario = load(&source, &Overrides::default()).unwrap();
    let limits = Limits { max_events: 100_000, ..Limits::default() };
    let options = Options { replications: NonZeroUsize::MIN, jobs: NonZeroUsize::MIN, limits };
    let control = Control { stop: &AtomicI32::new(0), progress: &|_| {} };
    let results = run(&scenario, options, &Discard, &control).unwrap();
    assert!(results.stopped.is_some());
    for advice in advise(&scenario, &results) {
        assert_eq!(advice.agrees, None, "{advice:?}");
        assert_eq!(advice.comparison, "no variant was simulated to its end");
        assert!(advice.measured[0].starts_with("split (") && advice.measured[0].contains("only"));
        let rest = &advice.measured[1..];
        let named = |line: &String| line.contains("only") || line.ends_with(": not simulated");
        assert!(rest.iter().all(named), "{rest:?}");
    }
}
