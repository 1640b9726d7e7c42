use crate::stack::{MUMBAI, Stack, alone, usd};
use cost::{Gap, Treatment, treatments};
use serde_json::{Value, json};

fn interface(zones: usize) -> Value {
    let subnets = (0..zones).map(|zone| format!("subnet-{zone}")).collect::<Vec<_>>();
    json!({"reach": {"type": "interface", "subnets": subnets}})
}

#[test]
fn a_second_zone_doubles_what_an_interface_endpoint_costs() {
    assert_eq!(alone("ec2:vpc-endpoint", interface(1)).monthly, usd("9.49"));
    assert_eq!(alone("ec2:vpc-endpoint", interface(2)).monthly, usd("18.98"));
}

#[test]
fn what_is_not_made_yet_costs_what_it_will() {
    let subnets = ["⟦network.private-1.id⟧", "⟦network.private-2.id⟧"];
    let planned = json!({"reach": {"type": "interface", "subnets": subnets}, "vpc_id": "⟦network.vpc.id⟧"});
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
fn every_kind_of_the_platform_is_priced_or_free_for_a_reason() {
    let kinds = treatments().map(|(kind, _)| kind).collect::<Vec<_>>();
    for environment in ["dev", "staging", "prod"] {
        for declared in Stack::real(environment).0 {
            assert!(kinds.contains(&declared.kind.as_str()), "{}", declared.kind);
        }
    }
    assert!(kinds.is_sorted());
    assert!(treatments().all(|(_, treatment)| !matches!(treatment, Treatment::Free(""))));
}

#[test]
fn what_is_free_is_in_no_list() {
    for (kind, treatment) in treatments() {
        let estimate = alone(kind, json!({}));
        let said = !estimate.areas.is_empty() || !estimate.by_use.is_empty() || !estimate.not_priced.is_empty();
        // Without a specification, what is priced by it is said to lack it.
        assert_eq!(said, treatment == Treatment::Priced, "{kind}");
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
    let adds = |estimate: cost::Estimate| estimate.by_use.iter().any(|used| used.meter == "kms:key-month");
    assert!(adds(rotates(true)) && !adds(rotates(false)));
}

#[test]
fn a_space_costs_its_volume() {
    let space = |gb: u64| Stack::default().with("studio.space", "sagemaker:space", json!({ "volume_gb": gb }));
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
        let used = estimate.by_use.iter().find(|used| used.meter == meter).unwrap();
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
        let estimate = alone("sns:subscription", json!({ "protocol": protocol }));
        let meters = estimate.by_use.iter().map(|used| used.meter.clone()).collect::<Vec<_>>();
        (meters, estimate.not_priced.len())
    };
    assert_eq!(meters("email"), (vec!["sns:emails-100000".into()], 0));
    assert_eq!(meters("https"), (vec!["sns:https-100000".into()], 0));
    assert_eq!(meters("sqs"), (vec![], 0));
    assert_eq!(meters("sms"), (vec![], 1));
}

#[test]
fn a_copy_in_the_same_region_is_not_carried_to_another() {
    let replication = json!({"destination_bucket_arn": "arn:aws:s3:::copy"});
    let stack = |region: Value| {
        Stack::default()
            .with("storage.data", "s3:bucket", json!({"name": "data", "replication": replication}))
            .with("storage.copy", "s3:bucket", json!({"name": "copy", "region": region}))
            .estimate(MUMBAI)
    };
    let carried = |region| stack(region).by_use.iter().any(|used| used.meter == "transfer:region-gb");
    assert!(carried(json!("eu-west-1")));
    assert!(!carried(Value::Null));
}
