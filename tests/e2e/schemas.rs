//! Checks documents against `state/schemas`. It supports only the keywords of JSON Schema that those schemas use. A
//! validator crate would be compiled with every build of the tests.

use serde_json::Value;
use std::path::Path;

/// Keywords without an effect on documents.
const SILENT: [&str; 3] = ["$schema", "title", "description"];

/// Panics unless the document conforms to the schema of this name.
#[track_caller]
pub(crate) fn conforms(name: &str, document: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../state/schemas/{name}.schema.json"));
    let schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let problems = problems(&schema, document, "");
    assert!(problems.is_empty(), "{name}: {problems:#?}\n{document:#}");
}

fn problems(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, expected) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "type" if !is_of_type(expected, value) => found.push(format!("{at}: {value} is not {expected}")),
            "const" if value != expected => found.push(format!("{at}: {value} is not {expected}")),
            "enum" if !expected.as_array().unwrap().contains(value) => {
                found.push(format!("{at}: {value} is none of {expected}"));
            }
            "minimum" if value.as_f64() < expected.as_f64() => found.push(format!("{at}: {value} is too small")),
            "required" => {
                let missing =
                    expected.as_array().unwrap().iter().filter(|key| value.get(key.as_str().unwrap()).is_none());
                found.extend(missing.map(|key| format!("{at}: {key} is missing")));
            }
            "properties" => {
                for (key, schema) in expected.as_object().unwrap() {
                    found.extend(
                        value.get(key).into_iter().flat_map(|value| problems(schema, value, &format!("{at}/{key}"))),
                    );
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(problems(expected, item, &format!("{at}/{index}")));
                }
            }
            "allOf" => found.extend(expected.as_array().unwrap().iter().flat_map(|schema| problems(schema, value, at))),
            "oneOf" => {
                let fits = |schema: &&Value| problems(schema, value, at).is_empty();
                match expected.as_array().unwrap().iter().filter(fits).count() {
                    1 => {}
                    count => found.push(format!("{at}: {count} forms fit {value}")),
                }
            }
            "type" | "const" | "enum" | "minimum" => {}
            silent if SILENT.contains(&silent) => {}
            unknown => panic!("the validator does not know `{unknown}`"),
        }
    }
    found
}

fn is_of_type(expected: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("there is no type {other}"),
    };
    match expected {
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        name => is(name.as_str().unwrap()),
    }
}
