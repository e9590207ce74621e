//! Faults from outside: what each does, and that none leaves a trace.

use pileup::model::blueprint::{PathEffect, ServicePlan};
use pileup::model::health::Ailment;
use pileup::model::observation::Observation;
use pileup::policy::commit::Commit;

use crate::support::{Node, Plan, With, call, from, json, publish, unbounded, work};

/// Calls at the given moments to a service whose work takes two seconds.
fn calls(arrivals: &str) -> (Plan, Node<pileup::model::service::Service>) {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", work(r#""2s""#));
    plan.producer("web", arrivals, [call(mail)]);
    (plan, mail)
}

const AT_1_AND_2: &str = r#"{"constant": {"rate": "1/s", "from": "1s", "until": "3s"}}"#;

#[test]
fn a_hung_service_accepts_and_goes_on_later_where_it_stood() {
    let (mut plan, mail) = calls(AT_1_AND_2);
    plan.ails(mail.node, Ailment::Hang, "2500ms", "10s");
    let story = plan.listen();
    assert_eq!(story.effects(), [10.5, 12.5]);
    assert_eq!(story.counts(["refused", "succeeded"]), [0, 2]);
}

#[test]
fn a_service_that_hangs_while_it_waits_for_another_hears_the_answer_afterwards() {
    let mut plan = Plan::lasting("60s");
    let bank = plan.service("bank", work(r#""1s""#));
    let sends = vec![call(bank), call(bank)];
    let shop = plan.service("shop", ServicePlan { sends, ..work(r#""1s""#) });
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(shop)]);
    plan.ails(shop.node, Ailment::Hang, "1500ms", "10s");
    let story = plan.listen();
    assert_eq!(story.effects(), [2.0, 11.0, 11.0], "the bank, the bank again, the shop");
}

#[test]
fn a_hung_service_that_crashes_forgets_what_it_had_been_told() {
    let mut plan = Plan::lasting("60s");
    let bank = plan.service("bank", work(r#""1s""#));
    let shop = plan.service("shop", ServicePlan { sends: vec![call(bank)], ..work(r#""1s""#) });
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(shop)]);
    plan.ails(shop.node, Ailment::Hang, "1500ms", "10s");
    plan.ails(shop.node, Ailment::Crash, "5s", "6s");
    let story = plan.run();
    assert_eq!((story.of("web", "abandoned"), story.of("shop", "uncertain")), (1.0, 1.0));
    assert_eq!(story.total("pending"), 0.0);
}

#[test]
fn a_slowdown_makes_the_work_longer_that_begins_while_it_lasts() {
    let (mut plan, mail) = calls(AT_1_AND_2);
    plan.ails(mail.node, Ailment::Slowdown(3.0), "2s", "3500ms");
    assert_eq!(plan.listen().effects(), [3.0, 9.0]);
}

#[test]
fn an_error_takes_its_time_and_has_no_effect() {
    let (mut plan, mail) = calls(AT_1_AND_2);
    plan.ails(mail.node, Ailment::Errors(1.0), "0s", "4s");
    let story = plan.listen();
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [3.0]);
    assert_eq!(story.effects(), [5.0]);
    assert_eq!(story.counts(["abandoned", "succeeded", "failed_attempts"]), [1, 1, 1]);
}

#[test]
fn a_message_whose_work_fails_goes_back_to_the_queue() {
    let mut plan = Plan::lasting("60s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    let mail = plan.service("mail", ServicePlan { consumes, ..work(r#""2s""#) });
    plan.producer("web", r#"{"burst": {"count": 2}}"#, [publish(queue)]);
    plan.ails(mail.node, Ailment::Errors(1.0), "0s", "3s");
    let story = plan.listen();
    assert_eq!(story.effects(), [4.0, 6.0]);
    assert_eq!((story.of("queue", "redeliveries"), story.total("lost")), (1.0, 0.0));
}

#[test]
fn a_partition_lets_calls_time_out_and_keeps_answers_back() {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", work(r#""2s""#));
    plan.producer("web", AT_1_AND_2, [call(mail).timeout("9s")]);
    plan.network(mail.node, PathEffect::Cut, "1500ms", "5s");
    let story = plan.listen();
    assert_eq!(story.effects(), [3.0], "the first had got through");
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [10.0, 11.0]);
    assert_eq!(story.counts(["uncertain", "abandoned", "timed_out"]), [1, 1, 2]);
}

#[test]
fn a_consumer_that_is_cut_off_works_on_in_vain_and_its_message_is_delivered_again() {
    let mut plan = Plan::lasting("60s");
    let queue = plan.queue("queue", unbounded());
    let consumes = from(queue, 1, Commit::After);
    plan.service("mail", ServicePlan { consumes, ..work(r#""2s""#) });
    plan.producer("web", r#"{"burst": {"count": 2}}"#, [publish(queue)]);
    plan.network(queue.node, PathEffect::Cut, "1s", "5s");
    let story = plan.listen();
    assert_eq!(story.effects(), [2.0, 7.0, 9.0]);
    assert_eq!(story.counts(["duplicates", "succeeded", "lost"]), [1, 2, 0]);
}

#[test]
fn a_latency_fault_is_added_both_ways() {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", work(r#""2s""#));
    let link = call(mail).latency(r#""100ms""#).timeout("9s");
    plan.producer("web", r#"{"constant": {"rate": "0.1/s", "until": "30s"}}"#, [link]);
    plan.network(mail.node, PathEffect::Latency(json(r#""400ms""#)), "5s", "15s");
    assert_eq!(plan.listen().answers(), [2.2, 13.0, 22.2]);
}

#[test]
fn a_call_whose_answer_is_lost_times_out() {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", work(r#""2s""#));
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(mail).timeout("5s")]);
    plan.network(mail.node, PathEffect::Loss(1e-9), "0s", "1s");
    plan.network(mail.node, PathEffect::Loss(1.0), "1s", "60s");
    let story = plan.listen();
    assert_eq!(story.effects(), [2.0]);
    assert_eq!(story.times(|fact| matches!(fact, Observation::Unanswered { .. })), [5.0]);
}

#[test]
fn overlapping_faults_leave_no_trace() {
    let arrivals = r#"{"constant": {"rate": "0.1/s", "until": "1000s"}}"#;
    let healthy = {
        let (mut plan, _) = calls(arrivals);
        plan.0.horizon = "1000s".parse().unwrap();
        plan.listen()
    };
    let (mut plan, mail) = calls(arrivals);
    plan.0.horizon = "1000s".parse().unwrap();
    plan.ails(mail.node, Ailment::Crash, "10s", "50s");
    plan.ails(mail.node, Ailment::Hang, "20s", "60s");
    plan.ails(mail.node, Ailment::Crash, "30s", "70s");
    plan.ails(mail.node, Ailment::Slowdown(3.0), "15s", "80s");
    plan.ails(mail.node, Ailment::Slowdown(5.0), "16s", "81s");
    plan.ails(mail.node, Ailment::Errors(0.9), "17s", "82s");
    plan.network(mail.node, PathEffect::Loss(0.9), "18s", "83s");
    plan.network(mail.node, PathEffect::Latency(json(r#""1s""#)), "19s", "84s");
    plan.network(mail.node, PathEffect::Cut, "20s", "85s");
    let story = plan.listen();
    let late = |story: &crate::support::Story| -> Vec<f64> {
        story.effects().into_iter().filter(|now| *now > 90.0).collect()
    };
    assert_eq!(story.marks("restart"), [70.0], "the last of the crashes decides");
    assert_eq!(late(&story), late(&healthy));
}

#[test]
fn a_crash_loop_does_not_end_before_the_fault_that_keeps_the_service_down() {
    let mut plan = Plan::lasting("60s");
    let crash = json(r#"{"crash": {"restart_after": "5s"}}"#);
    let mail = ServicePlan { threads: Some(1), when_exhausted: crash, ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    plan.producer("web", r#"{"burst": {"count": 2, "at": "1s"}}"#, [call(mail)]);
    plan.ails(mail.node, Ailment::Crash, "2s", "20s");
    assert_eq!(plan.run().marks("restart"), [20.0]);
    let mut plan = plan.clone();
    plan.0.faults.clear();
    plan.ails(mail.node, Ailment::Crash, "2s", "4s");
    assert_eq!(plan.run().marks("restart"), [6.0]);
}

#[test]
fn a_random_fault_comes_and_goes_by_its_two_times() {
    use pileup::model::blueprint::FaultTiming;
    let (mut plan, mail) = calls(r#"{"burst": {"count": 1}}"#);
    plan.ails(mail.node, Ailment::Crash, "0s", "1s");
    plan.0.faults[0].timing = FaultTiming::Random {
        from: "10s".parse().unwrap(),
        until: Some("40s".parse().unwrap()),
        mtbf: json(r#""8s""#),
        mttr: json(r#""3s""#),
    };
    let story = plan.run();
    assert_eq!(story.marks("crash"), [18.0, 29.0]);
    assert_eq!(story.marks("restart"), [21.0, 32.0]);
}

/// Slow ways to two services, at the same time: each call pays for its own, there and back.
#[test]
fn a_fault_of_one_way_is_not_felt_on_another() {
    let mut plan = Plan::lasting("60s");
    let mail = plan.service("mail", work(r#""1ms""#));
    let bank = plan.service("bank", work(r#""1ms""#));
    let arrivals = r#"{"burst": {"count": 1, "at": "9s"}}"#;
    plan.producer("web", arrivals, [call(mail)]);
    plan.producer("shop", arrivals, [call(bank)]);
    plan.network(mail.node, PathEffect::Latency(json(r#""1s""#)), "5s", "15s");
    plan.network(bank.node, PathEffect::Latency(json(r#""400ms""#)), "8s", "13s");
    let story = plan.run();
    let latencies = ["web", "shop"].map(|node| story.of(node, "latency_max_ms"));
    assert_eq!(latencies, [2_001.0, 801.0]);
}
