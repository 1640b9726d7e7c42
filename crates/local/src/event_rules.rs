//! EventBridge's part in the embedded AWS: which rules an event matches.

use serde_json::{Value, json};

/// The fields of a package whose change its event names, as an update has them and as the event does.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html#eventbridge-model-package>
const UPDATED: [(&str, &str); 7] = [
    ("ModelApprovalStatus", "ModelApprovalStatus"),
    ("ApprovalDescription", "ApprovalDescription"),
    ("CustomerMetadataProperties", "CustomerMetadataProperties"),
    ("CustomerMetadataPropertiesToRemove", "CustomerMetadataProperties"),
    ("InferenceSpecification", "InferenceSpecification"),
    ("ModelLifeCycle", "ModelLifeCycle"),
    ("SourceUri", "sourceUri"),
];

/// The event of a model package after an update.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html#eventbridge-model-package>
pub(crate) fn model_package_changed(package: &Value, update: &Value, account: &str, region: &str) -> Value {
    let shown = [
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageStatus",
        "ModelApprovalStatus",
    ];
    let mut detail: Value = shown.iter().map(|member| ((*member).to_owned(), package[*member].clone())).collect();
    let updated = UPDATED.iter().filter(|(field, _)| !update[*field].is_null()).map(|(_, name)| *name);
    detail["UpdatedModelPackageFields"] = updated.collect();
    json!({
        "version": "0", "id": uuid::Uuid::new_v4().to_string(), "detail-type": "SageMaker Model Package State Change",
        "source": "aws.sagemaker", "account": account, "region": region, "time": jiff::Timestamp::now().to_string(),
        "resources": [package["ModelPackageArn"]], "detail": detail,
    })
}

/// True if a rule is enabled and its pattern matches an event. Of patterns, the values of a field, `exists` and `$or` are
/// known here; a field with another operator matches nothing.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>
pub(crate) fn matches(rule: &Value, event: &Value) -> bool {
    let pattern = rule["EventPattern"].as_str().and_then(|text| serde_json::from_str(text).ok());
    rule["State"] == "ENABLED" && pattern.is_some_and(|pattern| has(event, &pattern))
}

fn has(event: &Value, pattern: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, pattern)| match (name.as_str(), pattern) {
            ("$or", Value::Array(ways)) => ways.iter().any(|way| has(event, way)),
            _ => has(&event[name], pattern),
        }),
        Value::Array(values) => values.iter().any(|value| is_value(event, value)),
        _ => false,
    }
}

/// True if a field, or an element of a list, is the value of a pattern.
fn is_value(field: &Value, value: &Value) -> bool {
    match (&value["exists"], field) {
        (Value::Bool(exists), _) => field.is_null() != *exists,
        (_, Value::Array(elements)) => elements.contains(value),
        _ => field == value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pattern: &Value) -> Value {
        json!({ "State": "ENABLED", "EventPattern": pattern.to_string() })
    }

    #[test]
    fn a_pattern_matches_events_that_have_one_of_its_values_in_each_field() {
        let event = json!({ "source": "aws.sagemaker", "detail": { "status": "Approved", "group": "models" } });
        let pattern = |status: &str| json!({ "source": ["aws.sagemaker"], "detail": { "status": [status, "Other"] } });
        assert!(matches(&rule(&pattern("Approved")), &event));
        assert!(!matches(&rule(&pattern("Rejected")), &event));
        assert!(!matches(&rule(&json!({ "detail": { "version": [1] } })), &event));
        assert!(!matches(&rule(&json!({ "detail": { "status": [{ "prefix": "App" }] } })), &event));
    }

    #[test]
    fn a_pattern_matches_elements_of_lists_fields_that_are_absent_and_one_of_several_ways() {
        let pattern = rule(&json!({ "detail": { "status": ["Approved"], "$or": [
            { "changed": ["status"] }, { "changed": [{ "exists": false }] } ] } }));
        let event = |changed: Value| json!({ "detail": { "status": "Approved", "changed": changed } });
        assert!(matches(&pattern, &event(json!(["description", "status"]))));
        assert!(!matches(&pattern, &event(json!(["description"]))));
        assert!(matches(&pattern, &json!({ "detail": { "status": "Approved" } })));
        assert!(!matches(&pattern, &json!({ "detail": { "status": "Rejected" } })));
        let exists = rule(&json!({ "detail": { "changed": [{ "exists": true }] } }));
        assert!(matches(&exists, &event(json!([]))) && !matches(&exists, &json!({ "detail": {} })));
    }

    #[test]
    fn a_disabled_rule_and_one_for_a_schedule_match_nothing() {
        let event = json!({ "source": "aws.sagemaker" });
        let pattern = json!({ "source": ["aws.sagemaker"] }).to_string();
        assert!(!matches(&json!({ "State": "DISABLED", "EventPattern": pattern }), &event));
        assert!(!matches(&json!({ "State": "ENABLED", "ScheduleExpression": "rate(1 day)" }), &event));
    }
}
