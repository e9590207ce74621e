//! Contracts between those who write and those who read: changes of schemas that contradict one another.

use super::Finding;
use crate::model::fault::{Fault, SchemaChange};
use crate::policy::compatibility::Change;
use crate::scenario::document::Document;
use crate::scenario::path::Path;

/// The changes of each node, in the order of time, each to what those before have left.
pub(super) fn check(document: &Document) -> Vec<Finding> {
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
        let wrong = Change::contradictions(mine.iter().map(|(_, change)| &change.change));
        findings.extend(wrong.into_iter().map(|(place, why)| {
            let path = Path::root().key("faults").index(mine[place].0);
            let path = path.key("schema_change").key("change");
            let help =
                format!("changes of `{node}` are made one after the other, in order of time");
            Finding::error(path, why, help)
        }));
    }
    findings
}
