//! An existing company: an account in a landing zone. Its network, rules and service control policies exist before the
//! platform, and stay unchanged.

use crate::{destroy, up, went_well};
use aws_sdk_ec2::{
    Client,
    types::{AttributeBooleanValue, Filter, VpcEndpointType},
};
use config::{
    Environment,
    environment::{monitoring::Endpoint, storage::Replication},
};
use engine::{Action, RepairScope};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use testkit::{Aws, Platform};

/// The services that Studio calls. This network has endpoints for them.
const SERVICES: [&str; 4] = ["sagemaker.api", "sagemaker.runtime", "sts", "logs"];

/// A network of the company: private subnets, endpoints, and no internet gateway.
pub(crate) struct LandingZone {
    pub(crate) vpc: String,
    pub(crate) subnets: Vec<String>,
    /// The security group for functions.
    group: String,
    /// The ids of all parts, including those that AWS made.
    parts: Vec<String>,
}

/// The service control policies of a landing zone. They deny gateways, VPCs, subnets and routes, the creation of
/// resources without a cost tag, and every region but one.
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html>
pub(crate) fn control() -> Vec<Value> {
    let network = [
        "ec2:CreateVpc",
        "ec2:DeleteVpc",
        "ec2:ModifyVpcAttribute",
        "ec2:CreateSubnet",
        "ec2:ModifySubnetAttribute",
        "ec2:CreateInternetGateway",
        "ec2:AttachInternetGateway",
        "ec2:CreateNatGateway",
        "ec2:AllocateAddress",
        "ec2:CreateRouteTable",
        "ec2:CreateRoute",
        "ec2:ReplaceRoute",
        "ec2:AssociateRouteTable",
    ];
    let untagged = |actions: &[&str], resource: &str| {
        json!({
            "Effect": "Deny",
            "Action": actions,
            "Resource": resource,
            "Condition": {"Null": {"aws:RequestTag/CostCenter": "true"}},
        })
    };
    let creates = [
        "cloudwatch:PutMetricAlarm",
        "events:PutRule",
        "iam:CreateRole",
        "lambda:CreateFunction",
        "logs:CreateLogGroup",
        "s3:CreateBucket",
        "glue:CreateCrawler",
        "glue:CreateJob",
        "glue:CreateTrigger",
        "glue:CreateWorkflow",
        "sns:CreateTopic",
        "states:CreateStateMachine",
        "ecr:CreateRepository",
        "sagemaker:CreateDomain",
        "sagemaker:CreateUserProfile",
        "sagemaker:CreateFeatureGroup",
        "sagemaker:CreateModelPackageGroup",
    ];
    let elsewhere = json!({
        "Effect": "Deny",
        // Services whose requests go to us-east-1 whatever the region is.
        "NotAction": ["budgets:*", "iam:*", "sts:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": [region()]}},
    });
    vec![json!({"Version": "2012-10-17", "Statement": [
        elsewhere,
        {"Effect": "Deny", "Action": network, "Resource": "*"},
        untagged(&["ec2:CreateSecurityGroup"], "arn:aws:ec2:*:*:security-group/*"),
        untagged(&["ec2:CreateVpcEndpoint"], "arn:aws:ec2:*:*:vpc-endpoint/*"),
        untagged(&creates, "*"),
    ]})]
}

