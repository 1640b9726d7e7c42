//! Values that exist only after something has been created.

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde_json::Value;

/// Opens a placeholder; no AWS name contains it.
pub const UNKNOWN_OPEN: char = '⟦';
/// Closes a placeholder.
pub const UNKNOWN_CLOSE: char = '⟧';

/// True if a value holds a placeholder anywhere, and so must never be sent.
pub fn has_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(UNKNOWN_OPEN),
        Value::Array(items) => items.iter().any(has_unknown),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains(UNKNOWN_OPEN) || has_unknown(value)),
        _ => false,
    }
}

/// Outputs whose every field is a placeholder `⟦address.field⟧`.
///
/// # Errors
/// When the type holds something a placeholder cannot stand for, such as a number.
pub fn unknown<T: DeserializeOwned>(address: &str) -> Result<T, String> {
    T::deserialize(Placeholder { path: address.to_owned() }).map_err(|error: de::value::Error| error.to_string())
}

/// The value with its placeholders filled in, as far as they are known. `known` answers for `address.field`.
pub fn fill_in(value: &Value, known: &dyn Fn(&str) -> Option<Value>) -> Value {
    match value {
        Value::String(text) => match only_placeholder(text).and_then(known) {
            Some(Value::Array(_)) | None => Value::String(fill_in_text(text, known)),
            Some(value) => value,
        },
        Value::Array(items) => {
            // A list that is not known has one item.
            let only = if let [Value::String(item)] = items.as_slice() { only_placeholder(item) } else { None };
            match only.and_then(known) {
                Some(Value::Array(items)) => Value::Array(items),
                _ => items.iter().map(|item| fill_in(item, known)).collect(),
            }
        }
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (fill_in_text(key, known), fill_in(value, known))).collect()
        }
        _ => value.clone(),
    }
}

/// The `address.field` of a text that is one placeholder and nothing else.
fn only_placeholder(text: &str) -> Option<&str> {
    let path = text.strip_prefix(UNKNOWN_OPEN)?.strip_suffix(UNKNOWN_CLOSE)?;
    (!path.contains(UNKNOWN_OPEN)).then_some(path)
}

fn fill_in_text(text: &str, known: &dyn Fn(&str) -> Option<Value>) -> String {
    let Some((before, rest)) = text.split_once(UNKNOWN_OPEN) else { return text.to_owned() };
    let Some((path, after)) = rest.split_once(UNKNOWN_CLOSE) else { return text.to_owned() };
    let filled = match known(path) {
        Some(Value::String(value)) => value,
        _ => format!("{UNKNOWN_OPEN}{path}{UNKNOWN_CLOSE}"),
    };
    format!("{before}{filled}{}", fill_in_text(after, known))
}

struct Placeholder {
    path: String,
}

impl Placeholder {
    fn text(&self) -> String {
        format!("{UNKNOWN_OPEN}{}{UNKNOWN_CLOSE}", self.path)
    }
}

impl<'de> de::Deserializer<'de> for Placeholder {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_string(self.text())
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_seq(de::value::SeqDeserializer::new(std::iter::once(self.text())))
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_map(Fields { path: self.path, fields: fields.iter(), current: "" })
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf tuple tuple_struct map enum
        identifier ignored_any
    }
}

struct Fields {
    path: String,
    fields: std::slice::Iter<'static, &'static str>,
    current: &'static str,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = de::value::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        let Some(field) = self.fields.next() else { return Ok(None) };
        self.current = field;
        seed.deserialize((*field).into_deserializer()).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Self::Error> {
        seed.deserialize(Placeholder { path: format!("{}.{}", self.path, self.current) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SubnetId, VpcId};
    use serde_json::json;

    #[derive(serde::Deserialize, serde::Serialize)]
    struct Outputs {
        id: VpcId,
        note: Option<String>,
        subnets: Vec<SubnetId>,
    }

    #[test]
    fn every_field_of_unknown_outputs_names_where_it_comes_from() {
        let outputs: Outputs = unknown("network.vpc").unwrap();
        assert_eq!(outputs.id.as_str(), "⟦network.vpc.id⟧");
        assert_eq!(outputs.note.as_deref(), Some("⟦network.vpc.note⟧"));
        assert!(has_unknown(&serde_json::to_value(&outputs.subnets).unwrap()));
    }

    #[test]
    fn placeholders_are_filled_in_as_far_as_they_are_known() {
        let known = |path: &str| match path {
            "network.vpc.id" => Some(json!("vpc-1")),
            "network.vpc.note" => Some(Value::Null),
            "network.vpc.subnets" => Some(json!(["a", "b"])),
            _ => None,
        };
        let declared = json!({
            "vpc": "⟦network.vpc.id⟧", "arn": "arn:⟦network.vpc.id⟧/⟦x.y⟧", "note": "⟦network.vpc.note⟧",
            "subnets": ["⟦network.vpc.subnets⟧"], "more": ["⟦network.vpc.id⟧", "⟦x.y⟧"], "count": 2,
        });
        let filled = json!({
            "vpc": "vpc-1", "arn": "arn:vpc-1/⟦x.y⟧", "note": null,
            "subnets": ["a", "b"], "more": ["vpc-1", "⟦x.y⟧"], "count": 2,
        });
        assert_eq!(fill_in(&declared, &known), filled);
    }
}
