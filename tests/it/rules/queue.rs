//! The plain queue: its capacity and what happens at it, credit, order, and what a crash leaves.

use pileup::model::blueprint::ServicePlan;
use pileup::model::broker::QueueSettings;
use pileup::model::build::simulate;
use pileup::model::health::Ailment;
use pileup::model::observation::Observation;
use pileup::policy::commit::Commit;

use crate::support::{Plan, Story, With, bounded, from, publish, unbounded, work};

/// A queue from `web` to `mail`, which does one message a second.
fn line(horizon: &str, queue: QueueSettings, arrivals: &str, retry: &str) -> Plan {
    let mut plan = Plan::lasting(horizon);
    let queue = plan.queue("queue", queue);
    let consumes = from(queue, 1, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.producer("web", arrivals, [publish(queue).retry(retry)]);
    plan
}

const BURST_OF_5: &str = r#"{"burst": {"count": 5}}"#;
const NO_RETRY: &str = r#""none""#;

#[test]
fn publishing_takes_its_latency_and_no_more() {
    let mut plan = line("20s", unbounded(), BURST_OF_5, NO_RETRY);
    plan.0.producers[0].sends[0].latency = Some(crate::support::json(r#""2ms""#));
    let story = plan.run();
    assert_eq!(story.of("web", "latency_max_ms"), 4.0);
    assert_eq!(story.of("queue", "peak_lag"), 5.0);
    assert_eq!(story.of("web", "succeeded"), 5.0);
}

#[test]
fn blocked_publishes_wait_at_the_producer_and_get_in_one_by_one_in_order() {
    let story = line("20s", bounded(2, r#""block""#), BURST_OF_5, NO_RETRY).listen();
    assert_eq!(story.answers(), [0.0, 0.0, 1.0, 2.0, 3.0]);
    assert_eq!(story.effects(), [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(story.of("queue", "peak_lag"), 2.0);
    assert_eq!(story.of("web", "peak_held_at_producer"), 3.0);
    assert_eq!(story.of("web", "blocked_time_s"), 1.0 + 2.0 + 3.0);
}

/// Two are stored, the third waits 1 s and gets in, the other two give up after 1.5 s.
#[test]
fn a_blocked_publish_that_times_out_leaves_the_line() {
    let mut plan = line("20s", bounded(2, r#""block""#), BURST_OF_5, NO_RETRY);
    plan.0.producers[0].sends[0].timeout = Some("1500ms".parse().unwrap());
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0, 3.0]);
    assert_eq!(story.counts(["succeeded", "abandoned", "timed_out"]), [3, 2, 2]);
    let settled = story.times(|fact| matches!(fact, Observation::Settled { .. }));
    assert_eq!(settled, [1.0, 1.5, 1.5, 2.0, 3.0]);
    assert_eq!(story.of("web", "blocked_time_s"), 1.0 + 1.5 + 1.5);
    assert_eq!(story.of("web", "final_held_at_producer"), 0.0);
}

#[test]
fn a_publish_that_times_out_blocks_again_at_the_end_of_the_line() {
    let retry = r#"{"max_attempts": 2, "backoff": {"fixed": {"delay": "100ms"}}}"#;
    let mut plan = line("20s", bounded(1, r#""block""#), r#"{"burst": {"count": 2}}"#, retry);
    plan.0.producers[0].sends[0].timeout = Some("700ms".parse().unwrap());
    let story = plan.listen();
    assert_eq!((story.attempts(), story.answers()), (vec![0.0, 0.0, 0.8], vec![0.0, 1.0]));
    assert_eq!(story.effects(), [1.0, 2.0]);
    assert_eq!(story.counts(["succeeded", "duplicates", "timed_out"]), [2, 0, 1]);
}

#[test]
fn a_rejected_publish_comes_back_exactly_when_it_was_told_to() {
    let retry = r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "10s"}}}"#;
    let reject = r#"{"reject": {"retry_after": "250ms"}}"#;
    let story = line("20s", bounded(1, reject), r#"{"burst": {"count": 2}}"#, retry).listen();
    assert_eq!(story.attempts(), [0.0, 0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(story.counts(["refused", "lost", "succeeded"]), [4, 0, 2]);
    assert_eq!(story.of("queue", "peak_lag"), 1.0);
}

#[test]
fn a_message_too_many_is_lost_and_its_producer_believes_it_stored() {
    let arrivals = r#"{"constant": {"rate": "10/s", "until": "500ms"}}"#;
    let drop = |rule| line("20s", bounded(2, rule), arrivals, NO_RETRY).run();
    let story = drop(r#""drop_newest""#);
    assert_eq!(story.counts(["succeeded", "lost", "effects"]), [2, 3, 2]);
    assert_eq!(story.of("web", "availability_ratio"), 1.0);
    assert_eq!(story.total("sojourn_max_ms"), 1_900.0, "the second message is done at 2 s");
    let story = drop(r#""drop_oldest""#);
    assert_eq!(story.counts(["succeeded", "lost", "effects"]), [2, 3, 2]);
    assert_eq!(story.total("sojourn_max_ms"), 1_600.0, "the last message is done at 2 s");
}

/// One a second comes and is done in half a second; the consumer is away from 9.9 s to 20.2 s.
fn without_consumer(queue: QueueSettings) -> Story {
    let mut plan = Plan::lasting("60s");
    let queue = plan.queue("queue", queue);
    let consumes = from(queue, 1, Commit::After);
    let mail = plan.service("mail", ServicePlan { consumes, ..work(r#""500ms""#) });
    let arrivals = r#"{"constant": {"rate": "1/s", "until": "30s"}}"#;
    plan.producer("web", arrivals, [publish(queue)]);
    plan.ails(mail.node, Ailment::Crash, "9900ms", "20200ms");
    plan.run()
}

#[test]
fn a_bounded_queue_fills_up_behind_a_consumer_that_is_away() {
    let story = without_consumer(bounded(3, r#""block""#));
    assert_eq!(
        (story.of("queue", "peak_lag"), story.of("web", "peak_held_at_producer")),
        (3.0, 8.0)
    );
    assert_eq!(story.counts(["succeeded", "lost", "pending"]), [30, 0, 0]);
}

#[test]
fn credit_stops_the_producer_when_the_consumer_is_away_and_is_never_exceeded() {
    let story = without_consumer(QueueSettings { credit: Some(3), ..unbounded() });
    assert_eq!(story.of("web", "peak_held_at_producer"), 11.0, "from 10 s to 20 s");
    assert_eq!(story.of("queue", "peak_lag"), 3.0);
    assert_eq!(story.of("queue", "peak_lag_at_s"), 20.2, "nothing is accepted before");
    assert_eq!(story.counts(["succeeded", "lost", "pending"]), [30, 0, 0]);
}

/// At 2.5 s two are done, one is in hand and two are stored; the broker is away for a second.
fn broker_crash(durable: bool) -> Story {
    let queue = QueueSettings { durable, ..unbounded() };
    let arrivals = r#"{"burst": {"count": 5}}; {"burst": {"count": 1, "at": "2700ms"}}"#;
    let mut plan = line("20s", queue, arrivals, NO_RETRY);
    let queue = plan.0.brokers[0].node;
    plan.ails(queue, Ailment::Crash, "2500ms", "3500ms");
    plan.listen()
}

#[test]
fn a_durable_queue_keeps_its_messages_over_a_crash_and_delivers_again_what_was_in_hand() {
    let story = broker_crash(true);
    assert_eq!(story.effects(), [1.0, 2.0, 3.0, 4.5, 5.5, 6.5]);
    assert_eq!(story.counts(["succeeded", "duplicates", "lost", "rejected"]), [5, 1, 0, 1]);
    assert_eq!(story.of("queue", "redeliveries"), 1.0);
}

#[test]
fn a_queue_that_is_not_durable_loses_them_and_nobody_acknowledges_what_was_in_hand() {
    let story = broker_crash(false);
    assert_eq!(story.effects(), [1.0, 2.0, 3.0]);
    assert_eq!(story.counts(["succeeded", "uncertain", "lost", "rejected"]), [2, 1, 2, 1]);
    assert_eq!(story.of("queue", "final_lag"), 0.0);
}

#[test]
fn a_broker_that_crashes_breaks_the_connections_of_those_it_made_wait() {
    let mut plan = line("20s", bounded(1, r#""block""#), r#"{"burst": {"count": 2}}"#, NO_RETRY);
    let queue = plan.0.brokers[0].node;
    plan.ails(queue, Ailment::Crash, "500ms", "600ms");
    let story = plan.run();
    assert_eq!(story.counts(["abandoned", "succeeded", "duplicates"]), [1, 1, 1]);
    assert_eq!(
        (story.of("web", "blocked_time_s"), story.of("web", "final_held_at_producer")),
        (0.5, 0.0)
    );
}

#[test]
fn what_comes_back_from_a_dead_consumer_is_delivered_again_in_its_old_order() {
    let mut plan = Plan::lasting("30s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 3, Commit::After);
    let mail = plan.service("mail", ServicePlan { workers: 2, consumes, ..work(r#""1s""#) });
    let arrivals = r#"{"constant": {"rate": "10/s", "until": "800ms"}}"#;
    plan.producer("web", arrivals, [publish(queue)]);
    plan.ails(mail.node, Ailment::Crash, "0s", "1s");
    plan.ails(mail.node, Ailment::Crash, "2500ms", "3s");
    let story = plan.listen();
    let again = story.facts.iter().filter(|(now, _)| now.as_secs_f64() > 3.0);
    let produced = again.filter_map(|(now, fact)| match fact {
        Observation::Effect { sojourn, .. } => {
            Some((now.as_secs_f64() - sojourn.as_secs_f64()).round_tenths())
        }
        _ => None,
    });
    assert_eq!(produced.collect::<Vec<_>>(), [0.0, 0.3, 0.1, 0.4, 0.2, 0.5, 0.6, 0.7]);
    assert_eq!(story.counts(["duplicates", "succeeded", "lost"]), [2, 8, 0]);
    assert_eq!(story.of("queue", "redeliveries"), 6.0);
}

trait RoundTenths {
    fn round_tenths(self) -> f64;
}

impl RoundTenths for f64 {
    fn round_tenths(self) -> f64 {
        (self * 10.0).round() / 10.0
    }
}

/// While the consumer is away until 5 s one message a second comes; the first is done at 6 s, five seconds after it was made.
#[test]
fn lag_is_told_in_messages_and_in_the_age_of_the_oldest_exactly() {
    let arrivals = r#"{"constant": {"rate": "1/s", "from": "1s", "until": "5s"}}"#;
    let mut plan = line("20s", unbounded(), arrivals, NO_RETRY);
    let mail = plan.0.services[0].node;
    plan.ails(mail, Ailment::Crash, "0s", "5s");
    let story = plan.run();
    assert_eq!((story.of("queue", "peak_lag"), story.of("queue", "peak_lag_at_s")), (4.0, 4.0));
    assert_eq!((story.of("queue", "peak_lag_s"), story.of("queue", "peak_lag_s_at_s")), (5.0, 6.0));
    assert_eq!((story.of("queue", "final_lag"), story.of("queue", "final_lag_s")), (0.0, 0.0));
}

/// What limits of memory are held against: a publish that is blocked takes as much as one that is stored, and more.
#[test]
fn what_waits_anywhere_is_counted_as_memory() {
    let bytes = |queue: QueueSettings, arrivals: &str| {
        let plan = line("2s", queue, arrivals, NO_RETRY).0;
        let mut simulation = simulate(&plan, 1, 0, ());
        simulation.run_until(plan.horizon, u64::MAX);
        simulation.model.bytes()
    };
    let burst = r#"{"burst": {"count": 10000}}"#;
    let few = bytes(unbounded(), BURST_OF_5);
    let stored = bytes(unbounded(), burst);
    let blocked = bytes(bounded(2, r#""block""#), burst);
    assert!(stored > few + 10_000 * 4 && stored < few + 10_000 * 64, "{few} {stored}");
    assert!(blocked > stored && blocked < few + 10_000 * 128, "{stored} {blocked}");
}

/// One is in hand, three are waiting, all four are the queue's until they are acknowledged; whoever acknowledges first has none in hand.
#[test]
fn what_is_delivered_waits_no_longer_and_is_the_queue_s_until_it_is_acknowledged() {
    let levels = |commit| {
        let mut plan = Plan::lasting("1.5s");
        let queue = plan.queue("queue", unbounded());
        plan.service("mail", ServicePlan { consumes: from(queue, 1, commit), ..work(r#""1s""#) });
        plan.producer("web", BURST_OF_5, [publish(queue)]);
        let story = plan.run();
        ["final_waiting", "final_in_flight", "final_lag"].map(|level| story.of("queue", level))
    };
    assert_eq!(levels(Commit::After), [3.0, 1.0, 4.0]);
    assert_eq!(levels(Commit::Before), [3.0, 0.0, 3.0]);
}

/// Both ask at 2 s, while the broker is away. One of them is gone when it is back at 10 s; the other one gets what is there.
#[test]
fn who_asked_in_vain_is_served_when_the_broker_is_back_although_somebody_else_is_gone() {
    let mut plan = Plan::lasting("30s");
    let queue = plan.queue("queue", unbounded());
    let worker = || ServicePlan { consumes: from(queue, 1, Commit::After), ..work(r#""2s""#) };
    let first = plan.service("first", worker());
    plan.service("second", worker());
    plan.producer("web", r#"{"burst": {"count": 5}}"#, [publish(queue)]);
    plan.ails(queue.node, Ailment::Crash, "1s", "10s");
    plan.ails(first.node, Ailment::Crash, "5s", "29s");
    let story = plan.listen();
    assert_eq!(story.effects(), [2.0, 2.0, 12.0, 14.0, 16.0, 18.0, 20.0]);
}

/// One has no patience, and stands in line behind two that have; they stay where they are when it leaves.
#[test]
fn a_blocked_publish_that_gives_up_is_found_behind_others() {
    let mut plan = Plan::lasting("20s");
    let queue = plan.queue("queue", bounded(1, r#""block""#));
    let consumes = from(queue, 1, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(r#""5s""#) });
    let at = |time: &str| format!(r#"{{"burst": {{"count": 1, "at": "{time}"}}}}"#);
    plan.producer("first", &at("0s"), [publish(queue)]);
    plan.producer("second", &at("1s"), [publish(queue)]);
    plan.producer("third", &at("2s"), [publish(queue)]);
    plan.producer("hasty", &at("2s"), [publish(queue).timeout("1s")]);
    let story = plan.listen();
    assert_eq!(story.effects(), [5.0, 10.0, 15.0]);
    assert_eq!(story.answers(), [0.0, 5.0, 10.0]);
    assert_eq!([story.of("third", "succeeded"), story.of("hasty", "abandoned")], [1.0, 1.0]);
}

/// One of two is in hand when its consumer dies; both count once, and make room when they are done.
#[test]
fn what_comes_back_from_a_consumer_takes_no_more_room_than_before() {
    let mut plan = line("20s", bounded(2, r#""block""#), BURST_OF_5, NO_RETRY);
    let mail = plan.0.services[0].node;
    plan.ails(mail, Ailment::Crash, "500ms", "1500ms");
    let story = plan.listen();
    assert_eq!(story.effects(), [2.5, 3.5, 4.5, 5.5, 6.5]);
    assert_eq!(story.of("queue", "peak_lag"), 2.0);
}

#[test]
fn a_broker_is_up_for_the_time_in_which_it_is_not_down() {
    let mut plan = line("20s", unbounded(), BURST_OF_5, NO_RETRY);
    let queue = plan.0.brokers[0].node;
    plan.ails(queue, Ailment::Crash, "10s", "15s");
    let story = plan.run();
    assert_eq!(story.of("queue", "mean_up"), 0.75);
    assert_eq!([story.of("queue", "crashes"), story.of("queue", "restarts")], [1.0, 1.0]);
}
