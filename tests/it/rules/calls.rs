//! Calls: timeouts, retries and what a late answer is worth.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;
use pileup::model::observation::Observation;

use crate::support::{Plan, With, call, json, work};

#[test]
fn a_late_answer_is_no_goodput_and_its_work_is_done_all_the_same() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""2s""#));
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(mail).timeout("1s")]);
    let story = plan.run();
    assert_eq!(story.counts(["timed_out", "effects", "uncertain"]), [1, 1, 1]);
    assert_eq!((story.total("throughput_per_s"), story.total("goodput_per_s")), (0.1, 0.0));
}

/// Every attempt takes longer than its caller waits: all the work is done four times, and nobody hears of it.
#[test]
fn a_timeout_below_the_service_time_leaves_no_goodput_at_any_number_of_attempts() {
    let mut plan = Plan::lasting("10000s");
    let mail = plan.service("mail", ServicePlan { workers: 10, ..work(r#""2s""#) });
    let link = call(mail).timeout("1500ms").retry(r#"{"max_attempts": 4, "backoff": "none"}"#);
    plan.producer("web", r#"{"constant": {"rate": "0.1/s"}}"#, [link]);
    let story = plan.run();
    assert_eq!(
        story.counts(["produced", "attempts", "effects", "duplicates"]),
        [1000, 4000, 4000, 3000]
    );
    assert_eq!((story.total("goodput_per_s"), story.total("uncertain")), (0.0, 1000.0));
    assert_eq!(story.of("mail", "peak_in_flight"), 2.0);
    assert_eq!(story.of("mail", "utilization_ratio"), 8_000.0 / 100_000.0);
}

#[test]
fn a_service_that_is_down_refuses_at_once() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""1s""#));
    plan.producer("web", r#"{"burst": {"count": 1, "at": "2s"}}"#, [call(mail).timeout("5s")]);
    plan.ails(mail.node, Ailment::Crash, "1s", "9s");
    let story = plan.listen();
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [2.0]);
    assert_eq!(story.counts(["refused", "rejected", "timed_out"]), [1, 1, 0]);
}

/// Failing at once, with the delays 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5 s.
#[test]
fn exponential_backoff_runs_from_the_failure_up_to_its_longest_delay() {
    let mut plan = Plan::lasting("100s");
    let mail = plan.service("mail", work(r#""1s""#));
    let retry = r#"{"max_attempts": 10, "jitter": "none",
        "backoff": {"exponential": {"base": "100ms", "max": "5s"}}}"#;
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(mail).retry(retry)]);
    plan.ails(mail.node, Ailment::Crash, "0s", "99s");
    let story = plan.listen();
    assert_eq!(story.attempts(), [0.0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 11.3, 16.3, 21.3]);
    assert_eq!(story.counts(["retries", "abandoned"]), [9, 1]);
}

/// Each attempt times out after a second, and the delays are 0.5, 1, 2, 4, 8, 16, 30 s.
#[test]
fn a_backoff_begins_at_the_timeout() {
    let mut plan = Plan::lasting("100s");
    let mail = plan.service("mail", work(r#""1s""#));
    let retry = r#"{"max_attempts": 8, "jitter": "none",
        "backoff": {"exponential": {"base": "500ms", "max": "30s"}}}"#;
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(mail).timeout("1s").retry(retry)]);
    plan.ails(mail.node, Ailment::Hang, "0s", "99s");
    let story = plan.listen();
    assert_eq!(story.attempts(), [0.0, 1.5, 3.5, 6.5, 11.5, 20.5, 37.5, 68.5]);
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [69.5]);
}

#[test]
fn a_fixed_schedule_is_kept_to_the_letter() {
    let mut plan = Plan::lasting("100s");
    let mail = plan.service("mail", work(r#""1s""#));
    let retry = r#"{"schedule": ["2s", "5s", "5s"]}"#;
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(mail).retry(retry)]);
    plan.ails(mail.node, Ailment::Crash, "0s", "99s");
    assert_eq!(plan.listen().attempts(), [0.0, 2.0, 7.0, 12.0]);
}

/// The first attempt is done at 4 s, a second after its caller gave up; the second likewise at 9 s.
#[test]
fn a_message_that_is_done_twice_has_one_duplicate() {
    let mut plan = Plan::lasting("20s");
    let mail = plan.service("mail", work(r#""4s""#));
    let retry = r#"{"max_attempts": 2, "backoff": {"fixed": {"delay": "2s"}}}"#;
    let link = call(mail).timeout("3s").retry(retry);
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [link]);
    let story = plan.listen();
    assert_eq!((story.attempts(), story.effects()), (vec![0.0, 5.0], vec![4.0, 9.0]));
    assert_eq!(story.counts(["duplicates", "uncertain", "succeeded"]), [1, 1, 0]);
}

#[test]
fn the_retry_backlog_counts_what_failed_and_is_not_settled() {
    let mut plan = Plan::lasting("20s");
    let mail = plan.service("mail", work(r#""1s""#));
    let retry = r#"{"max_attempts": 9, "backoff": {"fixed": {"delay": "2s"}}}"#;
    plan.producer("web", r#"{"burst": {"count": 3}}"#, [call(mail).retry(retry)]);
    plan.ails(mail.node, Ailment::Crash, "0s", "3s");
    let story = plan.listen();
    assert_eq!(story.answers(), [5.0, 6.0, 7.0]);
    assert_eq!(story.of("web", "peak_retry_backlog"), 3.0);
    assert_eq!(story.of("web", "final_retry_backlog"), 0.0);
    assert_eq!(story.of("web", "peak_pending_in_retry_queue"), 3.0);
    assert_eq!(story.total("retry_amplification_ratio"), 3.0);
}

#[test]
fn latency_is_what_the_producer_waits_with_all_its_attempts_and_both_ways() {
    let mut plan = Plan::lasting("20s");
    let mail = plan.service("mail", work(r#""1s""#));
    let retry = r#"{"max_attempts": 2, "backoff": {"fixed": {"delay": "2s"}}}"#;
    let link = call(mail).latency(r#""250ms""#).timeout("5s").retry(retry);
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [link]);
    plan.ails(mail.node, Ailment::Crash, "0s", "1s");
    let story = plan.listen();
    assert_eq!((story.attempts(), story.answers()), (vec![0.0, 2.5], vec![4.0]));
    assert_eq!(story.of("web", "latency_max_ms"), 4_000.0);
    assert_eq!(story.of("mail", "sojourn_max_ms"), 3_750.0);
}

#[test]
fn a_call_that_is_longer_on_its_way_than_its_caller_waits_is_given_up_in_time() {
    let mut plan = Plan::lasting("20s");
    let mail = plan.service("mail", work(r#""1s""#));
    let retry = r#"{"max_attempts": 2, "backoff": "none"}"#;
    let link = call(mail).latency(r#""3s""#).timeout("2s").retry(retry);
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [link]);
    let story = plan.listen();
    assert_eq!((story.attempts(), story.effects()), (vec![0.0, 2.0], vec![4.0, 6.0]));
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [4.0]);
}

#[test]
fn a_shedding_service_sets_the_time_of_the_next_attempt_exactly_unless_it_is_not_obeyed() {
    let attempts = |obeyed: &str| {
        let mut plan = Plan::lasting("20s");
        let shed = json(r#"{"shed": {"retry_after": "3s"}}"#);
        let mail = ServicePlan { threads: Some(1), when_exhausted: shed, ..work(r#""2s""#) };
        let mail = plan.service("mail", mail);
        let retry = format!(
            r#"{{"max_attempts": 3, "backoff": {{"fixed": {{"delay": "7s"}}}}, "retry_after": {obeyed}}}"#
        );
        plan.producer("web", r#"{"burst": {"count": 2}}"#, [call(mail).retry(&retry)]);
        plan.listen().attempts()
    };
    assert_eq!(attempts("true"), [0.0, 0.0, 3.0]);
    assert_eq!(attempts("false"), [0.0, 0.0, 7.0]);
}
