//! Settings of the environment file as JSON.

use serde_json::Value;

/// A setting as it is spelled in the environment file, which is AWS's spelling.
pub(crate) fn spelled<T: serde::Serialize>(setting: &T) -> String {
    serde_json::to_value(setting).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Settings as JSON, without those that are not set.
pub(crate) fn without_nulls<T: serde::Serialize>(settings: &T) -> Value {
    fn strip(value: Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(key, value)| (key, strip(value)))
                    .collect(),
            ),
            other => other,
        }
    }
    strip(serde_json::to_value(settings).unwrap_or_default())
}
