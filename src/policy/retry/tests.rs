//! Exact times on hand-made traces, and moments of jitter over many messages.

use super::*;

fn retry(text: &str) -> Retry {
    serde_json::from_str(text).unwrap()
}

fn draws() -> KeyedStream {
    KeyedStream::new(1, 0, "producer/web/retry")
}

/// When each attempt of message `identity` starts, if each fails after `attempt_secs`, and the delay runs from there.
fn starts(retry: &Retry, attempt_secs: f64, identity: u64) -> Vec<f64> {
    let attempt = SimDuration::from_secs_f64(attempt_secs);
    let mut starts = vec![SimDuration::ZERO];
    let mut last = SimDuration::ZERO;
    for failures in 1.. {
        let Some(delay) = retry.delay(failures, draws(), identity) else { break };
        last = last + attempt + delay;
        starts.push(last);
    }
    starts.into_iter().map(SimDuration::as_secs_f64).collect()
}

#[test]
fn attempts_without_jitter_start_when_arithmetic_says() {
    let exponential = |base, max, attempts| {
        retry(&format!(
            r#"{{"max_attempts": {attempts}, "jitter": "none",
                 "backoff": {{"exponential": {{"base": "{base}", "max": "{max}"}}}}}}"#
        ))
    };
    assert_eq!(
        starts(&exponential("100ms", "5s", 10), 0.0, 0),
        [0.0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 11.3, 16.3, 21.3]
    );
    assert_eq!(
        starts(&exponential("500ms", "30s", 8), 1.0, 0),
        [0.0, 1.5, 3.5, 6.5, 11.5, 20.5, 37.5, 68.5]
    );
    let fixed = retry(r#"{"max_attempts": 6, "backoff": {"fixed": {"delay": "2s"}}}"#);
    assert_eq!(starts(&fixed, 0.0, 0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
}

/// Mean and variance of the start of the tenth attempt over many messages: full jitter has mean Σv/2 and variance Σv²/12,
/// equal jitter 3Σv/4 and Σv²/48.
#[test]
fn jitter_has_the_mean_and_the_variance_of_its_formula() {
    const MESSAGES: u32 = 50_000;
    for (jitter, mean, variance) in [("full", 10.65, 7.3875), ("equal", 15.975, 1.846_875)] {
        let retry = retry(&format!(
            r#"{{"max_attempts": 10, "jitter": "{jitter}",
                 "backoff": {{"exponential": {{"base": "100ms", "max": "5s"}}}}}}"#
        ));
        let tenth: Vec<f64> =
            (0..MESSAGES).map(|message| starts(&retry, 0.0, message.into())[9]).collect();
        let count = f64::from(MESSAGES);
        let measured_mean = tenth.iter().sum::<f64>() / count;
        let squares = tenth.iter().map(|start| (start - mean).powi(2));
        let measured_variance = squares.sum::<f64>() / count;
        let standard_error = (variance / count).sqrt();
        assert!((measured_mean - mean).abs() < 4.0 * standard_error, "{measured_mean}");
        assert!((measured_variance / variance - 1.0).abs() < 0.03, "{measured_variance}");
    }
}

#[test]
fn by_default_there_are_three_attempts_with_full_jitter() {
    let retry = retry("{}");
    for message in 0..1000 {
        let first = retry.delay(1, draws(), message).unwrap();
        let second = retry.delay(2, draws(), message).unwrap();
        assert!(first <= SimDuration::from_secs(1) && second <= SimDuration::from_secs(2));
        assert_eq!(retry.delay(3, draws(), message), None);
    }
}

