//! The ways out: internet gateways, elastic addresses, NAT gateways.

use serde_json::{Value, json};

use super::answer::{Answer, refuse};
use super::context::CallScope;
use super::document::{at, text};
use super::kinds::{ADDRESS, INTERNET_GATEWAY, NAT_GATEWAY, NETWORK_INTERFACE, SUBNET, VPC};
use super::query::Query;
use super::store::{depends, generated};
use super::{interface, routing};

pub(super) fn create_internet_gateway(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let document = json!({ "ownerId": cx.account, "attachmentSet": [] });
    let id = cx.network.add(&INTERNET_GATEWAY, Some(query), document);
    Ok(json!({ "internetGateway": cx.network.show(&id) }))
}

pub(super) fn attach_internet_gateway(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let (id, vpc) = (query.need("InternetGatewayId")?, query.need("VpcId")?);
    cx.network.get(&VPC, vpc)?;
    let attached = !at(cx.network.get(&INTERNET_GATEWAY, id)?, "attachmentSet/vpcId").is_empty();
    if attached || cx.network.with(&INTERNET_GATEWAY, "attachmentSet/vpcId", vpc).is_some() {
        let message = format!("resource {id} is already attached, or {vpc} has an internet gateway");
        return refuse("Resource.AlreadyAssociated", message);
    }
    let attachments = json!([{ "vpcId": vpc, "state": "available" }]);
    cx.network.get_mut(&INTERNET_GATEWAY, id)?.insert("attachmentSet".to_owned(), attachments);
    Ok(json!({ "return": true }))
}

pub(super) fn detach_internet_gateway(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let (id, vpc) = (query.need("InternetGatewayId")?, query.need("VpcId")?);
    let gateway = cx.network.get(&INTERNET_GATEWAY, id)?;
    if !at(gateway, "attachmentSet/vpcId").iter().any(|attached| attached == vpc) {
        return refuse("Gateway.NotAttached", format!("resource {id} is not attached to network {vpc}"));
    }
    let mapped = cx
        .network
        .of(&NETWORK_INTERFACE)
        .any(|(_, interface)| text(interface, "vpcId") == vpc && interface.contains_key("association"));
    if mapped {
        return refuse(
            "DependencyViolation",
            format!(
                "Network {vpc} has some mapped public address(es). Please unmap those before detaching the gateway."
            ),
        );
    }
    cx.network.get_mut(&INTERNET_GATEWAY, id)?.insert("attachmentSet".to_owned(), json!([]));
    Ok(json!({ "return": true }))
}

pub(super) fn delete_internet_gateway(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("InternetGatewayId")?;
    let gateway = cx.network.get(&INTERNET_GATEWAY, id)?;
    if let Some(vpc) = at(gateway, "attachmentSet/vpcId").first() {
        return Err(depends("internetGateway", id, vpc));
    }
    cx.network.remove(&INTERNET_GATEWAY, id)?;
    Ok(json!({ "return": true }))
}

pub(super) fn allocate_address(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    // 198.51.100.0/24 is reserved for documentation; the third byte varies to give enough of them.
    let number = cx.network.of(&ADDRESS).count();
    let taken = |ip: &str| cx.network.with(&ADDRESS, "publicIp", ip).is_some();
    let ip = (number..)
        .map(|n| format!("198.51.{}.{}", 100 + n / 250, 1 + n % 250))
        .find(|ip| !taken(ip))
        .unwrap_or_default();
    let id = cx.network.add(
        &ADDRESS,
        Some(query),
        json!({
            "publicIp": ip,
            "domain": "vpc",
            "publicIpv4Pool": "amazon",
            "networkBorderGroup": cx.region,
        }),
    );
    Ok(cx.network.show(&id))
}

pub(super) fn release_address(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("AllocationId")?;
    if let Some(association) = cx.network.get(&ADDRESS, id)?.get("associationId") {
        let message = format!("Address is in use: {association}");
        return refuse("InvalidIPAddress.InUse", message);
    }
    cx.network.remove(&ADDRESS, id)?;
    Ok(json!({ "return": true }))
}

pub(super) fn create(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    if let Some(id) = cx.network.made_before(&NAT_GATEWAY, query) {
        return Ok(json!({ "natGateway": cx.network.show(&id) }));
    }
    let subnet_id = query.need("SubnetId")?;
    let vpc = text(cx.network.get(&SUBNET, subnet_id)?, "vpcId").to_owned();
    let connectivity = query.get("ConnectivityType").unwrap_or("public");
    let mut address = json!({ "isPrimary": true, "status": "succeeded" });
    if connectivity == "public" {
        let allocation = query.need("AllocationId")?;
        let elastic = cx.network.get(&ADDRESS, allocation)?;
        if elastic.contains_key("associationId") {
            let message = format!("The elastic-ip {allocation} is already associated");
            return refuse("Resource.AlreadyAssociated", message);
        }
        address["allocationId"] = allocation.into();
        address["publicIp"] = text(elastic, "publicIp").into();
    }
    let interface = interface::add(cx, subnet_id, &[], "nat_gateway", "Interface for NAT Gateway")?;
    let private_ip = text(cx.network.get(&NETWORK_INTERFACE, &interface)?, "privateIpAddress").to_owned();
    address["networkInterfaceId"] = interface.clone().into();
    address["privateIp"] = private_ip.clone().into();
    if let Some(allocation) = address["allocationId"].as_str().map(str::to_owned) {
        let association = generated("eipassoc");
        address["associationId"] = association.clone().into();
        let elastic = cx.network.get_mut(&ADDRESS, &allocation)?;
        elastic.insert("associationId".to_owned(), association.into());
        elastic.insert("networkInterfaceId".to_owned(), interface.clone().into());
        elastic.insert("privateIpAddress".to_owned(), private_ip.into());
        let mapping = json!({ "allocationId": allocation, "publicIp": address["publicIp"] });
        cx.network.get_mut(&NETWORK_INTERFACE, &interface)?.insert("association".to_owned(), mapping);
    }
    let id = cx.network.add(
        &NAT_GATEWAY,
        Some(query),
        json!({
            "subnetId": subnet_id,
            "vpcId": vpc,
            "state": "available",
            "connectivityType": connectivity,
            "createTime": jiff::Timestamp::now().to_string(),
            "natGatewayAddressSet": [address],
        }),
    );
    Ok(json!({ "natGateway": cx.network.show(&id) }))
}

/// A deleted NAT gateway stays visible; the routes to it stay too, and lead nowhere.
pub(super) fn delete(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("NatGatewayId")?;
    let nat = cx.network.get_mut(&NAT_GATEWAY, id)?;
    nat.insert("state".to_owned(), "deleted".into());
    nat.insert("deleteTime".to_owned(), jiff::Timestamp::now().to_string().into());
    let addresses = nat.get("natGatewayAddressSet").and_then(Value::as_array).cloned();
    for address in addresses.unwrap_or_default() {
        if let Some(interface) = address["networkInterfaceId"].as_str()
            && cx.network.has(interface)
        {
            cx.network.remove(&NETWORK_INTERFACE, interface)?;
        }
        if let Some(allocation) = address["allocationId"].as_str()
            && let Ok(elastic) = cx.network.get_mut(&ADDRESS, allocation)
            && elastic.get("networkInterfaceId") == address.get("networkInterfaceId")
        {
            for member in ["associationId", "networkInterfaceId", "privateIpAddress"] {
                elastic.remove(member);
            }
        }
    }
    routing::blackhole(cx, "natGatewayId", id);
    Ok(json!({ "natGatewayId": id }))
}
