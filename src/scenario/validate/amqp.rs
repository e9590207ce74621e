//! Brokers with exchanges: bindings that lead nowhere, words that only one kind of broker or queue has, and messages that get lost without
//! a word.

mod consumers;
mod foreign;
mod letters;

use super::links::sendings;
use super::names::is_name;
use super::settings::all;
use super::{Finding, node};
use crate::model::broker::MOST_QUEUES;
use crate::policy::length_limit::AtLimit;
use crate::policy::routing::ExchangeType;
use crate::scenario::document::{Amqp, Binding, Disk, Document, Memory, Publish, Sending};
use crate::scenario::exchanges::{self, Posting};
use crate::scenario::path::Path;
use crate::scenario::suggest;
use crate::time::SimDuration;

pub(super) use consumers::slow_work;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, _) in &document.brokers {
        if let Some(amqp) = exchanges::amqp(document, name) {
            let path = node("brokers", name).key("amqp");
            findings.extend(of_settings(amqp, &path));
            findings.extend(of_names(amqp, &path));
            findings.extend(of_bindings(amqp, &path));
            findings.extend(letters::of_dead_letters(document, name, amqp, &path));
            findings.extend(letters::of_queues(amqp, &path));
            findings.extend(letters::of_use(document, name, amqp, &path));
        }
    }
    for (path, sending) in sendings(document) {
        if let Sending::Publish(publish) = sending {
            let path = path.key("publish");
            match exchanges::amqp(document, &publish.to) {
                Some(amqp) => findings.extend(of_publish(amqp, publish, &path)),
                None => findings.extend(foreign::publish(document, publish, &path)),
            }
        }
    }
    for (name, service) in &document.services {
        for (index, consume) in service.consumes.iter().enumerate() {
            let path = node("services", name).key("consumes").index(index);
            match exchanges::amqp(document, &consume.from) {
                Some(_) => findings.extend(consumers::check(document, consume, &path)),
                None => findings.extend(foreign::consume(document, consume, &path)),
            }
        }
    }
    findings
}

fn of_settings(amqp: &Amqp, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut some_time = |path: Path, length: SimDuration| {
        if length == SimDuration::ZERO {
            let message = format!("`{}` is 0s", path.tail());
            findings.push(Finding::error(path, message, "it must be longer"));
        }
    };
    some_time(path.key("heartbeat_timeout"), amqp.heartbeat_timeout);
    some_time(path.key("consumer_timeout"), amqp.consumer_timeout);
    some_time(path.key("timeout_check_every"), amqp.timeout_check_every);
    if let Some(memory) = &amqp.memory {
        some_time(path.key("memory").key("check_every"), memory.check_every);
    }
    let mut error = |path: Path, value: String, help: &str| {
        let message = format!("`{}` is {value}", path.tail());
        findings.push(Finding::error(path, message, help));
    };
    if amqp.message_bytes == 0 {
        error(path.key("message_bytes"), "0".to_owned(), "it must be at least 1");
    }
    if let Some(Memory { watermark, message_bytes, .. }) = &amqp.memory {
        let path = path.key("memory");
        if !(*watermark > 0.0 && *watermark <= 1.0) {
            let help = "it is a share, above 0 and at most 1";
            error(path.key("watermark"), watermark.to_string(), help);
        }
        if *message_bytes == Some(0) {
            error(path.key("message_bytes"), "0".to_owned(), "it must be at least 1");
        }
    }
    if let Some(Disk { bytes, limit }) = &amqp.disk
        && bytes < limit
    {
        let help = "it is less than `limit` from the start, and nobody could ever publish";
        error(path.key("disk").key("bytes"), bytes.to_string(), help);
    }
    let told = amqp.ingress.map(|ingress| ingress.check()).unwrap_or_default();
    findings.extend(all(&path.key("ingress"), told));
    findings
}

