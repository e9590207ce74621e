//! A service at its door and at work: threads, accept backlog, exhaustion, crash and restart, disciplines, work onward.

use pileup::model::blueprint::ServicePlan;
use pileup::model::health::Ailment;
use pileup::model::observation::Observation;
use pileup::policy::commit::Commit;

use crate::support::{Plan, Story, With, call, from, json, publish, trace, unbounded, work};

#[test]
fn threads_bound_the_requests_in_line_and_in_work_together() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", ServicePlan { threads: Some(3), ..work(r#""1s""#) });
    plan.producer("web", r#"{"burst": {"count": 5}}"#, [call(mail)]);
    let story = plan.run();
    assert_eq!(story.counts(["effects", "refused", "rejected"]), [3, 2, 2]);
    assert_eq!(story.of("mail", "peak_waiting"), 2.0);
}

#[test]
fn a_full_accept_backlog_lets_connecting_time_out() {
    let mut plan = Plan::lasting("60s");
    let mail = ServicePlan { threads: Some(1), accept_backlog: 2, ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    plan.producer("web", r#"{"burst": {"count": 4}}"#, [call(mail).timeout("10s")]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0, 3.0]);
    let given_up = story.times(|fact| matches!(fact, Observation::Unanswered { .. }));
    assert_eq!(given_up, [10.0]);
    assert_eq!(story.counts(["refused", "timed_out", "abandoned"]), [0, 1, 1]);
}

#[test]
fn an_exhausted_service_that_crashes_takes_everything_inside_with_it_and_refuses_while_down() {
    let mut plan = Plan::lasting("20s");
    let crash = json(r#"{"crash": {"restart_after": "5s"}}"#);
    let mail = ServicePlan { threads: Some(2), when_exhausted: crash, ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    let arrivals = r#"{"burst": {"count": 3}}; {"constant": {"rate": "0.25/s", "from": "4s"}}"#;
    plan.producer("web", arrivals, [call(mail)]);
    let story = plan.listen();
    assert_eq!((story.marks("crash"), story.marks("restart")), (vec![0.0], vec![5.0]));
    assert_eq!(story.effects(), [9.0, 13.0, 17.0]);
    assert_eq!(story.counts(["abandoned", "rejected", "refused"]), [3, 1, 1]);
    assert_eq!(story.of("mail", "crashes"), 1.0);
}

/// Two messages for one thread, resent whenever the service is back: it crashes at once after every start.
#[test]
fn a_crash_loop_backs_off_as_the_kubelet_does() {
    let mut plan = Plan::lasting("1000s");
    let crash = json(r#""crash""#);
    let mail = ServicePlan { threads: Some(1), when_exhausted: crash, ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    let retry = r#"{"max_attempts": "unlimited", "resend": "on_recovery"}"#;
    plan.producer("web", r#"{"burst": {"count": 2}}"#, [call(mail).retry(retry)]);
    let story = plan.run();
    assert_eq!(story.marks("crash"), [0.0, 0.0, 10.0, 30.0, 70.0, 150.0, 310.0, 610.0, 910.0]);
}

#[test]
fn a_start_is_slow_until_the_service_is_warm() {
    let mut plan = Plan::lasting("200s");
    let warm_up = json(r#"{"extra": 1.0, "time_constant": "1s"}"#);
    let mail = plan.service("mail", ServicePlan { warm_up: Some(warm_up), ..work(r#""1s""#) });
    let arrivals = r#"{"burst": {"count": 1}}; {"burst": {"count": 1, "at": "100s"}}"#;
    plan.producer("web", arrivals, [call(mail)]);
    assert_eq!(plan.listen().effects(), [2.0, 101.0]);
}

#[test]
fn workers_slow_one_another_down_by_how_many_are_busy_when_work_begins() {
    let mut plan = Plan::lasting("20s");
    let contention = json(r#"{"linear": {"per_worker": 0.5}}"#);
    let mail = ServicePlan { workers: 3, contention: Some(contention), ..work(r#""2s""#) };
    let mail = plan.service("mail", mail);
    plan.producer("web", r#"{"burst": {"count": 3}}"#, [call(mail)]);
    assert_eq!(plan.listen().effects(), [2.0, 3.0, 4.0]);
}

/// How long each message took, in the order in which they took effect.
fn sojourns_s(story: &Story) -> Vec<f64> {
    let sojourn = |fact: &Observation| match fact {
        Observation::Effect { sojourn, .. } => Some(sojourn.as_secs_f64()),
        _ => None,
    };
    story.facts.iter().filter_map(|(_, fact)| sojourn(fact)).collect()
}

#[test]
fn last_come_first_served_leaves_the_oldest_to_the_end() {
    let mut plan = Plan::lasting("10s");
    let lifo = json(r#""lifo""#);
    let mail = plan.service("mail", ServicePlan { discipline: lifo, ..work(r#""1s""#) });
    plan.producer("web", r#"{"constant": {"rate": "4/s", "until": "1s"}}"#, [call(mail)]);
    assert_eq!(sojourns_s(&plan.listen()), [1.0, 1.25, 2.5, 3.75]);
}

#[test]
fn urgent_requests_overtake_in_line_and_interrupt_nobody() {
    let mut plan = Plan::lasting("10s");
    let priority = json(r#""priority""#);
    let mail = plan.service("mail", ServicePlan { discipline: priority, ..work(r#""1s""#) });
    plan.producer("batch", r#"{"burst": {"count": 3}}"#, [call(mail)]).priority = 1;
    plan.producer("urgent", r#"{"burst": {"count": 2, "at": "500ms"}}"#, [call(mail)]);
    let story = plan.listen();
    assert_eq!(sojourns_s(&story), [1.0, 1.5, 2.5, 4.0, 5.0]);
}

/// One has the worker to itself for a second; then two go at half speed. The first needs one second more and takes two, the second has
/// the worker to itself for its last.
#[test]
fn requests_that_share_a_worker_all_go_ahead_at_once() {
    let mut plan = Plan::lasting("60s");
    let discipline = json(r#""processor_sharing""#);
    let mail = plan.service("mail", ServicePlan { discipline, ..work(r#""2s""#) });
    let arrivals = r#"{"burst": {"count": 1}}; {"burst": {"at": "1s", "count": 1}}"#;
    plan.producer("web", arrivals, [call(mail)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [3.0, 4.0]);
    assert_eq!((story.of("mail", "peak_in_flight"), story.of("mail", "peak_waiting")), (2.0, 0.0));
}

#[test]
fn sharing_stands_still_while_the_service_hangs_and_ends_with_a_crash() {
    let mut plan = Plan::lasting("60s");
    let discipline = json(r#""processor_sharing""#);
    let mail = plan.service("mail", ServicePlan { discipline, ..work(r#""2s""#) });
    let arrivals = r#"{"burst": {"count": 2}}; {"burst": {"at": "2s", "count": 1}}"#;
    plan.producer("web", arrivals, [call(mail)]);
    plan.ails(mail.node, Ailment::Hang, "1s", "11s");
    plan.ails(mail.node, Ailment::Crash, "14s", "15s");
    let story = plan.listen();
    assert_eq!(story.effects(), [] as [f64; 0], "three need 6 s, of which 4 were given");
    assert_eq!(story.counts(["abandoned", "crashes"]), [3, 1]);
    assert_eq!(story.of("mail", "utilization_ratio"), 14.0 / 59.0);
}

#[test]
fn load_shedding_turns_away_what_would_wait_too_long_and_says_when_to_come_back() {
    let mut plan = Plan::lasting("10s");
    let shedding = json(r#"{"queue_length": {"above": 1, "retry_after": "1500ms"}}"#);
    let mail = ServicePlan { load_shedding: Some(shedding), ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    let retry = r#"{"max_attempts": 9, "backoff": "none"}"#;
    plan.producer("web", r#"{"burst": {"count": 4}}"#, [call(mail).retry(retry)]);
    let story = plan.listen();
    assert_eq!(story.attempts(), [0.0, 0.0, 0.0, 0.0, 1.5]);
    assert_eq!(story.effects(), [1.0, 2.0, 3.0, 4.0]);
}

/// The rule of Netflix's `AIMDLimit`: one more with every request that is done in time while the limit is used.
#[test]
fn a_limit_that_is_learned_lets_in_one_more_for_every_request_that_was_quick() {
    let mut plan = Plan::lasting("10s");
    let limit = json(r#"{"aimd": {"initial": 2, "min": 1, "max": 3, "too_long": "2s"}}"#);
    let mail = ServicePlan { concurrency_limit: Some(limit), ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    let arrivals = r#"{"burst": {"count": 3}}; {"burst": {"at": "1500ms", "count": 3}}"#;
    plan.producer("web", arrivals, [call(mail)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0, 3.0, 4.0], "two at first, then one and two more");
    assert_eq!(story.counts(["refused", "rejected"]), [2, 2]);
}

/// Whoever was turned away because every worker was busy is told when one is idle again, even if nothing else ever happens.
#[test]
fn a_caller_that_was_shed_for_busy_workers_comes_back_when_one_is_idle() {
    let mut plan = Plan::lasting("60s");
    let shedding = json(r#"{"priority": {"thresholds": [0.5]}}"#);
    let mail = ServicePlan { load_shedding: Some(shedding), ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    let retry = r#"{"max_attempts": "unlimited", "resend": "on_recovery"}"#;
    plan.producer("web", r#"{"burst": {"count": 2}}"#, [call(mail).retry(retry)]);
    assert_eq!(plan.listen().effects(), [1.0, 2.0]);
}

#[test]
fn a_call_onward_holds_the_worker_and_the_thread() {
    let mut plan = Plan::lasting("20s");
    let bank = plan.service("bank", work(r#""3s""#));
    let sends = vec![call(bank)];
    let shop = ServicePlan { threads: Some(2), sends, ..work(r#""1s""#) };
    let shop = plan.service("shop", shop);
    plan.producer("web", r#"{"burst": {"count": 3}}"#, [call(shop)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [4.0, 4.0, 8.0, 8.0], "the bank first, then the shop");
    assert_eq!(story.of("shop", "refused"), 1.0);
    assert_eq!(story.of("shop", "utilization_ratio"), 8.0 / 20.0);
}

#[test]
fn a_call_onward_that_fails_for_good_fails_the_call_that_caused_it() {
    let mut plan = Plan::lasting("20s");
    let bank = plan.service("bank", ServicePlan { threads: Some(1), ..work(r#""9s""#) });
    let sends = vec![call(bank).timeout("2s")];
    let shop = plan.service("shop", ServicePlan { sends, ..work(r#""1s""#) });
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(shop)]);
    let story = plan.listen();
    let failed = story.times(|fact| matches!(fact, Observation::Unanswered { .. }));
    assert_eq!(failed, [3.0, 3.0]);
    assert_eq!(story.of("web", "abandoned"), 1.0);
    assert_eq!(story.of("shop", "uncertain"), 1.0, "the bank did it all the same, at 10 s");
}

#[test]
fn a_publish_onward_is_a_new_message_of_the_service() {
    let mut plan = Plan::lasting("20s");
    let letters = plan.queue("letters", unbounded());
    let shop =
        plan.service("shop", ServicePlan { sends: vec![publish(letters)], ..work(r#""1s""#) });
    let consumes = from(letters, 1, Commit::After);
    plan.service("printer", ServicePlan { consumes, ..work(r#""2s""#) });
    plan.producer("web", r#"{"burst": {"count": 2}}"#, [call(shop)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0, 3.0, 5.0]);
    let made = ["web", "shop"].map(|node| story.of(node, "succeeded"));
    assert_eq!(made, [2.0, 2.0]);
}

#[test]
fn the_list_of_sends_is_carried_out_in_order_and_stops_at_the_first_that_fails() {
    let mut plan = Plan::lasting("20s");
    let letters = plan.queue("letters", unbounded());
    let bank = plan.service("bank", ServicePlan { threads: Some(1), ..work(r#""1s""#) });
    let consumes = from(letters, 1, Commit::After);
    plan.service("printer", ServicePlan { consumes, ..work(r#""1s""#) });
    plan.producer("web", r#"{"burst": {"count": 2}}"#, [call(bank), publish(letters)]);
    let story = plan.listen();
    assert_eq!(story.effects(), [1.0, 2.0]);
    assert_eq!(story.counts(["succeeded", "rejected"]), [1, 1]);
    assert_eq!((story.of("letters", "attempts"), story.of("bank", "attempts")), (1.0, 2.0));
}

/// A process that dies can't call again: what it sent on ends with it, though the work may be done all the same.
#[test]
fn the_calls_of_a_service_die_with_it() {
    let mut plan = Plan::lasting("100s");
    let bank = plan.service("bank", ServicePlan { threads: Some(1), ..work(r#""50s""#) });
    let retry = r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "1s"}}}"#;
    let sends = vec![call(bank).timeout("2s").retry(retry)];
    let shop = plan.service("shop", ServicePlan { sends, ..work(r#""1s""#) });
    plan.producer("web", r#"{"burst": {"count": 1}}"#, [call(shop)]);
    plan.ails(shop.node, pileup::model::health::Ailment::Crash, "5s", "6s");
    let story = plan.listen();
    let onward =
        story.times(|fact| matches!(fact, Observation::Attempted { at, .. } if *at == bank.node));
    assert_eq!(onward, [1.0, 4.0]);
    assert_eq!(story.of("shop", "uncertain"), 1.0);
    assert_eq!(story.of("shop", "final_retry_backlog"), 0.0);
}

#[test]
fn users_of_a_closed_loop_wait_for_their_answer_and_think_before_the_next() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""1s""#));
    plan.producer("users", r#"{"closed_loop": {"users": 2, "think_time": "3s"}}"#, [call(mail)]);
    assert_eq!(plan.listen().attempts(), [3.0, 3.0, 7.0, 8.0]);
}

#[test]
fn the_answers_to_other_messages_do_not_make_more_users() {
    let mut plan = Plan::lasting("30s");
    let mail = plan.service("mail", ServicePlan { workers: 9, ..work(r#""1s""#) });
    let arrivals = r#"{"closed_loop": {"users": 1, "think_time": "4s"}};
        {"closed_loop": {"users": 1, "think_time": "9s"}}; {"burst": {"count": 3}}"#;
    plan.producer("users", arrivals, [call(mail)]);
    let attempts = [0.0, 0.0, 0.0, 4.0, 9.0, 9.0, 14.0, 19.0, 19.0, 24.0, 29.0, 29.0];
    assert_eq!(plan.listen().attempts(), attempts);
}

#[test]
fn an_initial_backlog_is_there_at_the_start_and_goes_first() {
    let mut plan = Plan::lasting("10s");
    let mail = plan.service("mail", work(r#""1s""#));
    let arrivals = r#"{"constant": {"rate": "1/s", "from": "500ms", "until": "1s"}}"#;
    plan.producer("web", arrivals, [call(mail)]).initial_backlog = 3;
    let story = plan.listen();
    assert_eq!(sojourns_s(&story), [1.0, 2.0, 3.0, 3.5]);
    assert_eq!(story.total("peak_pending_at_s"), 0.5);
}

/// Work of a second for each of these calls, at a service that sheds: those that are let in.
fn let_in(shedding: &str, times: &[&str]) -> Vec<f64> {
    let mut plan = Plan::lasting("60s");
    let mail = ServicePlan { load_shedding: Some(json(shedding)), ..work(r#""1s""#) };
    let mail = plan.service("mail", mail);
    let lines: String = times.iter().map(|time| format!("{time},0\n")).collect();
    plan.producer("web", "", [call(mail)]).arrivals = vec![trace(&lines)];
    plan.listen().effects()
}

/// At 0.3 s the first in line has waited for 0.2 s; at 1.05 s the one that was let in at 0.2 s has been first for 0.05 s, and waits since 0.2 s.
#[test]
fn a_service_sheds_by_the_length_of_its_line_or_by_what_is_inside_or_by_the_time_waited() {
    let times = ["0", "0.1", "0.2", "0.3", "1.05"];
    assert_eq!(let_in(r#"{"queue_length": {"above": 1}}"#, &times), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(let_in(r#"{"in_flight": {"above": 1}}"#, &times), [1.0, 2.0, 3.0]);
    assert_eq!(let_in(r#"{"waiting_time": {"above": "150ms"}}"#, &times), [1.0, 2.0, 3.0]);
    assert_eq!(let_in(r#"{"waiting_time": {"above": "900ms"}}"#, &times).len(), 5);
}
