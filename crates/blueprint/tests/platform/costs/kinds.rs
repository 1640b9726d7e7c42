//! The costs of single resources, by their settings.

use super::stack::{MUMBAI, Stack, alone, usd};
use aws_sagemaker::{Space, SpaceApp};
use cost::Gap;
use resource::Tags;
use serde_json::{Value, json};
use vocabulary::DomainId;

fn interface(zones: usize) -> Value {
    let subnets = (0..zones).map(|zone| format!("subnet-{zone}")).collect::<Vec<_>>();
    json!({"reach": {"type": "interface", "subnets": subnets, "security_groups": [], "private_dns": true}})
}

#[test]
fn a_second_zone_doubles_what_an_interface_endpoint_costs() {
    assert_eq!(alone("ec2:vpc-endpoint", interface(1)).monthly, usd("9.49"));
    assert_eq!(alone("ec2:vpc-endpoint", interface(2)).monthly, usd("18.98"));
}

#[test]
fn what_is_not_made_yet_costs_what_it_will() {
    let subnets = ["⟦network.private-1.id⟧", "⟦network.private-2.id⟧"];
    let mut planned = interface(0);
    planned["reach"]["subnets"] = json!(subnets);
    planned["vpc_id"] = json!("⟦network.vpc.id⟧");
    assert_eq!(alone("ec2:vpc-endpoint", planned).monthly, alone("ec2:vpc-endpoint", interface(2)).monthly);
}

#[test]
fn a_gateway_endpoint_costs_nothing_and_lacks_nothing() {
    let estimate = alone("ec2:vpc-endpoint", json!({"reach": {"type": "gateway", "route_tables": ["rtb-1"]}}));
    assert!(estimate.areas.is_empty() && estimate.by_use.is_empty() && estimate.not_priced.is_empty());
}

#[test]
fn a_resource_nobody_knows_is_listed_as_not_priced() {
    let estimate = alone("quantum:computer", json!({}));
    let [gap] = estimate.not_priced.as_slice() else { panic!("{:?}", estimate.not_priced) };
    assert_eq!((gap.what.as_str(), gap.missing_from), ("whatever quantum:computer costs", Gap::Unknown));
    assert_eq!(gap.addresses, ["area.it"]);
    assert!(estimate.is_incomplete());
}

#[test]
fn kind_has_usage_or_is_free_for_a_reason() {
    let registry = blueprint::registry();
    for declared in ["dev", "staging", "prod"].into_iter().flat_map(|environment| Stack::real(environment).0) {
        let usage = registry.get(&declared.kind).unwrap().usage(&declared.spec).unwrap();
        let estimate = Stack(vec![declared.clone()]).estimate(MUMBAI);
        let said = !estimate.areas.is_empty() || !estimate.by_use.is_empty() || !estimate.not_priced.is_empty();
        assert_eq!(said, !usage.is_free(), "{}: {usage:?}", declared.address);
        assert_ne!(usage.free, Some(""), "{}", declared.kind);
    }
}

#[test]
fn an_alarm_on_periods_below_a_minute_costs_more() {
    assert_eq!(alone("cloudwatch:metric-alarm", json!({"period_seconds": 60})).monthly, usd("0.1"));
    assert_eq!(alone("cloudwatch:metric-alarm", json!({"period_seconds": 10})).monthly, usd("0.3"));
}

#[test]
fn a_key_that_rotates_says_what_rotations_add() {
    let rotates = |rotation: bool| alone("kms:key", json!({ "rotation": rotation }));
    assert_eq!(rotates(true).monthly, rotates(false).monthly);
    let adds = |estimate: cost::Estimate| estimate.by_use.iter().any(|used| used.usage_type == "kms:key-month");
    assert!(adds(rotates(true)) && !adds(rotates(false)));
}

#[test]
fn a_space_costs_its_volume() {
    let space = |volume_gb: i32| {
        let (name, owner) = ("it".to_owned(), "somebody".to_owned());
        let space = Space {
            domain_id: DomainId::new("d-1"),
            name,
            owner,
            app: SpaceApp::JupyterLab,
            volume_gb,
            tags: Tags::default(),
        };
        Stack::default().with("studio.space", "sagemaker:space", serde_json::to_value(space).unwrap())
    };
    assert_eq!(space(50).estimate("us-east-1").monthly, usd("5.6"));
    assert!(space(50).estimate(MUMBAI).is_incomplete());
}

#[test]
fn what_flow_logs_write_is_counted_once() {
    let stack = Stack::default()
        .with("network.flow-logs", "ec2:flow-log", json!({"log_group": "/flow"}))
        .with("monitoring.flow", "logs:log-group", json!({"name": "/flow"}))
        .with("monitoring.other", "logs:log-group", json!({"name": "/other"}));
    let estimate = stack.estimate(MUMBAI);
    let by = |meter: &str| {
        let used = estimate.by_use.iter().find(|used| used.usage_type == meter).unwrap();
        used.addresses.clone()
    };
    assert_eq!(by("logs:ingestion-gb"), ["monitoring.other"]);
    assert_eq!(by("logs:vended-gb"), ["network.flow-logs"]);
    assert_eq!(by("logs:storage-gb-month"), ["monitoring.flow", "monitoring.other"]);
}

#[test]
fn a_function_on_graviton_has_the_price_of_graviton() {
    let estimate = alone("lambda:function", json!({"architecture": "arm64"}));
    assert_eq!(estimate.by_use[0].unit_price, usd("0.0000133334"));
}

#[test]
fn mails_and_https_messages_cost_and_queues_do_not() {
    let meters = |protocol: &str| {
        let subscription =
            json!({"topic": "arn", "protocol": protocol, "endpoint": "x", "raw_message_delivery": false});
        let estimate = alone("sns:subscription", subscription);
        let meters = estimate.by_use.iter().map(|used| used.usage_type.clone()).collect::<Vec<_>>();
        (meters, estimate.not_priced.len())
    };
    assert_eq!(meters("email"), (vec!["sns:emails-100000".into()], 0));
    assert_eq!(meters("https"), (vec!["sns:https-100000".into()], 0));
    assert_eq!(meters("sqs"), (vec![], 0));
    assert_eq!(meters("sms"), (vec![], 1));
}

#[test]
fn a_copy_in_the_same_region_is_not_carried_to_another() {
    let replication = json!({"destination_bucket_arn": "arn:aws:s3:::copy", "role": "arn", "kms_key": null});
    let stack = |region: Value| {
        Stack::default()
            .with("storage.data", "s3:bucket", json!({"name": "data", "replication": replication}))
            .with("storage.copy", "s3:bucket", json!({"name": "copy", "region": region, "replication": null}))
            .estimate(MUMBAI)
    };
    let carried = |region| stack(region).by_use.iter().any(|used| used.usage_type == "transfer:region-gb");
    assert!(carried(json!("eu-west-1")));
    assert!(!carried(Value::Null));
}
