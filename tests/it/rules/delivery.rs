//! Delivery semantics under a crash: when the commit comes decides whether messages are lost or done twice.
//!
//! 1,000 messages wait; a consumer takes 50 at a time, 0.1 s each; it dies 12.34 s after its start and is back 5 s later. By then 123
//! were done, 100 of them acknowledged. Everything happens a second later here, since the consumer is down until all wait.

use pileup::model::blueprint::{PathEffect, ServicePlan};
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;

use crate::support::{Plan, Story, With, from, in_turn, json, publish, unbounded, work};

fn crash(batch: u32, commit: Commit, idempotency: &str) -> Story {
    let mut plan = Plan::lasting("200s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, batch, commit);
    let idempotency = json(idempotency);
    let mail = ServicePlan { consumes, idempotency, ..work(r#""100ms""#) };
    let mail = plan.service("mail", mail);
    plan.producer("web", "", [publish(queue)]).initial_backlog = 1000;
    plan.ails(mail.node, Ailment::Crash, "0s", "1s");
    plan.ails(mail.node, Ailment::Crash, "13340ms", "18340ms");
    plan.listen()
}

fn last(times: &[f64]) -> f64 {
    *times.last().expect("there is one")
}

#[test]
fn commit_after_the_work_does_again_what_was_done_since_the_last_commit() {
    let story = crash(50, Commit::After, r#""none""#);
    assert_eq!(story.counts(["effects", "duplicates", "lost", "succeeded"]), [1023, 23, 0, 1000]);
    assert_eq!(last(&story.effects()), 1.0 + 107.34);
    assert_eq!(story.of("queue", "redeliveries"), 50.0);
}

#[test]
fn commit_before_the_work_loses_what_was_taken_and_not_done() {
    let story = crash(50, Commit::Before, r#""none""#);
    assert_eq!(story.counts(["effects", "duplicates", "lost", "succeeded"]), [973, 0, 27, 973]);
    assert_eq!(last(&story.effects()), 1.0 + 102.34);
}

#[test]
fn with_batches_of_one_nothing_is_done_twice_and_one_is_lost() {
    let after = crash(1, Commit::After, r#""none""#);
    assert_eq!(after.counts(["duplicates", "lost", "succeeded"]), [0, 0, 1000]);
    let before = crash(1, Commit::Before, r#""none""#);
    assert_eq!(before.counts(["duplicates", "lost", "succeeded"]), [0, 1, 999]);
}

#[test]
fn an_idempotency_key_in_the_same_transaction_suppresses_every_duplicate() {
    let story = crash(50, Commit::After, r#""transactional""#);
    assert_eq!(story.counts(["effects", "duplicates", "suppressed", "lost"]), [1000, 0, 23, 0]);
    assert_eq!(last(&story.effects()), 1.0 + 107.34 - 2.3, "what is known takes no time");
}

#[test]
fn a_transaction_costs_its_time_on_every_message_that_is_new() {
    let story = crash(50, Commit::After, r#"{"transactional": {"cost": "20ms"}}"#);
    assert_eq!(story.effects()[..2], [1.12, 1.24]);
    assert_eq!(story.counts(["effects", "suppressed"]), [1000, 2]);
}

/// 0.1 s of work and 0.03 s for the key: the crash comes when 94 are done, after the effect of the 95th, before its key.
#[test]
fn a_key_written_after_the_effect_leaves_a_gap_in_which_a_crash_duplicates_silently() {
    let story = crash(50, Commit::After, r#"{"check_then_act": {"gap": "30ms"}}"#);
    assert_eq!(story.counts(["effects", "duplicates", "suppressed", "lost"]), [1001, 1, 44, 0]);
    assert_eq!(story.counts(["succeeded"]), [1000]);
}

/// Of every publish a tenth is lost, and of the confirmations too: q = r = 0.1, s = (1−q)(1−r), three attempts.
#[test]
fn a_producer_that_retries_an_unconfirmed_publish_stores_copies() {
    let count = 100_000.0;
    let mut plan = Plan::lasting("100000s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(r#""100ms""#) });
    let retry = r#"{"max_attempts": 3, "backoff": "none"}"#;
    let link = publish(queue).timeout("100ms").retry(retry);
    plan.producer("web", r#"{"constant": {"rate": "1/s"}}"#, [link]);
    plan.network(queue.node, PathEffect::Loss(0.1), "0s", "100000s");
    let story = plan.run();
    let (q, s) = (0.1_f64, 0.81_f64);
    let stored_unconfirmed = 0.9 * 0.1;
    let once = s * (1.0 + q + q * q) + 3.0 * stored_unconfirmed * q * q;
    let copies = 0.9 * (1.0 - (1.0 - s).powi(3)) / s;
    let near = |metric: &str, wanted: f64, deviation: f64| {
        let got = story.total(metric) / count;
        assert!(
            (got - wanted).abs() < 3.0 * deviation / count.sqrt(),
            "{metric}: {got}, not {wanted}"
        );
    };
    near("effects", copies, 0.4);
    near("duplicates", copies - 1.0 + q.powi(3), 0.4);
    near("abandoned", q.powi(3), q.powi(3).sqrt());
    near("uncertain", (1.0 - s).powi(3) - q.powi(3), 0.08);
    near("succeeded", 1.0 - (1.0 - s).powi(3), 0.083);
    assert!(
        once < 1.0 && story.total("lost") == 0.0,
        "what is never stored is no loss: its producer knows"
    );
}

/// What goes to two queues is done once from each, even if the sender is at the second before the first delivers.
#[test]
fn a_message_that_goes_to_two_queues_has_an_effect_from_each() {
    let mut plan = Plan::lasting("60s");
    let [payments, emails] = ["payments", "emails"].map(|name| plan.queue(name, unbounded()));
    for (name, queue) in [("bank", payments), ("mail", emails)] {
        plan.service(
            name,
            ServicePlan { consumes: from(queue, 1, Commit::After), ..work(r#""300ms""#) },
        );
    }
    let arrivals = r#"{"constant": {"rate": "5/s", "until": "10s"}}"#;
    plan.producer("shop", arrivals, [publish(payments), publish(emails)]);
    let story = plan.listen();
    assert_eq!(story.counts(["produced", "effects", "duplicates", "succeeded"]), [50, 100, 0, 50]);
    assert_eq!(story.of("bank", "sojourn_max_ms"), story.of("mail", "sojourn_max_ms"));
}

/// Half of all work fails, whatever it is: who has failed once may succeed the next time, at a queue and in the retry topics of a log.
#[test]
fn each_attempt_has_its_own_chance() {
    let mut plan = Plan::lasting("100s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    let mail = plan.service("mail", ServicePlan { consumes, ..work(r#""10ms""#) });
    plan.ails(mail.node, Ailment::Errors(0.5), "0s", "100s");
    plan.producer("web", r#"{"burst": {"count": 400}}"#, [publish(queue)]);
    let story = plan.run();
    assert_eq!(story.counts(["succeeded", "pending"]), [400, 0]);
    let again = story.total("redeliveries");
    assert!((300.0..520.0).contains(&again), "{again}: as many as there are, and five deviations");
    let mut plan = Plan::lasting("100s");
    let log = plan.topics(&[1, 1, 1, 1], "{}", &[(0, "{}"), (1, "{}"), (2, "{}")]);
    let mail = ServicePlan { consumes: in_turn(log, 3, 1), ..work(r#""10ms""#) };
    let mail = plan.service("mail", mail);
    plan.ails(mail.node, Ailment::Errors(0.5), "0s", "100s");
    plan.producer("web", r#"{"burst": {"count": 400}}"#, [publish(log)]);
    let given_up = plan.run().total("dead_lettered");
    assert!((17.0..83.0).contains(&given_up), "{given_up}: an eighth, and five deviations");
}
