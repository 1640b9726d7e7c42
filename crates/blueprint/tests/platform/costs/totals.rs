//! The costs of the environments of this repository.

use super::stack::{MUMBAI, Stack, usd};
use cost::{Gap, Prices, compare};

fn monthly(environment: &str) -> Vec<(String, String)> {
    let estimate = Stack::real(environment).estimate(MUMBAI);
    let mut sums = estimate.areas.iter().map(|area| (area.area.clone(), area.monthly.exact())).collect::<Vec<_>>();
    sums.push(("total".into(), estimate.monthly.exact()));
    sums
}

fn sums(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(area, sum)| ((*area).into(), (*sum).into())).collect()
}

#[test]
fn development_costs_a_nat_gateway_and_its_monitoring() {
    // NAT: 730 × 0.056 + 730 × 0.005. Monitoring: 7 alarms × 0.10 + a dashboard of 3.00.
    assert_eq!(monthly("dev"), sums(&[("monitoring", "3.70"), ("network", "44.53"), ("total", "48.23")]));
}

#[test]
fn staging_adds_keys_interface_endpoints_and_a_small_endpoint() {
    // 6 endpoints × 2 zones × 730 × 0.013 = 113.88; 2 keys; 12 alarms + 3.00; ml.m5.large: 730 × 0.121 = 88.33.
    let expected = sums(&[
        ("encryption", "2.00"),
        ("monitoring", "4.20"),
        ("network", "158.41"),
        ("pipeline", "88.33"),
        ("total", "252.94"),
    ]);
    assert_eq!(monthly("staging"), expected);
}

#[test]
fn production_pays_for_each_zone_and_for_two_instances() {
    // 3 × (40.88 + 3.65) + 10 endpoints × 3 zones × 9.49; 16 alarms + 0.50 + 3.00; 2 × 730 × 0.242;
    // 4 metrics of the replication of each of 2 buckets.
    let expected = sums(&[
        ("encryption", "2.00"),
        ("monitoring", "5.10"),
        ("network", "418.29"),
        ("pipeline", "353.32"),
        ("storage", "2.40"),
        ("total", "781.11"),
    ]);
    assert_eq!(monthly("prod"), expected);
}

#[test]
fn nothing_that_is_paid_every_month_lacks_a_price_where_the_platform_is_at_home() {
    for environment in ["dev", "staging", "prod"] {
        let estimate = Stack::real(environment).estimate(MUMBAI);
        assert!(!estimate.is_incomplete(), "{:?}", estimate.not_priced);
        assert!(estimate.not_priced.iter().all(|gap| gap.missing_from == Gap::ByUse && !gap.reason.is_empty()));
    }
}

#[test]
fn every_monthly_cost_has_a_price_in_the_regions_that_are_covered() {
    for region in [MUMBAI, "us-east-1", "us-west-2", "eu-west-1", "eu-central-1"] {
        for environment in ["dev", "staging", "prod"] {
            let estimate = Stack::real(environment).estimate(region);
            assert!(!estimate.is_incomplete(), "{region}: {:?}", estimate.not_priced);
        }
    }
}

#[test]
fn in_a_region_that_the_list_lacks_nothing_is_free_and_everything_is_listed() {
    let estimate = Stack::real("dev").estimate("sa-east-1");
    assert_eq!(estimate.monthly, usd("0"));
    assert!(estimate.is_incomplete());
    let nat = estimate.not_priced.iter().find(|gap| gap.what == "NAT gateway").unwrap();
    assert_eq!(nat.reason, "the price list of 2026-09-30 has no ec2:nat-gateway-hour for sa-east-1");
    assert_eq!(nat.addresses, ["network.nat-1"]);
}

#[test]
fn an_instance_type_that_the_list_lacks_is_listed() {
    let mut stack = Stack::real("staging");
    let machine = stack.0.iter_mut().find(|it| it.address == "pipeline.deploy").unwrap();
    let variant = &mut machine.spec["definition"]["States"]["CreateConfig"]["Parameters"]["ProductionVariants"][0];
    variant["InstanceType"] = "ml.x9.huge".into();
    let estimate = stack.estimate(MUMBAI);
    let gap = estimate.not_priced.iter().find(|gap| gap.missing_from == Gap::Monthly).unwrap();
    assert_eq!(gap.what, "1 × ml.x9.huge, once a model is approved");
    assert!(gap.reason.contains("sagemaker:instance-hour/ml.x9.huge"), "{}", gap.reason);
    assert_eq!(gap.addresses, ["pipeline.endpoint"]);
}

