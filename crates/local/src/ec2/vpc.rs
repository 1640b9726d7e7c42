//! VPCs and their subnets.

use serde_json::{Value, json};
use std::net::Ipv4Addr;

use super::answer::{Answer, refuse};
use super::context::CallScope;
use super::document::text;
use super::kinds::{
    INTERNET_GATEWAY, NAT_GATEWAY, NETWORK_INTERFACE, ROUTE_TABLE, SECURITY_GROUP, SUBNET, VPC, VPC_ENDPOINT,
};
use super::query::Query;
use super::store::{depends, generated};
use super::{group, routing};

pub(super) fn create(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let block = query.need("CidrBlock")?;
    let Some(cidr) = Cidr::parse(block).filter(|cidr| (16..=28).contains(&cidr.bits)) else {
        return refuse("InvalidVpc.Range", format!("The CIDR '{block}' is invalid."));
    };
    let id = cx.network.add(
        &VPC,
        Some(query),
        json!({
            "ownerId": cx.account,
            "state": "available",
            "cidrBlock": cidr.to_string(),
            "cidrBlockAssociationSet": [{
                "associationId": generated("vpc-cidr-assoc"),
                "cidrBlock": cidr.to_string(),
                "cidrBlockState": { "state": "associated" },
            }],
            "dhcpOptionsId": "dopt-0local",
            "instanceTenancy": query.get("InstanceTenancy").unwrap_or("default"),
            "isDefault": false,
            "_enableDnsSupport": true,
            "_enableDnsHostnames": false,
        }),
    );
    group::add_default(cx, &id);
    routing::add_main(cx, &id, &cidr.to_string());
    Ok(json!({ "vpc": cx.network.show(&id) }))
}

/// A VPC takes its default group and main route table with it; anything else keeps it.
pub(super) fn delete(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("VpcId")?;
    cx.network.get(&VPC, id)?;
    let default_group = group::default_of(cx, id);
    let main_table = routing::main_of(cx, id);
    let holds = |other: &str| Some(other) != default_group.as_deref() && Some(other) != main_table.as_deref();
    for kind in [&SUBNET, &SECURITY_GROUP, &ROUTE_TABLE, &VPC_ENDPOINT, &NETWORK_INTERFACE] {
        let inside = cx.network.of(kind).find(|(other, document)| text(document, "vpcId") == id && holds(other));
        if let Some((other, _)) = inside {
            return Err(depends("vpc", id, other));
        }
    }
    if let Some(gateway) = cx.network.with(&INTERNET_GATEWAY, "attachmentSet/vpcId", id) {
        return Err(depends("vpc", id, gateway));
    }
    if let Some(group) = default_group {
        cx.network.remove(&SECURITY_GROUP, &group)?;
    }
    if let Some(table) = main_table {
        cx.network.remove(&ROUTE_TABLE, &table)?;
    }
    cx.network.remove(&VPC, id)?;
    Ok(json!({ "return": true }))
}

pub(super) fn attribute(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("VpcId")?;
    let vpc = cx.network.get(&VPC, id)?;
    let attribute = query.need("Attribute")?;
    let value = vpc.get(&format!("_{attribute}")).cloned().unwrap_or(false.into());
    Ok(json!({ "vpcId": id, attribute: { "value": value } }))
}

pub(super) fn modify(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let vpc = cx.network.get_mut(&VPC, query.need("VpcId")?)?;
    for (member, field) in
        [("EnableDnsSupport.Value", "_enableDnsSupport"), ("EnableDnsHostnames.Value", "_enableDnsHostnames")]
    {
        if query.get(member).is_some() {
            vpc.insert(field.to_owned(), query.is_true(member).into());
        }
    }
    Ok(json!({ "return": true }))
}

pub(super) fn create_subnet(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let vpc_id = query.need("VpcId")?;
    let vpc = cx.network.get(&VPC, vpc_id)?;
    let block = query.need("CidrBlock")?;
    let within = Cidr::parse(text(vpc, "cidrBlock"));
    let Some(cidr) = Cidr::parse(block).filter(|cidr| cidr.bits <= 28) else {
        return refuse("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid."));
    };
    if !within.is_some_and(|vpc| vpc.overlaps(cidr) && vpc.bits <= cidr.bits) {
        return refuse("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid."));
    }
    let taken = cx.network.of(&SUBNET).any(|(_, other)| {
        text(other, "vpcId") == vpc_id
            && Cidr::parse(text(other, "cidrBlock")).is_some_and(|other| other.overlaps(cidr))
    });
    if taken {
        let message = format!("The CIDR '{block}' conflicts with another subnet");
        return refuse("InvalidSubnet.Conflict", message);
    }
    let zone = match query.get("AvailabilityZone") {
        Some(zone) if !zone.starts_with(cx.region) => {
            let message = format!("Value ({zone}) for parameter availabilityZone is invalid.");
            return refuse("InvalidParameterValue", message);
        }
        Some(zone) => zone.to_owned(),
        None => format!("{}a", cx.region),
    };
    let account = cx.account;
    let id = cx.network.add(
        &SUBNET,
        Some(query),
        json!({
            "ownerId": account,
            "vpcId": vpc_id,
            "cidrBlock": cidr.to_string(),
            "availabilityZone": zone,
            "state": "available",
            // Five addresses of every subnet are AWS's.
            "availableIpAddressCount": (1_u32 << (32 - cidr.bits)).saturating_sub(5),
            "mapPublicIpOnLaunch": false,
            "assignIpv6AddressOnCreation": false,
            "defaultForAz": false,
        }),
    );
    let arn = format!("arn:aws:ec2:{}:{account}:subnet/{id}", cx.region);
    cx.network.get_mut(&SUBNET, &id)?.insert("subnetArn".to_owned(), arn.into());
    Ok(json!({ "subnet": cx.network.show(&id) }))
}

pub(super) fn modify_subnet(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let subnet = cx.network.get_mut(&SUBNET, query.need("SubnetId")?)?;
    if query.get("MapPublicIpOnLaunch.Value").is_some() {
        let value: Value = query.is_true("MapPublicIpOnLaunch.Value").into();
        subnet.insert("mapPublicIpOnLaunch".to_owned(), value);
    }
    Ok(json!({ "return": true }))
}

pub(super) fn delete_subnet(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("SubnetId")?;
    cx.network.get(&SUBNET, id)?;
    let gateway = cx
        .network
        .of(&NAT_GATEWAY)
        .find(|(_, nat)| text(nat, "subnetId") == id && text(nat, "state") != "deleted")
        .map(|(id, _)| id);
    let interface = cx.network.with(&NETWORK_INTERFACE, "subnetId", id);
    if let Some(other) = gateway.or(interface) {
        return Err(depends("subnet", id, other));
    }
    cx.network.remove(&SUBNET, id)?;
    // Its route table association goes with it.
    routing::forget_subnet(cx, id);
    Ok(json!({ "return": true }))
}

/// An IPv4 range.
#[derive(Debug, Clone, Copy)]
struct Cidr {
    first: u32,
    bits: u8,
}

impl Cidr {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let bits: u8 = bits.parse().ok().filter(|bits| (1..=32).contains(bits))?;
        let address: u32 = address.parse::<Ipv4Addr>().ok()?.into();
        // EC2 moves an address inside a block to its beginning.
        Some(Self { first: address & (u32::MAX << (32 - bits)), bits })
    }

    fn overlaps(self, other: Self) -> bool {
        let shift = 32 - self.bits.min(other.bits);
        self.first >> shift == other.first >> shift
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.first), self.bits)
    }
}
