//! `summary.json`: what scripts and CI read. Its shape is a promise; later versions only add to it.

use super::csv::scopes;
use super::spread::{self, Scope};
use super::vocabulary;
use crate::experiment::results::{ExpectationResult, Results, Stop, VariantResult};
use crate::metrics::aggregate::Aggregate;
use crate::metrics::summary::NodeKind;
use serde_json::{Map, Value, json};

/// The summary of all variants, and what was expected.
#[must_use]
pub fn summary(results: &Results) -> Value {
    let first = results.variants.first();
    let variants = results.variants.iter().map(|v| (v.name.clone(), variant(v, first)));
    json!({
        "scenario": results.name,
        "title": results.title,
        "question": results.question,
        "replications": results.replications,
        "complete": is_complete(results),
        "variants": variants.collect::<Map<_, _>>(),
        "expectations": results.expectations.iter().map(expectation).collect::<Vec<_>>(),
    })
}

/// JSON for people and for diffs: what holds values only stands on one line, everything else on lines of its own.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut text = String::new();
    push(&mut text, value, 0);
    text + "\n"
}

fn push(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(entries) if !is_flat(value) => {
            let entry = |text: &mut String, (key, value): (&String, &Value)| {
                *text += &format!("{}: ", Value::from(key.as_str()));
                push(text, value, depth + 1);
            };
            push_lines(text, ('{', '}'), entries.iter(), depth, entry);
        }
        Value::Array(items) if !is_flat(value) => {
            let item = |text: &mut String, item: &Value| push(text, item, depth + 1);
            push_lines(text, ('[', ']'), items.iter(), depth, item);
        }
        _ => *text += &value.to_string(),
    }
}

fn push_lines<T>(
    text: &mut String,
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    depth: usize,
    push_item: impl Fn(&mut String, T),
) {
    text.push(open);
    for (place, item) in items.enumerate() {
        *text += if place == 0 { "\n" } else { ",\n" };
        *text += &"  ".repeat(depth + 1);
        push_item(text, item);
    }
    *text += &format!("\n{}{close}", "  ".repeat(depth));
}

