//! CloudWatch: alarms with all they were given. Dashboards and metrics are the emulated service's.

use serde_json::{Value, json};

use super::documented::{Catalog, Tagging};
use super::documents::{Document, Documents, Refusal, now};
use super::kind::default;
use crate::service::Scope;

pub(crate) static CATALOG: Catalog = Catalog {
    kinds: &[],
    tagging: Tagging {
        add: "TagResource",
        added: "Tags",
        remove: "UntagResource",
        removed: "TagKeys",
        list: "ListTagsForResource",
        arn: "ResourceARN",
        tags: "Tags",
        pair: Some(("Key", "Value")),
    },
    actions,
    reopen: |_| false,
};

/// The kinds of alarm: type, put operation and member of DescribeAlarms.
const KINDS: [(&str, &str, &str); 2] =
    [("MetricAlarm", "PutMetricAlarm", "MetricAlarms"), ("CompositeAlarm", "PutCompositeAlarm", "CompositeAlarms")];

fn actions(
    documents: &mut Documents,
    scope: Scope<'_>,
    operation: &str,
    body: &Value,
) -> Option<Result<Value, Refusal>> {
    if let Some((kind, _, _)) = KINDS.iter().find(|(_, put, _)| *put == operation) {
        return Some(put(documents, scope, kind, body));
    }
    match operation {
        "DescribeAlarms" => Some(Ok(describe(documents, body))),
        "DeleteAlarms" => Some(delete(documents, body)),
        "EnableAlarmActions" | "DisableAlarmActions" => {
            for name in names(&body["AlarmNames"]) {
                for (kind, _, _) in KINDS {
                    if let Some(alarm) = documents.get_mut(kind, name) {
                        let enabled = operation == "EnableAlarmActions";
                        alarm.insert("ActionsEnabled".to_owned(), enabled.into());
                    }
                }
            }
            Some(Ok(json!({})))
        }
        _ => None,
    }
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Puts replace the whole alarm but its state; tags count only the first time.
fn put(documents: &mut Documents, scope: Scope<'_>, kind: &str, body: &Value) -> Result<Value, Refusal> {
    let mut alarm = body.as_object().cloned().unwrap_or_default();
    let tags = alarm.remove("Tags");
    let Some(name) = body["AlarmName"].as_str() else {
        let message = "The parameter AlarmName is required.".to_owned();
        return Err(Refusal { code: "MissingParameter", message });
    };
    let arn = format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", scope.region, scope.account);
    if !documents.owns(&arn) {
        documents.tag(&arn, tags.as_ref());
    }
    let old = documents.remove(kind, name).unwrap_or_default();
    let keep = |field: &str, new: Value| old.get(field).cloned().unwrap_or(new);
    default(
        &mut alarm,
        json!({
            "AlarmArn": arn,
            "ActionsEnabled": true,
            "AlarmActions": [],
            "OKActions": [],
            "InsufficientDataActions": [],
            "AlarmConfigurationUpdatedTimestamp": now(),
            "StateValue": keep("StateValue", "INSUFFICIENT_DATA".into()),
            "StateReason": keep("StateReason", "Unchecked: Initial alarm creation".into()),
            "StateUpdatedTimestamp": keep("StateUpdatedTimestamp", now()),
        }),
    );
    if kind == "MetricAlarm" && !alarm.contains_key("Metrics") {
        default(&mut alarm, json!({ "Dimensions": [] }));
    }
    documents.put(kind, name.to_owned(), alarm);
    Ok(json!({}))
}

/// Without `AlarmTypes` CloudWatch returns metric alarms only.
fn describe(documents: &Documents, body: &Value) -> Value {
    let types: Vec<&str> = names(&body["AlarmTypes"]).collect();
    let wanted: Vec<&str> = names(&body["AlarmNames"]).collect();
    let passes = |alarm: &Document| {
        let name = alarm.get("AlarmName").and_then(Value::as_str).unwrap_or_default();
        let is = |member: &str, field: &str| {
            body[member].as_str().is_none_or(|wanted| alarm.get(field) == Some(&wanted.into()))
        };
        (wanted.is_empty() || wanted.contains(&name))
            && body["AlarmNamePrefix"].as_str().is_none_or(|prefix| name.starts_with(prefix))
            && is("StateValue", "StateValue")
    };
    let mut answer = json!({});
    for (kind, _, member) in KINDS {
        let asked = if types.is_empty() { kind == "MetricAlarm" } else { types.contains(&kind) };
        let alarms = documents.of(kind).map(|(_, alarm)| alarm).filter(|alarm| asked && passes(alarm));
        answer[member] = alarms.cloned().map(Value::Object).collect();
    }
    answer
}

fn delete(documents: &mut Documents, body: &Value) -> Result<Value, Refusal> {
    for name in names(&body["AlarmNames"]) {
        let found = KINDS.iter().find_map(|(kind, _, _)| documents.remove(kind, name));
        match found {
            Some(alarm) => {
                documents.forget_tags(alarm.get("AlarmArn").and_then(Value::as_str).unwrap_or_default());
            }
            None => {
                let message = format!("Alarm {name} does not exist");
                return Err(Refusal { code: "ResourceNotFound", message });
            }
        }
    }
    Ok(json!({}))
}
