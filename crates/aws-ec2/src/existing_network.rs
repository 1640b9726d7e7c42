//! A network that exists outside of the stack. mlopsctl reads and checks it, and never owns, changes or deletes it.

mod endpoints;
mod prerequisites;
mod routes;
#[cfg(test)]
mod tests;

pub use prerequisites::PlatformFacts;

use crate::{iam, tagging::filter};
use aws_client::{Attempt, Pages, Result};
use aws_sdk_ec2::{
    Client,
    types::{RouteTable, SecurityGroup, Subnet, Vpc, VpcAttributeName, VpcEndpoint},
};
use resource::UsedPart;
use std::collections::BTreeMap;
use vocabulary::{Permission, Place, SecurityGroupId, SubnetId, VpcId};

/// An existing VPC, the parts of it that an environment file names, and the platform's requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingNetwork {
    /// The VPC. It may belong to another account that shares it.
    pub vpc: VpcId,
    /// The subnets for the platform, in the file's order.
    pub subnets: Vec<SubnetId>,
    /// The security groups, each with its setting, such as `network.security_groups.lambda.0`.
    pub security_groups: Vec<(String, SecurityGroupId)>,
    /// The services for which the stack makes interface endpoints with private DNS, by their names and in their order
    /// in the file.
    pub makes_endpoints: Vec<String>,
    /// The services that the platform calls from the subnets, by the same names.
    pub calls: Vec<String>,
    /// True if the stack creates security groups in the VPC.
    pub makes_groups: bool,
}

/// The observed state of an existing network.
#[derive(Clone, Debug)]
pub struct ObservedNetwork {
    vpc: Option<Vpc>,
    subnets: Vec<Subnet>,
    groups: Vec<SecurityGroup>,
    tables: Result<Vec<RouteTable>>,
    endpoints: Result<Vec<VpcEndpoint>>,
    /// Attributes of the VPC that are switched off.
    off: Result<Vec<&'static str>>,
}

impl ExistingNetwork {
    /// The permissions to provision a platform in the network: reads, and creating security groups and interface
    /// endpoints in it. The policy names the VPC and its subnets by id, since they have none of our tags. It names no
    /// account for them, because another account may share them.
    pub fn permissions(&self, place: &Place) -> Vec<Permission> {
        let shared = Place { account: "*".to_owned(), ..place.clone() };
        let vpc = shared.arn("ec2", &format!("vpc/{}", self.vpc));
        let lists = [
            "ec2:DescribeVpcs",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeRouteTables",
            "ec2:DescribeVpcEndpoints",
        ];
        let mut needed: Vec<Permission> = lists.map(iam::list).into();
        needed.push(Permission::read(["ec2:DescribeVpcAttribute"]).on([vpc.clone()]));
        // Lambda lists the VPC's security groups with the caller's permissions before a function joins it.
        needed.push(Permission::change(["ec2:GetSecurityGroupsForVpc"]).on([vpc.clone()]));
        if self.makes_groups {
            needed.push(Permission::change(["ec2:CreateSecurityGroup"]).on([vpc.clone()]));
        }
        if !self.makes_endpoints.is_empty() {
            let subnets = self.subnets.iter().map(|id| shared.arn("ec2", &format!("subnet/{id}")));
            let groups = self.security_groups.iter().map(|(_, id)| shared.arn("ec2", &format!("security-group/{id}")));
            let within: Vec<String> = std::iter::once(vpc).chain(subnets).chain(groups).collect();
            needed.push(Permission::change(["ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint"]).on(within));
        }
        needed
    }

