//! The online store of feature groups: the newest record of each identifier.
//!
//! The runtime's operations are named by method and path, such as `PUT /FeatureGroup/customers`.

use serde_json::{Value, json};

use super::documents::{Document, Documents, Refusal};
use crate::service::Scope;

const KIND: &str = "Record";

pub(super) fn actions(
    documents: &mut Documents,
    _: Scope<'_>,
    operation: &str,
    body: &Value,
) -> Option<Result<Value, Refusal>> {
    let (method, path) = operation.split_once(" /FeatureGroup/")?;
    let (group, query) = path.split_once('?').unwrap_or((path, ""));
    Some(match method {
        "PUT" => put(documents, group, &body["Record"]),
        "GET" => Ok(get(documents, group, query)),
        _ => return None,
    })
}

fn value<'a>(record: &'a Value, feature: &str) -> Option<&'a str> {
    let values = record.as_array().into_iter().flatten();
    values.filter(|value| value["FeatureName"] == feature).find_map(|value| value["ValueAsString"].as_str())
}

/// An older record than the one that is there changes nothing.
fn put(documents: &mut Documents, group: &str, record: &Value) -> Result<Value, Refusal> {
    let refuse = |message: String| Refusal { code: "ValidationError", message };
    let Some(description) = documents.get("FeatureGroup", group) else {
        return Err(Refusal { code: "ResourceNotFound", message: format!("Feature group {group} does not exist") });
    };
    let named = |member: &str| description.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let [identifier, event_time] = [named("RecordIdentifierFeatureName"), named("EventTimeFeatureName")];
    let Some(id) = value(record, &identifier) else {
        return Err(refuse(format!("The record has no value of {identifier}, its identifier")));
    };
    let Some(time) = value(record, &event_time) else {
        return Err(refuse(format!("The record has no value of {event_time}, its event time")));
    };
    let key = format!("{group}/{id}");
    let kept = documents.get(KIND, &key).and_then(|kept| kept.get("Record"));
    if kept.and_then(|kept| value(kept, &event_time)).is_some_and(|kept| is_later(kept, time)) {
        return Ok(json!({}));
    }
    documents.put(KIND, key, Document::from_iter([("Record".to_owned(), record.clone())]));
    Ok(json!({}))
}

/// Event times are seconds since 1970 or ISO 8601, alike in all records of a group.
fn is_later(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one > other,
        _ => one > other,
    }
}

fn get(documents: &Documents, group: &str, query: &str) -> Value {
    let parameters = winterbaume_core::parse_query_string(query);
    let id = parameters.get("RecordIdentifierValueAsString").map(String::as_str).unwrap_or_default();
    documents.get(KIND, &format!("{group}/{id}")).map_or_else(|| json!({}), |kept| Value::Object(kept.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_times_are_compared_as_numbers_or_as_text() {
        assert!(is_later("1700000000.5", "999999999"));
        assert!(!is_later("1.7E9", "1700000001"));
        assert!(is_later("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"));
    }
}
