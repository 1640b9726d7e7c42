//! The equality of values in a comparison.

use serde_json::Value;

/// True if two values are equal. Numbers are equal in any notation.
pub(crate) fn is_same(one: &Value, other: &Value) -> bool {
    resource::compare(&Value::Array(vec![one.clone()]), None, &Value::Array(vec![other.clone()]), &[]).is_empty()
}
