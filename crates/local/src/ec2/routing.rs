//! Route tables: routes and the subnets that follow them.

use serde_json::{Value, json};

use super::answer::{Answer, refuse};
use super::context::CallScope;
use super::document::{Document, at, text};
use super::kinds::{INTERNET_GATEWAY, NAT_GATEWAY, ROUTE_TABLE, SUBNET, VPC};
use super::query::Query;
use super::store::{depends, generated};

/// The members of a route that name its target, as requests and answers spell them.
const TARGETS: [(&str, &str); 5] = [
    ("GatewayId", "gatewayId"),
    ("NatGatewayId", "natGatewayId"),
    ("NetworkInterfaceId", "networkInterfaceId"),
    ("VpcPeeringConnectionId", "vpcPeeringConnectionId"),
    ("TransitGatewayId", "transitGatewayId"),
];

const DESTINATIONS: [(&str, &str); 3] = [
    ("DestinationCidrBlock", "destinationCidrBlock"),
    ("DestinationIpv6CidrBlock", "destinationIpv6CidrBlock"),
    ("DestinationPrefixListId", "destinationPrefixListId"),
];

fn document(cx: &CallScope<'_>, vpc: &str, block: &str) -> Value {
    json!({
        "vpcId": vpc,
        "ownerId": cx.account,
        "routeSet": [{
            "destinationCidrBlock": block,
            "gatewayId": "local",
            "state": "active",
            "origin": "CreateRouteTable",
        }],
        "associationSet": [],
        "propagatingVgwSet": [],
    })
}

/// The main route table every VPC has.
pub(super) fn add_main(cx: &mut CallScope<'_>, vpc: &str, block: &str) {
    let document = document(cx, vpc, block);
    let id = cx.network.add(&ROUTE_TABLE, None, document);
    if let Ok(table) = cx.network.get_mut(&ROUTE_TABLE, &id) {
        table.insert("associationSet".to_owned(), json!([association(&id, None)]));
    }
}

pub(super) fn main_of(cx: &CallScope<'_>, vpc: &str) -> Option<String> {
    cx.network
        .of(&ROUTE_TABLE)
        .find(|(_, table)| {
            text(table, "vpcId") == vpc && at(table, "associationSet/main").iter().any(|main| main == "true")
        })
        .map(|(id, _)| id.clone())
}

fn association(table: &str, subnet: Option<&str>) -> Value {
    json!({
        "routeTableAssociationId": generated("rtbassoc"),
        "routeTableId": table,
        "subnetId": subnet,
        "main": subnet.is_none(),
        "associationState": { "state": "associated" },
    })
}

pub(super) fn create(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    if let Some(id) = cx.network.made_before(&ROUTE_TABLE, query) {
        return Ok(json!({ "routeTable": cx.network.show(&id) }));
    }
    let vpc = query.need("VpcId")?;
    let block = text(cx.network.get(&VPC, vpc)?, "cidrBlock").to_owned();
    let document = document(cx, vpc, &block);
    let id = cx.network.add(&ROUTE_TABLE, Some(query), document);
    Ok(json!({ "routeTable": cx.network.show(&id) }))
}

pub(super) fn delete(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("RouteTableId")?;
    let table = cx.network.get(&ROUTE_TABLE, id)?;
    if let Some(association) = at(table, "associationSet/routeTableAssociationId").first() {
        return Err(depends("routeTable", id, association));
    }
    cx.network.remove(&ROUTE_TABLE, id)?;
    Ok(json!({ "return": true }))
}

fn list<'a>(table: &'a mut Document, member: &str) -> Option<&'a mut Vec<Value>> {
    table.get_mut(member).and_then(Value::as_array_mut)
}

fn destination(query: &Query) -> Answer<(&'static str, String)> {
    let given = DESTINATIONS.iter().find_map(|(member, field)| Some((*field, query.get(member)?.to_owned())));
    match given {
        Some(given) => Ok(given),
        None => refuse("MissingParameter", "The request must contain a destination"),
    }
}

pub(super) fn create_route(cx: &mut CallScope<'_>, query: &Query, replace: bool) -> Answer {
    let id = query.need("RouteTableId")?;
    let (field, destination) = destination(query)?;
    let target = TARGETS.iter().find_map(|(member, field)| Some((*field, query.get(member)?)));
    let Some((target_field, target)) = target else {
        return refuse("MissingParameter", "The request must contain a target");
    };
    let vpc = text(cx.network.get(&ROUTE_TABLE, id)?, "vpcId").to_owned();
    if target_field == "natGatewayId" {
        let known = cx.network.get(&NAT_GATEWAY, target);
        if !known.is_ok_and(|nat| text(nat, "state") != "deleted") {
            let message = format!("The natGateway ID '{target}' does not exist");
            return refuse("InvalidNatGatewayID.NotFound", message);
        }
    }
    if target.starts_with("igw-") {
        let Ok(gateway) = cx.network.get(&INTERNET_GATEWAY, target) else {
            let message = format!("The gateway ID '{target}' does not exist");
            return refuse("InvalidGatewayID.NotFound", message);
        };
        if !at(gateway, "attachmentSet/vpcId").contains(&vpc) {
            let message = format!("route table {id} and network gateway {target} belong to different networks");
            return refuse("InvalidParameterValue", message);
        }
    }
    let Some(routes) = list(cx.network.get_mut(&ROUTE_TABLE, id)?, "routeSet") else {
        return Ok(json!({ "return": true }));
    };
    let existing = routes.iter().position(|route| route[field] == *destination);
    let route = json!({
        field: destination, target_field: target, "state": "active", "origin": "CreateRoute",
    });
    match (existing, replace) {
        (Some(at), true) => routes[at] = route,
        (None, false) => routes.push(route),
        (Some(_), false) => {
            let message = format!("The route identified by {destination} already exists.");
            return refuse("RouteAlreadyExists", message);
        }
        (None, true) => return no_route(id, &destination),
    }
    Ok(json!({ "return": true }))
}

