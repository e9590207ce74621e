//! Who sends to whom: names that lead nowhere, the wrong word for a destination, nodes that nothing connects.

use std::collections::BTreeMap;

use super::{Finding, Scope, node};
use crate::model::fault::Reach;
use crate::scenario::document::{Consume, Document, Producer, Sending};
use crate::scenario::path::Path;
use crate::scenario::suggest;
use crate::scenario::tree::Located;
use crate::scenario::variant::{SECTIONS, keys};

pub(super) fn check(document: &mut Document, scope: &Scope) -> Vec<Finding> {
    let nodes = Nodes::of(scope.tree);
    let mut findings = Vec::new();
    for (path, sending) in sendings(document) {
        findings.extend(nodes.destination(&path, sending));
    }
    findings.extend(consumptions(document, &nodes));
    findings.extend(faults(document, &nodes, scope));
    if scope.sound {
        findings.extend(document.producers.iter().flat_map(|(name, one)| of_producer(name, one)));
    }
    if scope.sound && findings.is_empty() {
        findings.extend(unconnected(document, scope));
    }
    findings
}

/// What kind of node each name is: `producer`, `service`, `broker`.
pub(super) struct Nodes<'t>(BTreeMap<&'t str, &'static str>);

impl<'t> Nodes<'t> {
    pub(super) fn of(tree: &'t Located) -> Nodes<'t> {
        let named = |(section, word, _): (&str, &'static str, &str)| {
            keys(tree.field(section)).into_iter().map(move |name| (name, word))
        };
        Nodes(SECTIONS.into_iter().flat_map(named).collect())
    }

    /// These and parts of brokers.
    pub(super) fn with_parts(mut self, parts: &'t [String]) -> Nodes<'t> {
        self.0.extend(parts.iter().map(|part| (part.as_str(), "part")));
        self
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Names of this kind, or of every kind.
    pub(super) fn names(&self, kind: Option<&str>) -> Vec<&'t str> {
        let wanted = |(_, word): &(&&str, &&str)| kind.is_none_or(|kind| kind == **word);
        self.0.iter().filter(wanted).map(|(name, _)| *name).collect()
    }

    fn destination(&self, path: &Path, sending: &Sending) -> Option<Finding> {
        match sending {
            Sending::Call(call) => self.must_be("service", &path.below("call.to"), &call.to),
            Sending::Publish(publish) => {
                self.must_be("broker", &path.below("publish.to"), &publish.to)
            }
        }
    }

    /// That `name`, which stands at `path`, is a node of this kind.
    fn must_be(&self, kind: &str, path: &Path, name: &str) -> Option<Finding> {
        let (message, help) = match (self.0.get(name), kind) {
            (Some(word), _) if *word == kind => return None,
            (Some(&"broker"), "service") => (
                format!("`{name}` is a broker, which answers no calls"),
                format!("write {{\"publish\": {{\"to\": \"{name}\"}}}}"),
            ),
            (Some(&"service"), "broker") if path.tail().to_string() == "to" => (
                format!("`{name}` is a service, to which nothing can be published"),
                format!("write {{\"call\": {{\"to\": \"{name}\"}}}}"),
            ),
            (Some(word), _) => {
                let known = self.names(Some(kind));
                (format!("`{name}` is a {word}, not a {kind}"), possible(kind, &known))
            }
            (None, _) => {
                let known = self.names(Some(kind));
                let near = suggest::nearest(name, known.iter().copied());
                let help = near.map(|near| format!("did you mean `{near}`?"));
                let help = help.unwrap_or_else(|| possible(kind, &known));
                (format!("there is no {kind} `{name}`"), help)
            }
        };
        Some(Finding::error(path.clone(), message, help))
    }
}

fn possible(kind: &str, known: &[&str]) -> String {
    match known {
        [] => format!("this scenario has no {kind}s"),
        _ => format!("possible here: {}", suggest::list(known)),
    }
}

/// Everything that is sent, with its path.
pub(super) fn sendings(document: &Document) -> Vec<(Path, &Sending)> {
    let producers = document.producers.iter().map(|(name, node)| ("producers", name, &node.sends));
    let services = document.services.iter().map(|(name, node)| ("services", name, &node.sends));
    let of_node = |(section, name, sends): (&str, &String, &'_ Vec<Sending>)| {
        let path = node(section, name).key("sends");
        (0..sends.len()).map(|index| path.index(index)).collect::<Vec<_>>()
    };
    producers
        .chain(services)
        .flat_map(|(section, name, sends)| of_node((section, name, sends)).into_iter().zip(sends))
        .collect()
}

fn consumptions(document: &Document, nodes: &Nodes) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, service) in &document.services {
        let path = node("services", name).key("consumes");
        for (index, consume) in service.consumes.iter().enumerate() {
            let path = path.index(index).key("from");
            findings.extend(nodes.must_be("broker", &path, &consume.from));
            let earlier = &service.consumes[..index];
            let part = |one: &Consume| (one.from.clone(), one.topic.clone(), one.queue.clone());
            let same = |other: &Consume| part(other) == part(consume);
            if earlier.iter().any(same) {
                let message = format!("this service consumes from `{}` twice", consume.from);
                findings.push(Finding::error(path, message, "remove one of the two"));
            }
        }
    }
    findings
}

