//! A retry queue that is sent again as a batch: on recovery or in rounds, whole, in part or spread over time.
//!
//! The long ones are the incident of 2013 and its relatives: 20,000 payments at once and 12.5 a second after them, one request
//! at a time in 50 ms, and a bounded number of threads. Their numbers were worked out by hand or by an independent program.

use pileup::model::blueprint::ServicePlan;
use pileup::policy::exhaustion::WhenExhausted;

use crate::support::{Plan, Story, With, call, classic, json, publish, standard, unbounded, work};

const ALL_AT_ONCE: &str = r#"{"max_attempts": "unlimited", "resend": "on_recovery"}"#;
const FIXED: &str = r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "20s"}}}"#;
const JITTERED: &str = r#"{"max_attempts": "unlimited", "jitter": "full"}"#;
const ROUNDS: &str = r#"{"max_attempts": "unlimited", "resend": {"rounds": {"every": "60s"}}}"#;

/// The incident with deterministic background.
struct Incident {
    horizon: &'static str,
    threads: u32,
    when_exhausted: String,
    timeout: &'static str,
    retry: String,
}

impl Incident {
    fn crashing(restart_after: &str, retry: &str) -> Incident {
        Incident {
            horizon: "4h",
            threads: 200,
            when_exhausted: format!(r#"{{"crash": {{"restart_after": "{restart_after}"}}}}"#),
            timeout: "30s",
            retry: retry.into(),
        }
    }

    fn refusing(threads: u32, timeout: &'static str) -> Incident {
        let when_exhausted = r#""refuse""#.into();
        Incident { horizon: "4h", threads, when_exhausted, timeout, retry: ROUNDS.into() }
    }

    fn run(&self) -> Story {
        let mut plan = Plan::lasting(self.horizon);
        let when_exhausted: WhenExhausted = json(&self.when_exhausted);
        let threads = Some(self.threads);
        let mail = ServicePlan { threads, when_exhausted, ..work(r#""50ms""#) };
        let mail = plan.service("notification", mail);
        let arrivals = r#"{"burst": {"count": 20000}};
            {"constant": {"rate": "12.5/s", "from": "40ms"}}"#;
        let link = call(mail).timeout(self.timeout).retry(&self.retry);
        plan.producer("payments", arrivals, [link]);
        plan.run()
    }
}

/// The retry queue is 20,000 + 12.5 t, resent whole at every restart, which crashes the service again.
#[test]
fn the_incident_comes_out_as_worked_out_by_hand() {
    let story = Incident::crashing("60s", ALL_AT_ONCE).run();
    assert_eq!(story.counts(["crashes", "attempts", "effects"]), [240, 26_490_000, 0]);
    assert_eq!(story.counts(["produced", "pending"]), [200_000, 200_000]);
    assert_eq!(story.of("payments", "final_retry_backlog"), 200_000.0);
    assert_eq!(story.total("retry_amplification_ratio"), 132.45);
}

/// The background gets through between rounds: 374 successes a cycle.
#[test]
fn with_rounds_the_background_gets_through_between_them() {
    let story = Incident::crashing("30s", ROUNDS).run();
    assert_eq!(story.counts(["crashes", "succeeded"]), [240, 89_760]);
    assert_eq!(story.of("payments", "final_retry_backlog"), 110_239.0);
    assert!((story.total("attempts") - 15_763_441.0).abs() <= 1_000.0);
}

/// The first payment after a restart comes after 40 ms and takes 50 ms: it is done if there are 120 ms to the next round.
#[test]
fn no_payment_gets_through_if_the_next_round_comes_within_120_ms_of_the_restart() {
    let successes = |restart: &str| Incident::crashing(restart, ROUNDS).run().total("succeeded");
    assert_eq!(successes("59.9s"), 0.0);
    assert_eq!(successes("59.87s"), 240.0);
}

/// Every round delivers as many as there are threads: N ÷ (C ÷ 60 s).
#[test]
fn refusing_without_a_timeout_recovers_by_so_many_a_round_as_there_are_threads() {
    for (threads, recovered_s) in [(200, 6_013.31), (400, 3_006.66), (1_000, 2_666.6)] {
        let story = Incident::refusing(threads, "10h").run();
        let last = story.of("payments", "latency_max_ms") / 1e3;
        assert!((last - recovered_s).abs() <= 61.0, "{threads} threads: {last} s");
        assert_eq!(story.of("payments", "final_retry_backlog"), 0.0);
    }
}

/// The boundary is C* = T µ² ÷ a = 160 threads: below it the retry queue shrinks every round, above it grows for ever.
#[test]
fn more_threads_than_the_boundary_make_the_retry_queue_grow_for_ever() {
    for (threads, backlog, answered, executed) in [
        (100, 0.0, 199_999.0, 199_999.0),
        (150, 16_158.0, 183_841.0, 215_759.0),
        (170, 24_079.0, 175_920.0, 220_559.0),
        (600, 199_837.0, 100.0, 287_999.0),
    ] {
        let story = Incident::refusing(threads, "5s").run();
        let near = |got: f64, wanted: f64| (got - wanted).abs() <= 480.0;
        let got = story.of("payments", "final_retry_backlog");
        assert!(near(got, backlog), "{threads} threads: a backlog of {got}");
        let got = story.total("goodput_per_s") * 14_400.0;
        assert!(near(got, answered), "{threads} threads: {got} answered");
        let got = story.total("effects");
        assert!(near(got, executed), "{threads} threads: {got} executed");
    }
}

#[test]
fn rounds_of_at_most_so_many_recover_only_if_they_fit_into_the_threads() {
    for (at_most, crashes) in [(150, 1.0), (198, 1.0), (200, 240.0)] {
        let retry = format!(
            r#"{{"max_attempts": "unlimited",
                 "resend": {{"rounds": {{"every": "60s", "at_most": {at_most}}}}}}}"#
        );
        let story = Incident::crashing("30s", &retry).run();
        assert!(
            (story.total("crashes") - crashes).abs() <= 3.0,
            "{at_most}: {}",
            story.total("crashes")
        );
        let recovered = story.of("payments", "final_retry_backlog") == 0.0;
        assert_eq!(recovered, crashes == 1.0, "{at_most}");
    }
}

/// All fail at once, and are resent evenly over w: the number inside peaks at N − (µ − a) w.
#[test]
fn a_batch_spread_widely_enough_does_not_crash_the_service_again() {
    for (spread, peak) in [("2000s", 5_001.0), ("2600s", 502.0), ("2640s", 202.0), ("4000s", 2.0)] {
        let mut plan = Plan::lasting("5000s");
        let mail = plan.service("mail", work(r#""50ms""#));
        let resend = format!(
            r#"{{"max_attempts": 2, "resend": {{"on_recovery": {{"spread_over": "{spread}"}}}}}}"#
        );
        let link = call(mail).retry(&resend);
        plan.producer("retries", r#"{"burst": {"count": 20000}}"#, [link]);
        let background = r#"{"constant": {"rate": "12.5/s", "from": "10.04s"}}"#;
        plan.producer("background", background, [call(mail)]);
        plan.ails(mail.node, pileup::model::health::Ailment::Crash, "0s", "10s");
        let story = plan.run();
        let got = story.of("mail", "peak_pending");
        assert!((got - peak).abs() <= 3.0, "over {spread}: {got}");
    }
}

/// A service with one thread, down until 3 s; seven messages have failed by then.
fn on_recovery(resend: &str) -> Story {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", ServicePlan { workers: 9, ..work(r#""1s""#) });
    let retry =
        format!(r#"{{"max_attempts": "unlimited", "resend": {{"on_recovery": {resend}}}}}"#);
    plan.producer("web", r#"{"burst": {"count": 7}}"#, [call(mail).retry(&retry)]);
    plan.ails(mail.node, pileup::model::health::Ailment::Crash, "0s", "3s");
    plan.listen()
}

#[test]
fn on_recovery_the_whole_retry_queue_goes_at_the_instant_of_the_restart() {
    let story = on_recovery("{}");
    assert_eq!(story.attempts()[7..], [3.0; 7]);
    assert_eq!(story.marks("resend"), [3.0]);
}

#[test]
fn on_recovery_at_most_so_many_are_under_way_at_once() {
    let story = on_recovery(r#"{"at_most": 3}"#);
    assert_eq!(story.attempts()[7..], [3.0, 3.0, 3.0, 4.0, 4.0, 4.0, 5.0]);
}

#[test]
fn on_recovery_a_batch_may_be_spread_evenly() {
    let story = on_recovery(r#"{"spread_over": "14s"}"#);
    assert_eq!(story.attempts()[7..], [3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0]);
}

#[test]
fn what_fails_while_the_callee_accepts_is_resent_at_once() {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", work(r#""2s""#));
    let link = call(mail).retry(ALL_AT_ONCE);
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [link]);
    plan.ails(mail.node, pileup::model::health::Ailment::Errors(1.0), "0s", "5s");
    assert_eq!(plan.listen().attempts(), [0.0, 2.0, 4.0]);
}

/// Two at a time; the service turns both away and asks for ten seconds.
#[test]
fn a_batch_obeys_retry_after_unless_it_is_not_to() {
    let attempts = |obeyed: &str| {
        let mut plan = Plan::lasting("15s");
        let shed = json(r#"{"shed": {"retry_after": "10s"}}"#);
        let mail = ServicePlan { threads: Some(1), when_exhausted: shed, ..work(r#""4s""#) };
        let mail = plan.service("mail", mail);
        let retry = format!(
            r#"{{"max_attempts": "unlimited", "retry_after": {obeyed},
                 "resend": {{"on_recovery": {{"at_most": 2}}}}}}"#
        );
        plan.producer("web", r#"{"burst": {"count": 2}}"#, [call(mail).retry(&retry)]);
        plan.listen().attempts()
    };
    assert_eq!(attempts("true"), [0.0, 0.0, 10.0]);
    assert_eq!(attempts("false"), [0.0, 0.0, 4.0]);
}

/// What a storm does that is refused by everyone, attempt by attempt, and what it does when it is told in one go: a breaker that
/// never opens makes every attempt ask for itself.
#[test]
fn a_storm_that_is_refused_is_the_same_whether_told_in_one_go_or_attempt_by_attempt() {
    let storm = |when_exhausted: &str, retry: &str, breaker: Option<&str>| {
        let mut plan = Plan::lasting("10m");
        let when_exhausted: WhenExhausted = json(when_exhausted);
        let time = r#"{"exponential": {"mean": "400ms"}}"#;
        let mail = ServicePlan { workers: 3, threads: Some(7), when_exhausted, ..work(time) };
        let mail = plan.service("mail", mail);
        let mut link = call(mail).retry(retry);
        if let Some(breaker) = breaker {
            link = link.breaker(breaker);
        }
        let arrivals = r#"{"burst": {"count": 90}}; {"poisson": {"rate": "0.5/s"}}"#;
        plan.producer("web", arrivals, [link]);
        plan.listen()
    };
    let never = r#"{"trip_on": {"consecutive_failures": 4000000000}}"#;
    for when_exhausted in [r#""refuse""#, r#"{"crash": {"restart_after": "20s"}}"#] {
        for retry in [ALL_AT_ONCE, ROUNDS, FIXED, JITTERED] {
            let one_go = storm(when_exhausted, retry, None);
            let one_by_one = storm(when_exhausted, retry, Some(never));
            assert!(one_go.facts.len() <= one_by_one.facts.len(), "{when_exhausted} {retry}");
            assert_eq!(one_go.attempts(), one_by_one.attempts());
            assert_eq!(one_go.effects(), one_by_one.effects());
            let summary = |story: &Story| {
                story.metrics.total.summary.iter().map(|v| v.map(f64::to_bits)).collect::<Vec<_>>()
            };
            assert_eq!(summary(&one_go), summary(&one_by_one));
        }
    }
}

/// Of ten, at most four are under way when a batch begins, which is spread over 4 s; each is answered after 1.5 s. A batch is over with its last
/// one: at 6 s two are under way, so the next has two; at 8 s one is, so the one after that has three; and then one is left.
#[test]
fn the_next_batch_begins_with_the_last_of_the_one_before() {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", ServicePlan { workers: 9, ..work(r#""1500ms""#) });
    let retry = r#"{"max_attempts": "unlimited", "resend": {"on_recovery": {"at_most": 4, "spread_over": "4s"}}}"#;
    plan.producer("web", r#"{"burst": {"count": 10}}"#, [call(mail).retry(retry)]);
    plan.ails(mail.node, pileup::model::health::Ailment::Crash, "0s", "3s");
    let story = plan.listen();
    let millis = |at: &f64| (at * 1e3).round() as u32;
    let attempts: Vec<u32> = story.attempts()[10..].iter().map(millis).collect();
    assert_eq!(attempts, [3_000, 4_000, 5_000, 6_000, 6_000, 8_000, 8_000, 9_333, 10_667, 10_667]);
}

/// Whoever could not publish hears when the broker is back, whatever kind of broker it is.
#[test]
fn what_could_not_be_published_goes_when_the_broker_is_back() {
    let attempts = |kind: &str| {
        let mut plan = Plan::lasting("20s");
        let broker = match kind {
            "queue" => plan.queue("queue", unbounded()),
            "log" => plan.log(1, "{}", &["{}"]),
            "sqs" => plan.sqs([standard("orders")]),
            _ => plan.rabbit([classic()]),
        };
        plan.ails(broker.node, pileup::model::health::Ailment::Crash, "0s", "5s");
        let arrivals = r#"{"burst": {"count": 2, "at": "1s"}}"#;
        plan.producer("web", arrivals, [publish(broker).retry(ALL_AT_ONCE)]);
        plan.listen().attempts()
    };
    for kind in ["queue", "log", "sqs", "rabbit"] {
        assert_eq!(attempts(kind), [1.0, 1.0, 5.0, 5.0], "{kind}");
    }
}
