//! Fills the stack's real names into a state machine definition.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Replaces `${name}`: a string that is one placeholder and nothing else becomes the value as JSON, and
/// null drops the key that holds it; within a longer string the value is put in as text. Placeholders
/// without a value stay, so that a test can name them.
pub(crate) fn render(template: &Value, values: &BTreeMap<&str, Value>) -> Value {
    match template {
        Value::String(text) => match whole(text).and_then(|name| values.get(name)) {
            Some(value) => value.clone(),
            None => Value::String(interpolate(text, values)),
        },
        Value::Array(items) => {
            Value::Array(items.iter().filter(|item| !dropped(item, values)).map(|item| render(item, values)).collect())
        }
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !dropped(value, values));
            Value::Object(kept.map(|(key, value)| (key.clone(), render(value, values))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// The name in a string that is one placeholder and nothing else.
fn whole(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}').filter(|name| !name.contains('$'))
}

fn dropped(template: &Value, values: &BTreeMap<&str, Value>) -> bool {
    template.as_str().and_then(whole).and_then(|name| values.get(name)).is_some_and(Value::is_null)
}

fn interpolate(text: &str, values: &BTreeMap<&str, Value>) -> String {
    let mut rendered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        rendered.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            rendered.push_str("${");
            rest = after;
            continue;
        };
        match values.get(name) {
            Some(Value::String(value)) => rendered.push_str(value),
            Some(value) => rendered.push_str(&value.to_string()),
            None => rendered.push_str(&format!("${{{name}}}")),
        }
        rest = tail;
    }
    rendered.push_str(rest);
    rendered
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_placeholders_become_values_and_nulls_vanish() {
        let values = BTreeMap::from([("n", json!(3)), ("none", Value::Null), ("bucket", json!("b"))]);
        let template = json!({"Count": "${n}", "Key": "${none}", "Uri": "s3://${bucket}/x/${n}", "List": ["${none}", "${n}"], "Path.$": "$.a"});
        let expected = json!({"Count": 3, "Uri": "s3://b/x/3", "List": [3], "Path.$": "$.a"});
        assert_eq!(render(&template, &values), expected);
    }

    #[test]
    fn what_has_no_value_stays_to_be_seen() {
        assert_eq!(render(&json!("a ${missing} b"), &BTreeMap::new()), json!("a ${missing} b"));
    }
}
