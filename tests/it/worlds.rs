//! Worlds made by hand, and the facts that they report: exact times and exact counts.

use pileup::model::blueprint::{Blueprint, LinkPlan, ProducerPlan, ServicePlan, SourcePlan};
use pileup::model::build::simulate;
use pileup::model::id::{Id, NodeId};
use pileup::model::observation::{Gauge, Mark, Observation, Observer};
use pileup::model::outbound::Target;
use pileup::policy::exhaustion::WhenExhausted;
use pileup::policy::idempotency::Idempotency;
use pileup::policy::restart::Restart;
use pileup::policy::retry::Retry;
use pileup::random::{ArrivalProcess, Distribution};
use pileup::time::SimTime;

/// Counts the facts that these tests ask for.
#[derive(Debug, Default)]
struct Tally {
    produced: u64,
    attempts: u64,
    answered: u64,
    effects: u64,
    crashes: u64,
    retry_backlog: i64,
}

impl Observer for Tally {
    fn observe(&mut self, _: SimTime, observation: Observation) {
        match observation {
            Observation::Produced { .. } => self.produced += 1,
            Observation::Attempted { .. } => self.attempts += 1,
            Observation::Answered { .. } => self.answered += 1,
            Observation::Effect { .. } => self.effects += 1,
            Observation::Marked { mark: Mark::Crash { .. }, .. } => self.crashes += 1,
            Observation::Changed { gauge: Gauge::RetryBacklog, by, .. } => self.retry_backlog += by,
            _ => {}
        }
    }
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

/// The incident with deterministic background: 20,000 at once, then 12.5 a second; 200 threads; crash; 60 s.
fn incident(retry: &str, restart_s: &str) -> Blueprint {
    let arrivals =
        [r#"{"burst": {"count": 20000}}"#, r#"{"constant": {"rate": "12.5/s", "from": "40ms"}}"#];
    let source = |text: &str| SourcePlan { process: json::<ArrivalProcess>(text), trace: None };
    let link = LinkPlan {
        target: Target::Call(Id::new(0)),
        at: NodeId::new(1),
        latency: None,
        timeout: Some("30s".parse().unwrap()),
        retry: json::<Retry>(retry),
        circuit_breaker: None,
        adaptive_throttle: None,
    };
    Blueprint {
        horizon: "4h".parse().unwrap(),
        producers: vec![ProducerPlan {
            name: "payments".into(),
            node: NodeId::new(0),
            initial_backlog: 0,
            keys: Default::default(),
            arrivals: arrivals.into_iter().map(source).collect(),
            priority: 0,
            sends: vec![link],
        }],
        services: vec![ServicePlan {
            name: "notification".into(),
            node: NodeId::new(1),
            workers: 1,
            threads: Some(200),
            accept_backlog: 0,
            discipline: Default::default(),
            service_time: json::<Distribution>(r#""50ms""#),
            contention: None,
            when_exhausted: WhenExhausted::Crash {
                restart_after: Some(Restart::Fixed { after: restart_s.parse().unwrap() }),
            },
            restart: Restart::default(),
            warm_up: None,
            load_shedding: None,
            idempotency: Idempotency::None,
            consumes: Vec::new(),
            sends: Vec::new(),
        }],
        brokers: Vec::new(),
        faults: Vec::new(),
    }
}

fn run(blueprint: &Blueprint) -> Tally {
    let mut simulation = simulate(blueprint, 1, 0, Tally::default());
    simulation.run_until(blueprint.horizon, u64::MAX);
    simulation.model.into_observer()
}

/// The mechanism worked out by hand: the retry queue is 20,000 + 12.5 t, resent whole at every restart, which crashes the service again.
#[test]
fn the_incident_comes_out_as_worked_out_by_hand() {
    let facts = run(&incident(r#"{"max_attempts": "unlimited", "resend": "on_recovery"}"#, "60s"));
    assert_eq!(facts.crashes, 240);
    assert_eq!(facts.attempts, 26_490_000);
    assert_eq!(facts.retry_backlog, 200_000);
    assert_eq!(facts.effects, 0);
    assert_eq!(facts.produced, 200_000);
}

/// With rounds every 60 s and a restart after 30 s the background gets through between rounds: 374 successes a cycle.
#[test]
fn with_rounds_the_background_gets_through_between_them() {
    let rounds = r#"{"max_attempts": "unlimited", "resend": {"rounds": {"every": "60s"}}}"#;
    let facts = run(&incident(rounds, "30s"));
    assert_eq!(facts.crashes, 240);
    assert_eq!(facts.answered, 89_760);
    assert_eq!(facts.retry_backlog, 110_239);
    assert!(facts.attempts.abs_diff(15_763_441) <= 1_000, "{}", facts.attempts);
}
