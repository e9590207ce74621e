//! What a variant resolves to: the base, with what the variant restates.
//!
//! A variant replaces whole fields of nodes and whole top-level values; it doesn't merge any deeper, so that what stands in
//! a variant can be read without looking at the base.

use super::problem::Flaw;
use super::suggest;
use super::tree::{Entry, Kind, Located};

/// The kinds of node: the key in the file, the word for one, and the field that one can't be without.
pub const SECTIONS: [(&str, &str, &str); 3] = [
    ("producers", "producer", "sends"),
    ("services", "service", "service_time"),
    ("brokers", "broker", "queue"),
];

/// The other keys that a variant may restate.
const TOP_LEVEL: [&str; 5] = ["duration", "sample_every", "trigger", "faults", "alerts"];

/// The scenario that `variant` resolves to: the base, with what the variant restates; and what in it restates nothing.
pub fn resolve(base: &Located, variant: &Located) -> (Located, Vec<Flaw>) {
    let entries = base.entries().iter().filter(|entry| entry.key != "variants").cloned();
    let mut resolved = match base.kind {
        Kind::Object(_) => Located { origin: base.origin, kind: Kind::Object(entries.collect()) },
        _ => base.clone(),
    };
    let mut flaws = Vec::new();
    for entry in variant.entries() {
        if is_section(&entry.key) {
            for node in entry.value.entries() {
                flaws.extend(restate_node(&mut resolved, entry, node).err());
            }
        } else if TOP_LEVEL.contains(&entry.key.as_str()) {
            put_or_take(&mut resolved, entry);
        }
    }
    (resolved, flaws)
}

fn restate_node(resolved: &mut Located, section: &Entry, node: &Entry) -> Result<(), Flaw> {
    let known: Vec<String> =
        keys(resolved.field(&section.key)).into_iter().map(str::to_owned).collect();
    if !known.contains(&node.key) {
        may_be_added(section, node, &known)?;
    }
    if resolved.field(&section.key).is_none() {
        let value = Located::empty_object(section.value.origin);
        resolved.put(Entry { value, ..section.clone() });
    }
    let Some(nodes) = resolved.field_mut(&section.key) else { return Ok(()) };
    match nodes.field_mut(&node.key) {
        Some(old) if section.key != "brokers" && node.value.is_object() => {
            node.value.entries().iter().for_each(|field| put_or_take(old, field));
        }
        Some(_) | None => put_or_take(nodes, node),
    }
    Ok(())
}

fn put_or_take(object: &mut Located, entry: &Entry) {
    if entry.value.kind == Kind::Null {
        object.take(&entry.key);
    } else {
        object.put(entry.clone());
    }
}

/// A node that the base does not have is a new one if it is whole. If it isn't, its name is mistyped.
fn may_be_added(section: &Entry, node: &Entry, known: &[String]) -> Result<(), Flaw> {
    let Some((_, word, needed)) = SECTIONS.into_iter().find(|(key, ..)| *key == section.key) else {
        return Ok(());
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let near = suggest::nearest(&node.key, known.iter().copied());
    let suggestion = near.map(|near| format!("did you mean `{near}`?"));
    if node.value.kind == Kind::Null {
        let message = format!("there is no {word} `{}` to take away", node.key);
        let help = suggestion.unwrap_or_else(|| suggest::help(&node.key, &known));
        return Err(Flaw::new(node.key_origin, message, help));
    }
    let whole = section.key == "brokers" || node.value.field(needed).is_some();
    if !node.value.is_object() || whole {
        return Ok(());
    }
    let message = format!("there is no {word} `{}` to restate", node.key);
    let help = suggestion.unwrap_or_else(|| format!("to add it as a new one, give it `{needed}`"));
    Err(Flaw::new(node.key_origin, message, help))
}

/// Whether `key` is one of [`SECTIONS`].
pub fn is_section(key: &str) -> bool {
    SECTIONS.iter().any(|(section, ..)| *section == key)
}

/// The names of the fields of `object`.
pub fn keys(object: Option<&Located>) -> Vec<&str> {
    let entries = object.map(Located::entries).unwrap_or_default();
    entries.iter().map(|entry| entry.key.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse::parse;
    use serde_json::{Value, json};

    fn resolved(file: Value) -> Result<Value, Vec<(String, String)>> {
        let tree = parse(&file.to_string()).unwrap();
        let (resolved, flaws) = resolve(&tree, tree.get(&"variants.v".parse().unwrap()).unwrap());
        if flaws.is_empty() {
            Ok(resolved.to_json())
        } else {
            Err(flaws.into_iter().map(|flaw| (flaw.message, flaw.help)).collect())
        }
    }

    #[test]
    fn a_variant_replaces_whole_fields_and_null_takes_away() {
        let file = json!({
            "duration": "1h",
            "producers": {"web": {"sends": [1, 2], "class": 1}},
            "services": {"old": {"service_time": "1s"}},
            "variants": {"v": {
                "duration": "2h",
                "producers": {"web": {"sends": [3], "class": null}},
                "services": {"old": null, "new": {"service_time": "2s"}},
            }},
        });
        let wanted = json!({
            "duration": "2h",
            "producers": {"web": {"sends": [3]}},
            "services": {"new": {"service_time": "2s"}},
        });
        assert_eq!(resolved(file), Ok(wanted));
    }

    #[test]
    fn restating_a_node_that_is_not_there_is_a_mistyped_name() {
        let file = |node: Value| {
            json!({"services": {"notification": {"service_time": "1s"}},
                "variants": {"v": {"services": node}}})
        };
        for (node, message, help) in [
            (
                json!({"notificatoin": {"workers": 2}}),
                "there is no service `notificatoin` to restate",
                "did you mean `notification`?",
            ),
            (
                json!({"audit": {"workers": 2}}),
                "there is no service `audit` to restate",
                "to add it as a new one, give it `service_time`",
            ),
            (
                json!({"audit": null}),
                "there is no service `audit` to take away",
                "possible here: `notification`",
            ),
        ] {
            assert_eq!(resolved(file(node)), Err(vec![(message.into(), help.into())]));
        }
    }
}
