//! The availability zones of a region, and the endpoint services in them.

use crate::{iam, tagging::filter};
use aws_client::{Attempt, Result};
use aws_sdk_ec2::{
    Client,
    types::{AvailabilityZone, AvailabilityZoneOptInStatus, AvailabilityZoneState},
};
use vocabulary::Permission;

/// An availability zone of the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// For example `eu-central-1a`. Another account may call another zone so.
    pub name: String,
    /// For example `euc1-az2`, the same for every account.
    pub id: String,
    /// True if AWS reports the zone as available. Existing subnets stay in a zone that is not.
    pub is_available: bool,
}

/// A service that interface endpoints lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointService {
    /// For example `com.amazonaws.eu-central-1.sts`.
    pub name: String,
    /// The names of the zones that it can be reached from.
    pub zones: Vec<String>,
}

/// The region's availability zones that every account has, by name, also those that do not work at present.
/// Local and Wavelength zones are left out: many services are not there.
///
/// # Errors
/// When the zones cannot be listed.
pub async fn availability_zones(client: &Client) -> Result<Vec<Zone>> {
    let call = client.describe_availability_zones().filters(filter("zone-type", ["availability-zone"]));
    let answer = call.send().await.during("DescribeAvailabilityZones")?;
    Ok(usable(answer.availability_zones()))
}

/// The endpoint services of these names that the region has. The request uses a filter, because one unknown name in the
/// `ServiceNames` parameter fails the whole call (`InvalidServiceName`).
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html>
///
/// # Errors
/// When the services cannot be listed.
pub async fn endpoint_services(client: &Client, names: &[String]) -> Result<Vec<EndpointService>> {
    const OPERATION: &str = "DescribeVpcEndpointServices";
    let (mut services, mut token) = (Vec::new(), None);
    loop {
        let call = client.describe_vpc_endpoint_services().set_next_token(token.take());
        let call = call.filters(filter("service-name", names.iter().map(String::as_str)));
        let answer = call.send().await.during(OPERATION)?;
        for service in answer.service_details.unwrap_or_default() {
            let Some(name) = service.service_name.filter(|name| names.contains(name)) else { continue };
            services.push(EndpointService { name, zones: service.availability_zones.unwrap_or_default() });
        }
        match answer.next_token.filter(|token| !token.is_empty()) {
            None => return Ok(services),
            next => token = next,
        }
    }
}

/// The permissions that [`availability_zones`] and [`endpoint_services`] need.
pub fn placement_permissions() -> [Permission; 2] {
    ["ec2:DescribeAvailabilityZones", "ec2:DescribeVpcEndpointServices"].map(iam::list)
}

fn usable(zones: &[AvailabilityZone]) -> Vec<Zone> {
    use AvailabilityZoneOptInStatus::{OptInNotRequired, OptedIn};
    let mut usable: Vec<Zone> = zones
        .iter()
        .filter(|zone| zone.zone_type().is_none_or(|kind| kind == "availability-zone"))
        .filter(|zone| zone.opt_in_status().is_none_or(|status| matches!(status, OptInNotRequired | OptedIn)))
        .filter_map(|zone| {
            Some(Zone {
                name: zone.zone_name()?.to_owned(),
                id: zone.zone_id().unwrap_or_default().to_owned(),
                is_available: zone.state() == Some(&AvailabilityZoneState::Available),
            })
        })
        .collect();
    usable.sort_by(|one, other| one.name.cmp(&other.name));
    usable
}

#[cfg(test)]
mod tests {
    use super::*;
    use AvailabilityZoneOptInStatus::{NotOptedIn, OptInNotRequired, OptedIn};
    use AvailabilityZoneState::{Available, Impaired};

    fn zone(
        name: &str,
        kind: &str,
        state: AvailabilityZoneState,
        opt_in: AvailabilityZoneOptInStatus,
    ) -> AvailabilityZone {
        let zone = AvailabilityZone::builder().zone_name(name).zone_id(format!("id of {name}")).zone_type(kind);
        zone.state(state).opt_in_status(opt_in).build()
    }

    #[test]
    fn only_availability_zones_that_the_account_has_are_usable() {
        let zones = [
            zone("us-west-2b", "availability-zone", Available, OptInNotRequired),
            zone("us-west-2-lax-1a", "local-zone", Available, OptedIn),
            zone("us-west-2a", "availability-zone", Available, OptedIn),
            zone("us-west-2c", "availability-zone", Impaired, OptInNotRequired),
            zone("us-west-2d", "availability-zone", Available, NotOptedIn),
        ];
        let usable = usable(&zones);
        let names: Vec<_> = usable.iter().map(|zone| (zone.name.as_str(), zone.is_available)).collect();
        assert_eq!(names, [("us-west-2a", true), ("us-west-2b", true), ("us-west-2c", false)]);
        assert_eq!(usable[0].id, "id of us-west-2a");
    }
}