pub(crate) fn landing_zone(aws: &mut Aws, region: &str) -> LandingZone {
    let region = region.to_owned();
    aws.run(async |sdk| {
        let ec2 = Client::new(&sdk);
        let made = ec2.create_vpc().cidr_block("10.77.0.0/20").send().await.unwrap();
        let vpc = made.vpc.unwrap().vpc_id.unwrap();
        settle().await;
        let on = || AttributeBooleanValue::builder().value(true).build();
        ec2.modify_vpc_attribute().vpc_id(&vpc).enable_dns_support(on()).send().await.unwrap();
        ec2.modify_vpc_attribute().vpc_id(&vpc).enable_dns_hostnames(on()).send().await.unwrap();
        let made = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap();
        let table = made.route_table.unwrap().route_table_id.unwrap();
        settle().await;
        let mut subnets = Vec::new();
        for (range, zone) in [("10.77.1.0/25", "a"), ("10.77.2.128/25", "c")] {
            let call = ec2.create_subnet().vpc_id(&vpc).cidr_block(range).availability_zone(format!("{region}{zone}"));
            let subnet = call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap();
            settle().await;
            ec2.associate_route_table().route_table_id(&table).subnet_id(&subnet).send().await.unwrap();
            subnets.push(subnet);
        }
        let group = ec2.create_security_group().vpc_id(&vpc).group_name("workloads").description("Of the company");
        let group = group.send().await.unwrap().group_id.unwrap();
        settle().await;
        let s3 = ec2.create_vpc_endpoint().vpc_id(&vpc).service_name(format!("com.amazonaws.{region}.s3"));
        s3.route_table_ids(&table).send().await.unwrap();
        for service in SERVICES {
            let call = ec2.create_vpc_endpoint().vpc_id(&vpc).vpc_endpoint_type(VpcEndpointType::Interface);
            let call = call.service_name(format!("com.amazonaws.{region}.{service}")).private_dns_enabled(true);
            call.set_subnet_ids(Some(subnets.clone())).security_group_ids(&group).send().await.unwrap();
        }
        settle().await;
        let parts = parts(&ec2, &vpc).await;
        LandingZone { vpc, subnets, group, parts }
    })
}

/// The remains of a platform, without the network of the company, which is in the same cloud.
pub(crate) fn left_of(platform: &Platform, aws: &Aws) -> Vec<String> {
    platform.left(aws).into_iter().filter(|left| !left.contains("/network/items/")).collect()
}

/// New resources are subject to eventual consistency.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(120)).await;
}

/// The ids of a VPC and of everything in it.
async fn parts(ec2: &Client, vpc: &str) -> Vec<String> {
    let within = || Filter::builder().name("vpc-id").values(vpc).build();
    let mut parts = vec![vpc.to_owned()];
    let subnets = ec2.describe_subnets().filters(within()).send().await.unwrap();
    parts.extend(subnets.subnets().iter().filter_map(|one| one.subnet_id().map(str::to_owned)));
    let tables = ec2.describe_route_tables().filters(within()).send().await.unwrap();
    parts.extend(tables.route_tables().iter().filter_map(|one| one.route_table_id().map(str::to_owned)));
    let groups = ec2.describe_security_groups().filters(within()).send().await.unwrap();
    parts.extend(groups.security_groups().iter().filter_map(|one| one.group_id().map(str::to_owned)));
    let endpoints = ec2.describe_vpc_endpoints().filters(within()).send().await.unwrap();
    parts.extend(endpoints.vpc_endpoints().iter().filter_map(|one| one.vpc_endpoint_id().map(str::to_owned)));
    parts
}

impl LandingZone {
    /// Names the network in an environment file.
    pub(crate) fn hosts(&self, environment: &mut Environment) {
        let network = &mut environment.network;
        network.cidr = None;
        network.vpc_id = Some(self.vpc.clone());
        network.private_subnets = self.subnets.clone();
        network.security_groups.lambda = vec![self.group.clone()];
        for function in &mut environment.functions {
            function.vpc = true;
        }
    }

    fn platform(&self) -> Platform {
        Platform::with("dev", |dev| self.hosts(dev))
    }

    pub(crate) fn kept(&self, aws: &Aws) -> BTreeMap<String, String> {
        let kept = aws.kept(&self.parts);
        assert_eq!(kept.len(), self.parts.len(), "everything is there");
        kept
    }
}

fn region() -> String {
    Platform::named("dev").region().to_owned()
}

fn actions(planning: &engine::Planning) -> Vec<(String, Action)> {
    planning.plan.changes.iter().map(|change| (change.address.to_string(), change.action)).collect()
}

