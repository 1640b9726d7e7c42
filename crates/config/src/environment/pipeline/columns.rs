//! Checks a schema as the ETL job and the validation function do; `pipeline/README.md` describes it.

use serde_json::Value;
use std::collections::BTreeSet;

const TYPES: [&str; 5] = ["integer", "number", "boolean", "string", "timestamp"];

/// Every mistake, with the name of its column.
pub(super) fn mistakes(schema: &Value) -> Vec<String> {
    let Some(columns) = schema["columns"].as_array().filter(|columns| !columns.is_empty()) else {
        return vec!["`columns` must be a list with at least one column".to_owned()];
    };
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for (column, number) in columns.iter().zip(1..) {
        let Some(name) = column["name"].as_str() else {
            found.push(format!("column {number} must have a `name`"));
            continue;
        };
        if !is_name(name) {
            found.push(format!("the name of column `{name}` must be letters, digits and underscores"));
        }
        if !names.insert(name) {
            found.push(format!("there are two columns `{name}`"));
        }
        if !column["type"].as_str().is_some_and(|kind| TYPES.contains(&kind)) {
            found.push(format!("`type` of column `{name}` must be one of {}", TYPES.join(", ")));
        }
    }
    let keys = schema["key"].as_array().into_iter().flatten();
    for (role, name) in std::iter::once(("label", &schema["label"])).chain(keys.map(|key| ("key", key))) {
        match name.as_str() {
            Some(name) if names.contains(name) => {}
            Some(name) => found.push(format!("`{role}` names `{name}`, and there is no such column")),
            None => found.push(format!("`{role}` must name a column")),
        }
    }
    found
}

fn is_name(text: &str) -> bool {
    let is_part = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_job_would_refuse_is_named() {
        assert_eq!(mistakes(&json!({"columns": 5})), ["`columns` must be a list with at least one column"]);
        let sound = json!({"label": "y", "key": ["id"], "columns": [
            {"name": "id", "type": "string"}, {"name": "y", "type": "boolean"}]});
        assert_eq!(mistakes(&sound), Vec::<String>::new());
        let broken = json!({"label": "z", "columns": [
            {"name": "id", "type": "text"}, {"name": "id", "type": "string"}, {"type": "string"}]});
        assert_eq!(
            mistakes(&broken),
            [
                "`type` of column `id` must be one of integer, number, boolean, string, timestamp",
                "there are two columns `id`",
                "column 3 must have a `name`",
                "`label` names `z`, and there is no such column",
            ]
        );
    }
}
