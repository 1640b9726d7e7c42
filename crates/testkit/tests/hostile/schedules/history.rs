//! What a thing's history leaves in an inventory, and nobody makes anything of.

use serde_json::{Map, Value};

/// The embedded S3 keeps a setting in the words in which it was sent, with the namespace, and says a default without it.
const NAMESPACE: &str = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// An inventory as it would be if everything in it had been made as it is, by somebody who has these functions.
pub(crate) fn without_history(value: &Value, functions: &[String]) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.iter().filter(|(name, member)| !is_history(name, member, members));
            let there = there.map(|(name, member)| match name.as_str() {
                // Behind documents are copies, of which only their names are ever asked for.
                "service" if members.contains_key("documents") => (name.clone(), without_tags(member)),
                _ => (name.clone(), without_history(member, functions)),
            });
            Value::Object(there.collect())
        }
        Value::Array(items) => {
            let there = items.iter().filter(|item| !is_left_by_a_function(item, functions));
            let mut items: Vec<Value> = there.map(|item| without_history(item, functions)).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::String(text) => text.replace(NAMESPACE, "").into(),
        other => other.clone(),
    }
}

/// Counters, how the last change went, what was set before it was turned off, what is empty since, and what the
/// embedded AWS remembers of objects and log events that are gone.
fn is_history(name: &str, member: &Value, members: &Map<String, Value>) -> bool {
    match name {
        "Version" => member.is_number(),
        "LastUpdateStatus" | "LogEvents" => true,
        "checksums" => members.contains_key("settings"),
        "logging" => member.as_str().is_some_and(|document| !document.contains("LoggingEnabled")),
        "IdleTimeoutInMinutes" => members.get("LifecycleManagement").is_some_and(|is| is == "DISABLED"),
        _ => member.as_str().is_some_and(str::is_empty),
    }
}

/// Whether it is an interface of a function that is gone: Lambda leaves those whose role it has lost. They go with the
/// subnet or the security group that they are in the way of.
fn is_left_by_a_function(item: &Value, functions: &[String]) -> bool {
    let of = item["document"]["description"].as_str().and_then(|text| text.strip_prefix("AWS Lambda VPC ENI-"));
    let name = of.and_then(|of| of.rsplit_once('-')).map(|(name, _)| name);
    name.is_some_and(|name| !functions.iter().any(|function| function == name))
}

fn without_tags(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.iter().filter(|(name, _)| *name != "tags");
            Value::Object(there.map(|(name, member)| (name.clone(), without_tags(member))).collect())
        }
        other => other.clone(),
    }
}
