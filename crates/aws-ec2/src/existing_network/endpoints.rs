//! The services that an existing network reaches.

use super::{ExistingNetwork, ObservedNetwork, PlatformFacts, routes::Ways};
use aws_sdk_ec2::types::{VpcEndpoint, VpcEndpointType};
use resource::{Prerequisite, Shortcoming};
use std::collections::BTreeSet;
use vocabulary::Place;

/// The way from the subnets to a service, if there is one.
enum Reach {
    /// They reach it through this.
    By(String),
    /// Unknown: the routes lead to other networks, or the caller may not read a part.
    Perhaps(String),
    No,
}

impl ObservedNetwork {
    /// Checks that every subnet reaches S3: by a gateway endpoint, an interface endpoint, or a route out of the VPC.
    pub(super) fn s3(&self, network: &ExistingNetwork, place: &Place) -> Vec<Prerequisite> {
        let service = place.gateway_service("s3");
        let mut found = Vec::new();
        for (index, subnet) in network.subnets.iter().enumerate() {
            let setting = format!("network.private_subnets.{index}");
            let Some(ways) = self.ways(subnet.as_str()) else { continue };
            let met = match self.way_to_s3(&ways, &service) {
                Reach::By(way) => Ok(format!("{subnet} reaches S3 through {way}")),
                Reach::Perhaps(beyond) => Err(Shortcoming::possible(
                    format!("S3 may be reached from {subnet} through {beyond}, which cannot be seen"),
                    "make sure that S3 is reached there, best through a gateway endpoint of this VPC",
                )),
                Reach::No => Err(Shortcoming::certain(
                    format!("nothing leads from {subnet} to S3: {} has no route there", ways.table),
                    format!("the owner of the VPC adds {} to a gateway endpoint for {service}", ways.table),
                )),
            };
            found.push(Prerequisite { setting, met });
        }
        found
    }

    fn way_to_s3(&self, ways: &Ways, service: &str) -> Reach {
        let Ok(endpoints) = &self.endpoints else {
            return match ways.endpoints.first().or(ways.default.as_ref()) {
                Some(way) => Reach::By(way.clone()),
                None => Reach::Perhaps("endpoints".to_owned()),
            };
        };
        let to_s3 = |endpoint: &&VpcEndpoint| endpoint.service_name() == Some(service);
        let gateway = ways.endpoints.iter().find(|id| {
            let shown = endpoints.iter().find(|endpoint| endpoint.vpc_endpoint_id() == Some(id));
            // In a shared VPC, AWS shows the route and hides the endpoint.
            shown.is_none_or(|endpoint| to_s3(&endpoint))
        });
        let interface = || endpoints.iter().filter(to_s3).find(|endpoint| is_interface(endpoint));
        let interface = || interface().and_then(VpcEndpoint::vpc_endpoint_id).map(str::to_owned);
        match gateway.cloned().or_else(|| ways.default.clone()).or_else(interface) {
            Some(way) => Reach::By(way),
            None => ways.networks.first().map_or(Reach::No, |network| Reach::Perhaps(network.clone())),
        }
    }

    /// Checks that every service that the platform calls has an endpoint, or that every subnet has a route out of the
    /// VPC.
    pub(super) fn services(&self, network: &ExistingNetwork, place: &Place) -> Vec<Prerequisite> {
        let setting = "network.endpoints".to_owned();
        let ways: Vec<Ways> = network.subnets.iter().filter_map(|subnet| self.ways(subnet.as_str())).collect();
        if network.calls.is_empty() || ways.is_empty() {
            return Vec::new();
        }
        if ways.iter().all(|ways| ways.default.is_some()) {
            let through: BTreeSet<&str> = ways.iter().filter_map(|ways| ways.default.as_deref()).collect();
            let through = through.into_iter().collect::<Vec<_>>().join(", ");
            return vec![Prerequisite { setting, met: Ok(format!("AWS's services are reached through {through}")) }];
        }
        let has =
            |name: &str| network.makes_endpoints.iter().any(|made| made == name) || self.has_endpoint(name, place);
        let missing: Vec<&str> = network.calls.iter().map(String::as_str).filter(|name| !has(name)).collect();
        let beyond = ways.iter().flat_map(Ways::beyond).next().cloned();
        let hidden = self.endpoints.is_err().then(|| "endpoints of the VPC".to_owned());
        let unreadable = self.owner(place).map(|owner| format!("endpoints of account {owner}")).or(hidden).or(beyond);
        let met = match (missing.as_slice(), unreadable) {
            ([], _) => Ok(format!("{} are reached through endpoints", network.calls.join(", "))),
            (missing, Some(beyond)) => Err(Shortcoming::possible(
                format!("{} may be reached through {beyond}, which cannot be seen", missing.join(", ")),
                "make sure that the VPC resolves the names of these services to endpoints that it reaches",
            )),
            (missing, None) => Err(Shortcoming::certain(
                format!("nothing leads from the subnets to {}", missing.join(", ")),
                "name them in `endpoints` of [network], or let the owner of the VPC make endpoints with private DNS",
            )),
        };
        vec![Prerequisite { setting, met }]
    }

    /// A VPC takes one endpoint with private DNS per service. In a shared VPC, only the owner can make endpoints.
    /// <https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html>
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html>
    pub(super) fn made(&self, network: &ExistingNetwork, around: &PlatformFacts<'_>) -> Vec<Prerequisite> {
        if let Some(owner) = self.owner(around.place).filter(|_| !network.makes_endpoints.is_empty()) {
            let shortcoming = Shortcoming::certain(
                format!("{} is shared by account {owner}, and only that account makes endpoints there", network.vpc),
                "leave `endpoints` out, and use those of the VPC",
            );
            return vec![Prerequisite { setting: "network.endpoints".to_owned(), met: Err(shortcoming) }];
        }
        let mut found = Vec::new();
        for (index, name) in network.makes_endpoints.iter().enumerate() {
            let others = self.endpoints.iter().flatten().filter(|endpoint| leads_to(endpoint, name, around.place));
            let own = |id: &&str| around.own_endpoints.contains(*id);
            let other = others.filter_map(VpcEndpoint::vpc_endpoint_id).find(|id| !own(id));
            if let Some(id) = other {
                let shortcoming = Shortcoming::certain(
                    format!("{id} leads to {name} already, and {} takes only one such endpoint", network.vpc),
                    format!("leave `{name}` out of `endpoints`"),
                );
                found.push(Prerequisite { setting: format!("network.endpoints.{index}"), met: Err(shortcoming) });
            }
        }
        found
    }

    fn has_endpoint(&self, name: &str, place: &Place) -> bool {
        self.endpoints.iter().flatten().any(|endpoint| leads_to(endpoint, name, place))
    }
}

fn is_interface(endpoint: &VpcEndpoint) -> bool {
    endpoint.vpc_endpoint_type() == Some(&VpcEndpointType::Interface)
}

/// True if the default DNS name of a service resolves to this endpoint.
fn leads_to(endpoint: &VpcEndpoint, name: &str, place: &Place) -> bool {
    let service = endpoint.service_name().unwrap_or_default();
    is_interface(endpoint)
        && endpoint.private_dns_enabled() != Some(false)
        && place.endpoint_services(name).iter().any(|known| known == service)
}
