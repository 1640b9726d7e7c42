//! An existing network, and a network of the stack's own without internet access.

use crate::{Project, declared, declared_after, repository};
use aws_ec2::EndpointService;
use blueprint::RecordedPlacement;
use config::{Environment, environment::network::Nat};
use resource::Declaration;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vocabulary::Place;

const VPC: &str = "vpc-0a1b2c3d4e5f67890";
const SUBNETS: [&str; 3] = ["subnet-0000000000000000a", "subnet-0000000000000000b", "subnet-0000000000000000c"];

fn hosted(environment: &mut Environment) {
    let network = &mut environment.network;
    network.cidr = None;
    network.vpc_id = Some(VPC.to_owned());
    network.private_subnets = SUBNETS.map(str::to_owned).into();
}

fn addresses(declared: &[Declaration]) -> Vec<&str> {
    declared.iter().map(|one| one.address.as_str()).collect()
}

fn network(declared: &[Declaration]) -> Vec<&str> {
    addresses(declared).into_iter().filter(|address| address.starts_with("network.")).collect()
}

#[track_caller]
fn spec<'a>(declared: &'a [Declaration], address: &str) -> &'a Value {
    &declared.iter().find(|one| one.address.as_str() == address).unwrap_or_else(|| panic!("no {address}")).spec
}

#[test]
fn in_an_existing_network_the_stack_has_nothing_but_groups() {
    let declared = declared_after("dev", |dev| {
        hosted(dev);
        dev.functions[0].vpc = true;
    });
    assert_eq!(network(&declared), ["network.sagemaker-security-group", "network.lambda-security-group"]);
    let domain = spec(&declared, "studio.domain");
    assert_eq!((&domain["vpc_id"], &domain["subnets"]), (&json!(VPC), &json!(SUBNETS)));
    assert_eq!(spec(&declared, "functions.data-validation")["vpc"]["subnets"], json!(SUBNETS));
    assert_eq!(spec(&declared, "network.lambda-security-group")["vpc_id"], VPC);
    // The ARNs of a shared VPC and its subnets contain the account of their owner.
    let roles = json!(declared.iter().filter(|one| one.kind == "iam:role").map(|one| &one.spec).collect::<Vec<_>>());
    let roles = roles.to_string();
    assert!(roles.contains(&format!("arn:aws:ec2:ap-south-1:*:vpc/{VPC}")), "{roles}");
}

#[test]
fn existing_groups_are_used_and_none_is_made_in_their_place() {
    let declared = declared_after("dev", |dev| {
        hosted(dev);
        dev.network.endpoints = vec!["sts".into()];
        let groups = &mut dev.network.security_groups;
        groups.sagemaker = vec!["sg-0000000a".into(), "sg-0000000b".into()];
        groups.lambda = vec!["sg-0000000c".into()];
        dev.functions[0].vpc = true;
    });
    assert_eq!(network(&declared), ["network.endpoints-security-group", "network.endpoint-sts"]);
    let groups = json!(["sg-0000000a", "sg-0000000b"]);
    assert_eq!(spec(&declared, "studio.domain")["user_defaults"]["security_groups"], groups);
    assert_eq!(spec(&declared, "functions.data-validation")["vpc"]["security_groups"], json!(["sg-0000000c"]));
    let pipeline = spec(&declared, "pipeline.training").to_string();
    assert!(pipeline.contains("sg-0000000a") && pipeline.contains("sg-0000000b"), "{pipeline}");
    let peers = spec(&declared, "network.endpoints-security-group")["ingress"].to_string();
    for group in ["sg-0000000a", "sg-0000000b", "sg-0000000c"] {
        assert!(peers.contains(group), "{peers}");
    }
}

#[test]
fn endpoint_in_an_existing_network_takes_one_subnet_of_each_zone_that_has_its_service() {
    let root = repository();
    let mut dev = config::load(&root.join("environments/dev.toml"), &root).unwrap();
    hosted(&mut dev);
    dev.network.endpoints = vec!["sts".into()];
    let place = Place::new(crate::ACCOUNT, dev.region.as_str());
    let zones: BTreeMap<String, String> = SUBNETS
        .iter()
        .zip(["ap-south-1a", "ap-south-1a", "ap-south-1c"])
        .map(|(subnet, zone)| ((*subnet).to_owned(), zone.to_owned()))
        .collect();
    let recorded = RecordedPlacement::default();
    let questions = recorded.questions(&dev, &place);
    assert!(!questions.zones);
    assert_eq!(questions.services, ["com.amazonaws.ap-south-1.sts"]);
    let subnets = |offered: &[&str]| {
        let service = EndpointService {
            name: "com.amazonaws.ap-south-1.sts".into(),
            zones: offered.iter().map(|zone| (*zone).to_owned()).collect(),
        };
        let placement =
            recorded.place_in_existing(&dev, &place, &zones, &[service]).map_err(|error| error.to_string())?;
        let declared = Project::of(&root, dev.clone()).placed(placement).declared();
        Ok::<Value, String>(spec(&declared, "network.endpoint-sts")["reach"]["subnets"].clone())
    };
    assert_eq!(subnets(&["ap-south-1a", "ap-south-1b", "ap-south-1c"]), Ok(json!([SUBNETS[0], SUBNETS[2]])));
    assert_eq!(subnets(&["ap-south-1c"]), Ok(json!([SUBNETS[2]])));
    assert!(subnets(&["ap-south-1b"]).unwrap_err().contains("is in none of the zones of the subnets"));
}

#[test]
fn without_nat_a_network_has_neither_a_gateway_nor_public_subnets() {
    let enclosed = declared_after("staging", |staging| staging.network.nat = Nat::None);
    for address in network(&enclosed) {
        let is_public = ["internet-gateway", "public", "nat"].iter().any(|part| address.contains(part));
        assert!(!is_public, "{address}");
    }
    let private = |declared: &[Declaration]| {
        json!(["network.private-1", "network.private-2"].map(|at| spec(declared, at).clone()))
    };
    assert_eq!(private(&enclosed), private(&declared("staging")), "private subnets stay where they are");
    assert!(addresses(&enclosed).contains(&"network.endpoint-s3"));
}
