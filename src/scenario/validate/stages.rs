//! Services that work on batches or pairs: what they take, and from whom.

use super::links::sendings;
use super::{Finding, node};
use crate::policy::idempotency::Idempotency;
use crate::policy::works_on::WorksOn;
use crate::random::{ArrivalProcess, Keys};
use crate::scenario::document::{Consume, Document, Producer, Publish, Sending, Service};
use crate::scenario::logs;
use crate::scenario::path::Path;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, service) in &document.services {
        let path = node("services", name);
        findings.extend(of_records(&path, service));
        match &service.works_on {
            WorksOn::Each => {}
            WorksOn::Batch(_) => {
                findings.extend(takes(&path, service, 1, "batches are of one subscription"));
                findings.extend(of_batch(&path, service));
                findings.extend(calls(document, name));
            }
            WorksOn::Join(_) => {
                findings.extend(takes(&path, service, 2, "a pair has one of each of two"));
                findings.extend(calls(document, name));
                findings.extend(sides(document, name, service));
            }
        }
    }
    findings
}

/// Conflicts are between messages, each of which is about a record of its own.
fn of_records(path: &Path, service: &Service) -> Option<Finding> {
    let path = path.key("concurrency_control");
    let message = "batches and pairs don't conflict over records";
    let help = "write \"none\", or let the service work on each message by itself";
    let conflicts = service.concurrency_control.is_optimistic();
    (conflicts && service.works_on != WorksOn::Each).then(|| Finding::error(path, message, help))
}

/// That a service consumes from as many places as it has to.
fn takes(path: &Path, service: &Service, wanted: usize, because: &str) -> Option<Finding> {
    let count = service.consumes.len();
    let entries = if wanted == 1 { "1 entry" } else { "2 entries" };
    let help = format!("{because}: it must have {entries}");
    let message =
        format!("`consumes` has {count} {}", if count == 1 { "entry" } else { "entries" });
    (count != wanted).then(|| Finding::error(path.key("works_on"), message, help))
}

/// A batch is done with as a whole.
fn of_batch(path: &Path, service: &Service) -> Option<Finding> {
    let path = path.key("idempotency");
    let message = "a batch is written in one transaction, or without any";
    let help = "write \"none\", or \"transactional\" with its settings";
    let apart = matches!(service.idempotency, Idempotency::CheckThenAct { .. });
    apart.then(|| Finding::error(path, message, help))
}

/// Whoever calls a service that answers no calls.
fn calls(document: &Document, name: &str) -> Vec<Finding> {
    let to_it = |(path, sending): (Path, &Sending)| match sending {
        Sending::Call(call) if call.to == name => {
            let message = format!("`{name}` works on batches or pairs, and takes no calls");
            let help = "put a broker in between, and publish to that";
            Some(Finding::error(path.below("call.to"), message, help))
        }
        Sending::Call(_) | Sending::Publish(_) => None,
    };
    sendings(document).into_iter().filter_map(to_it).collect()
}

/// The two sides of a join: not the same, and of messages that have keys.
fn sides(document: &Document, name: &str, service: &Service) -> Vec<Finding> {
    let path = node("services", name).key("consumes");
    let [one, other] = &service.consumes[..] else { return Vec::new() };
    if (&one.from, &one.topic, &one.queue) == (&other.from, &other.topic, &other.queue) {
        let message = "both sides of the join are the same";
        let help = "take the other stream from another topic, queue or broker";
        return vec![Finding::error(path.index(1), message, help)];
    }
    let mut findings = Vec::new();
    for (index, consume) in service.consumes.iter().enumerate() {
        for sender in document.producers.iter().filter(|(_, one)| is_keyless(one)) {
            if sender.1.sends.iter().any(|sending| leads_to(document, sending, consume)) {
                let message = format!("the messages of `{}` have no keys", sender.0);
                let help = "none of them ever finds a partner; give it `keys`";
                findings.push(Finding::warning(path.index(index), message, help));
            }
        }
    }
    findings
}

fn is_keyless(producer: &Producer) -> bool {
    let traces = |process: &ArrivalProcess| matches!(process, ArrivalProcess::Trace { .. });
    producer.keys == Keys::None && !producer.arrivals.iter().any(traces)
}

/// Whether what is sent comes to where a subscription takes from.
fn leads_to(document: &Document, sending: &Sending, consume: &Consume) -> bool {
    let Sending::Publish(Publish { to, topic, queue, .. }) = sending else { return false };
    let meant = |topic| logs::log(document, to).and_then(|log| logs::topic(log, topic));
    let queue = queue.is_none() || consume.queue.is_none() || *queue == consume.queue;
    *to == consume.from && meant(topic.as_ref()) == meant(consume.topic.as_ref()) && queue
}
