//! What holds for every broker with exchanges and queues, whatever happens to its consumers.

use pileup::model::health::Ailment;
use pileup::model::observation::{Gauge, Observation};
use proptest::prelude::*;

use crate::support::{Plan, Story};

/// A broker with one fanout exchange, and what happens to it and its consumers in the first 60 seconds.
#[derive(Debug, Clone)]
struct Recipe {
    /// Each with a service of its own.
    queues: Vec<Queue>,
    confirms: bool,
    faults: Vec<Fault>,
}

#[derive(Debug, Clone)]
struct Queue {
    settings: usize,
    workers: u32,
    prefetch: u32,
    before: bool,
    on_failure: &'static str,
}

impl Queue {
    /// Whether a message on which work always fails is gone at some time.
    fn gives_up(&self) -> bool {
        self.on_failure != "requeue" || SETTINGS[self.settings].contains("3, DEAD")
    }
}

/// To which consumer, what happens, and from when to when, in milliseconds.
type Fault = (usize, Mishap, u64, u64);

#[derive(Debug, Clone, Copy)]
enum Mishap {
    Crash,
    Hang,
    /// Half of its work fails.
    Errors,
    /// The broker is down.
    BrokerCrash,
    /// Nothing passes between the broker and its consumers.
    Cut,
    /// A tenth of what is made is poison.
    Poison,
}

const DEAD: &str = r#""dead_letter_exchange": "", "dead_letter_routing_key": "dead""#;

/// What a queue may be like. The first ones lose nothing.
const SETTINGS: [&str; 8] = [
    "",
    r#""type": "quorum", "delivery_limit": "unlimited""#,
    r#""single_active_consumer": true"#,
    r#""type": "quorum", "delivery_limit": 3, DEAD"#,
    r#""max_length": 7, DEAD"#,
    r#""max_length": 7, "overflow": "reject_publish""#,
    r#""max_length": 7, "overflow": "reject_publish_dlx", DEAD"#,
    r#""message_ttl": "300ms", DEAD"#,
];
const SAFE: usize = 3;

fn recipes(most_settings: usize) -> impl Strategy<Value = Recipe> {
    let mishaps = [
        Mishap::Crash,
        Mishap::Hang,
        Mishap::Errors,
        Mishap::BrokerCrash,
        Mishap::Cut,
        Mishap::Poison,
    ];
    let fault = (0..3_usize, prop::sample::select(mishaps.to_vec()), 0..60_000_u64, 1..30_000_u64);
    let on_failure = prop::sample::select(vec!["requeue", "reject", "skip"]);
    let queue = (0..most_settings, 1..4_u32, 0..6_u32, any::<bool>(), on_failure).prop_map(
        |(settings, workers, prefetch, before, on_failure)| {
            let on_failure = if before { "skip" } else { on_failure };
            Queue { settings, workers, prefetch, before, on_failure }
        },
    );
    let queues = proptest::collection::vec(queue, 1..4);
    (queues, any::<bool>(), proptest::collection::vec(fault, 0..6)).prop_map(
        |(queues, confirms, faults)| {
            let faults = faults.into_iter();
            let faults =
                faults.map(|(of, what, from, long)| (of % queues.len(), what, from, from + long));
            let faults = faults.collect();
            Recipe { queues, confirms, faults }
        },
    )
}

/// Ten messages a second for a minute, 20 ms each, and four more minutes for everything to come to rest. What died is known at once,
/// what is silent after 5 s, and what is late after 9 s.
fn plan(recipe: &Recipe) -> Plan {
    let (mut queues, mut bindings, mut services) = (Vec::new(), Vec::new(), Vec::new());
    for (index, queue) in recipe.queues.iter().enumerate() {
        let settings = SETTINGS[queue.settings].replace("DEAD", DEAD);
        queues.push(format!(r#""q{index}": {{{settings}}}"#));
        bindings.push(format!(r#"{{"exchange": "all", "queue": "q{index}"}}"#));
        let commit = if queue.before { "before" } else { "after" };
        services.push(format!(
            r#""s{index}": {{"service_time": "20ms", "workers": {}, "consumes": [{{"from": "rabbit", "queue": "q{index}",
                "prefetch": {}, "commit": "{commit}", "on_failure": "{}"}}]}}"#,
            queue.workers, queue.prefetch, queue.on_failure
        ));
    }
    let (queues, bindings, services) = (queues.join(","), bindings.join(","), services.join(","));
    let confirms = recipe.confirms;
    let mut plan = Plan::of_scenario(&format!(
        r#"{{"title": "t", "question": "?", "duration": "300s", "sample_every": "1s",
            "producers": {{"shop": {{"arrivals": [{{"constant": {{"rate": "10/s", "until": "60s"}}}}],
                "sends": [{{"publish": {{"to": "rabbit", "exchange": "all", "confirms": {confirms}, "retry":
                    {{"max_attempts": "unlimited", "backoff": {{"fixed": {{"delay": "1s"}}}}}}}}}}]}}}},
            "brokers": {{"rabbit": {{"amqp": {{"exchanges": {{"all": {{"type": "fanout"}}}},
                "queues": {{{queues}, "dead": {{}}}}, "bindings": [{bindings}], "requeue_after": "0s",
                "heartbeat_timeout": "5s", "consumer_timeout": "9s", "timeout_check_every": "2s"}}}}}},
            "services": {{{services}}}}}"#
    ));
    let (shop, rabbit) = (plan.0.producers[0].node, plan.0.brokers[0].node);
    for (of, what, from, until) in &recipe.faults {
        let service = plan.0.services[*of].node;
        let (from, until) = (format!("{from}ms"), format!("{until}ms"));
        match what {
            Mishap::Crash => plan.ails(service, Ailment::Crash, &from, &until),
            Mishap::Hang => plan.ails(service, Ailment::Hang, &from, &until),
            Mishap::Errors => plan.ails(service, Ailment::Errors(0.5), &from, &until),
            Mishap::BrokerCrash => plan.ails(rabbit, Ailment::Crash, &from, &until),
            Mishap::Cut => plan.cut_off(rabbit, &from, &until),
            Mishap::Poison => plan.poison(shop, 0.1, &from, &until),
        }
    }
    plan
}

