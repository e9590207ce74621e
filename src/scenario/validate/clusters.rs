//! Logs on several nodes, and those who send to them: nodes that don't exist, settings that only a log's client has, and transactions
//! that are half one.

use super::links::sendings;
use super::{Finding, node};
use crate::model::fault::Fault;
use crate::policy::commit::Commit;
use crate::policy::log_client::Transaction;
use crate::policy::replication::MOST_NODES;
use crate::scenario::document::{Document, Log, Sending, Service};
use crate::scenario::logs;
use crate::scenario::path::Path;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = clients(document);
    for name in document.brokers.keys() {
        if let Some(log) = logs::log(document, name) {
            findings.extend(of_nodes(log, &node("brokers", name).key("log")));
        }
    }
    findings.extend(losses(document));
    for (name, service) in &document.services {
        findings.extend(transactions(document, service, &node("services", name)));
    }
    findings
}

/// Settings of a client whose broker is no log.
fn clients(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, sending) in sendings(document) {
        let Sending::Publish(publish) = sending else { continue };
        let is_other = logs::log(document, &publish.to).is_none();
        if publish.client.is_some() && is_other && document.brokers.contains_key(&publish.to) {
            let message = format!("`{}` is no log, and has no clients with settings", publish.to);
            let path = path.key("publish").key("client");
            findings.push(Finding::error(path, message, "remove it"));
        }
    }
    findings
}

fn of_nodes(log: &Log, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if log.nodes.is_some_and(|nodes| !(1..=MOST_NODES).contains(&nodes)) {
        let message = format!("`nodes` is {}", log.nodes.unwrap_or_default());
        let help = format!("it must be from 1 to {MOST_NODES}");
        findings.push(Finding::error(path.key("nodes"), message, help));
    }
    let nodes = logs::nodes(log);
    for (name, topic) in &log.topics {
        let replicas = topic.replication.replicas;
        if replicas > nodes {
            let message = format!("{replicas} replicas don't fit on {nodes} nodes");
            let path = path.key("topics").key(name).key("replication").key("replicas");
            let help = "each is stored on another node; give the log more `nodes`";
            findings.push(Finding::error(path, message, help));
        }
    }
    findings
}

/// Nodes that are lost and that there are not.
fn losses(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, fault) in document.faults.iter().enumerate() {
        let Fault::BrokerLoss(loss) = fault else { continue };
        let path = Path::root().key("faults").index(index).key("broker_loss");
        let Some(log) = logs::log(document, &loss.on) else {
            if document.brokers.contains_key(&loss.on) {
                let message = format!("`{}` is no log, and has one node only", loss.on);
                findings.push(Finding::error(path.key("on"), message, "let it `crash`"));
            }
            continue;
        };
        let nodes = logs::nodes(log);
        if loss.node >= nodes || nodes == 1 {
            let message = format!("`{}` has {nodes} nodes, counted from 0", loss.on);
            let help = if nodes == 1 {
                "let it `crash`, or give its topics several `replicas`".to_owned()
            } else {
                format!("name one from 0 to {}", nodes - 1)
            };
            findings.push(Finding::error(path.key("node"), message, help));
        }
    }
    findings
}

/// What a service reads and what it writes are committed together, or neither is in a transaction.
fn transactions(document: &Document, service: &Service, path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: Vec<(&str, Transaction)> = Vec::new();
    for (index, sending) in service.sends.iter().enumerate() {
        let Sending::Publish(publish) = sending else { continue };
        let Some(one) = publish.client.as_ref().and_then(|client| client.transaction) else {
            continue;
        };
        let path = path.key("sends").index(index).key("publish").key("client").key("transaction");
        let to = publish.to.as_str();
        let reads = service
            .consumes
            .iter()
            .any(|consume| consume.from == to && consume.commit == Commit::Transaction);
        if !reads && logs::log(document, to).is_some() {
            let message = format!("nothing that is read from `{to}` is committed in it");
            let help = "consume from it with \"commit\": \"transaction\"";
            findings.push(Finding::error(path.clone(), message, help).on_key());
        }
        match seen.iter().find(|(log, _)| *log == to) {
            Some((_, other)) if *other != one => {
                let message = format!("the service has another transaction towards `{to}`");
                let help = "all that it publishes there is in one; write the same settings";
                findings.push(Finding::error(path, message, help).on_key());
            }
            Some(_) => {}
            None => seen.push((to, one)),
        }
    }
    for (index, consume) in service.consumes.iter().enumerate() {
        if consume.commit != Commit::Transaction || logs::log(document, &consume.from).is_none() {
            continue;
        }
        let commit = path.key("consumes").index(index).key("commit");
        let from = consume.from.as_str();
        if seen.iter().all(|(log, _)| *log != from) {
            let message = format!("nothing is published to `{from}` in a transaction");
            let help = "give a `publish` to it a `client` with a `transaction`";
            findings.push(Finding::error(commit, message, help));
        }
    }
    findings
}