/// Nodes that faults name. A node that only other variants have is no mistake: there the fault has nothing to happen to,
/// and is left out.
fn faults(document: &mut Document, nodes: &Nodes, scope: &Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    let path = Path::root().key("faults");
    let mut index = 0;
    document.faults.retain(|fault| {
        let path = path.index(index).key(fault.kind());
        index += 1;
        let named = match fault.reach() {
            None => Vec::new(),
            Some(Reach::On(on)) => vec![(path.key("on"), on)],
            Some(Reach::Between(a, b)) => {
                let between = path.key("between");
                if a == b {
                    let help = "a partition, latency or loss is between two nodes";
                    let message = format!("`{a}` stands twice");
                    findings.push(Finding::error(between.clone(), message, help));
                }
                vec![(between.index(0), a), (between.index(1), b)]
            }
        };
        let wrong =
            named.iter().filter_map(|(path, name)| victim(nodes, scope, fault.kind(), path, name));
        findings.extend(wrong);
        named.iter().all(|(_, name)| nodes.knows(name))
    });
    findings
}

fn victim(nodes: &Nodes, scope: &Scope, kind: &str, path: &Path, name: &str) -> Option<Finding> {
    let Some(word) = nodes.0.get(name) else {
        let known = nodes.names(None);
        let message = format!("there is no node `{name}`");
        let help = suggest::help(name, &known);
        let elsewhere = is_in_some_variant(scope.file, name);
        return (!elsewhere).then(|| Finding::error(path.clone(), message, help));
    };
    let (fits, help) = match kind {
        "crash" => (*word != "producer", "name a service or a broker"),
        "broker_loss" => (*word == "broker", "name a log"),
        "hang" | "slowdown" | "error_rate" => (*word == "service", "name a service"),
        "poison" | "schema_change" => (*word != "broker", "name who makes the messages"),
        _ => (true, ""),
    };
    let message = match kind {
        "poison" | "schema_change" => format!("`{name}` is a {word}, which makes no messages"),
        _ => format!("`{name}` is a {word}, to which a {kind} can't happen"),
    };
    (!fits).then(|| Finding::error(path.clone(), message, help))
}

fn is_in_some_variant(file: &Located, name: &str) -> bool {
    let variants = file.field("variants").map(Located::entries).unwrap_or_default();
    let trees = variants.iter().map(|variant| &variant.value).chain([file]);
    trees.flat_map(|tree| Nodes::of(tree).names(None)).any(|known| known == name)
}

fn of_producer(name: &str, producer: &Producer) -> Vec<Finding> {
    let path = node("producers", name);
    let mut findings = Vec::new();
    if producer.arrivals.is_empty() && producer.initial_backlog == 0 {
        let message = format!("the producer `{name}` makes no messages");
        findings.push(Finding::error(path.clone(), message, "give it `arrivals`").on_key());
    }
    if producer.sends.is_empty() {
        let message = format!("the producer `{name}` sends nothing");
        let help = "say where its messages go: a `call` or a `publish`";
        findings.push(Finding::error(path.key("sends"), message, help));
    }
    findings
}

/// Nodes that take part in nothing: usually a name was mistyped where it should have been used.
fn unconnected(document: &Document, scope: &Scope) -> Vec<Finding> {
    let mut findings = Vec::new();
    let called = destinations(document, |sending| match sending {
        Sending::Call(call) => Some(&call.to),
        Sending::Publish(_) => None,
    });
    let published = destinations(document, |sending| match sending {
        Sending::Publish(publish) => Some(&publish.to),
        Sending::Call(_) => None,
    });
    for (name, service) in &document.services {
        if !called.contains(&name.as_str()) && service.consumes.is_empty() {
            let message = format!("nothing calls the service `{name}`, and it consumes nothing");
            findings.push(idle(node("services", name), message, scope));
        }
    }
    for name in document.brokers.keys() {
        let consumed = document
            .services
            .values()
            .flat_map(|service| &service.consumes)
            .any(|one| one.from == *name);
        let filled = published.contains(&name.as_str());
        findings.extend(of_broker(name, filled, consumed, scope));
    }
    findings
}

fn of_broker(name: &str, filled: bool, consumed: bool, scope: &Scope) -> Option<Finding> {
    let path = node("brokers", name);
    match (filled, consumed) {
        (true, true) => None,
        (false, false) => {
            let message = format!("nothing publishes to the broker `{name}`, nor consumes from it");
            Some(idle(path, message, scope))
        }
        (false, true) => {
            Some(idle(path, format!("nothing publishes to the broker `{name}`"), scope))
        }
        (true, false) => {
            let message = format!("nothing consumes from the broker `{name}`");
            Some(Finding::warning(path, message, "its messages stay in it").on_key())
        }
    }
}

fn idle(path: Path, message: String, scope: &Scope) -> Finding {
    let has_variants = scope.file.field("variants").is_some_and(|all| !all.entries().is_empty());
    let help = if has_variants {
        format!("in variant `{}`: connect it, or take it away there with `null`", scope.variant)
    } else {
        "connect it, or remove it".into()
    };
    Finding::error(path, message, help).on_key()
}

fn destinations(document: &Document, of: impl Fn(&Sending) -> Option<&String>) -> Vec<&str> {
    sendings(document)
        .into_iter()
        .filter_map(|(_, sending)| of(sending))
        .map(String::as_str)
        .collect()
}
