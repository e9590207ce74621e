//! Tree → settings: a deserializer over [`Located`] values, which tells for every refusal the path at which it happened.
//!
//! Stricter than serde_json's own: an object is never read from a list, a kind is named exactly once, and numbers are not
//! read from text.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::path::Step;
use super::refusal::{Reason, Refusal};
use super::tree::{Entry, Kind, Located};

/// Reads a `T` from `tree`; the first refusal ends it.
pub fn read<'de, T: de::Deserialize<'de>>(tree: &'de Located) -> Result<T, Refusal> {
    T::deserialize(tree)
}

impl<'de> Deserializer<'de> for &'de Located {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            Kind::List(elements) => visitor.visit_seq(Elements { elements, next: 0 }),
            Kind::Object(entries) => visit_entries(entries, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Null => visitor.visit_none(),
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) | Kind::Object(_) => {
                visitor.visit_some(self)
            }
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Object(entries) => visit_entries(entries, visitor),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) => {
                Err(Refusal::invalid_type(self.unexpected(), &"a map"))
            }
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Text(name) => visitor.visit_enum(Tagged { name, content: None }),
            Kind::Object(entries) => match entries.as_slice() {
                [Entry { key, value, .. }] => {
                    visitor.visit_enum(Tagged { name: key, content: Some(value) })
                }
                _ => Err(Refusal::new(Reason::NotOneKind { given: entries.len(), known })),
            },
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) => {
                let wanted = format!("one of {}", super::suggest::list(known));
                Err(Refusal::invalid_type(self.unexpected(), &wanted.as_str()))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

impl Located {
    fn unexpected(&self) -> Unexpected<'_> {
        match &self.kind {
            Kind::Null => Unexpected::Unit,
            Kind::Bool(value) => Unexpected::Bool(*value),
            Kind::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Unexpected::Unsigned(number),
                (None, Some(number)) => Unexpected::Signed(number),
                (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            },
            Kind::Text(text) => Unexpected::Str(text),
            Kind::List(_) => Unexpected::Seq,
            Kind::Object(_) => Unexpected::Map,
        }
    }
}

/// Shows an object's fields to `visitor`, and refuses what it left unread: several kinds where one was wanted.
fn visit_entries<'de, V: Visitor<'de>>(
    entries: &'de [Entry],
    visitor: V,
) -> Result<V::Value, Refusal> {
    let mut read = 0;
    let value = visitor.visit_map(Fields { entries, read: &mut read })?;
    if read < entries.len() {
        return Err(Refusal::new(Reason::NotOneKind { given: entries.len(), known: &[] }));
    }
    Ok(value)
}

/// The elements of a list, one by one.
struct Elements<'de> {
    elements: &'de [Located],
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refusal> {
        let Some(element) = self.elements.get(self.next) else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(element).map(Some).map_err(|refusal| refusal.inside(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.elements.len() - self.next)
    }
}

/// The fields of an object, one by one; `read` counts those whose value was taken.
struct Fields<'de, 'r> {
    entries: &'de [Entry],
    read: &'r mut usize,
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        let Some(entry) = self.entries.get(*self.read) else { return Ok(None) };
        let key: StrDeserializer<'_, Refusal> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|refusal| refusal.about_key(&entry.key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let Some(entry) = self.entries.get(*self.read) else {
            return Err(Refusal::custom("a value was asked for without its key"));
        };
        *self.read += 1;
        let inside = |refusal: Refusal| refusal.inside(Step::Key(entry.key.clone()));
        seed.deserialize(&entry.value).map_err(inside)
    }
}

/// One kind of several: `"none"`, or `{"exponential": {…}}`.
struct Tagged<'de> {
    name: &'de str,
    content: Option<&'de Located>,
}

impl<'de> EnumAccess<'de> for Tagged<'de> {
    type Error = Refusal;
    type Variant = Tagged<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Tagged<'de>), Refusal> {
        let name: StrDeserializer<'_, Refusal> = self.name.into_deserializer();
        let kind = seed.deserialize(name).map_err(|refusal| match self.content {
            Some(_) => refusal.about_key(self.name),
            None => refusal,
        })?;
        Ok((kind, self))
    }
}

impl<'de> Tagged<'de> {
    fn settings(&self) -> Result<&'de Located, Refusal> {
        self.content.ok_or_else(|| Refusal::new(Reason::NeedsSettings(self.name.to_owned())))
    }

    fn inside(&self, refusal: Refusal) -> Refusal {
        refusal.inside(Step::Key(self.name.to_owned()))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'de> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        match self.content {
            None => Ok(()),
            Some(_) => Err(Refusal::new(Reason::NoSettings(self.name.to_owned()))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refusal> {
        seed.deserialize(self.settings()?).map_err(|refusal| self.inside(refusal))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.settings()?.deserialize_any(visitor).map_err(|refusal| self.inside(refusal))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.settings()?
            .deserialize_struct("", fields, visitor)
            .map_err(|refusal| self.inside(refusal))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::scenario::parse::parse;
    use crate::time::SimDuration;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading it matters")]
    enum Shape {
        None,
        Fixed { delay: SimDuration },
        Several(Vec<u32>),
    }

    fn refusal(text: &str) -> (String, String) {
        let refusal = read::<Vec<Shape>>(&parse(text).unwrap()).unwrap_err();
        (refusal.path().to_string(), refusal.message())
    }

    #[test]
    fn every_form_of_a_kind_is_read() {
        let text = r#"["none", {"fixed": {"delay": "5s"}}, {"several": [1, 2e1]}]"#;
        assert_eq!(read::<Vec<Shape>>(&parse(text).unwrap()).unwrap().len(), 3);
    }

    #[test]
    fn a_refusal_names_the_path_and_the_reason() {
        for (text, path, message) in [
            (r#"[{"fixd": {}}]"#, "[0].fixd", "unknown kind `fixd`"),
            (r#"["fixed"]"#, "[0]", "`fixed` needs its settings"),
            (r#"[{"none": {}}]"#, "[0]", "`none` takes no settings"),
            (r#"[{"fixed": {}}]"#, "[0].fixed", "missing field `delay`"),
            (r#"[{"fixed": {"dely": 1}}]"#, "[0].fixed.dely", "unknown field `dely`"),
            (r#"[{"fixed": ["5s"]}]"#, "[0].fixed", "expected an object `{…}`, found a list"),
            (
                r#"[{"several": [1, -2]}]"#,
                "[0].several[1]",
                "expected a whole number, 0 or more, found `-2`",
            ),
            (r#"[{}]"#, "[0]", "this is empty; one kind is needed here"),
            (
                r#"[{"fixed": {"delay": "5s"}, "none": 1}]"#,
                "[0]",
                "2 kinds are given here where one is needed",
            ),
        ] {
            assert_eq!(refusal(text), (path.into(), message.into()), "{text}");
        }
    }
}
