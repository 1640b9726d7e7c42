//! The number of equal parts of two values.

use crate::{equality::is_same, rule::is_rule, statement::is_statement};
use serde::Serialize;
use serde_json::Value;

/// The number of parts that do not differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unchanged {
    /// The number.
    pub count: usize,
    /// The unit: `statement`, `rule`, `item`, `line` or `value`.
    pub of: &'static str,
}

/// Counts the parts that both values contain: statements of policies, items of lists, or single values of other
/// documents.
pub(crate) fn unchanged(before: &Value, after: &Value) -> Unchanged {
    let counted = |before: &[Value], after: &[Value]| {
        let mut rest: Vec<&Value> = after.iter().collect();
        let both = before.iter().filter(|item| match rest.iter().position(|other| is_same(item, other)) {
            Some(position) => {
                rest.remove(position);
                true
            }
            None => false,
        });
        let of = match before.first().or(after.first()) {
            Some(item) if is_statement(item) => "statement",
            Some(item) if is_rule(item) => "rule",
            _ => "item",
        };
        Unchanged { count: both.count(), of }
    };
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => counted(before, after),
        (Value::Array(items), Value::Null) | (Value::Null, Value::Array(items)) => counted(items, &[]),
        _ => match (&before["Statement"], &after["Statement"]) {
            (Value::Array(before), Value::Array(after)) => counted(before, after),
            _ => Unchanged { count: same_values(before, after), of: "value" },
        },
    }
}

fn same_values(before: &Value, after: &Value) -> usize {
    match (before, after) {
        _ if is_same(before, after) => leaves(before),
        (Value::Object(before), Value::Object(after)) => {
            before.iter().filter_map(|(key, value)| Some(same_values(value, after.get(key)?))).sum()
        }
        (Value::Array(before), Value::Array(after)) => {
            before.iter().filter(|item| after.iter().any(|other| is_same(item, other))).map(leaves).sum()
        }
        _ => 0,
    }
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(fields) if !fields.is_empty() => fields.values().map(leaves).sum(),
        Value::Array(items) if !items.is_empty() => items.iter().map(leaves).sum(),
        _ => 1,
    }
}
