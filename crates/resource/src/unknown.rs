//! Values that exist only after something has been created.

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde_json::Value;

/// Opens a placeholder; no AWS name contains it.
pub const UNKNOWN_OPEN: char = '⟦';
/// Closes a placeholder.
pub const UNKNOWN_CLOSE: char = '⟧';

/// Whether a value holds a placeholder anywhere, and so must never be sent.
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
}
