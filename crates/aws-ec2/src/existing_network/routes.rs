//! The routes out of the subnets of an existing network.

use super::SeenNetwork;
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

    fn of(table: &RouteTable) -> Self {
        let mut ways = Self { table: table.route_table_id().unwrap_or_default().to_owned(), ..Self::default() };
        for route in table.routes() {
            ways.add(route);
        }
        ways
    }

    fn add(&mut self, route: &Route) {
        let destination =
            [route.destination_cidr_block(), route.destination_ipv6_cidr_block(), route.destination_prefix_list_id()];
        let destination = destination.into_iter().flatten().next().unwrap_or_default();
        let targets = [
            route.gateway_id(),
            route.nat_gateway_id(),
            route.transit_gateway_id(),
            route.vpc_peering_connection_id(),
            route.network_interface_id(),
            route.instance_id(),
            route.core_network_arn(),
            route.local_gateway_id(),
            route.carrier_gateway_id(),
        ];
        let Some(target) = targets.into_iter().flatten().find(|target| *target != "local") else { return };
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

impl SeenNetwork {
    /// The targets in a subnet's own route table, else in the main one of its VPC. `None` if the caller may read
    /// neither.
    pub(super) fn ways(&self, subnet: &str) -> Option<Ways> {
        let tables = self.tables.as_ref().ok()?;
        let own = |table: &&RouteTable| table.associations().iter().any(|one| one.subnet_id() == Some(subnet));
        let main = |table: &&RouteTable| table.associations().iter().any(|one| one.main() == Some(true));
        tables.iter().find(own).or_else(|| tables.iter().find(main)).map(Ways::of)
    }
}
