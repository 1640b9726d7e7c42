//! The VPC and what is derived from its range.

use super::cidr::Cidr;
use crate::check::{Place, Surroundings};
use crate::form::{Text, Zone};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The VPC, its subnets and its ways out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The range of the VPC, /16 to /28. Subnets are derived from it. Prefer a private range that no network
    /// you may ever connect to uses.
    pub cidr: Cidr,
    /// In how many availability zones there is a public and a private subnet.
    #[serde(default = "two")]
    #[schemars(range(min = 1, max = 6))]
    pub zones: u8,
    /// The availability zones to choose from, by name (`ap-south-1a`) or id (`aps1-az1`): at least as many as `zones`
    /// asks for, of which the first are taken. Left out, the first of the region that AWS says are available. Subnets
    /// that exist stay where they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Text<Zone>>", extend("uniqueItems" = true))]
    pub zone_names: Vec<String>,
    /// How private subnets reach the internet.
    #[serde(default)]
    pub nat: Nat,
    /// AWS services reached without leaving the VPC. Each costs money per zone and hour.
    #[serde(default)]
    #[schemars(with = "Vec<Endpoint>", extend("uniqueItems" = true))]
    pub endpoints: Vec<String>,
    /// Whether S3 is reached through a gateway endpoint, which is free.
    #[serde(default = "yes")]
    pub s3_endpoint: bool,
    /// Whether accepted and rejected connections are logged.
    #[serde(default)]
    pub flow_logs: bool,
}

fn two() -> u8 {
    2
}

fn yes() -> bool {
    true
}

/// How private subnets reach the internet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nat {
    /// Not at all: endpoints have to do.
    None,
    /// Through one gateway; when its zone fails, nothing gets out.
    #[default]
    Single,
    /// Through a gateway in each zone.
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
    /// Which zone, from 1, as resources are named: `private-1`.
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
        let (prefix, half) = blocks(self.cidr);
        (0..self.zones.min(capacity(self.cidr)))
            .map(|index| ZoneSubnets {
                zone: index + 1,
                public: self.cidr.block(prefix, half + index),
                private: self.cidr.block(prefix, index),
            })
            .collect()
    }

    pub(super) fn check(&self, at: Place<'_>, around: &Surroundings<'_>) {
        self.check_zone_names(at, around.region);
        let room = capacity(self.cidr);
        if at.sound(&["cidr", "zones"]) && self.zones > room {
            let prefix = match self.zones {
                1 => 27,
                2 => 26,
                3 | 4 => 25,
                _ => 24,
            };
            at.get("cidr").report(
                format!("{} has room for the subnets of {room} zones, not of {}", self.cidr, self.zones),
                format!("a subnet is at least /28 and each zone has two: use /{prefix} or larger, or fewer zones"),
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
