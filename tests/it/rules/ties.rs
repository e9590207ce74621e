//! What goes first when two things happen at the same instant: restart, completion, timeout, arrival, resend.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;

use crate::support::{Plan, With, call, json, work};

#[test]
fn an_answer_at_the_very_deadline_is_in_time() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""1s""#));
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(mail).timeout("1s")]);
    assert_eq!(plan.run().counts(["succeeded", "timed_out"]), [1, 0]);
}

#[test]
fn a_completion_frees_its_thread_for_an_arrival_of_the_same_instant() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", ServicePlan { threads: Some(1), ..work(r#""1s""#) });
    plan.producer("web", r#"{"constant": {"rate": "1/s"}}"#, [call(mail)]);
    assert_eq!(plan.run().counts(["produced", "refused", "effects"]), [10, 0, 9]);
}

#[test]
fn a_restart_comes_before_an_arrival_of_the_same_instant() {
    let mut plan = Plan::lasting("10s");
    let crash = json(r#"{"crash": {"restart_after": "3s"}}"#);
    let mail = ServicePlan { threads: Some(1), when_exhausted: crash, ..work(r#""500ms""#) };
    let mail = plan.service("mail", mail);
    let arrivals = r#"{"burst": {"count": 2}}; {"burst": {"count": 1, "at": "3s"}}"#;
    plan.producer("web", arrivals, [call(mail)]);
    let story = plan.listen();
    assert_eq!((story.marks("restart"), story.effects()), (vec![3.0], vec![3.5]));
}

#[test]
fn a_fault_ends_before_an_arrival_of_the_same_instant() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""500ms""#));
    plan.producer("web", r#"{"burst": {"count": 1, "at": "3s"}}"#, [call(mail)]);
    plan.ails(mail.node, Ailment::Crash, "1s", "3s");
    assert_eq!(plan.run().counts(["succeeded", "refused"]), [1, 0]);
}

#[test]
fn a_timeout_comes_before_a_round_of_resending_of_the_same_instant() {
    let mut plan = Plan::lasting("70s");
    let mail = plan.service("mail", work(r#""20s""#));
    let rounds = r#"{"max_attempts": 2, "resend": {"rounds": {"every": "60s"}}}"#;
    let link = call(mail).timeout("2s").retry(rounds);
    plan.producer("web", r#"{"burst": {"count": 1, "at": "58s"}}"#, [link]);
    assert_eq!(plan.listen().attempts(), [58.0, 60.0]);
}

#[test]
fn an_arrival_comes_before_a_resend_of_the_same_instant() {
    let mut plan = Plan::lasting("62s");
    let mail = plan.service("mail", ServicePlan { threads: Some(1), ..work(r#""1s""#) });
    let rounds = r#"{"max_attempts": 2, "resend": {"rounds": {"every": "60s"}}}"#;
    let arrivals = r#"{"burst": {"count": 2, "at": "59s"}}; {"burst": {"count": 1, "at": "60s"}}"#;
    plan.producer("web", arrivals, [call(mail).retry(rounds)]);
    let story = plan.listen();
    assert_eq!(story.attempts(), [59.0, 59.0, 60.0, 60.0]);
    assert_eq!(story.counts(["effects", "refused", "abandoned"]), [2, 2, 1]);
    assert_eq!(story.total("sojourn_max_ms"), 1_000.0, "the arrival got the thread");
}

#[test]
fn the_run_ends_before_the_events_of_its_last_moment() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""1s""#));
    let arrivals =
        r#"{"burst": {"count": 1, "at": "9s"}}; {"constant": {"rate": "1/s", "from": "10s"}}"#;
    plan.producer("web", arrivals, [call(mail)]);
    assert_eq!(plan.run().counts(["produced", "effects", "pending"]), [1, 0, 1]);
}
