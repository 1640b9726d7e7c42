//! The traces of a resource's history in an inventory, which do not matter.

use serde_json::{Map, Value};

/// The embedded S3 keeps a setting in the words in which it was sent, with the namespace, and says a default without it.
const NAMESPACE: &str = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// An inventory as it would be if everything in it had been made as it is.
pub(crate) fn without_history(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.iter().filter(|(name, member)| !is_history(name, member, members));
            let there = there.map(|(name, member)| match name.as_str() {
                // Behind documents are copies, of which only their names are ever asked for.
                "service" if members.contains_key("documents") => (name.clone(), without_tags(member)),
                _ => (name.clone(), without_history(member)),
            });
            Value::Object(there.collect())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(without_history).collect();
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

fn without_tags(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.iter().filter(|(name, _)| *name != "tags");
            Value::Object(there.map(|(name, member)| (name.clone(), without_tags(member))).collect())
        }
        other => other.clone(),
    }
}
