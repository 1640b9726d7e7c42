//! CloudWatch takes an alarm on a metric that does not exist, and never fires it. What exists is written
//! here as AWS documents it.

use crate::{logs::declared, times, up};
use config::environment::monitoring::{Protocol, Subscription};
use testkit::{Aws, Fault, Platform};

/// Namespace, metric, and the dimensions it is published with.
const DOCUMENTED: &[(&str, &str, &[&str])] = &[
    ("AWS/SageMaker", "Invocations", &["EndpointName", "VariantName"]),
    ("AWS/SageMaker", "Invocation4XXErrors", &["EndpointName", "VariantName"]),
    ("AWS/SageMaker", "Invocation5XXErrors", &["EndpointName", "VariantName"]),
    ("AWS/SageMaker", "ModelLatency", &["EndpointName", "VariantName"]),
    ("AWS/States", "ExecutionsFailed", &["StateMachineArn"]),
    ("AWS/States", "ExecutionsTimedOut", &["StateMachineArn"]),
    ("AWS/States", "ExecutionsAborted", &["StateMachineArn"]),
    ("AWS/States", "ExecutionThrottled", &["StateMachineArn"]),
    ("AWS/Lambda", "Errors", &["FunctionName"]),
    ("AWS/Lambda", "Throttles", &["FunctionName"]),
    ("AWS/Lambda", "Duration", &["FunctionName"]),
    ("AWS/Lambda", "ConcurrentExecutions", &["FunctionName"]),
    ("AWS/NATGateway", "ErrorPortAllocation", &["NatGatewayId"]),
    ("AWS/NATGateway", "PacketsDropCount", &["NatGatewayId"]),
    ("AWS/S3", "OperationsFailedReplication", &["DestinationBucket", "RuleId", "SourceBucket"]),
];

#[test]
fn every_alarm_is_on_a_metric_that_exists_with_the_dimensions_it_is_published_with() {
    for environment in ["dev", "staging", "prod"] {
        let all = declared(&Platform::named(environment));
        let alarms: Vec<_> = all.iter().filter(|(_, spec)| spec["metric"].is_string()).collect();
        assert!(alarms.len() >= 7, "{environment} has {}", alarms.len());
        for (address, alarm) in alarms {
            let dimensions: Vec<&str> = alarm["dimensions"].as_object().unwrap().keys().map(String::as_str).collect();
            let exists = DOCUMENTED.iter().any(|(namespace, metric, with)| {
                alarm["namespace"] == *namespace && alarm["metric"] == *metric && dimensions == *with
            });
            assert!(exists, "{environment} {address}: {} {} {dimensions:?}", alarm["namespace"], alarm["metric"]);
        }
    }
}

#[test]
fn composite_alarm_is_made_once_the_alarms_of_its_rule_are_known() {
    let platform = Platform::named("prod").only("monitoring.*");
    let mut aws = Aws::lenient(platform.region());
    let words = "Could not save the composite alarm as alarms [a, b] in the alarm rule do not exist";
    aws.strike(("monitoring", "PutCompositeAlarm"), 0, 2, Fault::refused("ValidationError", words));
    up(&platform, &mut aws);
    assert!(times(&aws, "monitoring", "PutCompositeAlarm") > 2);
}

#[test]
fn subscription_with_a_password_is_made_once_and_its_password_stands_in_no_state_and_no_plan() {
    let subscribed = |password: &str| {
        Platform::with("dev", |dev| {
            dev.monitoring.subscriptions = vec![Subscription {
                protocol: Protocol::Https,
                endpoint: format!("https://user:{password}@hooks.example.com/alerts"),
            }];
        })
        .only("monitoring.subscription-*")
    };
    let platform = subscribed("s3cr3t");
    let mut aws = Aws::lenient(platform.region());
    up(&Platform::named("dev").only("monitoring.alerts"), &mut aws);
    // As SNS lists it.
    let masked = Fault::shown(|answer| {
        let text = answer.to_string().replace("s3cr3t", "****").replace("0th3r", "****");
        *answer = serde_json::from_str(&text).unwrap();
    });
    aws.strike(("sns", "ListSubscriptionsByTopic"), 0, u64::MAX, masked);
    up(&platform, &mut aws);
    let (state, _) = aws.run(async |sdk| platform.state(&sdk).await).unwrap();
    assert!(!String::from_utf8_lossy(&state.write()).contains("s3cr3t"));
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert!(again.plan.is_empty(), "{:#?}", again.plan.changes);
    assert_eq!(times(&aws, "sns", "Subscribe"), 1);
    let changed = subscribed("0th3r");
    let planned = aws.run(async |sdk| changed.plan(&sdk).await);
    assert_eq!(planned.plan.changes.len(), 1, "{:#?}", planned.plan.changes);
    assert!(planned.plan.changes[0].fields.iter().all(|field| field.sensitive), "{:#?}", planned.plan.changes);
    up(&changed, &mut aws);
    assert_eq!(times(&aws, "sns", "Subscribe"), 2);
}
