//! The platform's prerequisites for an existing network.

use super::{ExistingNetwork, ObservedNetwork, ranges, routes::Ways};
use crate::rule::{Peer, Rule};
use aws_client::{Failure, FailureKind, Remedy};
use aws_sdk_ec2::types::{SecurityGroup, Subnet, SubnetState, VpcState};
use resource::{Prerequisite, Shortcoming};
use std::collections::BTreeSet;
use vocabulary::Place;

/// The number of free addresses below which a subnet soon is full: functions, Studio and endpoints take more as they
/// grow.
const FEW_ADDRESSES: i32 = 16;

/// Further facts that the checks of a network depend on.
#[derive(Clone, Copy, Debug)]
pub struct PlatformFacts<'a> {
    /// Account, region and partition.
    pub place: &'a Place,
    /// The ids of the endpoints that the stack made.
    pub own_endpoints: &'a BTreeSet<String>,
    /// True if the platform exists already. Scarce addresses then block no update.
    pub is_built: bool,
}

fn unreadable(setting: &str, subject: &str, failure: &Failure) -> Prerequisite {
    let help = match failure.kind {
        FailureKind::Denied => format!("these credentials may not {}", failure.operation),
        _ => failure.help.as_ref().map(Remedy::advice).unwrap_or_default().to_owned(),
    };
    Prerequisite::lacking(setting, Shortcoming::possible(format!("{subject} cannot be seen: {failure}"), help))
}

impl ObservedNetwork {
    /// All prerequisites of the platform, each with its result. If the VPC does not exist, the list says only that.
    pub fn prerequisites(&self, network: &ExistingNetwork, around: &PlatformFacts<'_>) -> Vec<Prerequisite> {
        let vpc = self.vpc(network, around.place);
        if !vpc.iter().any(|one| one.met.is_ok()) {
            return vpc;
        }
        let subnets: Vec<Prerequisite> = network
            .subnets
            .iter()
            .enumerate()
            .flat_map(|(index, id)| self.subnet(network, index, id.as_str(), around))
            .collect();
        let groups = network.security_groups.iter().flat_map(|(setting, id)| self.group(network, setting, id.as_str()));
        [
            vpc,
            subnets,
            self.zones_of_subnets(),
            self.dns(),
            self.tables_shown(),
            self.s3(network, around.place),
            self.services(network, around.place),
            self.made(network, around),
            groups.collect(),
        ]
        .concat()
    }

    fn vpc(&self, network: &ExistingNetwork, place: &Place) -> Vec<Prerequisite> {
        const SETTING: &str = "network.vpc_id";
        let Some(vpc) = &self.vpc else {
            let what = format!("account {} sees no {} in {}", place.account, network.vpc, place.region);
            let help =
                "name a VPC of this account and region, or one whose subnets another account shares with it by RAM";
            return vec![Prerequisite::lacking(SETTING, Shortcoming::certain(what, help))];
        };
        if vpc.state().is_some_and(|state| *state != VpcState::Available) {
            let state = vpc.state().map_or("unknown", VpcState::as_str);
            let what = format!("{} is not available, but {state}", network.vpc);
            return vec![Prerequisite::lacking(SETTING, Shortcoming::certain(what, "try again when it is"))];
        }
        let shared = self.owner(place).map_or_else(String::new, |owner| format!(", shared by account {owner}"));
        vec![Prerequisite::met(SETTING, format!("{} exists, with {}{shared}", network.vpc, ranges(vpc).join(", ")))]
    }

    fn subnet(
        &self,
        network: &ExistingNetwork,
        index: usize,
        id: &str,
        around: &PlatformFacts<'_>,
    ) -> Vec<Prerequisite> {
        let setting = format!("network.private_subnets.{index}");
        let wrong = |what: String, help: &str| vec![Prerequisite::lacking(&setting, Shortcoming::certain(what, help))];
        let Some(subnet) = self.subnets.iter().find(|subnet| subnet.subnet_id() == Some(id)) else {
            let what = format!("account {} sees no {id} in {}", around.place.account, around.place.region);
            return wrong(what, "name a subnet of the VPC; one of another account must be shared with this one by RAM");
        };
        let vpc = subnet.vpc_id().unwrap_or_default();
        if vpc != network.vpc.as_str() {
            return wrong(format!("{id} is in {vpc}, not in {}", network.vpc), "name subnets of one VPC");
        }
        if subnet.state().is_some_and(|state| *state != SubnetState::Available) {
            let state = subnet.state().map_or("unknown", SubnetState::as_str);
            return wrong(format!("{id} is not available, but {state}"), "try again when it is");
        }
        let zone = subnet.availability_zone().unwrap_or_default();
        // Local Zones have names such as `us-west-2-lax-1a`. Neither SageMaker nor Lambda runs in them.
        // https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html
        if zone.strip_prefix(around.place.region.as_str()).is_none_or(|letter| letter.len() != 1) {
            let what = format!("{id} is in {zone}, which is no availability zone: SageMaker and Lambda are not there");
            return wrong(what, "name a subnet in an availability zone of the region");
        }
        let ways = self.ways(id);
        if let Some((ways, gateway)) = ways.as_ref().and_then(|ways| Some((ways, ways.public.first()?))) {
            let what = format!("{id} is public: {} leads to the internet gateway {gateway}", ways.table);
            return wrong(what, "name private subnets, whose route tables lead to no internet gateway");
        }
        let known = if ways.is_some() { "a private subnet" } else { "a subnet" };
        let exists = format!("{id} is {known} of the VPC, {} in {zone}", subnet.cidr_block().unwrap_or_default());
        let lost = ways.iter().flat_map(|ways: &Ways| &ways.lost).map(|route| {
            let what = format!("the route to {route} leads to what is gone");
            Prerequisite::lacking(&setting, Shortcoming::possible(what, "the owner of the VPC repairs or removes it"))
        });
        let lost: Vec<Prerequisite> = lost.collect();
        [vec![Prerequisite::met(&setting, exists)], lost, vec![addresses(&setting, id, subnet, around.is_built)]]
            .concat()
    }

