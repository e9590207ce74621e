//! Brokers with exchanges: bindings that lead nowhere, words that only one kind of broker or queue has, and messages that get lost without
//! a word.

mod foreign;

use super::links::sendings;
use super::names::is_name;
use super::{Finding, node};
use crate::model::broker::MOST_QUEUES;
use crate::policy::failure::OnFailure;
use crate::policy::length_limit::AtLimit;
use crate::policy::returns::QueueType;
use crate::policy::routing::ExchangeType;
use crate::scenario::document::{
    Amqp, AmqpQueue, Binding, Consume, Document, Memory, Publish, Sending,
};
use crate::scenario::exchanges::{self, Posting};
use crate::scenario::path::Path;
use crate::scenario::queues;
use crate::scenario::suggest;
use crate::time::SimDuration;

/// The largest `prefetch`: sixteen bits in `basic.qos`.
const MOST_PREFETCH: u32 = 65_535;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, _) in &document.brokers {
        if let Some(amqp) = exchanges::amqp(document, name) {
            let path = node("brokers", name).key("amqp");
            findings.extend(of_settings(amqp, &path));
            findings.extend(of_names(amqp, &path));
            findings.extend(of_bindings(amqp, &path));
            findings.extend(of_dead_letters(document, name, amqp, &path));
            findings.extend(of_queues(amqp, &path));
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
                Some(_) => findings.extend(of_consume(document, consume, &path)),
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
    let Some(Memory { watermark, message_bytes, check_every, .. }) = &amqp.memory else {
        return findings;
    };
    let path = path.key("memory");
    some_time(path.key("check_every"), *check_every);
    if !(*watermark > 0.0 && *watermark <= 1.0) {
        let message = format!("`watermark` is {watermark}");
        let help = "it is a share, above 0 and at most 1";
        findings.push(Finding::error(path.key("watermark"), message, help));
    }
    if *message_bytes == 0 {
        let message = "`message_bytes` is 0";
        findings.push(Finding::error(path.key("message_bytes"), message, "it must be at least 1"));
    }
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
        findings.extend(queue(amqp, path.key("queue"), &binding.queue));
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

fn of_dead_letters(document: &Document, name: &str, amqp: &Amqp, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (queue, settings) in &amqp.queues {
        let path = path.key("queues").key(queue);
        if let Some(stated) = &settings.dead_letter_exchange {
            findings.extend(exchange(amqp, path.key("dead_letter_exchange"), stated));
        } else if settings.dead_letter_routing_key.is_some() {
            let field = path.key("dead_letter_routing_key");
            let message = format!("`{queue}` has no dead-letter exchange");
            let help = "add a `dead_letter_exchange`; \"\" is the default exchange";
            findings.push(Finding::error(field, message, help));
        }
        if goes_in_a_circle(document, name, amqp, queue) {
            let message = format!("dead letters of `{queue}` come back to it");
            let help = "no consumer on the way refuses them with `on_failure`, so the second time they are dropped";
            let path = path.key("dead_letter_exchange");
            findings.push(Finding::warning(path, message, help));
        }
    }
    findings
}

/// Whether dead letters of a queue come back to it without a consumer who refuses them.
fn goes_in_a_circle(document: &Document, name: &str, amqp: &Amqp, start: &str) -> bool {
    let exchanges::Ways { postings, dead_letters } = exchanges::ways(document, name, amqp);
    let start = amqp.queues.get_index_of(start);
    let refuses = |queue: usize| {
        let consumers = document.services.values().flat_map(|service| &service.consumes);
        consumers.clone().any(|consume| {
            let from = queues::queue(document, &consume.from, consume.queue.as_ref());
            let place = from.and_then(|from| amqp.queues.get_index_of(from));
            consume.from == name
                && place == Some(queue)
                && matches!(consume.on_failure, Some(OnFailure::Reject(_)))
        })
    };
    let mut seen = vec![false; amqp.queues.len()];
    let mut open: Vec<usize> = start.into_iter().collect();
    while let Some(queue) = open.pop() {
        if refuses(queue) {
            continue;
        }
        for way in &dead_letters[queue] {
            for next in exchanges::queues(amqp, &postings[*way]) {
                if Some(next) == start {
                    return true;
                }
                if !std::mem::replace(&mut seen[next], true) {
                    open.push(next);
                }
            }
        }
    }
    false
}

fn of_queues(amqp: &Amqp, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, settings) in &amqp.queues {
        let path = path.key("queues").key(name);
        let AmqpQueue { queue_type, durable, max_length, overflow, delivery_limit, .. } = settings;
        let mut error = |field: &str, message: &str, help: &str| {
            findings.push(Finding::error(path.key(field), message, help));
        };
        if *max_length == Some(0) {
            error("max_length", "`max_length` is 0", "it must be at least 1");
        }
        if settings.expires == Some(SimDuration::ZERO) {
            error("expires", "`expires` is 0s", "it must be longer");
        }
        let is_quorum = *queue_type == QueueType::Quorum;
        if !is_quorum && delivery_limit.is_some() {
            let message = "a classic queue doesn't count how often a message comes back";
            let help = "give the queue the `type` \"quorum\", or remove it";
            error("delivery_limit", message, help);
        }
        if is_quorum && *durable == Some(false) {
            let help = "remove it, or give the queue the `type` \"classic\"";
            error("durable", "a quorum queue is always durable", help);
        }
        if is_quorum && *overflow == AtLimit::RejectPublishDlx {
            let message = "a quorum queue can't dead-letter what it refuses";
            error("overflow", message, "write \"reject_publish\" or \"drop_head\"");
        }
        if *overflow != AtLimit::DropHead && max_length.is_none() {
            error("overflow", "this queue has no limit to overflow", "add a `max_length`");
        }
        let has_dead_letters = is_quorum || settings.dead_letter_exchange.is_some();
        if *overflow == AtLimit::RejectPublishDlx && !has_dead_letters {
            error(
                "overflow",
                "this queue has no dead-letter exchange",
                "add a `dead_letter_exchange`, or write \"reject_publish\"",
            );
        }
    }
    findings
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

fn of_consume(document: &Document, consume: &Consume, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let prefetch = consume.prefetch.unwrap_or(0);
    if prefetch > MOST_PREFETCH {
        let message = format!("`prefetch` is {prefetch}");
        let help = format!("the limit is {MOST_PREFETCH}");
        findings.push(Finding::error(path.key("prefetch"), message, help));
    }
    if consume.credit.is_some() {
        let message = format!("`{}` sends what it may, and grants no credit", consume.from);
        let help = "say how much with `prefetch`";
        findings.push(Finding::error(path.key("credit"), message, help));
    }
    let workers = competitors(document, consume);
    if prefetch == 0 && workers > 1 {
        let queue = queues::queue(document, &consume.from, consume.queue.as_ref());
        let message = format!(
            "`{}` has {workers} consumers, and nothing bounds what each has in hand",
            queue.unwrap_or_default()
        );
        let help = "one that is slow keeps its share from the others; set a `prefetch`";
        findings.push(Finding::warning(path.clone(), message, help));
    }
    findings
}

/// How many workers consume from the same queue.
fn competitors(document: &Document, consume: &Consume) -> u64 {
    let queue =
        |one: &Consume| queues::queue(document, &one.from, one.queue.as_ref()).map(str::to_owned);
    let from = (consume.from.as_str(), queue(consume));
    let services = document.services.values().filter(|service| {
        service.consumes.iter().any(|other| (other.from.as_str(), queue(other)) == from)
    });
    services.map(|service| u64::from(service.workers)).sum()
}

#[cfg(test)]
mod tests;
