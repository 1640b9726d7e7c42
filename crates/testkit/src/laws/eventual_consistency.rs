//! A new resource is not known everywhere: lists lack it, and calls that name it are answered as if it did not exist.
//! <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>

use super::{law::Law, lifecycle::Words, world::World};
use crate::wire::{Asked, Refusal, answered, show};
use async_trait::async_trait;
use local::Response;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// A kind that may be invisible for a while.
struct Kind {
    service: &'static str,
    create: &'static str,
    /// The prefix of its ids.
    prefix: &'static str,
    /// The path of the id in the answer to the creation, or else in the request.
    id: &'static str,
    /// The list operation, the member with the list and that with the id.
    list: (&'static str, &'static str, &'static str),
    /// The error for calls that name it; `None` if only the list lags.
    missing: Option<Words>,
}

const fn ec2(
    create: &'static str,
    prefix: &'static str,
    id: &'static str,
    list: (&'static str, &'static str, &'static str),
    missing: Words,
) -> Kind {
    Kind { service: "ec2", create, prefix, id, list, missing: Some(missing) }
}

const KINDS: &[Kind] = &[
    ec2(
        "CreateVpc",
        "vpc-",
        "vpc/vpcId",
        ("DescribeVpcs", "vpcSet", "vpcId"),
        ("InvalidVpcID.NotFound", "The vpc ID '{key}' does not exist"),
    ),
    ec2(
        "CreateSubnet",
        "subnet-",
        "subnet/subnetId",
        ("DescribeSubnets", "subnetSet", "subnetId"),
        ("InvalidSubnetID.NotFound", "The subnet ID '{key}' does not exist"),
    ),
    ec2(
        "CreateInternetGateway",
        "igw-",
        "internetGateway/internetGatewayId",
        ("DescribeInternetGateways", "internetGatewaySet", "internetGatewayId"),
        ("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{key}' does not exist"),
    ),
    ec2(
        "AllocateAddress",
        "eipalloc-",
        "allocationId",
        ("DescribeAddresses", "addressesSet", "allocationId"),
        ("InvalidAllocationID.NotFound", "The allocation ID '{key}' does not exist"),
    ),
    ec2(
        "CreateNatGateway",
        "nat-",
        "natGateway/natGatewayId",
        ("DescribeNatGateways", "natGatewaySet", "natGatewayId"),
        ("NatGatewayNotFound", "NAT gateway {key} was not found"),
    ),
    ec2(
        "CreateRouteTable",
        "rtb-",
        "routeTable/routeTableId",
        ("DescribeRouteTables", "routeTableSet", "routeTableId"),
        ("InvalidRouteTableID.NotFound", "The routeTable ID '{key}' does not exist"),
    ),
    ec2(
        "CreateSecurityGroup",
        "sg-",
        "groupId",
        ("DescribeSecurityGroups", "securityGroupInfo", "groupId"),
        ("InvalidGroup.NotFound", "The security group '{key}' does not exist"),
    ),
    ec2(
        "CreateVpcEndpoint",
        "vpce-",
        "vpcEndpoint/vpcEndpointId",
        ("DescribeVpcEndpoints", "vpcEndpointSet", "vpcEndpointId"),
        ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{key}' does not exist"),
    ),
    Kind {
        service: "kms",
        create: "CreateKey",
        prefix: "",
        id: "KeyMetadata/KeyId",
        list: ("ListKeys", "Keys", "KeyId"),
        missing: Some(("NotFoundException", "Key '{key}' does not exist")),
    },
    Kind {
        service: "logs",
        create: "CreateLogGroup",
        prefix: "",
        id: "logGroupName",
        list: ("DescribeLogGroups", "logGroups", "logGroupName"),
        missing: None,
    },
    Kind {
        service: "events",
        create: "PutRule",
        prefix: "",
        id: "Name",
        list: ("ListRules", "Rules", "Name"),
        missing: None,
    },
    Kind {
        service: "sagemaker",
        create: "CreateDomain",
        prefix: "",
        id: "DomainId",
        list: ("ListDomains", "Domains", "DomainId"),
        missing: None,
    },
];

/// New resources, and the times from which requests by name and lists find them. Either may be first.
#[derive(Clone, Default)]
pub(super) struct Lag {
    known_from: BTreeMap<String, Instant>,
    listed_from: BTreeMap<String, Instant>,
}

fn hides(from: &BTreeMap<String, Instant>, id: &str, now: Instant) -> bool {
    from.get(id).is_some_and(|from| *from > now)
}

/// The ids a request names, other than to filter by them.
fn named(given: &Value) -> impl Iterator<Item = &str> {
    let members = given.as_object().into_iter().flatten();
    members.filter(|(name, _)| !name.starts_with("Filter.")).filter_map(|(_, value)| value.as_str())
}

#[async_trait]
impl Law for Lag {
    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        let hidden = named(&asked.given).find(|text| hides(&self.known_from, text, world.now))?;
        let of_it = |kind: &&Kind| kind.service == asked.service && hidden.starts_with(kind.prefix);
        let (code, message) = KINDS.iter().find(of_it)?.missing?;
        Some(Refusal::new(code, message.replace("{key}", hidden)).to(&asked.call))
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, world: &World<'_>) {
        if response.status >= 300 {
            return;
        }
        for kind in KINDS.iter().filter(|kind| kind.service == asked.service) {
            let (list, member, id) = kind.list;
            if asked.operation == kind.create {
                let answer = answered(asked, response);
                let id = kind.id.split('/').fold(&answer, |value, member| &value[member]).as_str();
                let id = id.unwrap_or_else(|| asked.text(kind.id)).to_owned();
                let nth = format!("{} {}", kind.create, self.known_from.len());
                // Half of them are known at once.
                let lag = |what: &str| match world.chance.once_in(2, what) {
                    true => world.after(1..=5, what),
                    false => world.now,
                };
                self.known_from.entry(id.clone()).or_insert(lag(&nth));
                self.listed_from.entry(id).or_insert(lag(&format!("{nth}, listed")));
            } else if asked.operation == list {
                let mut answer = answered(asked, response);
                let Some(items) = answer[member].as_array_mut() else { continue };
                let before = items.len();
                items.retain(|item| !hides(&self.listed_from, item[id].as_str().unwrap_or_default(), world.now));
                if items.len() < before {
                    show(asked, response, &answer);
                }
            }
        }
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