fn of_names(amqp: &Amqp, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if amqp.queues.is_empty() {
        let help = "give it one: {\"orders\": {}}";
        findings.push(Finding::error(path.key("queues"), "this broker has no queues", help));
    }
    if amqp.queues.len() > MOST_QUEUES {
        let message = format!("{} queues are too many for one broker", amqp.queues.len());
        let help = format!("the limit is {MOST_QUEUES}");
        findings.push(Finding::error(path.key("queues"), message, help));
    }
    let queues = amqp.queues.keys().map(|name| ("queues", "a queue", name));
    let exchanges = amqp.exchanges.keys().map(|name| ("exchanges", "an exchange", name));
    for (section, what, name) in queues.chain(exchanges).filter(|(_, _, name)| !is_name(name)) {
        let message = format!("`{name}` is not a name for {what}");
        let help =
            "a name has small letters, digits, `_` and `-`, and begins with a letter or digit";
        let path = path.key(section).key(name);
        findings.push(Finding::error(path, message, help).on_key());
    }
    findings
}

/// That there is an exchange of this name.
fn exchange(amqp: &Amqp, path: Path, name: &str) -> Option<Finding> {
    let known: Vec<&str> = amqp.exchanges.keys().map(String::as_str).collect();
    let message = format!("there is no exchange `{name}`");
    let help = match known[..] {
        [] => "this broker has no exchanges but the default one".to_owned(),
        [..] => suggest::help(name, &known),
    };
    let is_known = name.is_empty() || amqp.exchanges.contains_key(name);
    (!is_known).then(|| Finding::error(path, message, help))
}

/// That there is a queue of this name.
fn queue(amqp: &Amqp, path: Path, name: &str) -> Option<Finding> {
    let known: Vec<&str> = amqp.queues.keys().map(String::as_str).collect();
    let finding = || {
        let message = format!("there is no queue `{name}`");
        Finding::error(path, message, suggest::help(name, &known))
    };
    (!amqp.queues.contains_key(name)).then(finding)
}

fn of_bindings(amqp: &Amqp, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, binding) in amqp.bindings.iter().enumerate() {
        let path = path.key("bindings").index(index);
        findings.extend(exchange(amqp, path.key("exchange"), &binding.exchange));
        findings.extend(target(amqp, binding, &path));
        findings.extend(of_arguments(amqp, binding, &path));
    }
    for (name, settings) in &amqp.exchanges {
        let path = path.key("exchanges").key(name);
        if let Some(alternate) = &settings.alternate {
            findings.extend(exchange(amqp, path.key("alternate"), alternate));
        }
        let is_bound = amqp.bindings.iter().any(|binding| binding.exchange == *name);
        if !is_bound && settings.alternate.is_none() {
            let message = format!("no queue is bound to the exchange `{name}`");
            let help = "what is published to it is dropped";
            findings.push(Finding::warning(path, message, help).on_key());
        }
    }
    findings
}

/// A binding leads to a queue or an exchange, and not to both.
fn target(amqp: &Amqp, binding: &Binding, path: &Path) -> Option<Finding> {
    match (&binding.queue, &binding.to_exchange) {
        (Some(to), None) => queue(amqp, path.key("queue"), to),
        (None, Some(to)) if to.is_empty() => {
            let message = "nothing can be bound to the default exchange";
            let help = "name the `queue` instead";
            Some(Finding::error(path.key("to_exchange"), message, help))
        }
        (None, Some(to)) => exchange(amqp, path.key("to_exchange"), to),
        (None, None) => {
            let help = "add a `queue` or a `to_exchange`";
            Some(Finding::error(path.clone(), "this binding leads nowhere", help))
        }
        (Some(_), Some(_)) => {
            let message = "a binding leads to a queue or to an exchange";
            Some(Finding::error(
                path.key("to_exchange"),
                message,
                "remove it, or write a second one",
            ))
        }
    }
}

