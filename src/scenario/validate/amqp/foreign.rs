//! Words that only brokers with exchanges know, where something is published to or consumed from another one.

use super::super::Finding;
use crate::scenario::document::{Consume, Document, Publish};
use crate::scenario::path::Path;

/// Words at a publish to another kind of broker.
pub(super) fn publish(document: &Document, publish: &Publish, path: &Path) -> Vec<Finding> {
    let Publish { exchange, routing_key, headers, mandatory, confirms, ttl, .. } = publish;
    let stated = [
        ("exchange", exchange.is_some()),
        ("routing_key", routing_key.is_some()),
        ("headers", headers.is_some()),
        ("mandatory", mandatory.is_some()),
        ("confirms", confirms.is_some()),
        ("max_unconfirmed", publish.max_unconfirmed.is_some()),
        ("ttl", ttl.is_some()),
    ];
    refused(document, &publish.to, &stated, path)
}

/// Words at a subscription to another kind of broker.
pub(super) fn consume(document: &Document, consume: &Consume, path: &Path) -> Vec<Finding> {
    let Consume { prefetch, priority, .. } = consume;
    let stated = [("prefetch", prefetch.is_some()), ("priority", priority.is_some())];
    refused(document, &consume.from, &stated, path)
}

fn refused(
    document: &Document,
    broker: &str,
    stated: &[(&str, bool)],
    path: &Path,
) -> Vec<Finding> {
    let finding = |(field, _): &(&str, bool)| {
        let message = format!("`{broker}` is no `amqp` broker, and has no `{field}`");
        Finding::error(path.key(field), message, "remove it")
    };
    let stated = stated.iter().filter(|(_, stated)| *stated);
    let is_broker = document.brokers.contains_key(broker);
    stated.filter(|_| is_broker).map(finding).collect()
}
