//! The routes out of the subnets of an existing network.

use super::ObservedNetwork;
use crate::route_table::{destination, target_id};
use aws_sdk_ec2::types::{Route, RouteState, RouteTable};

/// The targets in the route table of a subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    /// `rtb-…`.
    pub(super) table: String,
    /// Internet gateways, which make a subnet public.
    pub(super) public: Vec<String>,
    /// The target of the default route: a NAT gateway, a transit gateway, a firewall, ….
    pub(super) default: Option<String>,
    /// Other networks: transit gateways, peerings and virtual private gateways.
    pub(super) networks: Vec<String>,
    /// Gateway endpoints.
    pub(super) endpoints: Vec<String>,
    /// Destinations of routes whose target no longer exists.
    pub(super) lost: Vec<String>,
}

impl Ways {
    /// Targets that may lead to services without an endpoint.
    pub(super) fn beyond(&self) -> impl Iterator<Item = &String> {
        self.default.iter().chain(&self.networks)
    }

    fn new(table: &RouteTable) -> Self {
        let mut ways = Self { table: table.route_table_id().unwrap_or_default().to_owned(), ..Self::default() };
        for route in table.routes() {
            ways.add(route);
        }
        ways
    }

    fn add(&mut self, route: &Route) {
        let destination = destination(route).unwrap_or_default();
        // An egress-only gateway is a way for IPv6 alone, and services have IPv4 addresses.
        let is_way = |target: &&str| *target != "local" && !target.starts_with("eigw-");
        let Some(target) = target_id(route).filter(is_way) else { return };
        let is_default = destination == "0.0.0.0/0";
        if route.state() == Some(&RouteState::Blackhole) {
            self.lost.push(format!("{destination} of {}", self.table));
        } else if target.starts_with("igw-") {
            self.public.push(target.to_owned());
        } else if target.starts_with("vpce-") && route.destination_prefix_list_id().is_some() {
            self.endpoints.push(target.to_owned());
        } else if is_default {
            self.default = Some(target.to_owned());
        } else if !target.starts_with("nat-") {
            self.networks.push(target.to_owned());
        }
    }
}

impl ObservedNetwork {
    /// The targets in a subnet's own route table, else in the main one of its VPC. `None` if the caller may read
    /// neither.
    pub(super) fn ways(&self, subnet: &str) -> Option<Ways> {
        let tables = self.tables.as_ref().ok()?;
        let own = |table: &&RouteTable| table.associations().iter().any(|one| one.subnet_id() == Some(subnet));
        let main = |table: &&RouteTable| table.associations().iter().any(|one| one.main() == Some(true));
        tables.iter().find(own).or_else(|| tables.iter().find(main)).map(Ways::new)
    }
}
