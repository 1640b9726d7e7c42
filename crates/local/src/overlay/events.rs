//! EventBridge: the rules of the default bus and their targets.

use serde_json::{Value, json};

use super::documented::{Catalog, Tagging};
use super::documents::{Documents, Refusal};
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

/// The field in which a rule keeps its targets; not part of its description.
const TARGETS: &str = "_Targets";

fn actions(
    documents: &mut Documents,
    scope: Scope<'_>,
    operation: &str,
    body: &Value,
) -> Option<Result<Value, Refusal>> {
    // Rules of other buses are the emulated service's.
    if body["EventBusName"].as_str().is_some_and(|bus| !bus.ends_with("default")) {
        return None;
    }
    let name = body["Name"].as_str().or(body["Rule"].as_str()).unwrap_or_default();
    Some(match operation {
        "PutRule" => put_rule(documents, scope, name, body),
        "ListRules" => {
            let prefix = body["NamePrefix"].as_str().unwrap_or_default();
            let rules = documents.of("Rule").filter(|(name, _)| name.starts_with(prefix));
            Ok(json!({ "Rules": rules.map(|(_, rule)| shown(rule)).collect::<Vec<_>>() }))
        }
        "ListRuleNamesByTarget" => {
            let targets = |rule: &super::documents::Document| {
                let targets = rule.get(TARGETS).and_then(Value::as_array).cloned().unwrap_or_default();
                targets.iter().any(|target| target["Arn"] == body["TargetArn"])
            };
            let rules = documents.of("Rule").filter(|(_, rule)| targets(rule));
            Ok(json!({ "RuleNames": rules.map(|(name, _)| name).collect::<Vec<_>>() }))
        }
        "DeleteRule" => delete_rule(documents, name),
        "DescribeRule" | "EnableRule" | "DisableRule" | "PutTargets" | "RemoveTargets" | "ListTargetsByRule" => {
            match documents.get_mut("Rule", name) {
                Some(rule) => Ok(on_rule(rule, operation, body)),
                None => Err(Refusal {
                    code: "ResourceNotFoundException",
                    message: format!("Rule {name} does not exist on EventBus default."),
                }),
            }
        }
        _ => return None,
    })
}

fn shown(rule: &super::documents::Document) -> Value {
    let mut rule = rule.clone();
    rule.remove(TARGETS);
    Value::Object(rule)
}

/// A put replaces the rule; its targets and tags stay.
fn put_rule(documents: &mut Documents, scope: Scope<'_>, name: &str, body: &Value) -> Result<Value, Refusal> {
    if body["EventPattern"].is_null() && body["ScheduleExpression"].is_null() {
        let message = "Parameter(s) EventPattern or ScheduleExpression must be specified.".to_owned();
        return Err(Refusal { code: "ValidationException", message });
    }
    let mut rule = body.as_object().cloned().unwrap_or_default();
    let tags = rule.remove("Tags");
    let arn = format!("arn:aws:events:{}:{}:rule/{name}", scope.region, scope.account);
    if !documents.owns(&arn) {
        documents.tag(&arn, tags.as_ref());
    }
    let old = documents.remove("Rule", name).unwrap_or_default();
    let targets = old.get(TARGETS).cloned().unwrap_or_else(|| json!([]));
    default(
        &mut rule,
        json!({
            "Arn": arn, "EventBusName": "default", "State": "ENABLED",
            "CreatedBy": scope.account, TARGETS: targets,
        }),
    );
    documents.put("Rule", name.to_owned(), rule);
    Ok(json!({ "RuleArn": arn }))
}

fn delete_rule(documents: &mut Documents, name: &str) -> Result<Value, Refusal> {
    let Some(rule) = documents.remove("Rule", name) else {
        return Ok(json!({}));
    };
    if rule.get(TARGETS).and_then(Value::as_array).is_some_and(|targets| !targets.is_empty()) {
        documents.put("Rule", name.to_owned(), rule);
        let message = "Rule can't be deleted since it has targets.".to_owned();
        return Err(Refusal { code: "ValidationException", message });
    }
    documents.forget_tags(rule.get("Arn").and_then(Value::as_str).unwrap_or_default());
    Ok(json!({}))
}

fn on_rule(rule: &mut super::documents::Document, operation: &str, body: &Value) -> Value {
    let is_one_of = |target: &Value, ids: &Value| ids.as_array().is_some_and(|ids| ids.contains(&target["Id"]));
    match operation {
        "EnableRule" | "DisableRule" => {
            let state = if operation == "EnableRule" { "ENABLED" } else { "DISABLED" };
            rule.insert("State".to_owned(), state.into());
            return json!({});
        }
        "DescribeRule" => return shown(rule),
        _ => {}
    }
    let Some(targets) = rule.get_mut(TARGETS).and_then(Value::as_array_mut) else {
        return json!({});
    };
    match operation {
        "PutTargets" => {
            for new in body["Targets"].as_array().into_iter().flatten() {
                targets.retain(|target| target["Id"] != new["Id"]);
                targets.push(new.clone());
            }
        }
        "RemoveTargets" => targets.retain(|target| !is_one_of(target, &body["Ids"])),
        _ => return json!({ "Targets": targets }),
    }
    json!({ "FailedEntryCount": 0, "FailedEntries": [] })
}
