//! Tests over the whole vocabulary: what each settings type reads, what its errors point at, and what its schema says.

use std::fmt::Debug;

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::adaptive_throttle::AdaptiveThrottle;
use super::assignment::Assignor;
use super::backoff::{Backoff, Jitter};
use super::circuit_breaker::CircuitBreaker;
use super::commit::Commit;
use super::compatibility::{Change, Compatibility};
use super::concurrency_limit::ConcurrencyLimit;
use super::contention::Contention;
use super::discipline::Discipline;
use super::exhaustion::WhenExhausted;
use super::failure::OnFailure;
use super::idempotency::Idempotency;
use super::load_shedding::LoadShedding;
use super::membership::Membership;
use super::overflow::Overflow;
use super::partitioner::Partitioner;
use super::resend::{AtMost, Resend};
use super::restart::Restart;
use super::retention::Retention;
use super::retry::{MaxAttempts, Retry};
use super::retry_budget::RetryBudget;
use super::warm_up::WarmUp;

/// Reads each text, writes it and reads it again.
fn round_trip<T: DeserializeOwned + Serialize + PartialEq + Debug>(texts: &[&str]) {
    for text in texts {
        let read: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(serde_json::from_value::<T>(written).unwrap(), read, "{text}");
    }
}

#[test]
fn every_form_is_read_and_what_is_written_is_read_back_alike() {
    round_trip::<Retry>(&[
        r#""none""#,
        "{}",
        r#"{"max_attempts": "unlimited", "resend": "on_recovery"}"#,
        r#"{"max_attempts": 5, "backoff": {"fixed": {"delay": "2s"}}, "jitter": "equal"}"#,
        r#"{"schedule": ["15s", "1m"], "budget": "ratio", "retry_after": false}"#,
    ]);
    round_trip::<Backoff>(&[
        r#""none""#,
        r#"{"fixed": {"delay": "1s"}}"#,
        r#"{"linear": {"base": "1s"}}"#,
        r#"{"exponential": {}}"#,
        r#"{"exponential": {"base": "100ms", "factor": 3, "max": "5s"}}"#,
    ]);
    round_trip::<Jitter>(&[r#""none""#, r#""full""#, r#""equal""#, r#""decorrelated""#]);
    round_trip::<Jitter>(&[r#"{"around": {}}"#, r#"{"around": {"share": 0.005}}"#]);
    round_trip::<Resend>(&[
        r#"{"rounds": {"every": "60s", "at_most": 100, "spread_over": "30s"}}"#,
        r#"{"rounds": {"every": "60s"}}"#,
        r#"{"on_recovery": {"at_most": "all"}}"#,
        r#""on_recovery""#,
    ]);
    round_trip::<RetryBudget>(&[
        r#""ratio""#,
        r#""token_bucket""#,
        r#"{"ratio": {"ratio": 0.1}}"#,
        r#"{"token_bucket": {"capacity": 10, "cost": 0, "per_failure": 1, "per_success": 0.1, "only_above": 5}}"#,
    ]);
    round_trip::<CircuitBreaker>(&[
        "{}",
        r#"{"trip_on": {"consecutive_failures": 5}, "open_for": "10s", "probes": 3}"#,
        r#"{"trip_on": {"failure_ratio": {"ratio": 0.1, "window": "30s", "min_calls": 100}}}"#,
    ]);
    round_trip::<ConcurrencyLimit>(&[
        r#"{"aimd": {}}"#,
        r#"{"gradient": {"min": 5, "retry_after": "1s"}}"#,
    ]);
    round_trip::<AdaptiveThrottle>(&["{}", r#"{"multiplier": 1.1, "window": "1m"}"#]);
    round_trip::<WhenExhausted>(&[
        r#""refuse""#,
        r#""crash""#,
        r#"{"crash": {}}"#,
        r#"{"crash": {"restart_after": "60s"}}"#,
        r#"{"crash": {"restart_after": "crash_loop_backoff"}}"#,
        r#""shed""#,
        r#"{"shed": {"retry_after": "5s"}}"#,
    ]);
    round_trip::<Restart>(&[
        r#""30s""#,
        r#"{"fixed": {"after": "30s"}}"#,
        r#""crash_loop_backoff""#,
        r#"{"crash_loop_backoff": {"max": "60s"}}"#,
    ]);
    round_trip::<WarmUp>(&[r#"{"extra": 4, "time_constant": "30s"}"#]);
    round_trip::<Contention>(&[
        r#""none""#,
        r#"{"linear": {"per_worker": 0.05}}"#,
        r#"{"universal": {"serial": 0.05, "crosstalk": 0.001}}"#,
    ]);
    round_trip::<LoadShedding>(&[
        r#"{"queue_length": {"above": 100}}"#,
        r#"{"in_flight": {"above": 100, "retry_after": "1s"}}"#,
        r#"{"waiting_time": {"above": "1s"}}"#,
        r#"{"priority": {"thresholds": [1.0, 0.8]}}"#,
    ]);
    round_trip::<OnFailure>(&[
        r#""halt""#,
        r#"{"halt": {"backoff": {"fixed": {"delay": "1s"}}}}"#,
        r#""requeue""#,
        r#""reject""#,
        r#"{"skip": {}}"#,
        r#"{"dead_letter": {"attempts": 10, "backoff": "none"}}"#,
    ]);
    round_trip::<Overflow>(&[
        r#""block""#,
        r#""reject""#,
        r#"{"reject": {"retry_after": "1s"}}"#,
        r#""drop_newest""#,
        r#""drop_oldest""#,
    ]);
    round_trip::<Discipline>(&[
        r#""fifo""#,
        r#""lifo""#,
        r#""priority""#,
        r#"{"adaptive_lifo": {"above": 100}}"#,
    ]);
    round_trip::<Assignor>(&[
        r#""range""#,
        r#""round_robin""#,
        r#""sticky""#,
        r#""cooperative_sticky""#,
    ]);
    round_trip::<Partitioner>(&[
        r#""murmur2""#,
        r#"{"murmur2": {"run": 100}}"#,
        r#""crc32""#,
        r#"{"crc32": {"sticks_for": "1s"}}"#,
        r#""round_robin""#,
    ]);
    round_trip::<Retention>(&["{}", r#"{"time": "1h", "messages": 1000, "segment_messages": 10}"#]);
    round_trip::<Membership>(&[
        "{}",
        r#"{"assignor": "sticky", "session_timeout": "10s", "protocol": "consumer", "static_members": true, "auto_offset_reset": "earliest"}"#,
    ]);
    round_trip::<Commit>(&[
        r#""before""#,
        r#""after""#,
        r#"{"auto": {}}"#,
        r#"{"auto": {"every": "1s"}}"#,
    ]);
    round_trip::<Idempotency>(&[
        r#""none""#,
        r#""check_then_act""#,
        r#"{"check_then_act": {"gap": "10ms"}}"#,
        r#""transactional""#,
        r#"{"transactional": {"cost": "2ms"}}"#,
    ]);
}

#[test]
fn a_shorter_form_means_the_full_form_with_its_defaults() {
    fn same<T: DeserializeOwned + PartialEq + Debug>(short: &str, full: &str) {
        let read = |text| serde_json::from_str::<T>(text).unwrap();
        assert_eq!(read(short), read(full), "{short}");
    }
    same::<Resend>(r#""on_recovery""#, r#"{"on_recovery": {}}"#);
    same::<RetryBudget>(r#""ratio""#, r#"{"ratio": {}}"#);
    same::<RetryBudget>(r#""token_bucket""#, r#"{"token_bucket": {}}"#);
    same::<Restart>(r#""90s""#, r#"{"fixed": {"after": "90s"}}"#);
    same::<Restart>(r#""crash_loop_backoff""#, r#"{"crash_loop_backoff": {}}"#);
    same::<Partitioner>(r#""murmur2""#, r#"{"murmur2": {}}"#);
    same::<Partitioner>(r#""crc32""#, r#"{"crc32": {}}"#);
    same::<WhenExhausted>(r#""crash""#, r#"{"crash": {}}"#);
    same::<WhenExhausted>(r#""shed""#, r#"{"shed": {}}"#);
    same::<Overflow>(r#""reject""#, r#"{"reject": {}}"#);
    same::<Idempotency>(r#""check_then_act""#, r#"{"check_then_act": {}}"#);
    same::<Idempotency>(r#""transactional""#, r#"{"transactional": {}}"#);
}

/// The path and the text of the error that a wrong value gets.
fn error<T: DeserializeOwned + Debug>(text: &str) -> (String, String) {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let error = serde_path_to_error::deserialize::<_, T>(value).unwrap_err();
    (error.path().to_string(), error.inner().to_string())
}

#[test]
fn an_error_inside_a_settings_type_keeps_its_full_path() {
    for (path, at) in [
        error::<Retry>(r#"{"backoff": {"exponential": {"base": 5}}}"#),
        error::<Retry>(r#"{"resend": {"rounds": {"every": "1s", "at_most": "some"}}}"#),
        error::<Retry>(r#"{"budget": {"ratio": {"ratio": "much"}}}"#),
        error::<Retry>(r#"{"schedule": ["15s", "1parsec"]}"#),
        error::<WhenExhausted>(r#"{"crash": {"restart_after": "soon"}}"#),
        error::<WhenExhausted>(r#"{"crash": {"restart_after": {"fixed": {"after": 1}}}}"#),
        error::<Idempotency>(r#"{"check_then_act": {"gap": -1}}"#),
    ]
    .map(|(path, _)| path)
    .into_iter()
    .zip([
        "backoff.exponential.base",
        "resend.rounds.at_most",
        "budget.ratio.ratio",
        "schedule[1]",
        "crash.restart_after",
        "crash.restart_after.fixed.after",
        "check_then_act.gap",
    ]) {
        assert_eq!(path, at);
    }
}

#[test]
fn an_error_says_what_would_have_been_right() {
    for ((_, wrong), said) in [
        (
            error::<WhenExhausted>(r#""explode""#),
            "unknown variant `explode`, expected one of `refuse`, `crash`, `shed`",
        ),
        (
            error::<WhenExhausted>(r#"{"crash": {"restart": "60s"}}"#),
            "unknown field `restart`, expected `restart_after`",
        ),
        (
            error::<WhenExhausted>("true"),
            "invalid type: boolean `true`, expected \"refuse\", \"crash\" or \"shed\", or one of the last two with its settings",
        ),
        (
            error::<AtMost>("-1"),
            "invalid type: integer `-1`, expected a number of entries, or \"all\"",
        ),
        (
            error::<MaxAttempts>("1.5"),
            "invalid type: floating point `1.5`, expected a number of attempts, or \"unlimited\"",
        ),
        (
            error::<Retry>(r#"{"max_attempt": 3}"#),
            "unknown field `max_attempt`, expected one of `max_attempts`, `backoff`, `jitter`, `schedule`, `resend`, `budget`, `persistence`, `retry_after`",
        ),
        (error::<Restart>(r#""fixed""#), "`fixed` needs its settings; write {\"fixed\": {…}}"),
        (
            error::<Restart>(r#""60""#),
            "`60` has no unit; write \"60s\" for seconds, \"60ms\" for milliseconds",
        ),
    ] {
        assert_eq!(wrong, said);
    }
}

/// Every place in a schema that offers a value without saying what it means.
fn undescribed(schema: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(|fields| fields.as_object()) {
        for (name, field) in properties {
            let inner = field.get("properties").is_some();
            if field.get("description").is_none() && field.get("$ref").is_none() && !inner {
                found.push(format!("{path}.{name}"));
            }
            undescribed(field, &format!("{path}.{name}"), found);
        }
    }
    for form in schema.get("oneOf").and_then(|forms| forms.as_array()).into_iter().flatten() {
        undescribed(form, path, found);
    }
}

#[test]
fn the_schema_describes_every_field() {
    fn of<T: JsonSchema>() -> (String, serde_json::Value) {
        (T::schema_name().into_owned(), schema_for!(T).to_value())
    }
    let schemas = [
        of::<Retry>(),
        of::<RetryBudget>(),
        of::<Resend>(),
        of::<CircuitBreaker>(),
        of::<AdaptiveThrottle>(),
        of::<WhenExhausted>(),
        of::<Restart>(),
        of::<WarmUp>(),
        of::<Contention>(),
        of::<LoadShedding>(),
        of::<Overflow>(),
        of::<Discipline>(),
        of::<Assignor>(),
        of::<Partitioner>(),
        of::<Retention>(),
        of::<Membership>(),
        of::<Commit>(),
        of::<Idempotency>(),
        of::<OnFailure>(),
        of::<Change>(),
        of::<Compatibility>(),
    ];
    let mut found = Vec::new();
    for (name, schema) in &schemas {
        assert!(schema.get("description").is_some(), "{name}");
        undescribed(schema, name, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}
