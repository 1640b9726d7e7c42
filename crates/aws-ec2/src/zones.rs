use crate::{allowed, tagging::filter};
use aws_sdk_ec2::{
    Client,
    types::{AvailabilityZone, AvailabilityZoneOptInStatus, AvailabilityZoneState},
};
use resource::{Attempt, Permission, Result};

/// The names of the region's availability zones, in order: those that work and that every account has.
/// Local and Wavelength zones are left out: they need opting in, and many services are not there.
///
/// # Errors
/// When the zones cannot be listed.
pub async fn availability_zones(client: &Client) -> Result<Vec<String>> {
    let call = client
        .describe_availability_zones()
        .filters(filter("zone-type", ["availability-zone"]))
        .filters(filter("state", ["available"]));
    let answer = call.send().await.during("DescribeAvailabilityZones")?;
    Ok(usable(answer.availability_zones()))
}

/// What [`availability_zones`] needs.
pub fn zones_permission() -> Permission {
    allowed::list("ec2:DescribeAvailabilityZones")
}

fn usable(zones: &[AvailabilityZone]) -> Vec<String> {
    let mut names: Vec<String> = zones
        .iter()
        .filter(|zone| zone.state() == Some(&AvailabilityZoneState::Available))
        .filter(|zone| zone.zone_type().is_none_or(|kind| kind == "availability-zone"))
        .filter(|zone| {
            zone.opt_in_status().is_none_or(|status| *status == AvailabilityZoneOptInStatus::OptInNotRequired)
        })
        .filter_map(|zone| zone.zone_name().map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(
        name: &str,
        kind: &str,
        state: AvailabilityZoneState,
        opt_in: AvailabilityZoneOptInStatus,
    ) -> AvailabilityZone {
        AvailabilityZone::builder().zone_name(name).zone_type(kind).state(state).opt_in_status(opt_in).build()
    }

    #[test]
    fn only_zones_that_work_and_that_everybody_has_are_usable() {
        use AvailabilityZoneOptInStatus::{OptInNotRequired, OptedIn};
        use AvailabilityZoneState::{Available, Impaired};
        let zones = [
            zone("us-west-2b", "availability-zone", Available, OptInNotRequired),
            zone("us-west-2-lax-1a", "local-zone", Available, OptedIn),
            zone("us-west-2a", "availability-zone", Available, OptInNotRequired),
            zone("us-west-2c", "availability-zone", Impaired, OptInNotRequired),
        ];
        assert_eq!(usable(&zones), ["us-west-2a", "us-west-2b"]);
    }
}