/// Keys and headers where nobody looks at them.
fn of_arguments(amqp: &Amqp, binding: &Binding, path: &Path) -> Option<Finding> {
    let kind = amqp.exchanges.get(&binding.exchange).map(|exchange| exchange.exchange_type);
    let (field, message, help) = match kind {
        None if binding.exchange.is_empty() => (
            "exchange",
            "nothing can be bound to the default exchange".to_owned(),
            "every queue is bound to it by its name",
        ),
        Some(ExchangeType::Headers) if binding.key.is_some() => {
            let message =
                format!("`{}` is a headers exchange, which has no keys", binding.exchange);
            ("key", message, "say which `headers` a message has to have")
        }
        Some(ExchangeType::Direct | ExchangeType::Fanout | ExchangeType::Topic)
            if binding.headers.is_some() =>
        {
            let message = format!("`{}` is no headers exchange", binding.exchange);
            ("headers", message, "give the exchange the `type` \"headers\", or remove them")
        }
        None | Some(_) => return None,
    };
    Some(Finding::error(path.key(field), message, help))
}

fn of_publish(amqp: &Amqp, publish: &Publish, path: &Path) -> Vec<Finding> {
    let posting = exchanges::posting(amqp, publish);
    if let Some(finding) = address(amqp, publish, &posting, path) {
        return vec![finding];
    }
    let Posting { exchange: to, label, mandatory, confirms, .. } = &posting;
    let found = exchanges::queues(amqp, &posting);
    let mut findings = Vec::new();
    if found.is_empty() && amqp.bindings.iter().any(|binding| binding.exchange == *to) {
        let message = format!("no binding of `{to}` matches the routing key `{}`", label.key);
        let fate = if *mandatory { "come back" } else { "are dropped without a word" };
        let help = format!("its messages {fate}");
        findings.push(Finding::warning(path.clone(), message, help));
    }
    if let (Some(_), false) = (publish.max_unconfirmed, confirms) {
        let message = "without `confirms` nothing is ever unconfirmed";
        let help = "set `confirms` to true, or remove it";
        findings.push(Finding::error(path.key("max_unconfirmed"), message, help));
    }
    if publish.max_unconfirmed == Some(0) {
        let message = "`max_unconfirmed` is 0";
        findings.push(Finding::error(
            path.key("max_unconfirmed"),
            message,
            "it must be at least 1",
        ));
    }
    for place in found.into_iter().filter(|_| !confirms) {
        if let Some((name, settings)) = amqp.queues.get_index(place)
            && settings.overflow != AtLimit::DropHead
        {
            let message = format!("what `{name}` refuses is lost, and the sender isn't told");
            let help = "set `confirms` to true";
            findings.push(Finding::warning(path.clone(), message, help));
        }
    }
    findings
}

/// An exchange or a queue that isn't there, or isn't named.
fn address(amqp: &Amqp, publish: &Publish, posting: &Posting, path: &Path) -> Option<Finding> {
    let to = &posting.exchange;
    if let Some(finding) = exchange(amqp, path.key("exchange"), to) {
        return Some(finding);
    }
    if let Some(stated) = &publish.queue {
        let field = path.key("queue");
        if !to.is_empty() || publish.routing_key.is_some() {
            let message = "a message goes to an exchange with a routing key, or to a queue";
            return Some(Finding::error(field, message, "remove it"));
        }
        return queue(amqp, field, stated);
    }
    if !to.is_empty() {
        return None;
    }
    if let Some(key) = &publish.routing_key {
        return queue(amqp, path.key("routing_key"), key);
    }
    let known: Vec<&str> = amqp.queues.keys().map(String::as_str).collect();
    let message = format!("`{}` has several queues, and `routing_key` is missing", publish.to);
    let help = format!("possible here: {}", suggest::list(&known));
    (known.len() > 1).then(|| Finding::error(path.clone(), message, help))
}

#[cfg(test)]
mod tests;
