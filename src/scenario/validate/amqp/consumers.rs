//! Those who consume from brokers with exchanges: what they have in hand without bound, and for too long.

use super::super::{Finding, about, node};
use crate::scenario::document::{Amqp, Consume, Document};
use crate::scenario::exchanges;
use crate::scenario::path::Path;
use crate::scenario::queues;

/// The largest `prefetch`: sixteen bits in `basic.qos`.
const MOST_PREFETCH: u32 = 65_535;

pub(super) fn check(document: &Document, consume: &Consume, path: &Path) -> Vec<Finding> {
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
    let competing: Vec<(&Consume, u32)> = competitors(document, consume).collect();
    let workers: u64 = competing.iter().map(|(_, workers)| u64::from(*workers)).sum();
    let is_first = competing
        .iter()
        .find(|(other, _)| other.prefetch.unwrap_or(0) == 0)
        .is_some_and(|(first, _)| std::ptr::eq(*first, consume));
    if is_first && workers > 1 {
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

/// All who consume from the same queue, each with its workers.
fn competitors<'d>(
    document: &'d Document,
    consume: &Consume,
) -> impl Iterator<Item = (&'d Consume, u32)> {
    let queue =
        |one: &Consume| queues::queue(document, &one.from, one.queue.as_ref()).map(str::to_owned);
    let (broker, from) = (consume.from.clone(), queue(consume));
    let services = document.services.values();
    let all = services
        .flat_map(|service| service.consumes.iter().map(|consume| (consume, service.workers)));
    all.filter(move |(other, _)| other.from == broker && queue(other) == from)
}

/// Consumers who keep what they were sent for longer than they may, where everything else is right.
pub(in super::super) fn slow_work(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, service) in &document.services {
        for (index, consume) in service.consumes.iter().enumerate() {
            if let Some(amqp) = exchanges::amqp(document, &consume.from) {
                let path = node("services", name).key("consumes").index(index);
                findings.extend(too_slow(amqp, consume, service.service_time.mean_s(), path));
            }
        }
    }
    findings
}

/// A message waits for all that the consumer was sent before it.
fn too_slow(amqp: &Amqp, consume: &Consume, mean_s: f64, path: Path) -> Option<Finding> {
    let window = consume.prefetch.unwrap_or(0).max(1);
    let time_s = f64::from(window) * mean_s;
    let timeout = amqp.consumer_timeout;
    let what = if window == 1 { "a message takes" } else { "a full window takes" };
    let time = about(time_s);
    let message = format!("{what} {time} on average, longer than `consumer_timeout` ({timeout})");
    let help = "the consumer is cut off, and all that it has in hand is delivered again";
    (time_s > timeout.as_secs_f64()).then(|| Finding::warning(path, message, help))
}
