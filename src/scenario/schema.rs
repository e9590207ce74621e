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
