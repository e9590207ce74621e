//! Logs: topics that don't exist, groups that nobody reads for, words that only one kind of broker has, and members without work.

use super::links::sendings;
use super::names::is_name;
use super::{Finding, about, node};
use crate::model::broker::{MOST_GROUPS, MOST_MEMBERS};
use crate::model::message::MOST_STEPS;
use crate::policy::commit::Commit;
use crate::policy::failure::OnFailure;
use crate::policy::partitioner::{PartitionBy, Partitioner};
use crate::scenario::document::{Broker, Consume, Document, Log, Publish, Sending};
use crate::scenario::logs::{self, MOST_PARTITIONS, Reading};
use crate::scenario::path::Path;
use crate::scenario::queues;
use crate::scenario::suggest;

pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, sending) in sendings(document) {
        if let Sending::Publish(publish) = sending {
            let path = path.key("publish");
            findings.extend(topic(document, &path, &publish.to, publish.topic.as_ref()));
            findings.extend(partition_by(document, &path, publish));
        }
    }
    for (name, service) in &document.services {
        for (index, consume) in service.consumes.iter().enumerate() {
            let path = node("services", name).key("consumes").index(index);
            findings.extend(topic(document, &path, &consume.from, consume.topic.as_ref()));
            findings.extend(of_kind(document, &path, consume));
            findings.extend(after_failure(document, &path, consume));
            findings.extend(put_aside(document, &path, consume));
        }
    }
    for (name, broker) in &document.brokers {
        if let Broker::Log(log) = broker {
            findings.extend(of_log(document, name, log));
        }
    }
    findings.extend(too_many_readers(document));
    findings
}

/// A topic, stated or not, of what is published to or consumed from.
fn topic(
    document: &Document,
    path: &Path,
    broker: &str,
    stated: Option<&String>,
) -> Option<Finding> {
    let field = path.key("topic");
    let Some(log) = logs::log(document, broker) else {
        let is_queue = document.brokers.contains_key(broker) && stated.is_some();
        let message = format!("`{broker}` is no log, and has no topics");
        return is_queue.then(|| Finding::error(field, message, "remove it"));
    };
    let known: Vec<&str> = log.topics.keys().map(String::as_str).collect();
    match stated {
        Some(stated) if !log.topics.contains_key(stated) => {
            let message = format!("`{broker}` has no topic `{stated}`");
            Some(Finding::error(field, message, suggest::help(stated, &known)))
        }
        None if log.topics.len() > 1 => {
            let message = format!("`{broker}` has several topics, and `topic` is missing");
            let help = format!("possible here: {}", suggest::list(&known));
            Some(Finding::error(path.clone(), message, help))
        }
        Some(_) | None => None,
    }
}

/// A choice of partitions where there are none, or of what is hashed where nothing is.
fn partition_by(document: &Document, path: &Path, publish: &Publish) -> Option<Finding> {
    let path = path.key("partition_by");
    if publish.partition_by == PartitionBy::Key || !document.brokers.contains_key(&publish.to) {
        return None;
    }
    let Some(log) = logs::log(document, &publish.to) else {
        let message = format!("`{}` has no partitions", publish.to);
        return Some(Finding::error(path, message, "remove it"));
    };
    let topic = log.topics.get(logs::topic(log, publish.topic.as_ref())?)?;
    (topic.partitioner == Partitioner::RoundRobin).then(|| {
        let message = "the partitioner of this topic is `round_robin`, which hashes nothing";
        Finding::error(path, message, "remove it, or take another partitioner")
    })
}

