//! The JSON Schema of environment files, generated from the types of [`crate::environment`].

use crate::environment::Environment;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The JSON Schema (draft 7, which TOML language servers understand) of an environment file.
///
/// The same document is what files are read against, so it says all that can be set.
pub fn schema() -> Value {
    shared().clone()
}

/// Built once: reading a file needs it at every step.
pub(crate) fn shared() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let mut schema = draft7::<Environment>();
        schema["title"] = "An environment of mlopsctl".into();
        schema
    });
    &SCHEMA
}

fn draft7<T: JsonSchema>() -> Value {
    SchemaSettings::draft07()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(tidy))
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// TOML has no null, and Rust's names and integer widths mean nothing to the author of a file.
fn tidy(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("title");
    let width =
        |format: &Value| format.as_str().is_some_and(|f| ["uint", "int", "double"].iter().any(|w| f.starts_with(w)));
    if object.get("format").is_some_and(width) {
        object.remove("format");
    }
    if object.get("default").is_some_and(|default| default.is_null() || default == "") {
        object.remove("default");
    }
    without_null(object);
    if let Some(default) = object.get_mut("default") {
        strip_nulls(default);
    }
}

fn without_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(allowed)) = object.get_mut("enum") {
        allowed.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(branches)) = object.get_mut("anyOf") {
        branches.retain(|branch| branch["type"] != "null");
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}
