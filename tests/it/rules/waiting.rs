//! Who waits for what: callers that hang up, consumers that come and look, work that was in vain because somebody else was first, and
//! requests above a rate.

use pileup::model::blueprint::{LinkPlan, ServicePlan};
use pileup::model::health::Ailment;
use pileup::model::observation::Observation;
use pileup::policy::commit::Commit;

use crate::support::{Plan, With, call, from, json, publish, unbounded, work};

/// Four at once, a second of work each, and nobody waits longer than 1.5 s: the third and the fourth are gone by then, undone.
#[test]
fn a_caller_that_hangs_up_leaves_the_line_and_its_work_is_not_done() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""1s""#));
    let link = LinkPlan { patience: Some(json(r#""1500ms""#)), ..call(mail) };
    plan.producer("web", r#"{"burst": {"count": 4}}"#, [link]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0]);
    let given_up = story.times(|fact| matches!(fact, Observation::Unanswered { .. }));
    assert_eq!(given_up, [1.5, 1.5]);
    assert_eq!(story.counts(["succeeded", "abandoned", "timed_out"]), [2, 2, 2]);
    assert_eq!(story.of("mail", "mean_waiting"), (1.0 + 1.5 + 1.5) / 10.0);
}

/// A completion goes before a hang-up at the same instant, so the second is served.
#[test]
fn who_is_served_at_the_last_moment_is_served() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""1s""#));
    let link = LinkPlan { patience: Some(json(r#""1s""#)), ..call(mail) };
    plan.producer("web", r#"{"burst": {"count": 3}}"#, [link]);
    assert_eq!(plan.listen().effects(), [1.0, 2.0]);
}

/// The thread of the second, who hangs up at 0.5 s, goes to the third, who waited for one; the fourth hangs up in the accept backlog.
#[test]
fn a_hang_up_frees_a_thread_and_holds_in_the_accept_backlog_too() {
    let mut plan = Plan::lasting("10s");
    let mail = ServicePlan { threads: Some(2), accept_backlog: 5, ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    let patient = LinkPlan { patience: Some(json(r#""500ms""#)), ..call(mail) };
    plan.producer("web", r#"{"burst": {"count": 2}}"#, [patient.clone()]);
    plan.producer("app", r#"{"burst": {"count": 1}}"#, [call(mail)]);
    plan.producer("bot", r#"{"burst": {"count": 1}}"#, [patient]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0]);
    assert_eq!(story.counts(["succeeded", "abandoned", "pending"]), [2, 2, 0]);
}

/// It calls again 0.5 s after it hung up, and is then the last in line.
#[test]
fn a_caller_that_hung_up_calls_again_as_its_retries_say() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""1s""#));
    let retry = r#"{"max_attempts": 2, "backoff": {"fixed": {"delay": "500ms"}}}"#;
    let link = LinkPlan { patience: Some(json(r#""1200ms""#)), ..call(mail).retry(retry) };
    plan.producer("web", r#"{"burst": {"count": 3}}"#, [link]);
    let story = plan.listen();
    assert_eq!(story.attempts(), [0.0, 0.0, 0.0, 1.7]);
    assert_eq!(story.effects(), [1.0, 2.0, 3.0]);
    assert_eq!(story.counts(["succeeded", "timed_out"]), [3, 1]);
}

#[test]
fn callers_hang_up_on_a_service_that_hangs() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""1s""#));
    let link = LinkPlan { patience: Some(json(r#""2s""#)), ..call(mail) };
    plan.producer("web", r#"{"burst": {"at": "1s", "count": 1}}"#, [link]);
    plan.ails(mail.node, Ailment::Hang, "0s", "5s");
    let story = plan.listen();
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [3.0]);
    assert_eq!(story.effects(), [0.0; 0]);
}

/// Looks at 0, 2 and 4 s and finds nothing; of three at 5 s the first begins at 6 s. When the queue is empty again at 9 s it sleeps, and
/// what comes at 10 s waits until 11 s.
#[test]
fn a_consumer_that_polls_sleeps_while_there_is_nothing() {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let mut consumes = from(queue, 1, Commit::After);
    consumes[0].poll_every = Some(json(r#""2s""#));
    plan.service("mail", ServicePlan { consumes, ..work(r#""1s""#) });
    let arrivals = r#"{"burst": {"at": "5s", "count": 3}}; {"burst": {"at": "10s", "count": 1}}"#;
    plan.producer("web", arrivals, [publish(queue)]);
    assert_eq!(plan.listen().effects(), [7.0, 8.0, 9.0, 12.0]);
}

/// Both workers look at 0 s, by themselves; what comes at 1 s is taken by both at 2 s, whatever the other does.
#[test]
fn every_worker_polls_for_itself() {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let mut consumes = from(queue, 1, Commit::After);
    consumes[0].poll_every = Some(json(r#""2s""#));
    plan.service("mail", ServicePlan { workers: 2, consumes, ..work(r#""1s""#) });
    plan.producer("web", r#"{"burst": {"at": "1s", "count": 2}}"#, [publish(queue)]);
    assert_eq!(plan.listen().effects(), [3.0, 3.0]);
}

/// After a crash from 1 to 3 s it looks at once, and then every two seconds.
#[test]
fn a_crash_ends_the_sleep_of_a_consumer() {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", unbounded());
    let mut consumes = from(queue, 1, Commit::After);
    consumes[0].poll_every = Some(json(r#""2s""#));
    let mail = plan.service("mail", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.producer("web", r#"{"burst": {"at": "4s", "count": 1}}"#, [publish(queue)]);
    plan.ails(mail.node, Ailment::Crash, "1s", "3s");
    assert_eq!(plan.listen().effects(), [6.0]);
}

/// Three at once on one record, a second each: one wins in each round, and those that lost begin anew after half a second.
#[test]
fn of_those_who_work_on_the_same_record_the_first_to_finish_wins() {
    let mut plan = Plan::lasting("20s");
    let control = json(r#""optimistic""#);
    let mail = ServicePlan { workers: 9, concurrency_control: control, ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    let retry = r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "500ms"}}}"#;
    plan.producer("web", r#"{"burst": {"count": 3}}"#, [call(mail).retry(retry)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.5, 4.0]);
    assert_eq!(story.counts(["attempts", "failed_attempts", "succeeded"]), [6, 3, 3]);
}

/// Two keys: on each of the two records one of two wins at first.
#[test]
fn work_on_different_records_does_not_conflict() {
    let mut plan = Plan::lasting("20s");
    let control = json(r#""optimistic""#);
    let mail = ServicePlan { workers: 9, concurrency_control: control, ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    let web = plan.producer("web", r#"{"burst": {"count": 4}}"#, [call(mail)]);
    web.keys = json(r#"{"round_robin": {"count": 2}}"#);
    assert_eq!(plan.run().counts(["succeeded", "abandoned"]), [2, 2]);
}

/// Two tokens at the start and one every two seconds: at 0 and 1 s they are taken, at 2 s there is one more, at 4 s the next.
#[test]
fn a_rate_limit_lets_in_a_burst_and_then_as_many_as_its_rate() {
    let mut plan = Plan::lasting("6s");
    let rate = json(r#"{"rate": {"limit": "0.5/s", "burst": 2}}"#);
    let mail = ServicePlan { workers: 9, load_shedding: Some(rate), ..work(r#""100ms""#) };
    let mail = plan.service("mail", mail);
    plan.producer("web", r#"{"constant": {"rate": "1/s"}}"#, [call(mail)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [0.1, 1.1, 2.1, 4.1]);
    assert_eq!(story.counts(["succeeded", "rejected"]), [4, 2]);
}

/// Through two queues and three services, a second, two and three of work: 6 s, and of the second message 1 s behind it 8 s, as each
/// stage is a line of its own.
#[test]
fn a_journey_leads_through_all_services_of_a_chain() {
    let mut plan = Plan::lasting("30s");
    let queues = ["one", "two", "three"].map(|name| plan.queue(name, unbounded()));
    for (at, time) in ["1s", "2s", "3s"].into_iter().enumerate() {
        let consumes = from(queues[at], 1, Commit::After);
        let sends = queues.get(at + 1).map(|next| publish(*next)).into_iter().collect();
        let stage = ServicePlan { consumes, sends, follow: true, ..work(&format!("\"{time}\"")) };
        plan.service(&format!("stage{at}"), stage);
    }
    plan.producer("web", r#"{"constant": {"rate": "1/s", "until": "2s"}}"#, [publish(queues[0])]);
    let story = plan.run();
    assert_eq!(story.of("stage1", "journey_mean_ms"), (3000.0 + 4000.0) / 2.0);
    assert_eq!(story.of("stage2", "journey_mean_ms"), (6000.0 + 8000.0) / 2.0);
    assert_eq!(story.of("stage2", "journey_max_ms"), 8000.0);
}