/// What only a queue has, at a log, and the other way round.
fn of_kind(document: &Document, path: &Path, consume: &Consume) -> Vec<Finding> {
    let from = &consume.from;
    let mut findings = Vec::new();
    if logs::log(document, from).is_some() {
        if consume.credit.is_some() {
            let message = format!("`{from}` is a log, in which nothing slows producers down");
            findings.push(Finding::error(path.key("credit"), message, "remove it"));
        }
    } else if document.brokers.contains_key(from) {
        if consume.credit.is_some() && queues::of(document, from).is_some() {
            let message = format!("`{from}` grants its producers no credit");
            findings.push(Finding::error(path.key("credit"), message, "remove it"));
        }
        if consume.group.is_some() {
            let message = format!("`{from}` is no log, and has no groups");
            findings.push(Finding::error(path.key("group"), message, "remove it"));
        }
        if matches!(consume.commit, Commit::Auto { .. } | Commit::Transaction) {
            let message = format!("`{from}` is no log, and each message is acknowledged");
            let help = "write \"before\" or \"after\"";
            findings.push(Finding::error(path.key("commit"), message, help));
        }
    }
    findings
}

/// What a consumer can't do with a message on which work failed.
fn after_failure(document: &Document, path: &Path, consume: &Consume) -> Option<Finding> {
    let (Some(policy), from) = (&consume.on_failure, &consume.from) else { return None };
    let broker = document.brokers.get(from)?;
    let (message, help) = match (policy, broker) {
        (OnFailure::Skip(_) | OnFailure::DeadLetter(_), _) => return None,
        (_, _) if consume.commit == Commit::Before => (
            format!("`{from}` was told before the work that the message is done"),
            "write \"skip\" or \"dead_letter\"",
        ),
        (OnFailure::Halt { .. }, Broker::Log(_))
        | (OnFailure::Requeue(_), Broker::Queue(_) | Broker::Sqs(_) | Broker::Amqp(_))
        | (OnFailure::Reject(_), Broker::Amqp(_)) => return None,
        (OnFailure::Halt { .. }, Broker::Sqs(_)) if queues::is_fifo(document, consume) => {
            return None;
        }
        (OnFailure::Halt { .. }, Broker::Queue(_) | Broker::Sqs(_) | Broker::Amqp(_)) => (
            format!("`{from}` keeps no order, and gives other messages to whoever halts"),
            "write \"requeue\", \"skip\" or \"dead_letter\"",
        ),
        (OnFailure::Requeue(_) | OnFailure::Reject(_), Broker::Log(_)) => (
            format!("`{from}` is a log, to which nothing is given back"),
            "write \"halt\", \"skip\" or \"dead_letter\"",
        ),
        (OnFailure::Reject(_), Broker::Sqs(_)) => (
            format!("nothing is rejected at `{from}`: what is not deleted is delivered again"),
            "write \"requeue\", and how often that may be with the queue's `redrive`",
        ),
        (OnFailure::Reject(_), Broker::Queue(_)) => (
            format!("`{from}` is a plain queue, and has no dead-letter queue"),
            "write \"requeue\", \"skip\" or \"dead_letter\"",
        ),
    };
    Some(Finding::error(path.key("on_failure"), message, help))
}

/// Dead letters that have nowhere to go, or could come to somebody who never had them.
fn put_aside(document: &Document, path: &Path, consume: &Consume) -> Option<Finding> {
    let (stated, from) = (consume.on_failure.as_ref()?.topic()?, consume.from.as_str());
    let path = path.key("on_failure").key("dead_letter").key("topic");
    let Some(log) = logs::log(document, from) else {
        let message = format!("`{from}` is no log, and has no topics");
        let help = match document.brokers.get(from)? {
            Broker::Sqs(_) => "remove it, and give the queue a `redrive`",
            Broker::Amqp(_) => "write \"reject\", and give the queue a `dead_letter_exchange`",
            Broker::Queue(_) | Broker::Log(_) => "remove it",
        };
        return Some(Finding::error(path, message, help));
    };
    if !log.topics.contains_key(stated) {
        let known: Vec<&str> = log.topics.keys().map(String::as_str).collect();
        let message = format!("`{from}` has no topic `{stated}`");
        return Some(Finding::error(path, message, suggest::help(stated, &known)));
    }
    if consume.commit == Commit::Transaction {
        let message = "what is put aside is in no transaction, and could be there twice";
        return Some(Finding::error(path, message, "remove it, or write \"commit\": \"after\""));
    }
    let readings = logs::readings(document, from, log);
    let readers = readings.iter().filter(|reading| reading.topic == stated);
    let readers: Vec<&str> = readers.map(|reading| reading.group).collect();
    (readers.len() > 1).then(|| {
        let message = format!("{} groups read what is put aside in `{stated}`", readers.len());
        let help = format!(
            "what one group gives up is for one group: let one of {} read it",
            suggest::list(&readers)
        );
        Finding::error(path, message, help)
    })
}