fn is_poisoned(recipe: &Recipe) -> bool {
    recipe.faults.iter().any(|(_, what, ..)| matches!(what, Mishap::Poison))
}

/// The level of a gauge at a node just before `moment`, and how it changes at that moment.
fn level(story: &Story, node: usize, wanted: Gauge, moment: f64) -> (i64, i64) {
    let (mut before, mut then) = (0, 0);
    for (now, fact) in &story.facts {
        if let Observation::Changed { at, gauge, by } = fact
            && (at.index(), *gauge) == (node, wanted)
        {
            let now = now.as_secs_f64();
            before += if now < moment { *by } else { 0 };
            then += if now == moment { *by } else { 0 };
        }
    }
    (before, then)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// The books are balanced in every run of a story, and no level of a queue falls below zero.
    #[test]
    fn every_message_ends_somewhere_and_nobody_has_more_in_hand_than_allowed(recipe in recipes(SETTINGS.len())) {
        let story = plan(&recipe).run();
        // Poison that goes back to its queue for ever may fill it, and what it then refuses is published again, to all queues.
        let comes_to_rest = !is_poisoned(&recipe) || recipe.queues.iter().all(Queue::gives_up);
        for (index, queue) in recipe.queues.iter().enumerate() {
            let name = format!("rabbit/{index}");
            if queue.prefetch > 0 && !queue.before {
                let most = f64::from(queue.workers * queue.prefetch);
                prop_assert!(story.of(&name, "peak_in_flight") <= most);
                if SETTINGS[queue.settings].contains("max_length") {
                    prop_assert!(story.of(&name, "peak_waiting") <= 7.0 + most);
                }
            }
            if comes_to_rest {
                prop_assert_eq!(story.of(&name, "final_lag"), 0.0, "everything is worked on in the end");
            }
        }
        let [effects, again] = story.counts(["effects", "duplicates"]);
        prop_assert!(effects - again <= 600 * recipe.queues.len() as u64);
    }

    #[test]
    fn where_nothing_is_dropped_each_queue_gets_every_message(recipe in recipes(SAFE)) {
        let story = plan(&recipe).run();
        if is_poisoned(&recipe) {
            return Ok(());
        }
        for (index, queue) in recipe.queues.iter().enumerate() {
            let name = format!("s{index}");
            let first = story.of(&name, "effects") - story.of(&name, "duplicates");
            if !queue.before && queue.on_failure == "requeue" {
                prop_assert_eq!(first, 600.0);
            }
            if recipe.faults.is_empty() {
                prop_assert_eq!(story.of(&name, "effects"), 600.0);
            }
        }
        if recipe.queues.iter().all(|queue| !queue.before && queue.on_failure == "requeue") {
            prop_assert_eq!(story.counts(["succeeded", "lost", "pending"]), [600, 0, 0]);
        }
    }

    /// After a crash exactly that waits again which the consumers of that service had in hand.
    #[test]
    fn what_a_dead_consumer_had_in_hand_waits_again(
        prefetch in 0..6_u32, workers in 1..4_u32, settings in 0..SAFE, moment in 100..9_000_u64,
    ) {
        let (before, on_failure) = (false, "requeue");
        let queue = Queue { settings, workers, prefetch, before, on_failure };
        // Not at an instant at which a message comes or is done.
        let moment = moment * 10 + 7;
        let faults = vec![(0, Mishap::Crash, moment, 300_000)];
        let recipe = Recipe { queues: vec![queue], confirms: false, faults };
        let plan = plan(&recipe);
        let node = plan.0.brokers[0].kind.parts()[0].index();
        let story = plan.listen();
        let moment = moment as f64 / 1_000.0;
        let (in_hand, lost) = level(&story, node, Gauge::InFlight, moment);
        let (_, back) = level(&story, node, Gauge::Waiting, moment);
        prop_assert_eq!((back, lost), (in_hand, -in_hand));
    }
}
