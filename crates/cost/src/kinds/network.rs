//! Costs of NAT gateways, Elastic IP addresses, interface endpoints and flow logs.

use crate::{Gap, Meter, Quantity, sheet::Sheet};

pub(super) fn nat_gateway(sheet: &mut Sheet<'_>) {
    sheet.monthly("NAT gateway", &Meter::NatGatewayHour, Quantity::months_of(1));
    let through = "what private subnets send and receive through NAT";
    sheet.by_use("data through NAT", through, Meter::NatGatewayGb);
    sheet.by_use("data to the internet", "what leaves AWS", Meter::InternetGb);
}

/// In use or not, an address costs the same since February 2024.
pub(super) fn elastic_ip(sheet: &mut Sheet<'_>) {
    sheet.monthly("public IPv4 address", &Meter::PublicIpv4Hour, Quantity::months_of(1));
}

/// An interface endpoint costs in each zone it stands in; a gateway endpoint costs nothing.
pub(super) fn vpc_endpoint(sheet: &mut Sheet<'_>) {
    let reach = &sheet.spec()["reach"];
    if reach["type"] == "gateway" {
        return;
    }
    let Some(subnets) = reach["subnets"].as_array() else {
        return sheet.gap(Gap::Monthly, "interface endpoint", "its specification names no list of subnets");
    };
    let zones = subnets.len();
    let what = format!("interface endpoint in {zones} {}", if zones == 1 { "zone" } else { "zones" });
    sheet.monthly(what, &Meter::VpcEndpointHour, Quantity::months_of(zones as u64));
    sheet.by_use("data through interface endpoints", "calls to AWS's services", Meter::VpcEndpointGb);
}

pub(super) fn flow_log(sheet: &mut Sheet<'_>) {
    sheet.by_use("flow logs taken in", "how many connections the network sees", Meter::VendedLogGb);
}
