use serde_json::Value;
use std::collections::BTreeMap;

/// Outputs, one a line.
pub(crate) fn table(outputs: &BTreeMap<String, Value>) -> String {
    let widest = outputs.keys().map(String::len).max().unwrap_or_default();
    outputs.iter().map(|(name, value)| format!("{name:widest$} = {}\n", plain(value))).collect()
}

/// A value as a shell wants it: text without quotes.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