/// Whether a value holds no object, and no list of lists of lists.
fn is_flat(value: &Value) -> bool {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    let holds_little = |value: &Value| match value {
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(entries) => entries.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    };
    match value {
        Value::Object(entries) => entries.values().all(holds_little),
        Value::Array(items) => items.iter().all(holds_little) && value.to_string().len() < 100,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Whether every run reached its horizon.
#[must_use]
pub fn is_complete(results: &Results) -> bool {
    let mut runs = results.variants.iter().flat_map(|variant| &variant.replications);
    results.stopped.is_none() && runs.all(|run| run.complete)
}

/// Why not, in a word for scripts.
#[must_use]
pub fn stop(stop: Stop) -> Value {
    match stop {
        Stop::MaxEvents => json!("max_events"),
        Stop::MaxMemory => json!("max_memory"),
        Stop::Signal(number) => json!(format!("signal {number}")),
    }
}

/// The reverse of [`stop`].
#[must_use]
pub fn parse_stop(text: &str) -> Option<Stop> {
    match text {
        "max_events" => Some(Stop::MaxEvents),
        "max_memory" => Some(Stop::MaxMemory),
        _ => text.strip_prefix("signal ")?.parse().ok().map(Stop::Signal),
    }
}

fn variant(variant: &VariantResult, first: Option<&VariantResult>) -> Value {
    let mut of_total = Map::new();
    if let Some(description) = &variant.description {
        of_total.insert("description".to_owned(), json!(description));
    }
    if let Some(warm_up_s) = variant.warm_up_s {
        of_total.insert("warm_up_s".to_owned(), number(warm_up_s));
    }
    of_total.insert("metrics".to_owned(), metrics(variant, Scope::Total));
    let first = first.filter(|first| first.name != variant.name && variant.replications.len() > 1);
    if let Some(first) = first {
        of_total.insert(
            "more_than".to_owned(),
            json!({ "variant": first.name, "metrics": more(first, variant) }),
        );
    }
    let nodes = scopes(variant).filter(|(scope, _)| *scope != Scope::Total);
    let nodes = nodes.map(|(scope, name)| (name.to_owned(), node(variant, scope)));
    of_total.insert("nodes".to_owned(), Value::Object(nodes.collect()));
    Value::Object(of_total)
}

/// What it has more of than the first variant, in pairs of runs with the same chance.
fn more(first: &VariantResult, variant: &VariantResult) -> Value {
    let names = vocabulary::summary_columns().enumerate();
    let known = names.filter_map(|(column, name)| {
        let more = spread::more(first, variant, column)?;
        let (low, high) = more.ci95;
        let value = json!({ "mean": number(more.mean), "ci95": [number(low), number(high)] });
        Some((name.to_owned(), value))
    });
    Value::Object(known.collect())
}

/// Of a part of a broker, of which there may be hundreds, only what it has a value for.
fn node(variant: &VariantResult, scope: Scope) -> Value {
    let kind = variant.replications.first().and_then(|run| spread::metrics(run, scope)?.kind);
    let mut metrics = metrics(variant, scope);
    if let (Some(true), Some(all)) = (kind.map(NodeKind::is_part), metrics.as_object_mut()) {
        all.retain(|_, value| !value["mean"].is_null());
    }
    json!({ "kind": kind.map(vocabulary::kind_name), "metrics": metrics })
}

fn metrics(variant: &VariantResult, scope: Scope) -> Value {
    let names = vocabulary::summary_columns().enumerate();
    let values = names.map(|(column, name)| (name.to_owned(), value(variant, scope, column)));
    Value::Object(values.collect())
}

/// A mean with its interval; with several replications also the value of each, which is null where it has none.
fn value(variant: &VariantResult, scope: Scope, column: usize) -> Value {
    let Aggregate { mean, ci95, .. } = spread::summary(variant, scope, column);
    let ci95 = ci95.map(|(low, high)| json!([number(low), number(high)]));
    let mut value = json!({ "mean": mean.map(number), "ci95": ci95 });
    if variant.replications.len() > 1 {
        let values = spread::values(variant, scope, column).into_iter();
        value["values"] = values.map(|value| value.map(number)).collect();
    }
    value
}

/// Whole numbers as whole numbers: `240`, not `240.0`.
fn number(value: f64) -> Value {
    /// 2⁵³: below it every whole number is exactly a double.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and below 2⁵³")]
        let whole = value as i64;
        json!(whole)
    } else {
        json!(value)
    }
}

fn expectation(expectation: &ExpectationResult) -> Value {
    json!({
        "variant": expectation.variant,
        "metric": expectation.metric,
        "node": expectation.node,
        "at": expectation.at,
        "wanted": expectation.wanted,
        "got": expectation.got.map(number),
        "met": expectation.met,
        "because": expectation.because,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_summary_has_the_promised_shape() {
        let summary = summary(&sample::incident());
        assert_eq!(summary["scenario"], "incident-2013");
        assert_eq!(summary["replications"], 1);
        assert_eq!(summary["complete"], true);
        let direct = &summary["variants"]["direct"];
        assert_eq!(direct["metrics"]["effects"], json!({ "mean": 0, "ci95": null }));
        assert_eq!(direct["metrics"]["drain_time_s"], json!({ "mean": null, "ci95": null }));
        assert_eq!(direct["nodes"]["notification"]["metrics"]["crashes"]["mean"], 240);
        let expectation = &summary["expectations"][0];
        assert_eq!(expectation["wanted"], "equals 0");
        assert_eq!((&expectation["got"], &expectation["met"]), (&json!(0), &json!(true)));
    }

    #[test]
    fn the_text_has_a_line_for_each_metric_and_reads_back() {
        let value = summary(&sample::results(3, 2));
        let text = text(&value);
        assert!(text.contains("\n        \"effects\": {\"mean\":"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn several_replications_tell_what_a_variant_has_more_than_the_first() {
        let summary = summary(&sample::results(10, 3));
        let names: Vec<&String> = summary["variants"].as_object().unwrap().keys().collect();
        let (first, second) = (&summary["variants"][names[0]], &summary["variants"][names[1]]);
        assert!(first.get("more_than").is_none());
        assert_eq!(second["more_than"]["variant"], **names[0]);
        let more = &second["more_than"]["metrics"]["produced"];
        let [ours, theirs] =
            [first, second].map(|of| of["metrics"]["produced"]["mean"].as_f64().unwrap());
        assert!((more["mean"].as_f64().unwrap() - (theirs - ours)).abs() < 1e-9);
        assert!(more["ci95"][0].as_f64() <= more["mean"].as_f64());
    }

    #[test]
    fn several_replications_have_an_interval() {
        let summary = summary(&sample::results(10, 3));
        let drain = &summary["variants"]["queue"]["metrics"]["drain_time_s"];
        assert!(drain["ci95"][0].as_f64() < drain["mean"].as_f64());
        assert_eq!(drain["values"].as_array().unwrap().len(), 3);
        assert!(drain["ci95"][1].as_f64() > drain["mean"].as_f64());
    }
}
