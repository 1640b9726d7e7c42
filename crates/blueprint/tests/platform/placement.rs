//! The placement of the network, by the state, the file and AWS.

use crate::{ACCOUNT, Project, declared_after, repository};
use aws_ec2::{EndpointService, Zone};
use blueprint::{Error, Placement, Questions, Recorded, RecordedPlacement};
use config::Environment;
use resource::Address;
use serde_json::{Value, json};
use vocabulary::Place;

const REGION: &str = "ap-south-1";

fn dev(edit: impl FnOnce(&mut Environment)) -> Environment {
    let root = repository();
    let mut environment = config::load(&root.join("environments/dev.toml"), &root).unwrap();
    edit(&mut environment);
    environment
}

fn place() -> Place {
    Place::new(ACCOUNT, REGION)
}

fn zones(letters: &str) -> Vec<Zone> {
    let zone = |(letter, number)| Zone {
        name: format!("{REGION}{letter}"),
        id: format!("aps1-az{number}"),
        is_available: true,
    };
    letters.chars().zip(1..).map(zone).collect()
}

fn named(letters: &[&str]) -> Placement {
    Placement::in_zones(letters.iter().map(|letter| format!("{REGION}{letter}")))
}

/// A platform as a state records it.
#[derive(Default)]
struct Platform(Vec<(Address, &'static str, Option<String>, Value)>);

impl Platform {
    fn subnet(mut self, name: &str, zone: &str, cidr: &str, is_made: bool) -> Self {
        let spec = json!({
            "vpc_id": "vpc-1", "cidr": cidr, "availability_zone": format!("{REGION}{zone}"), "map_public_ip": false,
            "tags": {},
        });
        self.0.push((
            Address::new("network", name),
            "ec2:subnet",
            is_made.then(|| format!("subnet-{name}-{zone}")),
            spec,
        ));
        self
    }

    fn endpoint(mut self, name: &str, service: &str, subnets: &[&str]) -> Self {
        let reach = json!({"type": "interface", "subnets": subnets, "security_groups": [], "private_dns": true});
        let spec = json!({"vpc_id": "vpc-1", "service": service, "reach": reach, "policy": null, "tags": {}});
        self.0.push((Address::new("network", name), "ec2:vpc-endpoint", Some("vpce-1".into()), spec));
        self
    }

    fn recorded(&self) -> RecordedPlacement {
        let recorded =
            self.0.iter().map(|(address, kind, id, spec)| Recorded { address, kind, id: id.as_deref(), spec });
        RecordedPlacement::new(recorded)
    }
}

/// dev, up in two zones.
fn up(first: &str, second: &str) -> Platform {
    Platform::default()
        .subnet("private-1", first, "10.0.0.0/20", true)
        .subnet("private-2", second, "10.0.16.0/20", true)
        .subnet("public-1", first, "10.0.128.0/20", true)
        .subnet("public-2", second, "10.0.144.0/20", true)
}

#[test]
fn recorded_subnets_stay_and_nothing_is_asked_of_aws() {
    let recorded = up("c", "a").recorded();
    let dev = dev(|_| {});
    assert_eq!(recorded.questions(&dev, &place()), Questions::default());
    assert_eq!(recorded.place(&dev, &place(), &[], &[]).unwrap(), named(&["c", "a"]));
}

#[test]
fn new_subnets_go_to_the_first_available_zones_that_are_free() {
    let recorded = up("b", "c").recorded();
    let dev = dev(|dev| dev.network.zones = 4);
    assert!(recorded.questions(&dev, &place()).zones);
    let mut offered = zones("abcde");
    offered[0].is_available = false;
    assert_eq!(recorded.place(&dev, &place(), &offered, &[]).unwrap(), named(&["b", "c", "d", "e"]));
    let few = recorded.place(&dev, &place(), &offered[..3], &[]).unwrap_err();
    assert!(matches!(few, Error::Zones { asked: 4, has: 2, .. }), "{few}");
}

#[test]
fn deposed_resource_that_exists_counts_before_a_successor_that_does_not() {
    let failed = Platform::default()
        .subnet("private-1", "b", "10.0.0.0/20", false)
        .subnet("private-2", "c", "10.0.16.0/20", false)
        .subnet("private-1", "a", "10.0.0.0/20", true)
        .subnet("private-2", "b", "10.0.16.0/20", true);
    assert_eq!(failed.recorded().place(&dev(|_| {}), &place(), &[], &[]).unwrap(), named(&["a", "b"]));
}

#[test]
fn zones_that_the_file_names_are_chosen_by_name_or_id() {
    let named_zones = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        dev(|dev| dev.network.zone_names = names)
    };
    let none = RecordedPlacement::default();
    let chosen = none.place(&named_zones(&["aps1-az3", "ap-south-1a"]), &place(), &zones("abc"), &[]).unwrap();
    assert_eq!(chosen, named(&["c", "a"]));
    let unknown = none.place(&named_zones(&["ap-south-1a", "ap-south-1f"]), &place(), &zones("abc"), &[]).unwrap_err();
    assert!(matches!(&unknown, Error::UnknownZone { name, .. } if name == "ap-south-1f"), "{unknown}");
    // Recorded subnets keep their zones, in whatever order the file names them.
    let up = up("a", "b").recorded();
    let other_order = named_zones(&["ap-south-1b", "ap-south-1c", "ap-south-1a"]);
    assert_eq!(up.questions(&other_order, &place()), Questions::default());
    assert_eq!(up.place(&other_order, &place(), &[], &[]).unwrap(), named(&["a", "b"]));
    let left_out = up.place(&named_zones(&["ap-south-1a", "ap-south-1c"]), &place(), &zones("abc"), &[]).unwrap_err();
    assert!(matches!(&left_out, Error::ZoneLeftOut { pair: 2, .. }), "{left_out}");
    // An id of a zone that AWS leaves out in an outage may be that of a recorded one.
    let by_id = named_zones(&["aps1-az1", "aps1-az2"]);
    assert_eq!(up.place(&by_id, &place(), &zones("a"), &[]).unwrap(), named(&["a", "b"]));
}

#[test]
fn subnets_of_another_range_may_be_in_other_zones() {
    let moved = dev(|dev| {
        dev.network.cidr = Some("10.9.0.0/16".parse().unwrap());
        dev.network.zone_names = vec!["ap-south-1b".into(), "ap-south-1c".into()];
    });
    assert_eq!(up("a", "b").recorded().place(&moved, &place(), &zones("abc"), &[]).unwrap(), named(&["c", "b"]));
}

fn with_endpoints(environment: Environment, placement: &Placement) -> Vec<(String, String, usize)> {
    let declared = Project::of(&repository(), environment).placed(placement.clone()).declared();
    let interfaces = declared.into_iter().filter(|one| one.spec["reach"]["type"] == "interface");
    interfaces
        .map(|one| {
            let subnets = one.spec["reach"]["subnets"].as_array().unwrap().len();
            (one.address.to_string(), one.spec["service"].as_str().unwrap().to_owned(), subnets)
        })
        .collect()
}

#[test]
fn endpoints_are_placed_where_their_service_is() {
    let dev = dev(|dev| dev.network.endpoints = vec!["sts".into(), "kms".into(), "sqs".into()]);
    let none = RecordedPlacement::default();
    let asked = none.questions(&dev, &place()).services;
    assert_eq!(asked, ["sts", "kms", "sqs"].map(|name| format!("com.amazonaws.{REGION}.{name}")));
    let service = |name: &str, letters: &str| EndpointService {
        name: format!("com.amazonaws.{REGION}.{name}"),
        zones: zones(letters).into_iter().map(|zone| zone.name).collect(),
    };
    let services = [service("sts", "a"), service("kms", "abc")];
    let placed = none.place(&dev, &place(), &zones("abc"), &services).unwrap();
    let counted =
        |name: &str, subnets| (format!("network.endpoint-{name}"), format!("com.amazonaws.{REGION}.{name}"), subnets);
    // AWS decides about a service that it does not list.
    assert_eq!(with_endpoints(dev.clone(), &placed), [counted("sts", 1), counted("kms", 2), counted("sqs", 2)]);
    let nowhere = none.place(
        &dev,
        &place(),
        &zones("abc"),
        &[EndpointService { zones: vec!["ap-south-1c".into()], ..service("sqs", "") }],
    );
    let nowhere = nowhere.unwrap_err();
    assert!(matches!(&nowhere, Error::EndpointNowhere { endpoint, .. } if endpoint == "sqs"), "{nowhere}");
}

#[test]
fn recorded_endpoints_stay_where_they_are() {
    let dev = dev(|dev| dev.network.endpoints = vec!["sts".into()]);
    let both = ["subnet-private-1-a", "subnet-private-2-b"];
    let name = format!("com.amazonaws.{REGION}.sts");
    let full = up("a", "b").endpoint("endpoint-sts", &name, &both).recorded();
    assert_eq!(full.questions(&dev, &place()), Questions::default());
    assert_eq!(with_endpoints(dev.clone(), &full.place(&dev, &place(), &[], &[]).unwrap())[0].2, 2);
    // The service was in one zone when the endpoint was made, and has come to the other.
    let half = up("a", "b").endpoint("endpoint-sts", &name, &both[..1]).recorded();
    assert_eq!(half.questions(&dev, &place()).services, [name.as_str()]);
    let now = |letters: &str| EndpointService {
        name: name.clone(),
        zones: zones(letters).into_iter().map(|zone| zone.name).collect(),
    };
    assert_eq!(with_endpoints(dev.clone(), &half.place(&dev, &place(), &[], &[now("ab")]).unwrap())[0].2, 2);
    assert_eq!(with_endpoints(dev.clone(), &half.place(&dev, &place(), &[], &[now("a")]).unwrap())[0].2, 1);
    // Whatever AWS lists, an endpoint leaves no zone that it is in.
    let grown = full.place(&dev, &place(), &[], &[now("b")]).unwrap();
    assert_eq!(with_endpoints(dev, &grown)[0].2, 2);
}

#[test]
fn endpoint_services_have_the_name_that_aws_lists() {
    let china = dev(|dev| {
        dev.region = "cn-north-1".into();
        dev.network.zones = 1;
        dev.network.endpoints = vec!["glue".into(), "ecr.api".into()];
    });
    let place = Place::new(ACCOUNT, "cn-north-1");
    let none = RecordedPlacement::default();
    let asked = none.questions(&china, &place).services;
    assert!(asked.contains(&"cn.com.amazonaws.cn-north-1.glue".to_owned()), "{asked:?}");
    let zone = Zone { name: "cn-north-1a".into(), id: "cnn1-az1".into(), is_available: true };
    let placed = none.place(&china, &place, std::slice::from_ref(&zone), &[]).unwrap();
    let services = |placement| {
        let services = with_endpoints(china.clone(), placement).into_iter().map(|(_, service, _)| service);
        services.collect::<Vec<_>>()
    };
    assert_eq!(services(&placed), ["com.amazonaws.cn-north-1.glue", "cn.com.amazonaws.cn-north-1.ecr.api"]);
    let listed = EndpointService { name: "cn.com.amazonaws.cn-north-1.glue".into(), zones: Vec::new() };
    let placed = none.place(&china, &place, &[zone], &[listed]).unwrap();
    assert_eq!(services(&placed)[0], "cn.com.amazonaws.cn-north-1.glue");
}

/// Every text in the declarations of prod, as in a region, that names a domain of AWS.
fn domains(region: &str) -> std::collections::BTreeSet<String> {
    let near = if region == "cn-north-1" { "cn-northwest-1" } else { "us-gov-east-1" };
    let declared = declared_after("prod", |prod| {
        prod.region = region.into();
        prod.storage.replication = Some(config::environment::storage::Replication { region: near.into() });
        if let Some(pipeline) = &mut prod.pipeline {
            pipeline.image = Some("images:1".into());
        }
    });
    let text = serde_json::to_string(&declared.iter().map(|one| &one.spec).collect::<Vec<_>>()).unwrap();
    assert!(
        !text.contains("arn:aws:"),
        "{:?}",
        text.split('"').filter(|part| part.contains("arn:aws:")).collect::<Vec<_>>()
    );
    text.split('"').filter(|part| part.contains("amazonaws.com")).map(|part| part.replace('\\', "")).collect()
}

#[test]
fn arns_and_domains_are_those_of_the_partition() {
    let china = domains("cn-north-1");
    assert!(china.contains("logs.cn-north-1.amazonaws.com.cn") && china.contains("lambda.amazonaws.com"), "{china:#?}");
    assert!(china.contains("s3.cn-northwest-1.amazonaws.com.cn"), "{china:#?}");
    let regional = |text: &&String| text.contains(".cn-north") && text.contains(".amazonaws.com");
    assert!(china.iter().filter(regional).all(|text| text.contains(".amazonaws.com.cn")), "{china:#?}");
    let gov = domains("us-gov-west-1");
    assert!(gov.contains("logs.us-gov-west-1.amazonaws.com"), "{gov:#?}");
}
