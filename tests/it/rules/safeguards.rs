//! What a sender does to spare its callee: circuit breaker and retry budget.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;

use crate::support::{Plan, Story, With, call, work};

/// A call every 0.1 s to a service that is down until `until`; five failures in a row open the breaker for 9.95 s.
fn breaker(until: &str) -> Story {
    let mut plan = Plan::lasting("30s");
    let mail = plan.service("mail", ServicePlan { workers: 9, ..work(r#""1ms""#) });
    let breaker = r#"{"trip_on": {"consecutive_failures": 5}, "open_for": "9950ms"}"#;
    plan.producer("web", r#"{"constant": {"rate": "10/s"}}"#, [call(mail).breaker(breaker)]);
    plan.ails(mail.node, Ailment::Crash, "0s", until);
    plan.listen()
}

#[test]
fn an_open_breaker_spares_the_callee_and_probes_when_its_time_is_over() {
    let story = breaker("29s");
    assert_eq!(story.attempts(), [0.0, 0.1, 0.2, 0.3, 0.4, 10.4, 20.4]);
    assert_eq!(story.marks("breaker_opens"), [0.4, 10.4, 20.4]);
    assert_eq!(story.marks("breaker_probes"), [10.4, 20.4]);
    assert_eq!(story.total("rejected"), 300.0);
}

#[test]
fn a_probe_that_succeeds_closes_the_breaker() {
    let story = breaker("8s");
    assert_eq!(story.marks("breaker_closes"), [10.401]);
    assert_eq!(story.attempts()[5..8], [10.4, 10.5, 10.6]);
    assert_eq!(story.total("rejected"), 104.0, "all before the probe");
}

#[test]
fn a_batch_that_the_breaker_holds_back_goes_when_it_may() {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", ServicePlan { workers: 9, ..work(r#""1ms""#) });
    let breaker = r#"{"trip_on": {"consecutive_failures": 2}, "open_for": "10s"}"#;
    let retry = r#"{"max_attempts": "unlimited", "resend": "on_recovery"}"#;
    let link = call(mail).breaker(breaker).retry(retry);
    plan.producer("web", r#"{"burst": {"count": 3}}"#, [link]);
    plan.ails(mail.node, Ailment::Crash, "0s", "5s");
    let story = plan.listen();
    assert_eq!(story.attempts()[..3], [0.0, 0.0, 10.0]);
    assert_eq!(story.total("succeeded"), 3.0);
}

/// 100,000 requests, all of which fail: a tenth of a token each, one for a retry.
#[test]
fn a_retry_budget_bounds_the_amplification_of_a_total_failure() {
    let calls = |budget: &str| {
        let mut plan = Plan::lasting("100000s");
        let mail = plan.service("mail", work(r#""1ms""#));
        let retry = format!(r#"{{"max_attempts": 4, "backoff": "none"{budget}}}"#);
        let link = call(mail).retry(&retry);
        plan.producer("web", r#"{"constant": {"rate": "1/s"}}"#, [link]);
        plan.ails(mail.node, Ailment::Crash, "0s", "100000s");
        plan.run()
    };
    let budget = r#", "budget": {"token_bucket": {"capacity": 1000000, "initial": 0, "cost": 1,
        "per_request": 0.1, "per_success": 0}}"#;
    let story = calls(budget);
    assert!((story.total("attempts") - 110_000.0).abs() <= 1.0, "{}", story.total("attempts"));
    assert!((story.total("retry_amplification_ratio") - 1.1).abs() <= 0.001);
    assert_eq!(calls("").total("retry_amplification_ratio"), 4.0);
}

/// gRFC A6 (gRPC's throttling) with ten tokens: every failure takes one, and only above five is anything sent again. Of the calls, one a second,
/// the first two are; with the third there are five left.
#[test]
fn failures_take_tokens_from_a_budget_that_says_so() {
    let mut plan = Plan::lasting("20s");
    let mail = plan.service("mail", work(r#""1ms""#));
    let retry = r#"{"max_attempts": 2, "backoff": "none", "budget": {"token_bucket":
        {"capacity": 10, "cost": 0, "per_success": 0, "per_failure": 1, "only_above": 5}}}"#;
    let link = call(mail).retry(retry);
    plan.producer("web", r#"{"constant": {"rate": "1/s", "until": "10s"}}"#, [link]);
    plan.ails(mail.node, Ailment::Crash, "0s", "20s");
    assert_eq!(plan.listen().attempts()[..5], [0.0, 0.0, 1.0, 1.0, 2.0]);
    assert_eq!(plan.run().total("attempts"), 12.0);
}