fn of_log(document: &Document, name: &str, log: &Log) -> Vec<Finding> {
    let path = node("brokers", name).key("log");
    let readings = logs::readings(document, name, log);
    let mut findings = of_names(log, &readings, &path);
    let partitions: u64 = log.topics.values().map(|topic| u64::from(topic.partitions)).sum();
    for (what, count, most) in [
        ("partitions", partitions, u64::from(MOST_PARTITIONS)),
        ("topics", log.topics.len() as u64, MOST_GROUPS as u64),
        ("groups", readings.len() as u64, MOST_GROUPS as u64),
    ] {
        if count > most {
            let message = format!("{count} {what} are too many for one log");
            findings.push(Finding::error(path.clone(), message, format!("the limit is {most}")));
        }
    }
    for reading in &readings {
        findings.extend(of_members(document, log, reading));
    }
    findings
}

fn of_names(log: &Log, readings: &[Reading], path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if log.topics.is_empty() {
        let help = "give it one: {\"orders\": {\"partitions\": 12}}";
        findings.push(Finding::error(path.key("topics"), "this log has no topics", help));
    }
    for topic in log.topics.keys().filter(|topic| !is_name(topic)) {
        let help =
            "a name has small letters, digits, `_` and `-`, and begins with a letter or digit";
        let path = path.key("topics").key(topic);
        findings.push(
            Finding::error(path, format!("`{topic}` is not a name for a topic"), help).on_key(),
        );
    }
    let used: Vec<&str> = readings.iter().map(|reading| reading.group).collect();
    for group in log.groups.keys().filter(|group| !used.contains(&group.as_str())) {
        let message = format!("no service consumes for the group `{group}`");
        let path = path.key("groups").key(group);
        findings.push(Finding::error(path, message, suggest::help(group, &used)).on_key());
    }
    findings
}

/// More members than partitions: those at the end have nothing to do.
fn of_members(document: &Document, log: &Log, reading: &Reading) -> Option<Finding> {
    let partitions = log.topics.get(reading.topic)?.partitions;
    let (mut members, mut idle) = (0_u64, Vec::new());
    for (service, _) in &reading.consumers {
        let workers = u64::from(document.services[*service].workers);
        members += workers;
        let surplus = members.saturating_sub(u64::from(partitions)).min(workers);
        if surplus > 0 {
            idle.push(format!("{surplus} of `{service}`"));
        }
    }
    let (last, _) = reading.consumers.last()?;
    let path = node("services", last);
    if members > MOST_MEMBERS as u64 {
        let message = format!("{members} members are too many for one group");
        let limit = format!("the limit is {MOST_MEMBERS}");
        return Some(Finding::error(path.key("workers"), message, limit));
    }
    let parts = if partitions == 1 { "partition" } else { "partitions" };
    let message = format!(
        "the group `{}` has {members} members for {partitions} {parts} of `{}`",
        reading.group, reading.topic
    );
    let help = format!("each worker is a member; idle are {}", idle.join(", "));
    (!idle.is_empty()).then(|| Finding::warning(path, message, help).on_key())
}

/// Members whose batches take too long, where everything else is right.
pub(super) fn slow_work(document: &Document) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, broker) in &document.brokers {
        let Broker::Log(log) = broker else { continue };
        let readings = logs::readings(document, name, log);
        findings.extend(readings.iter().flat_map(|one| slow_polls(document, log, one)));
    }
    findings
}

