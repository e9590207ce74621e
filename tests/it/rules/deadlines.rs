//! Work that nobody waits for any more: deadlines that go along with calls, and lines that turn away who has waited too long.

use pileup::model::health::Ailment;
use pileup::model::observation::{Failure, Observation};

use crate::support::{Plan, Story};

fn world(call: &str, services: &str) -> Plan {
    Plan::of_scenario(&format!(
        r#"{{"title": "t", "question": "?", "duration": "20s", "sample_every": "1s",
            "producers": {{"web": {{"arrivals": [{{"burst": {{"count": 5}}}}],
                "sends": [{{"call": {{"to": "front", {call}}}}}]}}}},
            "services": {{{services}}}}}"#
    ))
}

fn timed_out(story: &Story) -> Vec<f64> {
    story
        .times(|fact| matches!(fact, Observation::AttemptFailed { failure: Failure::TimedOut, .. }))
}

/// "Deadlines" of gRPC's documentation: the server, too, knows that nobody waits. The third call begins in time and ends too late.
#[test]
fn a_callee_turns_away_what_is_too_late_when_its_turn_comes() {
    let front = r#""front": {"service_time": "1s"}"#;
    let story = world(r#""deadline": "2500ms", "retry": "none""#, front).listen();
    assert_eq!(story.effects(), [1.0, 2.0, 3.0]);
    assert_eq!(timed_out(&story), [2.5; 3]);
    assert_eq!(story.counts(["succeeded", "uncertain", "abandoned"]), [2, 1, 2]);
    let unknown = world(r#""timeout": "2500ms", "retry": "none""#, front).listen();
    assert_eq!(
        unknown.effects(),
        [1.0, 2.0, 3.0, 4.0, 5.0],
        "a timeout is the caller's own affair"
    );
}

/// Counted over all attempts: one at 0 s, one at 1.5 s, and none at 3 s.
#[test]
fn a_deadline_ends_all_attempts() {
    let retry = r#"{"max_attempts": "unlimited", "backoff": {"fixed": {"delay": "500ms"}}, "jitter": "none"}"#;
    let call = format!(r#""deadline": "3s", "timeout": "1s", "retry": {retry}"#);
    let mut plan = world(&call, r#""front": {"service_time": "1s"}"#);
    let front = plan.0.services[0].node;
    plan.ails(front, Ailment::Hang, "0s", "10s");
    let story = plan.listen();
    assert_eq!(story.counts(["attempts", "uncertain", "abandoned"]), [10, 0, 5]);
    assert_eq!(story.effects(), [0.0; 0], "all are too late when it goes on");
    assert_eq!(timed_out(&story), [[1.0; 5], [2.5; 5]].concat());
    // The second attempt has half a second less than its timeout.
    let shorter = world(&call.replace("3s", "2s"), r#""front": {"service_time": "9s"}"#).listen();
    assert_eq!(timed_out(&shorter), [[1.0; 5], [2.0; 5]].concat());
}

/// What is sent on has no more time than is left, and a worker that waits for it is free again then.
#[test]
fn a_deadline_is_passed_on() {
    let services = r#""front": {"service_time": "500ms", "sends": [{"call": {"to": "back", "retry": "none"}}]},
        "back": {"service_time": "5s"}"#;
    let story = world(r#""deadline": "2s", "retry": "none""#, services).listen();
    assert_eq!(timed_out(&story), [2.0; 6], "five callers, and `front` itself");
    assert_eq!(story.effects(), [5.5], "what is in work goes on");
    assert_eq!(story.of("back", "attempts"), 1.0, "the others are too late when it is free");
    let own = services.replace(r#""to": "back","#, r#""to": "back", "deadline": "300ms","#);
    let story = world(r#""deadline": "2s", "retry": "none""#, &own).listen();
    assert_eq!(timed_out(&story)[..2], [0.8, 1.6], "the shorter one counts");
}

/// folly's `Codel` with its defaults, and 20 ms of work for each of twenty. At 100 ms an interval ends in which somebody didn't wait at all.
/// In that until 200 ms everybody did: the first one after it is served, and those who are next are turned away.
#[test]
fn controlled_delay_gives_a_line_one_interval_to_get_short() {
    let front = r#""front": {"service_time": "20ms", "discipline": {"codel": {}}}"#;
    let mut plan = world(r#""retry": "none""#, front);
    plan.0.producers[0].arrivals[0].process = crate::support::json(r#"{"burst": {"count": 20}}"#);
    let story = plan.listen();
    let wanted: Vec<f64> = (1..=11).map(|n| f64::from(n) * 0.02).collect();
    let done: Vec<f64> = story.effects().iter().map(|at| (at * 1e3).round() / 1e3).collect();
    assert_eq!(done, wanted.iter().map(|at| (at * 1e3).round() / 1e3).collect::<Vec<_>>());
    assert_eq!(story.counts(["succeeded", "rejected"]), [11, 9]);
}
