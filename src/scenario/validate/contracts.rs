//! Contracts between those who write and those who read: changes of schemas that contradict one another, fields that no schema has, and
//! versions that nobody writes.

use super::{Finding, node};
use crate::model::fault::{Fault, SchemaChange};
use crate::policy::compatibility::{Change, Contradiction, Fields};
use crate::scenario::document::{Document, Service};
use crate::scenario::path::Path;
use crate::scenario::suggest;

/// Everything wrong with contracts.
pub(super) fn check(document: &Document) -> Vec<Finding> {
    let mut findings = changes(document);
    findings.extend(shares(document));
    for (name, service) in &document.services {
        findings.extend(versions(document, service, &node("services", name)));
    }
    findings
}

/// The changes of each node, in the order of time, each to what those before have left.
fn changes(document: &Document) -> Vec<Finding> {
    let faults = document.faults.iter().enumerate();
    let changes = faults.filter_map(|(index, fault)| match fault {
        Fault::SchemaChange(change) => Some((index, change)),
        _ => None,
    });
    let mut all: Vec<(usize, &SchemaChange)> = changes.collect();
    all.sort_by_key(|(_, change)| change.from.unwrap_or_default());
    let mut nodes: Vec<&str> = all.iter().map(|(_, change)| change.on.as_str()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut findings = Vec::new();
    for node in nodes {
        let mine: Vec<_> = all.iter().filter(|(_, change)| change.on == node).collect();
        let made = mine.iter().map(|(_, change)| &change.change);
        let wrong = Change::contradictions(schema(document, node), made);
        findings.extend(wrong.into_iter().filter_map(|(place, wrong)| {
            let (index, change) = mine[place];
            told(node, &change.change, wrong, change_at(*index))
        }));
    }
    findings
}

fn change_at(index: usize) -> Path {
    Path::root().key("faults").index(index).key("schema_change").key("change")
}

/// The fields that a node declares.
fn schema<'d>(document: &'d Document, name: &str) -> &'d Fields {
    const NONE: &Fields = &Fields::new();
    let of_producer = document.producers.get(name).map(|producer| &producer.schema);
    let of_service = || document.services.get(name).map(|service| &service.schema);
    of_producer.or_else(of_service).unwrap_or(NONE)
}

/// What is wrong with a change. Where fields are not declared, only one that looks like another is worth a question.
fn told(node: &str, change: &Change, wrong: Contradiction, path: Path) -> Option<Finding> {
    match wrong {
        Contradiction::Known(why) => {
            let help =
                format!("changes of `{node}` are made one after the other, in order of time");
            Some(Finding::error(path, why, help))
        }
        Contradiction::Unknown { fields, are_all } => {
            let name = change.field();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let path = path.key(change.kind()).key("field");
            if are_all {
                let message = format!("`{node}` writes no field `{name}` by then");
                return Some(Finding::error(path, message, suggest::help(name, &fields)));
            }
            let near = suggest::nearest(name, fields.iter().copied())?;
            let message = format!("no change before names `{name}`");
            let help =
                format!("did you mean `{near}`? If there are both, `schema` of `{node}` tells");
            Some(Finding::warning(path, message, help))
        }
    }
}

/// Shares that are none.
fn shares(document: &Document) -> Vec<Finding> {
    let share = |(index, fault): (usize, &Fault)| match fault {
        Fault::SchemaChange(SchemaChange { change, .. }) => {
            let share = change.share().filter(|share| !(0.0..=1.0).contains(share))?;
            let path = change_at(index).key(change.kind()).key("share");
            Some(Finding::error(path, format!("`share` is {share}"), "it must be from 0 to 1"))
        }
        _ => None,
    };
    document.faults.iter().enumerate().filter_map(share).collect()
}

/// Versions that a service reads although nobody writes as many. Where no schema changes at all, there is nothing to be late for.
fn versions(document: &Document, service: &Service, path: &Path) -> Vec<Finding> {
    let changed = document.faults.iter().filter_map(|fault| match fault {
        Fault::SchemaChange(change) => Some(change.on.as_str()),
        _ => None,
    });
    let changed: Vec<&str> = changed.collect();
    let changes_of = |node: &&str| changed.iter().filter(|other| *other == node).count();
    let Some(most) = changed.iter().map(changes_of).max() else { return Vec::new() };
    let reads = path.key("reads");
    let upgrade = service.reads.upgrade.map(|it| (reads.key("upgrade").key("to"), it.to));
    let read = [(reads.key("version"), service.reads.version)].into_iter().chain(upgrade);
    let missing = read.filter(|(_, version)| *version as usize > most + 1);
    missing
        .map(|(path, version)| {
            let message = format!("nobody writes a version {version}");
            let latest = most + 1;
            let help =
                format!("versions are counted from 1, and the latest of any node is {latest}");
            Finding::error(path, message, help)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::scenario::source::Source;
    use crate::scenario::{Overrides, load};

    /// What is said of a scenario in which `shop` makes these changes, and declares these fields.
    fn warnings(schema: &str, changes: [&str; 2]) -> Vec<String> {
        let [first, second] = changes;
        let text = format!(
            r#"{{"title": "t", "question": "q", "duration": "10s", "sample_every": "1s",
                "producers": {{"shop": {{"arrivals": [{{"constant": {{"rate": "1/s"}}}}], "schema": {schema},
                    "sends": [{{"call": {{"to": "bill"}}}}]}}}},
                "services": {{"bill": {{"service_time": "1ms"}}}},
                "faults": [{{"schema_change": {{"on": "shop", "from": "1s", "change": {first}}}}},
                    {{"schema_change": {{"on": "shop", "from": "2s", "change": {second}}}}}]}}"#
        );
        let source = Source::Text { name: "x".into(), shown: "x.json".into(), content: text };
        let scenario = load(&source, &Overrides::default());
        let warnings = scenario.unwrap_or_else(|error| panic!("{error}")).warnings;
        warnings.into_iter().map(|warning| warning.message).collect()
    }

    #[test]
    fn without_a_declaration_a_field_that_looks_like_another_is_asked_about() {
        let changes = [
            r#"{"add_field": {"field": "amount", "optional": true}}"#,
            r#"{"remove_field": {"field": "amuont"}}"#,
        ];
        assert_eq!(warnings("{}", changes), ["no change before names `amuont`"]);
        assert_eq!(warnings(r#"{"amuont": "int"}"#, changes), [""; 0]);
        let other = [changes[0], r#"{"remove_field": {"field": "street"}}"#];
        assert_eq!(warnings("{}", other), [""; 0]);
    }
}