/// A batch that takes longer than a member may take until it polls again: it is put out of its group, and its work is done again.
fn slow_polls(document: &Document, log: &Log, reading: &Reading) -> Vec<Finding> {
    let limit = log.groups.get(reading.group).cloned().unwrap_or_default().max_poll_interval;
    let mut findings = Vec::new();
    for (service, index) in &reading.consumers {
        let node_of = &document.services[*service];
        let batch = logs::batch(document, &node_of.consumes[*index]);
        let time_s = node_of.works_on.seconds_for(batch, node_of.service_time.mean_s());
        if time_s > limit.as_secs_f64() {
            let time = about(time_s);
            let message = format!(
                "{batch} messages take {time} on average, longer than `max_poll_interval` ({limit})"
            );
            let path = node("services", service).key("consumes").index(*index);
            let help =
                "a worker that is given so many is put out of its group; take a smaller `batch`";
            findings.push(Finding::warning(path, message, help));
        }
    }
    findings
}

/// A message remembers for each of its destinations whether it had its effect there, and has room for so many.
fn too_many_readers(document: &Document) -> Vec<Finding> {
    let producers = document.producers.iter().map(|(name, one)| ("producers", name, &one.sends));
    let services = document.services.iter().map(|(name, one)| ("services", name, &one.sends));
    let mut findings = Vec::new();
    for (section, name, sends) in producers.chain(services) {
        let destinations: usize =
            sends.iter().map(|sending| logs::destinations(document, sending)).sum();
        if sends.len() <= MOST_STEPS && destinations > MOST_STEPS {
            let message =
                format!("what `{name}` sends is read by {destinations} groups and services");
            let path = node(section, name).key("sends");
            findings.push(Finding::error(path, message, format!("the limit is {MOST_STEPS}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::scenario::source::Source;
    use crate::scenario::{Overrides, load};

    /// What is warned of when two services consume from three partitions, with the stated settings.
    fn warnings(first: &str, second: &str) -> Vec<String> {
        let content = format!(
            r#"{{ "title": "t", "question": "?", "duration": "1h", "sample_every": "10s",
                "producers": {{ "shop": {{ "arrivals": [ {{ "constant": {{ "rate": "1/h" }} }} ],
                    "sends": [ {{ "publish": {{ "to": "kafka" }} }} ] }} }},
                "brokers": {{ "kafka": {{ "log": {{ "topics": {{ "orders": {{ "partitions": 3 }} }} }} }} }},
                "services": {{
                    "one": {{ {first}, "consumes": [ {{ "from": "kafka", "group": "billing" }} ] }},
                    "two": {{ {second}, "consumes": [ {{ "from": "kafka", "group": "billing" }} ] }} }} }}"#
        );
        let (name, shown) = ("log".to_owned(), "log.json".to_owned());
        let scenario = load(&Source::Text { name, shown, content }, &Overrides::default());
        let warnings = scenario.unwrap().warnings.into_iter();
        warnings.map(|warning| format!("{}: {}", warning.message, warning.help)).collect()
    }

    #[test]
    fn members_beyond_the_partitions_are_named() {
        let quick = r#""service_time": "1ms""#;
        assert!(warnings(quick, r#""service_time": "1ms", "workers": 2"#).is_empty());
        assert_eq!(
            warnings(quick, r#""service_time": "1ms", "workers": 4"#),
            [
                "the group `billing` has 5 members for 3 partitions of `orders`: each worker is a member; idle are 2 of `two`"
            ]
        );
    }

    #[test]
    fn a_batch_that_takes_longer_than_the_poll_interval_is_told() {
        let slow = warnings(r#""service_time": "601ms""#, r#""service_time": "600ms""#);
        assert_eq!(
            slow,
            [
                "500 messages take 301s on average, longer than `max_poll_interval` (5min): a worker that is given so many is put out of its group; take a smaller `batch`"
            ]
        );
    }
}
