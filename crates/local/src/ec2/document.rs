//! A resource in the shape of EC2's answers.

use serde_json::{Map, Value};

pub(super) type Document = Map<String, Value>;

/// The text values at `a/b/c`, where any step may lead through a list.
pub(super) fn at(document: &Document, path: &str) -> Vec<String> {
    let (member, rest) = path.split_once('/').map_or((path, None), |(a, b)| (a, Some(b)));
    let values = match document.get(member) {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    };
    values
        .into_iter()
        .flat_map(|value| match (value, rest) {
            (Value::Object(inner), Some(rest)) => at(inner, rest),
            (Value::String(text), None) => vec![text.clone()],
            (Value::Bool(flag), None) => vec![flag.to_string()],
            _ => Vec::new(),
        })
        .collect()
}

pub(super) fn text<'a>(document: &'a Document, member: &str) -> &'a str {
    document.get(member).and_then(Value::as_str).unwrap_or_default()
}