    /// Reads the network. Routes, endpoints and attributes that the caller may not read stay unknown.
    ///
    /// # Errors
    /// When the VPC, its subnets or its security groups cannot be read.
    pub async fn observe(&self, client: &Client) -> Result<ObservedNetwork> {
        let within = || filter("vpc-id", [self.vpc.as_str()]);
        let (vpcs, subnets, groups, tables, endpoints, off) = tokio::join!(
            async { client.describe_vpcs().filters(within()).send().await.during("DescribeVpcs") },
            async {
                let ids = filter("subnet-id", self.subnets.iter().map(SubnetId::as_str));
                let pages = client.describe_subnets().filters(ids).into_paginator().send();
                Pages::new("DescribeSubnets", pages, |page| page.next_token().into())
                    .items(|page| page.subnets)
                    .all()
                    .await
            },
            self.groups(client),
            async {
                let pages = client.describe_route_tables().filters(within()).into_paginator().send();
                let pages = Pages::new("DescribeRouteTables", pages, |page| page.next_token().into());
                pages.items(|page| page.route_tables).all().await
            },
            async {
                let pages = client.describe_vpc_endpoints().filters(within()).into_paginator().send();
                let pages = Pages::new("DescribeVpcEndpoints", pages, |page| page.next_token().into());
                pages.items(|page| page.vpc_endpoints).all().await
            },
            self.attributes_off(client),
        );
        let vpc = vpcs?.vpcs.unwrap_or_default().into_iter().next();
        Ok(ObservedNetwork { vpc, subnets: subnets?, groups: groups?, tables, endpoints, off })
    }

    async fn groups(&self, client: &Client) -> Result<Vec<SecurityGroup>> {
        if self.security_groups.is_empty() {
            return Ok(Vec::new());
        }
        let ids = filter("group-id", self.security_groups.iter().map(|(_, id)| id.as_str()));
        let pages = client.describe_security_groups().filters(ids).into_paginator().send();
        let pages = Pages::new("DescribeSecurityGroups", pages, |page| page.next_token().into());
        pages.items(|page| page.security_groups).all().await
    }

    /// The attributes of a VPC that are off although Studio's file system and endpoints with private DNS need them.
    async fn attributes_off(&self, client: &Client) -> Result<Vec<&'static str>> {
        let mut off = Vec::new();
        for (attribute, name) in [
            (VpcAttributeName::EnableDnsSupport, "DNS resolution"),
            (VpcAttributeName::EnableDnsHostnames, "DNS hostnames"),
        ] {
            let call = client.describe_vpc_attribute().vpc_id(self.vpc.as_str()).attribute(attribute);
            let answer = call.send().await.during("DescribeVpcAttribute")?;
            let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
            if value.and_then(|value| value.value()) != Some(true) {
                off.push(name);
            }
        }
        Ok(off)
    }
}

impl ObservedNetwork {
    /// The zones of the subnets that exist, by id.
    pub fn zones(&self) -> BTreeMap<String, String> {
        let zone = |subnet: &Subnet| Some((subnet.subnet_id()?.to_owned(), subnet.availability_zone()?.to_owned()));
        self.subnets.iter().filter_map(zone).collect()
    }

    /// The parts that exist.
    pub fn parts(&self) -> Vec<UsedPart> {
        let vpc = self.vpc.iter().map(|vpc| UsedPart {
            id: vpc.vpc_id().unwrap_or_default().to_owned(),
            noun: "VPC".to_owned(),
            details: ranges(vpc),
        });
        let subnets = self.subnets.iter().map(|subnet| UsedPart {
            id: subnet.subnet_id().unwrap_or_default().to_owned(),
            noun: "subnet".to_owned(),
            details: [subnet.cidr_block(), subnet.availability_zone()]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect(),
        });
        let groups = self.groups.iter().map(|group| UsedPart {
            id: group.group_id().unwrap_or_default().to_owned(),
            noun: "security group".to_owned(),
            details: group.group_name().map(str::to_owned).into_iter().collect(),
        });
        vpc.chain(subnets).chain(groups).collect()
    }

    /// The account that owns the VPC, if it is another one.
    fn owner(&self, place: &Place) -> Option<&str> {
        self.vpc.as_ref().and_then(Vpc::owner_id).filter(|owner| *owner != place.account)
    }
}

/// The ranges of a VPC, the primary one first.
fn ranges(vpc: &Vpc) -> Vec<String> {
    let mut ranges: Vec<String> = vpc.cidr_block().map(str::to_owned).into_iter().collect();
    for block in vpc.cidr_block_association_set().iter().filter_map(|block| block.cidr_block()) {
        if !ranges.iter().any(|range| range == block) {
            ranges.push(block.to_owned());
        }
    }
    ranges
}
