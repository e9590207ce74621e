//! The JSON Schema of scenario files, from the settings types themselves.
//!
//! Editors complete and check a scenario by it when the file names it under `$schema`; `pileup explain` reads it too.

use serde_json::Value;

use super::document::Document;

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    unwrap_lines(&mut schema);
    schema
}

/// Descriptions are doc comments, whose lines are broken where the source code breaks them.
fn unwrap_lines(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match value {
                    Value::String(text) if key == "description" => *text = text.replace('\n', " "),
                    other => unwrap_lines(other),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(unwrap_lines),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Rate, SimDuration};

    /// Every default of a field whose description states one in words, with these words.
    fn stated_defaults<'s>(schema: &'s Value, found: &mut Vec<(&'s str, &'s Value)>) {
        let field = (schema["description"].as_str(), schema.get("default"));
        if let (Some(text), Some(default)) = field
            && let Some((_, stated)) = text.split_once("(default ")
            && !default.is_null()
        {
            let end = stated.find([':', ';', ',', ')']).expect("what is opened is closed");
            found.push((&stated[..end], default));
        }
        match schema {
            Value::Object(parts) => parts.values().for_each(|part| stated_defaults(part, found)),
            Value::Array(parts) => parts.iter().for_each(|part| stated_defaults(part, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn is_same(stated: &str, default: &Value) -> bool {
        let duration = |text: &str| text.parse::<SimDuration>().ok();
        let rate = |text: &str| text.parse::<Rate>().ok();
        match default {
            Value::Number(number) => stated.parse().ok() == number.as_f64(),
            Value::String(word) if stated.trim_matches('"') == word => true,
            Value::String(text) if duration(text).is_some() => duration(text) == duration(stated),
            Value::String(text) => rate(text).is_some() && rate(text) == rate(stated),
            other => serde_json::from_str::<Value>(stated).is_ok_and(|stated| stated == *other),
        }
    }

    #[test]
    fn a_default_is_what_its_description_says() {
        let (schema, mut found) = (schema(), Vec::new());
        stated_defaults(&schema, &mut found);
        assert!(found.len() > 80, "{} defaults", found.len());
        found.retain(|(stated, default)| !is_same(stated, default));
        assert_eq!(found, []);
    }

    /// Editors offer what the reader takes: words that stand alone, counts, and durations.
    #[test]
    fn settings_that_have_a_shorter_form_say_so() {
        let schema = schema();
        let forms = |name: &str| {
            let settings = &schema["$defs"][name];
            let forms = ["oneOf", "anyOf"].into_iter().filter_map(|key| settings[key].as_array());
            forms.flatten().collect::<Vec<_>>()
        };
        let words: [(&str, &[&str]); 14] = [
            ("Restart", &["crash_loop_backoff"]),
            ("Resend", &["on_recovery"]),
            ("Retry", &["none"]),
            ("RetryBudget", &["ratio", "token_bucket"]),
            ("WhenExhausted", &["refuse", "crash", "shed"]),
            ("Idempotency", &["none", "check_then_act", "transactional"]),
            ("OnFailure", &["halt", "requeue", "reject", "skip", "dead_letter"]),
            ("Overflow", &["block", "drop_newest", "drop_oldest", "reject"]),
            ("Partitioner", &["murmur2", "crc32", "modulo", "round_robin"]),
            ("Quota", &["unlimited"]),
            ("DeliveryLimit", &["unlimited"]),
            ("MaxAttempts", &["unlimited"]),
            ("AtMost", &["all"]),
            ("Settling", &["auto"]),
        ];
        for (name, words) in words {
            let text = serde_json::to_string(&forms(name)).unwrap();
            for word in words {
                assert!(text.contains(&format!("{word:?}")), "{name} may be {word:?}: {text}");
            }
        }
        for name in ["DeliveryLimit", "MaxAttempts", "AtMost"] {
            assert!(forms(name).iter().any(|form| form["type"] == "integer"), "{name}");
        }
        for name in ["Restart", "Quota"] {
            assert!(forms(name).iter().any(|form| form["type"] == "string"), "{name}");
        }
    }

    /// Every field below `schema` that is described neither itself nor, if it is one of several kinds, beside it.
    fn undescribed<'s>(schema: &'s Value, count: &mut usize, found: &mut Vec<&'s str>) {
        let fields = schema["properties"].as_object();
        let is_kind = schema["description"].is_string() && fields.is_some_and(|all| all.len() == 1);
        for (name, field) in fields.into_iter().flatten() {
            *count += 1;
            if !is_kind && field["description"].is_null() {
                found.push(name);
            }
        }
        match schema {
            Value::Object(parts) => parts.values().for_each(|part| undescribed(part, count, found)),
            Value::Array(parts) => parts.iter().for_each(|part| undescribed(part, count, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_field_of_every_settings_type_is_described() {
        let mut schema = schema();
        let definitions = schema["$defs"].as_object_mut().unwrap();
        // Restated fields are described where they are stated.
        definitions.retain(|name, _| !name.starts_with("Restated"));
        let (mut count, mut found) = (0, Vec::new());
        undescribed(&schema, &mut count, &mut found);
        assert!(count > 150, "{count} fields");
        assert_eq!(found, Vec::<&str>::new());
    }

    #[test]
    fn descriptions_are_not_broken_into_lines() {
        assert!(!schema().to_string().contains("\\n"));
    }
}
