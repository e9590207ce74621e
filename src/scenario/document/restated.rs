//! A node as a variant writes it: any of its fields, or `null`.
//!
//! What the fields say is read where it counts, in the scenario that the variant resolves to. Here only the form is
//! looked at; for editors the schema offers all the node's fields and requires none.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Some fields of a `T`, or nothing in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restated<T>(PhantomData<T>);

impl<'de, T> Deserialize<'de> for Restated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Restated<T>, D::Error> {
        struct FieldsOrNull<T>(PhantomData<T>);
        impl<'de, T> Visitor<'de> for FieldsOrNull<T> {
            type Value = Restated<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields that change `{…}`, or `null` to take the node away")
            }
            fn visit_unit<E: Error>(self) -> Result<Restated<T>, E> {
                Ok(Restated(PhantomData))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Restated<T>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Restated(PhantomData))
            }
        }
        deserializer.deserialize_any(FieldsOrNull(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Restated<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Restated{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut fields = T::json_schema(generator);
        fields.remove("required");
        if let Some(Value::Object(properties)) = fields.get_mut("properties") {
            for (_, property) in properties.iter_mut() {
                *property = or_null(property.take());
            }
        }
        let form = or_null(fields.to_value());
        json_schema!({ "description": "Fields that replace those of the node; null takes it away.", "anyOf": form["anyOf"] })
    }
}

fn or_null(schema: Value) -> Value {
    serde_json::json!({ "anyOf": [schema, { "type": "null" }] })
}
