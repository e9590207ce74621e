//! Bursts, outages and steps with deterministic arrivals and service: the exact course of a backlog.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;
use pileup::policy::commit::Commit;

use crate::support::{Plan, Story, bounded, call, from, publish, unbounded, work};

#[track_caller]
fn assert_near(got: f64, wanted: f64, tolerance: f64) {
    assert!((got - wanted).abs() <= tolerance, "{got} is not {wanted} ± {tolerance}");
}

/// N messages, c workers, S each: the i-th is done at (⌊i ÷ c⌋ + 1) S.
#[test]
fn a_burst_drains_at_the_pace_of_its_workers() {
    let mut plan = Plan::lasting("200s");
    let mail = plan.service("mail", ServicePlan { workers: 10, ..work(r#""50ms""#) });
    plan.producer("web", r#"{"burst": {"count": 20000}}"#, [call(mail)]);
    let story = plan.run();
    assert_eq!(story.total("sojourn_max_ms"), 100_000.0);
    assert_eq!(story.total("sojourn_mean_ms"), 50_025.0);
    assert_eq!(story.total("waiting_mean_ms"), 49_975.0);
    assert_near(story.total("sojourn_p50_ms"), 50_000.0, 50_000.0 / 256.0);
    assert_near(story.total("sojourn_p99_ms"), 99_000.0, 99_000.0 / 256.0);
}

/// A queue to one consumer.
fn queue(horizon: &str, service: &str, arrivals: &str) -> Plan {
    let mut plan = Plan::lasting(horizon);
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(service) });
    plan.producer("web", arrivals, [publish(queue)]);
    plan
}

/// 150/s for 300 s and 60/s after, on 100/s: the peak is (a − c) T, gone after (a − c) T ÷ (c − b).
#[test]
fn an_overload_step_leaves_a_backlog_that_drains_as_arithmetic_says() {
    let arrivals = r#"{"constant": {"rate": "150/s", "until": "300s"}};
        {"constant": {"rate": "60/s", "from": "300s"}}"#;
    let story = queue("700s", r#""10ms""#, arrivals).run();
    assert_near(story.of("queue", "peak_lag"), 15_000.0, 2.0);
    assert_near(story.of("queue", "peak_lag_at_s"), 300.0, 0.05);
    assert_near(story.total("sojourn_max_ms"), 150_000.0, 30.0);
    let at_500 = queue("500s", r#""10ms""#, arrivals).run();
    assert_near(at_500.of("queue", "final_lag"), 7_000.0, 2.0);
}

/// Away for D = 60 s under a = 100/s, and m = 150/s afterwards: a D wait, and a D ÷ (m − a) later they are gone.
#[test]
fn an_outage_leaves_a_lag_of_rate_times_outage() {
    let arrivals = r#"{"constant": {"rate": "100/s"}}"#;
    let outage = |horizon| {
        let mut plan = queue(horizon, r#""6666667ns""#, arrivals);
        let mail = plan.0.services[0].node;
        plan.ails(mail, Ailment::Crash, "100.009s", "160.009s");
        plan.run()
    };
    let story = outage("400s");
    assert_near(story.of("queue", "peak_lag"), 6_000.0, 1.0);
    assert_near(story.total("sojourn_max_ms"), 60_005.67, 0.1);
    assert_near(story.of("queue", "peak_lag_s"), 60.00567, 1e-4);
    assert_near(outage("279s").of("queue", "final_lag"), 51.0, 3.0);
    assert_near(outage("281s").of("queue", "final_lag"), 1.0, 1.0);
    assert_eq!(story.counts(["lost", "duplicates"]), [0, 0]);
}

/// 200/s for 60 s on 100/s, and room for 1,000 besides the one in work: (a − c) T − Q are lost.
#[test]
fn a_bounded_queue_that_drops_loses_what_does_not_fit() {
    let mut plan = Plan::lasting("100s");
    let queue = plan.queue("queue", bounded(1_001, r#""drop_newest""#));
    let consumes = from(queue, 1, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(r#""10ms""#) });
    let arrivals = r#"{"constant": {"rate": "200/s", "from": "1ms", "until": "60s"}}"#;
    plan.producer("web", arrivals, [publish(queue)]);
    let story = plan.run();
    assert_near(story.total("lost"), 5_000.0, 3.0);
    assert_near(story.total("succeeded"), 7_000.0, 3.0);
    assert_near(story.total("sojourn_max_ms"), 10_010.0, 20.0);
    assert_near(story.total("sojourn_mean_ms"), 8_580.7, 20.0);
}

/// A producer that needs 5 ms for each, a consumer that needs 10 ms, and 500 between them.
#[test]
fn a_blocking_producer_goes_at_the_pace_of_its_consumer_once_the_queue_is_full() {
    let mut plan = Plan::lasting("60s");
    let queue = plan.queue("queue", bounded(501, r#""block""#));
    let consumes = from(queue, 1, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(r#""10ms""#) });
    let user = r#"{"closed_loop": {"users": 1, "think_time": "5ms"}}"#;
    plan.producer("web", user, [publish(queue)]);
    let story = plan.run();
    let stored = story.total("produced") - story.of("web", "final_held_at_producer");
    assert_near(stored, 6_500.0, 3.0);
    assert_near(story.total("effects"), 5_999.0, 2.0);
    assert_near(story.of("web", "peak_held_at_producer_at_s"), 5.005, 0.05);
    assert_eq!((story.of("queue", "peak_lag"), story.total("lost")), (501.0, 0.0));
}

/// 200 threads that work and 100 places besides: 200 are done at 0.5 s, 100 at 1 s, and 700 are refused.
#[test]
fn a_burst_on_a_thread_pool_is_served_as_far_as_there_is_room() {
    let mut plan = Plan::lasting("10s");
    let pool = ServicePlan { workers: 200, threads: Some(300), ..work(r#""500ms""#) };
    let pool = plan.service("pool", pool);
    plan.producer("web", r#"{"burst": {"count": 1000}}"#, [call(pool)]);
    let story = plan.run();
    assert_eq!(story.counts(["succeeded", "refused"]), [300, 700]);
    assert_eq!(story.total("latency_max_ms"), 1_000.0);
    assert_near(story.total("latency_mean_ms"), 666.666_667, 1e-6);
}

/// 100/s on 200 threads; calls that begin between 10 s and 40 s take 5 s instead of 50 ms.
#[test]
fn a_slow_dependency_uses_up_the_threads_two_seconds_after_it_slows_down() {
    let mut plan = Plan::lasting("100s");
    let pool = ServicePlan { workers: 200, threads: Some(300), ..work(r#""50ms""#) };
    let pool = plan.service("pool", pool);
    let arrivals = r#"{"constant": {"rate": "100/s", "from": "333333ns", "until": "60s"}}"#;
    plan.producer("web", arrivals, [call(pool)]);
    plan.ails(pool.node, Ailment::Slowdown(100.0), "10s", "40s");
    let story: Story = plan.listen();
    assert_near(story.of("pool", "peak_in_flight_at_s"), 11.990_333, 0.06);
    let refused = story.times(|fact| {
        matches!(fact, pileup::model::observation::Observation::AttemptFailed { .. })
    });
    assert_near(refused.len() as f64, 1_700.0, 10.0);
    assert_near(refused[0], 13.000_333, 0.06);
    assert_near(refused[refused.len() - 1], 39.990_333, 0.06);
}

/// The fix of the incident: 20,000 wait, 12.5/s go on coming, and one message takes 50 ms: B ÷ (µ − a).
#[test]
fn a_queue_drains_its_backlog_by_what_capacity_is_left() {
    let arrivals = r#"{"constant": {"rate": "12.5/s", "from": "40ms"}}"#;
    let drained = |horizon| {
        let mut plan = queue(horizon, r#""50ms""#, arrivals);
        plan.0.producers[0].initial_backlog = 20_000;
        plan.run()
    };
    assert_near(drained("2660s").of("queue", "final_lag"), 50.0, 2.0);
    assert_near(drained("2670s").of("queue", "final_lag"), 1.0, 1.0);
}
