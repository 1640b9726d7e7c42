//! Network interfaces: mostly those that services make for themselves.

use serde_json::{Value, json};

use super::answer::{Answer, refuse};
use super::context::CallScope;
use super::document::text;
use super::kinds::{NETWORK_INTERFACE, SECURITY_GROUP, SUBNET};
use super::query::Query;

/// An interface of a service in a subnet.
pub(super) fn add(
    cx: &mut CallScope<'_>,
    subnet_id: &str,
    groups: &[String],
    interface_type: &str,
    description: &str,
) -> Answer<String> {
    let subnet = cx.network.get(&SUBNET, subnet_id)?;
    let (vpc, zone) = (text(subnet, "vpcId"), text(subnet, "availabilityZone"));
    let block = text(subnet, "cidrBlock");
    let network = block.rsplit_once('.').map_or("10.0.0", |(network, _)| network);
    // The first four addresses of a subnet are AWS's.
    let number = 4 + cx.network.of(&NETWORK_INTERFACE).count() % 200;
    let document = json!({
        "subnetId": subnet_id,
        "vpcId": vpc,
        "availabilityZone": zone,
        "description": description,
        "interfaceType": interface_type,
        "ownerId": cx.account,
        "requesterManaged": true,
        "privateIpAddress": format!("{network}.{number}"),
        "sourceDestCheck": true,
        "status": "in-use",
        "attachment": { "attachmentId": "ela-attach-local", "status": "attached" },
        "groupSet": groups.iter().map(|id| json!({ "groupId": id })).collect::<Vec<Value>>(),
    });
    Ok(cx.network.add(&NETWORK_INTERFACE, None, document))
}

/// An interface that nothing uses yet.
pub(super) fn create(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let groups = query.list("SecurityGroupId");
    for group in &groups {
        cx.network.get(&SECURITY_GROUP, group)?;
    }
    let description = query.get("Description").unwrap_or_default();
    let id = add(cx, query.need("SubnetId")?, &groups, "interface", description)?;
    let interface = cx.network.get_mut(&NETWORK_INTERFACE, &id)?;
    interface.insert("status".to_owned(), "available".into());
    interface.insert("requesterManaged".to_owned(), false.into());
    interface.remove("attachment");
    Ok(json!({ "networkInterface": cx.network.show(&id) }))
}

pub(super) fn delete(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("NetworkInterfaceId")?;
    if text(cx.network.get(&NETWORK_INTERFACE, id)?, "status") == "in-use" {
        let message = format!("Network interface '{id}' is currently in use.");
        return refuse("InvalidNetworkInterface.InUse", message);
    }
    cx.network.remove(&NETWORK_INTERFACE, id)?;
    Ok(json!({ "return": true }))
}
