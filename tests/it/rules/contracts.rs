//! Messages with which work fails, because of what they are: poison, and what consumers do about it.

use pileup::model::blueprint::ServicePlan;
use pileup::model::observation::Observation;
use pileup::policy::commit::Commit;

use crate::support::{Plan, With, call, from, publish, unbounded, work};

/// One message a second, from 1 s until 4 s.
const THREE: &str = r#"{"constant": {"rate": "1/s", "from": "1s", "until": "4s"}}"#;

/// A direct call shows the failure to whoever made it, at once.
#[test]
fn a_call_with_a_poison_message_is_answered_with_an_error_after_its_work_each_time() {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", work(r#""200ms""#));
    let retry = r#"{"max_attempts": 2, "backoff": {"fixed": {"delay": "100ms"}}}"#;
    let web = plan.producer("web", THREE, [call(mail).retry(retry)]).node;
    plan.poison(web, 1.0, "2s", "3s");
    let story = plan.listen();
    assert_eq!(story.effects(), [1.2, 3.2]);
    assert_eq!(story.attempts(), [1.0, 2.0, 2.3, 3.0]);
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [2.5]);
    assert_eq!(story.counts(["abandoned", "succeeded"]), [1, 2]);
}

/// Poison is made in the window, whenever it is worked on; at a queue it goes back to the head and is delivered again for ever.
#[test]
fn poison_shows_when_it_is_worked_on_and_stays_poison() {
    let mut plan = Plan::lasting("10s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(r#""2s""#) });
    let web = plan.producer("web", THREE, [publish(queue)]).node;
    plan.poison(web, 1.0, "2s", "2500ms");
    let story = plan.listen();
    assert_eq!(story.effects(), [3.0], "and at 5, 7 and 9 s the poison fails");
    assert_eq!(story.counts(["redeliveries", "pending"]), [3, 2]);
}

/// Half of what is made is poison: the same half, whether it is called or queued.
#[test]
fn the_same_messages_are_poison_in_every_variant() {
    let arrivals = r#"{"constant": {"rate": "10/s", "until": "10s"}}"#;
    let mut direct = Plan::lasting("60s");
    let mail = direct.service("mail", work(r#""10ms""#));
    let web = direct.producer("web", arrivals, [call(mail)]).node;
    direct.poison(web, 0.5, "0s", "60s");
    let mut queued = Plan::lasting("60s");
    let queue = queued.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::Before);
    queued.service("mail", ServicePlan { consumes, ..work(r#""10ms""#) });
    let web = queued.producer("web", arrivals, [publish(queue)]).node;
    queued.poison(web, 0.5, "0s", "60s");
    let [direct, queued] = [direct.listen(), queued.listen()];
    assert_eq!(direct.effects(), queued.effects());
    assert_eq!(direct.total("abandoned"), queued.total("lost"));
    assert!((30.0..70.0).contains(&direct.total("succeeded")));
}
