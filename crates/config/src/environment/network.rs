//! The VPC and what is derived from its range.

use super::cidr::Cidr;
use crate::check::{Place, Surroundings};
use crate::form::{SecurityGroupId, SubnetId, Text, VpcId, Zone};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The VPC, its subnets and its ways out: of the environment's own, by `cidr`, or one that exists, by `vpc_id` and
/// `private_subnets`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The range of the VPC that mlopsctl makes, /16 to /28. Subnets are derived from it. Prefer a private range that no
    /// network you may ever connect to uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cidr: Option<Cidr>,
    /// A VPC that exists, in place of `cidr`; another account may share it by RAM. mlopsctl reads it, and never changes
    /// it: it makes no subnet, gateway, route table or route there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text<VpcId>>")]
    pub vpc_id: Option<String>,
    /// The private subnets of that VPC that the platform is placed in, best in two zones or more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Text<SubnetId>>", extend("uniqueItems" = true))]
    pub private_subnets: Vec<String>,
    /// Security groups of that VPC that exist, by purpose. mlopsctl makes a group for each purpose that is left out.
    #[serde(default, skip_serializing_if = "SecurityGroups::is_empty")]
    pub security_groups: SecurityGroups,
    /// The number of availability zones. Each has a public and a private subnet.
    #[serde(default = "two")]
    #[schemars(range(min = 1, max = 6))]
    pub zones: u8,
    /// The availability zones to choose from, by name (`ap-south-1a`) or id (`aps1-az1`): at least as many as `zones`
    /// asks for, of which the first are taken. Left out, the first of the region that AWS says are available. Subnets
    /// that exist stay where they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Text<Zone>>", extend("uniqueItems" = true))]
    pub zone_names: Vec<String>,
    /// The NAT gateways through which private subnets reach the internet.
    #[serde(default)]
    pub nat: Nat,
    /// AWS services for which mlopsctl makes an interface endpoint. Each costs money per zone and hour. In a VPC that
    /// exists and has endpoints, or reaches those of a central VPC, leave them out.
    #[serde(default)]
    #[schemars(with = "Vec<Endpoint>", extend("uniqueItems" = true))]
    pub endpoints: Vec<String>,
    /// Make a gateway endpoint for S3, which is free. It does not apply to a VPC that exists.
    #[serde(default = "yes")]
    pub s3_endpoint: bool,
    /// Log accepted and rejected connections. It does not apply to a VPC that exists, whose owner decides.
    #[serde(default)]
    pub flow_logs: bool,
}

/// Security groups that exist, by what they are for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityGroups {
    /// Studio, training jobs and model endpoints. They need HTTPS to the services they call, and each other on TCP ports
    /// 8192 to 65535 and 2049.
    #[schemars(with = "Vec<Text<SecurityGroupId>>", extend("uniqueItems" = true, "maxItems" = 5))]
    pub sagemaker: Vec<String>,
    /// Functions with `vpc = true`. They need HTTPS to the services they call.
    #[schemars(with = "Vec<Text<SecurityGroupId>>", extend("uniqueItems" = true, "maxItems" = 5))]
    pub lambda: Vec<String>,
    /// The interface endpoints of `endpoints`. They need HTTPS from the other two.
    #[schemars(with = "Vec<Text<SecurityGroupId>>", extend("uniqueItems" = true, "maxItems" = 5))]
    pub endpoints: Vec<String>,
}

impl SecurityGroups {
    /// The groups, each with the setting that names it below `network`.
    pub fn named(&self) -> impl Iterator<Item = (String, &str)> {
        let purposes = [("sagemaker", &self.sagemaker), ("lambda", &self.lambda), ("endpoints", &self.endpoints)];
        purposes.into_iter().flat_map(|(purpose, groups)| {
            groups
                .iter()
                .enumerate()
                .map(move |(index, id)| (format!("security_groups.{purpose}.{index}"), id.as_str()))
        })
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn two() -> u8 {
    2
}

fn yes() -> bool {
    true
}

/// The NAT gateways through which private subnets reach the internet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nat {
    /// No gateway: private subnets reach only the endpoints.
    None,
    /// One gateway. If its zone fails, no private subnet reaches the internet.
    #[default]
    Single,
    /// A gateway in each zone.
    PerZone,
}

/// The schema of an interface endpoint's name, without `com.amazonaws.<region>.`.
struct Endpoint;

/// Services the platform, or code that runs on it, may call from within the VPC.
const ENDPOINTS: [&str; 26] = [
    "athena",
    "autoscaling",
    "bedrock-runtime",
    "codeartifact.api",
    "codeartifact.repositories",
    "codecommit",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "elasticfilesystem",
    "events",
    "git-codecommit",
    "glue",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "sagemaker.api",
    "sagemaker.featurestore-runtime",
    "sagemaker.runtime",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
];

impl JsonSchema for Endpoint {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Endpoint".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ENDPOINTS })
    }
}

/// The two subnets of one zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ZoneSubnets {
    /// The number of the zone, from 1, as in the names of resources: `private-1`.
    pub zone: u8,
    /// With a route to the internet gateway.
    pub public: Cidr,
    /// With a route to NAT, if any.
    pub private: Cidr,
}

