//! Calls that may wait for ever, and retries that let no time pass. Either may be the point of a scenario, so it is a warning.

use super::Finding;
use super::links::sendings;
use crate::model::fault::{Fault, Reach};
use crate::policy::backoff::Backoff;
use crate::policy::retry::{MaxAttempts, Retry};
use crate::scenario::document::{Call, Document, Sending};
use crate::scenario::path::Step;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, sending) in sendings(document) {
        let (Sending::Call(call), [_, Step::Key(sender), ..]) = (sending, path.steps()) else {
            continue;
        };
        let path = path.below("call.to");
        if let Some(fault) = swallows(document, sender, call) {
            let message = format!("`{sender}` may wait for `{}` for ever", call.to);
            let help = format!("a {fault} swallows answers; give the call a `timeout`");
            findings.push(Finding::warning(path.clone(), message, help));
        }
        if is_restless(call) && may_refuse(document, &call.to) {
            let message = format!("`{sender}` tries again at once and without end");
            let help =
                format!("no time passes while `{}` refuses; give `backoff` a delay", call.to);
            findings.push(Finding::warning(path, message, help));
        }
    }
    findings
}

/// The fault, in words, after which a caller without timeout gets no answer.
fn swallows(document: &Document, sender: &str, call: &Call) -> Option<&'static str> {
    if call.timeout.is_some() {
        return None;
    }
    let is_on_the_way = |fault: &&Fault| match fault.reach() {
        Some(Reach::On(node)) => node == sender || node == call.to,
        Some(Reach::Between(a, b)) => [(a, b), (b, a)].contains(&(sender, call.to.as_str())),
        None => false,
    };
    let in_words = |fault: &Fault| match fault {
        Fault::Partition(_) => Some("partition"),
        Fault::MessageLoss(loss) if loss.probability > 0.0 => Some("loss of messages"),
        Fault::Hang(hang) if hang.on == call.to && hang.until.is_none() => Some("hang"),
        _ => None,
    };
    document.faults.iter().filter(is_on_the_way).find_map(in_words)
}

/// Whether every failure is followed by the next attempt in the same instant, as often as it takes.
fn is_restless(call: &Call) -> bool {
    let Retry::Rules(rules) = &call.retry else { return false };
    let at_once = match (&rules.backoff, &rules.schedule) {
        (Some(Backoff::None), _) => true,
        (Some(Backoff::Fixed { delay }), _) => delay.as_nanos() == 0,
        (None, Some(delays)) => delays.last().is_some_and(|last| last.as_nanos() == 0),
        _ => false,
    };
    let without_end = rules.max_attempts == Some(MaxAttempts::Unlimited)
        && rules.resend.is_none()
        && rules.budget.is_none()
        && rules.persistence == 1.0;
    at_once && without_end && call.circuit_breaker.is_none() && call.latency.mean_s() == 0.0
}

/// Whether a service turns calls away at once, now or then.
fn may_refuse(document: &Document, name: &str) -> bool {
    let is_down = |fault: &Fault| matches!(fault, Fault::Crash(crash) if crash.on == name);
    document.services.get(name).is_some_and(|service| {
        service.threads.is_some()
            || service.load_shedding.is_some()
            || service.concurrency_limit.is_some()
    }) || document.faults.iter().any(is_down)
}

#[cfg(test)]
mod tests {
    use crate::scenario::source::Source;
    use crate::scenario::{Overrides, load};

    const FILE: &str = r#"{
        "title": "Letters", "question": "?", "duration": "1h", "sample_every": "10s",
        "producers": { "shop": { "arrivals": [ { "poisson": { "rate": "5/s" } } ],
                                 "sends": [ { "call": { "to": "mail" } } ] } },
        "services": { "mail": { "service_time": "25ms" } } }"#;

    /// The warnings with these values restated.
    fn warnings(sets: &[&str]) -> Vec<String> {
        let source =
            Source::Text { name: "x".into(), shown: "x.json".into(), content: FILE.into() };
        let sets = sets.iter().map(|set| (*set).to_owned()).collect();
        let scenario = load(&source, &Overrides { sets, ..Overrides::default() });
        let warnings = scenario.unwrap_or_else(|error| panic!("{error}")).warnings;
        warnings.into_iter().map(|warning| warning.message).collect()
    }

    #[test]
    fn a_call_without_timeout_is_warned_of_what_swallows_answers() {
        let ever = ["`shop` may wait for `mail` for ever"];
        for fault in [
            r#"{"partition": {"between": ["mail", "shop"], "until": "1min"}}"#,
            r#"{"message_loss": {"on": "mail", "probability": 0.1}}"#,
            r#"{"hang": {"on": "mail", "from": "1min"}}"#,
        ] {
            let faults = format!("faults=[{fault}]");
            assert_eq!(warnings(&[&faults]), ever, "{fault}");
            let timeout = "producers.shop.sends[0].call.timeout=2s";
            assert_eq!(warnings(&[&faults, timeout]), [""; 0], "{fault}");
        }
        let harmless = r#"faults=[{"hang": {"on": "mail", "until": "1min"}}]"#;
        assert_eq!(warnings(&[harmless]), [""; 0]);
    }

    #[test]
    fn a_retry_that_lets_no_time_pass_is_warned_of() {
        let retry = r#"producers.shop.sends[0].call.retry={"max_attempts": "unlimited", "backoff": "none"}"#;
        let threads = "services.mail.threads=9";
        assert_eq!(warnings(&[retry, threads]), ["`shop` tries again at once and without end"]);
        assert_eq!(warnings(&[retry]), [""; 0], "nobody refuses");
        for calm in [
            "producers.shop.sends[0].call.retry.max_attempts=3",
            r#"producers.shop.sends[0].call.retry.backoff={"fixed": {"delay": "1s"}}"#,
            "producers.shop.sends[0].call.latency=1ms",
        ] {
            assert_eq!(warnings(&[retry, threads, calm]), [""; 0], "{calm}");
        }
    }
}