fn no_route(id: &str, destination: &str) -> Answer {
    refuse("InvalidRoute.NotFound", format!("no route with destination-cidr-block {destination} in route table {id}"))
}

pub(super) fn delete_route(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("RouteTableId")?;
    let (field, destination) = destination(query)?;
    if let Some(routes) = list(cx.network.get_mut(&ROUTE_TABLE, id)?, "routeSet") {
        let before = routes.len();
        routes.retain(|route| route[field] != *destination || route["gatewayId"] == "local");
        if routes.len() == before {
            return no_route(id, &destination);
        }
    }
    Ok(json!({ "return": true }))
}

/// The routes to something that is gone stay and lead nowhere.
pub(super) fn blackhole(cx: &mut CallScope<'_>, field: &str, target: &str) {
    for table in cx.network.of_mut(&ROUTE_TABLE) {
        for route in list(table, "routeSet").into_iter().flatten() {
            if route[field] == *target {
                route["state"] = "blackhole".into();
            }
        }
    }
}

/// Routes of a gateway endpoint: AWS keeps them, nobody else may.
pub(super) fn set_endpoint(
    cx: &mut CallScope<'_>,
    table: &str,
    endpoint: &str,
    prefix_list: &str,
    add: bool,
) -> Answer<()> {
    if let Some(routes) = list(cx.network.get_mut(&ROUTE_TABLE, table)?, "routeSet") {
        routes.retain(|route| route["gatewayId"] != *endpoint);
        if add {
            if routes.iter().any(|route| route["destinationPrefixListId"] == *prefix_list) {
                let message =
                    format!("route table {table} already has a route with destination-prefix-list-id {prefix_list}");
                return refuse("RouteAlreadyExists", message);
            }
            routes.push(json!({
                "destinationPrefixListId": prefix_list,
                "gatewayId": endpoint,
                "state": "active",
                "origin": "CreateRoute",
            }));
        }
    }
    Ok(())
}

pub(super) fn associate(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let (id, subnet) = (query.need("RouteTableId")?, query.need("SubnetId")?);
    cx.network.get(&SUBNET, subnet)?;
    cx.network.get(&ROUTE_TABLE, id)?;
    if let Some(table) = cx.network.with(&ROUTE_TABLE, "associationSet/subnetId", subnet) {
        if table == id {
            let associations = cx.network.get(&ROUTE_TABLE, id)?.get("associationSet");
            let known = associations.and_then(Value::as_array).into_iter().flatten();
            let known = known.into_iter().find(|known| known["subnetId"] == *subnet);
            let known = known.map(|known| known["routeTableAssociationId"].clone());
            return Ok(associated(known.unwrap_or_default()));
        }
        let message =
            format!("the specified association for route table {table} conflicts with an existing association");
        return refuse("Resource.AlreadyAssociated", message);
    }
    let association = association(id, Some(subnet));
    let association_id = association["routeTableAssociationId"].clone();
    if let Some(associations) = list(cx.network.get_mut(&ROUTE_TABLE, id)?, "associationSet") {
        associations.push(association);
    }
    Ok(associated(association_id))
}

fn associated(id: Value) -> Value {
    json!({ "associationId": id, "associationState": { "state": "associated" } })
}

pub(super) fn replace_association(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let (old, id) = (query.need("AssociationId")?, query.need("RouteTableId")?);
    cx.network.get(&ROUTE_TABLE, id)?;
    let taken = take_association(cx, old)?;
    let association = association(id, taken["subnetId"].as_str());
    let association_id = association["routeTableAssociationId"].clone();
    if let Some(associations) = list(cx.network.get_mut(&ROUTE_TABLE, id)?, "associationSet") {
        associations.push(association);
    }
    Ok(json!({ "newAssociationId": association_id, "associationState": { "state": "associated" } }))
}

pub(super) fn disassociate(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    take_association(cx, query.need("AssociationId")?)?;
    Ok(json!({ "return": true }))
}

fn take_association(cx: &mut CallScope<'_>, id: &str) -> Answer {
    for table in cx.network.of_mut(&ROUTE_TABLE) {
        if let Some(associations) = list(table, "associationSet")
            && let Some(at) = associations.iter().position(|known| known["routeTableAssociationId"] == *id)
        {
            return Ok(associations.remove(at));
        }
    }
    refuse("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
}

pub(super) fn forget_subnet(cx: &mut CallScope<'_>, subnet: &str) {
    for table in cx.network.of_mut(&ROUTE_TABLE) {
        if let Some(associations) = list(table, "associationSet") {
            associations.retain(|known| known["subnetId"] != *subnet);
        }
    }
}
