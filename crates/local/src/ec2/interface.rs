//! Network interfaces, here always those that services make for themselves.

use serde_json::{Value, json};

use super::kinds::{NETWORK_INTERFACE, SUBNET};
use super::query::Query;
use super::store::text;
use super::{Answer, Cx, refuse};

/// An interface of a service in a subnet.
pub(super) fn add(
    cx: &mut Cx<'_>,
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

pub(super) fn delete(cx: &mut Cx<'_>, query: &Query) -> Answer {
    let id = query.need("NetworkInterfaceId")?;
    if text(cx.network.get(&NETWORK_INTERFACE, id)?, "status") == "in-use" {
        let message = format!("Network interface '{id}' is currently in use.");
        return refuse("InvalidNetworkInterface.InUse", message);
    }
    cx.network.remove(&NETWORK_INTERFACE, id)?;
    Ok(json!({ "return": true }))
}
