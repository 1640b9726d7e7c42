//! The paths of placeholders in a value.

use serde_json::Value;
use vocabulary::has_unknown;

/// The dotted paths of the values that contain a placeholder. Each begins with `path`, and items of a list are numbered
/// from 0.
pub(crate) fn unknown_paths(path: &str, value: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    collect(path, value, &mut paths);
    paths
}

fn collect(path: &str, value: &Value, paths: &mut Vec<String>) {
    match value {
        Value::String(_) if has_unknown(value) => paths.push(path.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| collect(&format!("{path}.{index}"), item, paths));
        }
        Value::Object(fields) => {
            for (key, inner) in fields {
                let within = format!("{path}.{key}");
                if key.contains(vocabulary::UNKNOWN_OPEN) {
                    paths.push(within);
                } else {
                    collect(&within, inner, paths);
                }
            }
        }
        _ => {}
    }
}

/// True if a value is one unknown text. In lists and documents, only the leaves are unknown.
pub(crate) fn is_unknown(value: &Value) -> bool {
    value.is_string() && has_unknown(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_unknown_leaves_are_unknown() {
        let policy = json!({"Statement": [{"Action": "s3:*", "Resource": ["a", "⟦x.y⟧"]}], "⟦a.b⟧": 1});
        assert_eq!(unknown_paths("policy", &policy), ["policy.Statement.0.Resource.1", "policy.⟦a.b⟧"]);
        assert_eq!(unknown_paths("vpc_id", &json!("⟦x.y⟧")), ["vpc_id"]);
        assert!(!is_unknown(&policy) && !is_unknown(&json!(["⟦x.y⟧"])) && is_unknown(&json!("⟦x.y⟧")));
    }
}