#[test]
fn an_endpoint_that_nobody_deploys_is_listed() {
    let estimate = Stack::real("staging").without("pipeline.deploy").estimate(MUMBAI);
    let gap = estimate.not_priced.iter().find(|gap| gap.missing_from == Gap::Monthly).unwrap();
    assert_eq!(gap.reason, "no state machine of the stack makes an endpoint of this name");
}

#[test]
fn autoscaling_counts_its_least_number_of_instances() {
    let mut stack = Stack::real("prod");
    let machine = stack.0.iter_mut().find(|it| it.address == "pipeline.deploy").unwrap();
    machine.spec["definition"]["States"]["Begin"]["Parameters"]["autoscaling"]["min"] = 1.into();
    let estimate = stack.estimate(MUMBAI);
    let pipeline = estimate.areas.iter().find(|area| area.area == "pipeline").unwrap();
    assert_eq!(pipeline.monthly, usd("176.66"));
    let further = estimate.by_use.iter().find(|used| used.what.starts_with("further instances")).unwrap();
    assert_eq!(further.depends_on, "traffic, by autoscaling up to 6 instances, and deployments");
}

#[test]
fn copies_are_paid_for_where_they_are() {
    let estimate = Stack::real("prod").estimate(MUMBAI);
    let there = estimate.by_use.iter().filter(|used| used.region == "ap-southeast-1").collect::<Vec<_>>();
    let what = there.iter().map(|used| (used.what.as_str(), used.addresses.len())).collect::<Vec<_>>();
    let expected = [("storage in S3", 2), ("writes to S3", 2), ("writes to the replica", 2), ("reads from S3", 2)];
    assert_eq!(what, expected);
    let transfer = estimate.by_use.iter().find(|used| used.usage_type == "transfer:region-gb").unwrap();
    assert_eq!((transfer.unit_price, transfer.region.as_str()), (usd("0.086"), MUMBAI));
    assert_eq!(transfer.addresses, ["storage.data", "storage.models"]);
}

#[test]
fn a_plan_says_both_sums_and_what_makes_the_difference() {
    let (before, after) = (Stack::real("dev"), Stack::real("dev").without("network.nat-1"));
    let comparison = compare(&before.resources(), &after.resources(), MUMBAI, &Prices::builtin().unwrap());
    let summary = serde_json::to_string(&comparison.summary()).unwrap();
    assert_eq!(summary, r#"{"currency":"USD","monthly_before":48.23,"monthly_after":7.35}"#);
    let [change] = comparison.changes().try_into().unwrap();
    assert_eq!((change.address.as_str(), change.before, change.after), ("network.nat-1", usd("40.88"), usd("0")));
}

#[test]
fn what_is_new_costs_nothing_before() {
    let after = Stack::real("dev");
    let summary = compare(&[], &after.resources(), MUMBAI, &Prices::builtin().unwrap()).summary();
    assert_eq!((summary.monthly_before, summary.monthly_after), (usd("0"), usd("48.23")));
}

#[test]
fn the_serialized_form_is_stable() {
    let stack = Stack::default().with("network.nat-1", "ec2:nat-gateway", serde_json::json!({}));
    let json = serde_json::to_value(stack.estimate(MUMBAI)).unwrap();
    let area = serde_json::json!({
        "area": "network",
        "monthly": 40.88,
        "resources": [{
            "address": "network.nat-1",
            "kind": "ec2:nat-gateway",
            "monthly": 40.88,
            "items": [
                {"what": "NAT gateway", "quantity": 730, "unit": "hour", "unit_price": 0.056, "monthly": 40.88}
            ]
        }]
    });
    assert_eq!(json["areas"], serde_json::json!([area]));
    let used = serde_json::json!({
        "what": "data through NAT",
        "unit": "GB",
        "unit_price": 0.056,
        "meter": "ec2:nat-gateway-gb",
        "region": "ap-south-1",
        "depends_on": "what private subnets send and receive through NAT",
        "addresses": ["network.nat-1"]
    });
    assert_eq!(json["by_use"][0], used);
    let fields = json.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
    let expected =
        ["areas", "as_of", "assumptions", "by_use", "currency", "format", "monthly", "not_priced", "region", "runs"];
    assert_eq!(fields, expected);
    assert_eq!((&json["format"], &json["currency"], &json["runs"]), (&1.into(), &"USD".into(), &serde_json::json!([])));
}
