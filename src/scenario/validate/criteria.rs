//! Alerts and expectations: that they speak of metrics, nodes and variants that exist, and say one thing each.

use super::links::Nodes;
use super::{Finding, Scope};
use crate::metrics::marks::KINDS;
use crate::metrics::{column, summary_column};
use crate::scenario::document::{Alert, Document, Expectation, Wanted};
use crate::scenario::parts;
use crate::scenario::path::Path;
use crate::scenario::suggest;
use crate::scenario::tree::Located;
use crate::scenario::variant::keys;

pub(super) fn check(document: &Document, scope: &Scope) -> Vec<Finding> {
    let parts: Vec<String> = parts::all(document).map(|(name, _)| name).collect();
    let nodes = Nodes::of(scope.tree).with_parts(&parts);
    let mut findings = Vec::new();
    for (index, alert) in document.alerts.iter().enumerate() {
        let path = Path::root().key("alerts").index(index);
        findings.extend(of_alert(alert, &path, &document.alerts[..index]));
        findings.extend(of_variant(alert.variant.as_deref(), &path, scope));
        findings.extend(of_node(&alert.node, &alert.variant, &path, &nodes, scope));
    }
    for (index, expected) in document.expect.iter().enumerate() {
        let path = Path::root().key("expect").index(index);
        findings.extend(of_expectation(expected, &path));
        findings.extend(of_variant(expected.variant.as_deref(), &path, scope));
        findings.extend(of_node(&expected.node, &expected.variant, &path, &nodes, scope));
    }
    findings
}

fn of_alert(alert: &Alert, path: &Path, earlier: &[Alert]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if column::lookup(&alert.metric).is_none() {
        findings.push(unknown_metric(&alert.metric, &path.key("metric"), "an alert"));
    }
    if alert.above.is_some() == alert.below.is_some() {
        let help = "give the limit as either `above` or `below`";
        findings.push(Finding::error(path.clone(), "this alert needs one limit", help));
    }
    if earlier.iter().any(|other| other.name == alert.name && other.variant == alert.variant) {
        let message = format!("an alert is called \"{}\" already", alert.name);
        findings.push(Finding::error(path.key("name"), message, "give it a name of its own"));
    }
    findings
}

fn of_expectation(expected: &Expectation, path: &Path) -> Vec<Finding> {
    let mut findings = of_subject(expected, path);
    for (field, metric) in [("metric", &expected.metric), ("same_as", &expected.same_as)] {
        let Some(metric) = metric else { continue };
        let known = match expected.at {
            Some(_) => column::lookup(metric).is_some(),
            None => summary_column::lookup(metric).is_some(),
        };
        if !known {
            findings.push(unknown_metric(metric, &path.key(field), "an expectation with `at`"));
        }
    }
    if expected.never == Some(false) {
        let help = "`true` expects no value; leave it out otherwise";
        findings.push(Finding::error(path.key("never"), "`never` is `false`", help));
        return findings;
    }
    match expected.conditions().as_slice() {
        [Wanted::Between(low, high)] if low > high => {
            let message = format!("nothing is between {low} and {high}");
            let help = "write the lower limit first";
            findings.push(Finding::error(path.key("between"), message, help));
        }
        [_] => {}
        conditions => {
            let message = match conditions.len() {
                0 => "this expects nothing".to_owned(),
                count => format!("this expects {count} things at once"),
            };
            let help = "one of `equals`, `same_as`, `at_most`, `at_least`, `between`, `never`";
            findings.push(Finding::error(path.clone(), message, help));
        }
    }
    findings
}

/// What an expectation is about: a metric, or a mark.
fn of_subject(expected: &Expectation, path: &Path) -> Vec<Finding> {
    let Expectation { metric, mark, at, after, same_as, .. } = expected;
    let mut findings = Vec::new();
    if metric.is_some() == mark.is_some() {
        let help = "name either a `metric` or the kind of a `mark`";
        findings.push(Finding::error(path.clone(), "this expects something of nothing", help));
    }
    let misplaced = [
        (mark.is_some() && at.is_some(), "at", "a mark has a time of its own", "remove it"),
        (mark.is_some() && same_as.is_some(), "same_as", "a mark is no metric", "state a time"),
        (
            mark.is_none() && after.is_some(),
            "after",
            "only marks are looked at after a time",
            "use `at`",
        ),
    ];
    let misplaced = misplaced.into_iter().filter(|(is, ..)| *is);
    findings.extend(
        misplaced.map(|(_, field, message, help)| Finding::error(path.key(field), message, help)),
    );
    if let Some(mark) = mark.as_deref().filter(|mark| !KINDS.contains(mark)) {
        let message = format!("there are no marks of kind `{mark}`");
        findings.push(Finding::error(path.key("mark"), message, suggest::help(mark, &KINDS)));
    }
    findings
}

/// A metric that does not exist, or that exists only for a whole run while `what` looks at a moment.
fn unknown_metric(name: &str, path: &Path, what: &str) -> Finding {
    let path = path.clone();
    if summary_column::lookup(name).is_some() {
        let message = format!("`{name}` belongs to a whole run, and {what} looks at a moment");
        let gauge = ["peak_", "final_", "mean_"].iter().find_map(|of| name.strip_prefix(of));
        let help = match gauge {
            Some(gauge) if column::lookup(gauge).is_some() => format!("use `{gauge}`"),
            _ => "`pileup explain METRIC` says what a metric means".into(),
        };
        return Finding::error(path, message, help);
    }
    let help = match column::suggest(name) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "the README lists all metrics; `throughput_per_s` and `lag` are two".into(),
    };
    Finding::error(path, format!("there is no metric `{name}`"), help)
}

fn of_variant(name: Option<&str>, path: &Path, scope: &Scope) -> Option<Finding> {
    let name = name?;
    let mut known = keys(scope.file.field("variants"));
    if known.is_empty() {
        known.push(scope.variant);
    }
    let message = format!("there is no variant `{name}`");
    let help = suggest::help(name, &known);
    (!known.contains(&name)).then(|| Finding::error(path.key("variant"), message, help))
}

fn of_node(
    name: &Option<String>,
    variant: &Option<String>,
    path: &Path,
    nodes: &Nodes,
    scope: &Scope,
) -> Option<Finding> {
    let concerned = variant.as_deref().is_none_or(|variant| variant == scope.variant);
    let name = name.as_deref().filter(|name| concerned && !nodes.knows(name))?;
    let known = nodes.names(None);
    let near = suggest::nearest(name, known.iter().copied());
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if variant.is_none() && has_variants(scope.file) => {
            format!("variant `{}` has none; say which variant is meant", scope.variant)
        }
        None => suggest::help(name, &known),
    };
    Some(Finding::error(path.key("node"), format!("there is no node `{name}`"), help))
}

fn has_variants(file: &Located) -> bool {
    !keys(file.field("variants")).is_empty()
}