    fn zones_of_subnets(&self) -> Vec<Prerequisite> {
        const SETTING: &str = "network.private_subnets";
        let zones: BTreeSet<String> = self.zones().into_values().collect();
        match zones.len() {
            0 => Vec::new(),
            1 => {
                let zone = zones.into_iter().next().unwrap_or_default();
                let what = format!("all subnets are in {zone}: when that zone fails, the platform does");
                vec![Prerequisite::lacking(SETTING, Shortcoming::possible(what, "name subnets in two zones or more"))]
            }
            count => vec![Prerequisite::met(SETTING, format!("the subnets are in {count} zones"))],
        }
    }

    /// Studio finds its file system by its DNS name, and clients find endpoints with private DNS by theirs.
    /// <https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html>
    fn dns(&self) -> Vec<Prerequisite> {
        const SETTING: &str = "network.vpc_id";
        vec![match self.off.as_deref() {
            Ok([]) => Prerequisite::met(SETTING, "the VPC resolves names, with DNS hostnames"),
            Ok(off) => Prerequisite::lacking(
                SETTING,
                Shortcoming::certain(
                    format!(
                        "{} is off for the VPC: Studio finds neither its file system nor endpoints",
                        off.join(" and ")
                    ),
                    "the owner of the VPC turns it on: enableDnsSupport, enableDnsHostnames",
                ),
            ),
            Err(failure) => unreadable(SETTING, "whether the VPC resolves names", failure),
        }]
    }

    fn tables_shown(&self) -> Vec<Prerequisite> {
        let subject = "whether the subnets are private, and where their routes lead,";
        self.tables
            .as_ref()
            .err()
            .map(|failure| unreadable("network.private_subnets", subject, failure))
            .into_iter()
            .collect()
    }

    fn group(&self, network: &ExistingNetwork, setting: &str, id: &str) -> Vec<Prerequisite> {
        let wrong = |what: String, help: &str| vec![Prerequisite::lacking(setting, Shortcoming::certain(what, help))];
        let Some(group) = self.groups.iter().find(|group| group.group_id() == Some(id)) else {
            return wrong(format!("there is no security group {id}"), "name a security group of the VPC");
        };
        let vpc = group.vpc_id().unwrap_or_default();
        if vpc != network.vpc.as_str() {
            let what = format!("the security group {id} is of {vpc}, not of {}", network.vpc);
            return wrong(what, "name security groups of the VPC");
        }
        let name = group.group_name().unwrap_or_default();
        if !setting.contains(".endpoints.") && !lets_https_out(id, group) {
            let what = format!("the security group {id} ({name}) lets nothing out to port 443");
            let help = "its owner allows HTTPS to the services that the platform calls";
            return vec![Prerequisite::lacking(setting, Shortcoming::possible(what, help))];
        }
        vec![Prerequisite::met(setting, format!("{id} is a security group of the VPC ({name})"))]
    }
}

fn addresses(setting: &str, id: &str, subnet: &Subnet, is_built: bool) -> Prerequisite {
    let free = subnet.available_ip_address_count().unwrap_or(FEW_ADDRESSES);
    if free >= FEW_ADDRESSES {
        return Prerequisite::met(setting, format!("{id} has {free} free addresses"));
    }
    let what = format!("{id} has only {free} free addresses: functions, Studio and endpoints take one each");
    let help = "name a larger subnet, or end what is not needed in it";
    Prerequisite::lacking(
        setting,
        if is_built { Shortcoming::possible(what, help) } else { Shortcoming::certain(what, help) },
    )
}

fn lets_https_out(id: &str, group: &SecurityGroup) -> bool {
    let rules = Rule::read(id, group.ip_permissions_egress());
    rules.iter().any(|rule| {
        let everything = rule.protocol == "-1";
        let https = rule.protocol == "tcp" && (rule.from_port..=rule.to_port).contains(&443);
        (everything || https) && rule.peer != Peer::Itself
    })
}
