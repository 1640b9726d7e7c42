//! EventBridge's part in the embedded AWS: which rules an event matches.

use serde_json::{Value, json};

/// The event of a model package whose approval was decided.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html>
pub(crate) fn model_package_changed(package: &Value, account: &str, region: &str) -> Value {
    let shown = [
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageStatus",
        "ModelApprovalStatus",
    ];
    let detail: Value = shown.iter().map(|member| ((*member).to_owned(), package[*member].clone())).collect();
    json!({
        "version": "0", "id": uuid::Uuid::new_v4().to_string(), "detail-type": "SageMaker Model Package State Change",
        "source": "aws.sagemaker", "account": account, "region": region, "time": jiff::Timestamp::now().to_string(),
        "resources": [package["ModelPackageArn"]], "detail": detail,
    })
}

/// True if a rule is enabled and its pattern matches an event. Of patterns, this knows only lists of the values that a
/// field may have; a rule with anything else in its pattern matches nothing.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>
pub(crate) fn matches(rule: &Value, event: &Value) -> bool {
    let pattern = rule["EventPattern"].as_str().and_then(|text| serde_json::from_str(text).ok());
    rule["State"] == "ENABLED" && pattern.is_some_and(|pattern| has(event, &pattern))
}

fn has(event: &Value, pattern: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, pattern)| has(&event[name], pattern)),
        Value::Array(values) => values.contains(event),
        _ => false,
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
    fn a_disabled_rule_and_one_for_a_schedule_match_nothing() {
        let event = json!({ "source": "aws.sagemaker" });
        let pattern = json!({ "source": ["aws.sagemaker"] }).to_string();
        assert!(!matches(&json!({ "State": "DISABLED", "EventPattern": pattern }), &event));
        assert!(!matches(&json!({ "State": "ENABLED", "ScheduleExpression": "rate(1 day)" }), &event));
    }
}