impl Network {
    /// The subnets of each zone.
    ///
    /// The VPC is cut into 16 equal blocks, or into blocks of /28 where that would make smaller ones than AWS
    /// allows. Private subnets take blocks from the first half, public ones from the second: more zones never
    /// move a subnet that exists.
    pub fn subnets(&self) -> Vec<ZoneSubnets> {
        let Some(cidr) = self.cidr else { return Vec::new() };
        let (prefix, half) = blocks(cidr);
        (0..self.zones.min(capacity(cidr)))
            .filter_map(|index| {
                let (public, private) = (cidr.block(prefix, half + index)?, cidr.block(prefix, index)?);
                Some(ZoneSubnets { zone: index + 1, public, private })
            })
            .collect()
    }

    /// The ids that the file names of an existing network.
    pub fn existing_ids(&self) -> impl Iterator<Item = &str> {
        let groups = self.security_groups.named().map(|(_, id)| id);
        self.vpc_id.iter().chain(&self.private_subnets).map(String::as_str).chain(groups)
    }

    /// True if the subnets of the environment's own VPC reach nothing but the endpoints. False for an existing VPC,
    /// because the file does not describe its routes.
    pub fn is_enclosed(&self) -> bool {
        self.vpc_id.is_none() && self.nat == Nat::None
    }

    /// True if the environment's own VPC has a route to the internet, through NAT gateways in public subnets.
    pub fn has_public_subnets(&self) -> bool {
        self.vpc_id.is_none() && self.nat != Nat::None
    }

    pub(super) fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        self.check_zone_names(at, around.region);
        self.check_what_exists(at);
        let Some(cidr) = self.cidr else { return };
        let room = capacity(cidr);
        if at.sound(&["cidr", "zones"]) && self.zones > room {
            let prefix = match self.zones {
                1 => 27,
                2 => 26,
                3 | 4 => 25,
                _ => 24,
            };
            at.get("cidr").report(
                format!("{cidr} has room for the subnets of {room} zones, not of {}", self.zones),
                format!("a subnet is at least /28 and each zone has two: use /{prefix} or larger, or fewer zones"),
            );
        }
    }
}

/// Settings of a VPC that mlopsctl makes. They do not apply to an existing VPC.
const OF_OWN_VPC: [&str; 4] = ["cidr", "zones", "zone_names", "nat"];

impl Network {
    /// A network is either the environment's own or an existing one. Some settings apply only to one of the two.
    fn check_what_exists(&self, at: Place<'_>) {
        if self.vpc_id.is_none() && !at.states("vpc_id") {
            return self.check_own(at);
        }
        for key in OF_OWN_VPC.into_iter().filter(|key| at.states(key)) {
            at.get(key).report(
                format!("`{key}` is about a VPC that mlopsctl makes, and `vpc_id` names one that exists"),
                format!("leave out either `{key}` or `vpc_id`"),
            );
        }
        if self.private_subnets.is_empty() && at.sound(&["private_subnets"]) {
            at.get(if at.states("private_subnets") { "private_subnets" } else { "vpc_id" }).report(
                "`vpc_id` needs `private_subnets`: the subnets of that VPC to place the platform in",
                "name private subnets in two zones or more",
            );
        }
        if at.states("s3_endpoint") && self.s3_endpoint {
            at.get("s3_endpoint").report(
                "a gateway endpoint adds routes to route tables, which mlopsctl never changes in a VPC that exists",
                "leave `s3_endpoint` out; the VPC needs a way to S3, which `mlopsctl doctor` checks",
            );
        }
        if self.flow_logs {
            at.get("flow_logs").report(
                "the owner of the VPC that `vpc_id` names decides about its flow logs",
                "leave `flow_logs` out",
            );
        }
        if self.endpoints.is_empty() && !self.security_groups.endpoints.is_empty() {
            at.get("security_groups").get("endpoints").report(
                "there are no `endpoints` that would be in these security groups",
                "leave them out, or name the services in `endpoints`",
            );
        }
    }

    fn check_own(&self, at: Place<'_>) {
        if self.cidr.is_none() && !at.states("cidr") {
            at.report(
                "the network needs `cidr`, or `vpc_id` of a VPC that exists",
                "`cidr = \"10.0.0.0/16\"` makes a VPC; `vpc_id` and `private_subnets` use one",
            );
        }
        for key in ["private_subnets", "security_groups"].into_iter().filter(|key| at.states(key)) {
            at.get(key).report(
                format!("`{key}` is about a VPC that exists, and none is named"),
                "name it with `vpc_id`, or leave this out",
            );
        }
    }
}

impl Network {
    fn check_zone_names(&self, at: Place<'_>, region: &str) {
        let names = at.get("zone_names");
        for (index, name) in self.zone_names.iter().enumerate() {
            let is_id = name.contains("-az");
            let is_of_region = name.strip_prefix(region).is_some_and(|letter| letter.len() == 1);
            if !is_id && !is_of_region {
                names.at(index).report(
                    format!("`{name}` is no availability zone of {region}"),
                    format!("the zones of {region} are called `{region}a`, `{region}b` and so on"),
                );
            }
        }
        let named = self.zone_names.len();
        if named > 0 && named < usize::from(self.zones) && at.sound(&["zones", "zone_names"]) {
            names.report(
                format!("`zone_names` names {named} of the {} zones that `zones` asks for", self.zones),
                "name more, or use fewer zones",
            );
        }
    }
}

/// The prefix of a subnet, and how many of them each half of the range holds.
fn blocks(cidr: Cidr) -> (u8, u8) {
    let prefix = (cidr.prefix() + 4).min(28);
    (prefix, (1 << (prefix - cidr.prefix())) / 2)
}

fn capacity(cidr: Cidr) -> u8 {
    blocks(cidr).1.min(6)
}