#[test]
fn a_schedule_is_followed_and_its_last_delay_repeats_if_more_attempts_are_allowed() {
    let listed = retry(r#"{"schedule": ["15s", "1m", "5m"]}"#);
    assert_eq!(starts(&listed, 0.0, 0), [0.0, 15.0, 75.0, 375.0]);
    let longer = retry(r#"{"schedule": ["15s", "1m"], "max_attempts": 5}"#);
    assert_eq!(starts(&longer, 0.0, 0), [0.0, 15.0, 75.0, 135.0, 195.0]);
}

#[test]
fn without_retries_one_failure_is_the_end_and_without_a_limit_none_is() {
    assert_eq!(Retry::None.delay(1, draws(), 0), None);
    let unlimited = retry(r#"{"max_attempts": "unlimited", "backoff": "none"}"#);
    assert_eq!(unlimited.delay(1_000_000, draws(), 0), Some(SimDuration::ZERO));
}

#[test]
fn a_delay_is_constant_where_neither_growth_nor_chance_changes_it() {
    let second = SimDuration::from_secs(1);
    for (text, constant) in [
        (r#""none""#, None),
        ("{}", None),
        (r#"{"backoff": "none"}"#, Some(SimDuration::ZERO)),
        (r#"{"backoff": {"fixed": {"delay": "1s"}}}"#, Some(second)),
        (r#"{"backoff": {"fixed": {"delay": "1s"}}, "jitter": "full"}"#, None),
        (r#"{"schedule": ["1s"]}"#, Some(second)),
        (r#"{"schedule": ["1s", "2s"]}"#, None),
        (r#"{"resend": "on_recovery"}"#, None),
    ] {
        assert_eq!(retry(text).constant_delay(), constant, "{text}");
    }
}

#[test]
fn a_callee_that_says_when_is_obeyed_unless_that_is_turned_off() {
    let (own, asked) = (SimDuration::from_secs(1), SimDuration::from_secs(5));
    assert_eq!(retry("{}").obeying(own, Some(asked)), asked);
    assert_eq!(retry("{}").obeying(own, None), own);
    assert_eq!(retry(r#"{"retry_after": false}"#).obeying(own, Some(asked)), own);
}

#[test]
fn rules_that_contradict_one_another_are_told() {
    for (text, paths) in [
        ("{}", vec![]),
        (r#"{"max_attempts": 1}"#, vec!["max_attempts"]),
        (r#"{"max_attempts": 65536}"#, vec!["max_attempts"]),
        (r#"{"schedule": []}"#, vec!["schedule"]),
        (r#"{"backoff": "none", "schedule": ["1s"]}"#, vec!["schedule"]),
        (r#"{"schedule": ["1s"], "resend": "on_recovery"}"#, vec!["resend"]),
        (r#"{"resend": "on_recovery", "jitter": "full"}"#, vec!["jitter"]),
        (r#"{"jitter": "decorrelated", "schedule": ["1s"]}"#, vec!["jitter"]),
        (r#"{"jitter": "decorrelated"}"#, vec![]),
        (r#"{"jitter": {"around": {"share": 1.5}}}"#, vec!["jitter.around.share"]),
        (
            r#"{"backoff": {"exponential": {"factor": 0}}, "budget": {"ratio": {"ratio": 0}}}"#,
            vec!["backoff.exponential.factor", "budget.ratio.ratio"],
        ),
    ] {
        let told: Vec<String> = retry(text).check().into_iter().map(|(path, _)| path).collect();
        assert_eq!(told, paths, "{text}");
    }
}

#[test]
fn a_sender_without_full_persistence_gives_up_that_often() {
    const MESSAGES: u64 = 100_000;
    let often = |text: &str| {
        let rules = retry(text);
        (0..MESSAGES).filter(|message| rules.allows_another(1, draws(), *message)).count() as f64
    };
    let half = often(r#"{"max_attempts": "unlimited", "persistence": 0.3}"#);
    let deviation = (MESSAGES as f64 * 0.3 * 0.7).sqrt();
    assert!((half - 0.3 * MESSAGES as f64).abs() < 4.0 * deviation, "{half}");
    assert_eq!(often(r#"{"max_attempts": "unlimited"}"#), MESSAGES as f64);
    assert_eq!(often(r#"{"persistence": 0}"#), 0.0);
    let problems = retry(r#"{"persistence": 1.5}"#).check();
    assert_eq!(problems[0].0, "persistence");
}
