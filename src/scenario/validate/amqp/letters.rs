//! Queues of brokers with exchanges: settings that their type doesn't have, dead letters that come back, and queues that nobody reaches.

use super::super::Finding;
use super::exchange;
use crate::policy::failure::OnFailure;
use crate::policy::length_limit::AtLimit;
use crate::policy::returns::QueueType;
use crate::scenario::document::{Amqp, AmqpQueue, Document};
use crate::scenario::exchanges;
use crate::scenario::path::Path;
use crate::scenario::queues;
use crate::time::SimDuration;

pub(super) fn of_dead_letters(
    document: &Document,
    name: &str,
    amqp: &Amqp,
    path: &Path,
) -> Vec<Finding> {
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

pub(super) fn of_queues(amqp: &Amqp, path: &Path) -> Vec<Finding> {
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
        if settings.max_length_bytes.is_some_and(|bytes| bytes < amqp.message_bytes) {
            let message = "not even one message fits";
            error("max_length_bytes", message, "the broker's `message_bytes` say how large one is");
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
        let has_limit = max_length.is_some() || settings.max_length_bytes.is_some();
        if *overflow != AtLimit::DropHead && !has_limit {
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

/// Queues that only one side knows: nothing comes to them, or nothing ever leaves.
pub(super) fn of_use(document: &Document, name: &str, amqp: &Amqp, path: &Path) -> Vec<Finding> {
    let exchanges::Ways { postings, .. } = exchanges::ways(document, name, amqp);
    let published = exchanges::published(document, name, amqp).len();
    let reached: Vec<Vec<usize>> =
        postings.iter().map(|posting| exchanges::queues(amqp, posting)).collect();
    let is_reached = |place: usize, by: &[Vec<usize>]| by.iter().any(|way| way.contains(&place));
    let mut findings = Vec::new();
    for (place, (queue, settings)) in amqp.queues.iter().enumerate() {
        let lets_go = settings.message_ttl.is_some() || settings.expires.is_some();
        let is_consumed = queues::is_consumed(document, name, queue);
        let (message, help) = if !is_reached(place, &reached) {
            (
                format!("nothing ever comes to the queue `{queue}`"),
                "no exchange passes anything on to it",
            )
        } else if is_reached(place, &reached[..published]) && !is_consumed && !lets_go {
            (format!("nothing consumes from the queue `{queue}`"), "its messages stay in it")
        } else {
            continue;
        };
        let path = path.key("queues").key(queue);
        findings.push(Finding::warning(path, message, help).on_key());
    }
    findings
}