#[test]
fn a_platform_in_an_existing_network_lives_under_a_landing_zones_rules_and_leaves_everything_as_it_was() {
    let mut aws = Aws::lawful(&region(), 81);
    let zone = landing_zone(&mut aws, &region());
    aws.wait(Duration::from_secs(300));
    let before = zone.kept(&aws);
    let platform = zone.platform();
    aws.forbid(&control());
    aws.allow_only(&platform.policies(None, false));

    up(&platform, &mut aws);
    assert_eq!(zone.kept(&aws), before, "after up");
    let again = aws.run(async |sdk| platform.plan(&sdk).await);
    assert_eq!(actions(&again), [], "a second plan is empty");

    // Changes of the company's own resources are no drift.
    aws.allow_everything();
    let (subnet, group) = (zone.subnets[0].clone(), zone.group.clone());
    aws.run(async |sdk| {
        let tag = aws_sdk_ec2::types::Tag::builder().key("Team").value("network").build();
        Client::new(&sdk).create_tags().resources(subnet).resources(group).tags(tag).send().await.unwrap();
    });
    aws.allow_only(&platform.policies(None, false));
    let before = zone.kept(&aws);
    let drift = aws.run(async |sdk| platform.drift(&sdk).await);
    assert!(drift.drifted.is_empty(), "{:?}", drift.drifted);
    let repairs = aws.run(async |sdk| platform.repairs(RepairScope::Everything, &sdk).await);
    assert!(repairs.planned.is_empty() && repairs.failed.is_empty());
    assert_eq!(zone.kept(&aws), before, "after drift and reconcile");

    // The stack makes its own security group for functions, and an endpoint beside it.
    let edited = Platform::with("dev", |dev| {
        zone.hosts(dev);
        dev.network.security_groups.lambda.clear();
        dev.network.endpoints = vec!["glue".into()];
    });
    aws.allow_only(&edited.policies(None, false));
    up(&edited, &mut aws);
    assert_eq!(zone.kept(&aws), before, "after an edit");

    destroy(&edited, &mut aws);
    assert_eq!(zone.kept(&aws), before, "after destroy");
    assert_eq!(aws.denied(), Vec::<String>::new());
    assert_eq!(left_of(&edited, &aws), Vec::<String>::new());
    let vpc = zone.vpc.clone();
    let there = aws.run(async |sdk| parts(&Client::new(&sdk), &vpc).await);
    assert_eq!(there.len(), zone.parts.len(), "nothing is left in the VPC");
}

#[test]
fn scp_stops_a_platform_with_a_network_of_its_own_in_awss_words() {
    let platform = Platform::named("dev").only("network.vpc");
    let mut aws = Aws::lawful(platform.region(), 82);
    aws.forbid(&control());
    let applied = aws.run(async |sdk| platform.up(&sdk).await);
    let failure = crate::failure(&applied);
    assert!(
        failure.contains("network.vpc") && failure.contains("explicit deny in a service control policy"),
        "{failure}"
    );
}

#[test]
fn scp_that_denies_the_region_of_a_replica_is_told_before_anything_is_done() {
    let platform = Platform::with("dev", |dev| {
        dev.storage.replication = Some(Replication { region: "ap-southeast-1".into() });
        dev.storage.buckets.iter_mut().for_each(|bucket| bucket.replicate = true);
    })
    .only("storage.data-replica");
    let mut aws = Aws::lawful(platform.region(), 85);
    aws.forbid(&control());
    let refusals = aws.run(async |sdk| platform.try_up(&sdk).await).unwrap_err();
    let [refusal] = refusals.as_slice() else { panic!("{refusals:?}") };
    let said = refusal.failure.to_string();
    assert!(said.contains("-data-replica-") && said.contains("looking at it is not allowed"), "{said}");
}

#[test]
fn alarms_and_rules_change_under_a_policy_that_demands_tags_of_each_put() {
    let mut aws = Aws::lenient(&region());
    let zone = landing_zone(&mut aws, &region());
    let platform = |latency_ms: u16, schedule: &str| {
        Platform::with("dev", |dev| {
            zone.hosts(dev);
            dev.monitoring.endpoints = vec![Endpoint { name: "churn".into(), variant: "all".into(), latency_ms }];
            dev.pipeline.as_mut().unwrap().schedule = Some(schedule.into());
        })
    };
    aws.forbid(&control());
    up(&platform(100, "rate(1 day)"), &mut aws);
    let edited = platform(200, "rate(2 days)");
    let planned = actions(&aws.run(async |sdk| edited.plan(&sdk).await));
    assert!(planned.len() >= 2 && planned.iter().all(|(_, action)| *action == Action::Update), "{planned:?}");
    up(&edited, &mut aws);
    assert_eq!(actions(&aws.run(async |sdk| edited.plan(&sdk).await)), []);
    assert_eq!(aws.denied(), Vec::<String>::new());
}

#[test]
fn permissions_in_an_existing_network_change_neither_the_vpc_nor_subnets_nor_gateways() {
    let mut aws = Aws::lenient(&region());
    let zone = landing_zone(&mut aws, &region());
    let policies = json!(zone.platform().policies(None, false)).to_string();
    for part in [
        "Vpc\"",
        "Subnet\"",
        "SubnetAttribute\"",
        "VpcAttribute\"",
        "InternetGateway\"",
        "NatGateway\"",
        "Address\"",
        "Route\"",
        "RouteTable\"",
    ] {
        for verb in ["Create", "Delete", "Modify", "Attach", "Detach", "Allocate", "Replace", "Associate"] {
            assert!(!policies.contains(&format!("ec2:{verb}{part}")), "ec2:{verb}{part}");
        }
    }
    assert!(policies.contains("ec2:CreateSecurityGroup"));
}

#[test]
fn platform_that_moves_into_an_existing_network_keeps_its_data_and_takes_its_own_network_away() {
    let own = Platform::named("dev");
    let mut aws = Aws::lawful(own.region(), 83);
    up(&own, &mut aws);
    let zone = landing_zone(&mut aws, own.region());
    aws.wait(Duration::from_secs(300));
    let before = zone.kept(&aws);
    let moved = zone.platform();
    let planning = aws.run(async |sdk| moved.plan(&sdk).await);
    let planned = actions(&planning);
    let of = |wanted: Action| -> Vec<&str> {
        let chosen = planned.iter().filter(|(_, action)| *action == wanted);
        chosen.map(|(address, _)| address.as_str()).collect()
    };
    assert!(of(Action::Replace).contains(&"studio.domain"), "{planned:?}");
    for address in ["network.vpc", "network.internet-gateway", "network.nat-1", "network.public-1", "network.private-2"]
    {
        assert!(of(Action::Delete).contains(&address), "{address}: {planned:?}");
    }
    let lost = planned.iter().filter(|(_, action)| matches!(action, Action::Replace | Action::Delete));
    let lost: Vec<&(String, Action)> = lost.filter(|(address, _)| address.starts_with("storage.")).collect();
    assert!(lost.is_empty(), "{lost:?}");

    let applied = aws.run(async |sdk| moved.up(&sdk).await);
    went_well(&applied);
    assert_eq!(zone.kept(&aws), before);
    assert_eq!(actions(&aws.run(async |sdk| moved.plan(&sdk).await)), []);
    destroy(&moved, &mut aws);
    assert_eq!(zone.kept(&aws), before);
}

#[test]
fn state_that_claims_an_existing_subnet_does_not_lose_it_to_destroy() {
    let own = Platform::named("dev").only("network.private-1");
    let mut aws = Aws::lawful(own.region(), 84);
    up(&own, &mut aws);
    let zone = landing_zone(&mut aws, own.region());
    let before = zone.kept(&aws);
    let subnet = zone.subnets[0].clone();
    aws.run(async |sdk| {
        let (mut state, version) = own.state(&sdk).await.unwrap();
        let address = resource::Address::parse("network.private-1").unwrap();
        state.resources.get_mut(&address).unwrap().id = Some(subnet);
        state.serial += 1;
        let store = own.state_bucket(&sdk).store();
        state::Store::put(&store, "state.json", state.write().into(), Some(&version)).await.unwrap();
    });
    let refused = aws.run(async |sdk| own.try_destroy(&sdk).await.err());
    assert!(refused.is_some(), "a resource without tags of the stack is not deleted");
    assert_eq!(zone.kept(&aws), before);
}
