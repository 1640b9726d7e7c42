//! VPC endpoints and flow logs.

use serde_json::{Value, json};

use super::answer::{Answer, refuse};
use super::context::CallScope;
use super::document::{Document, at, text};
use super::kinds::{FLOW_LOG, NETWORK_INTERFACE, ROUTE_TABLE, SECURITY_GROUP, SUBNET, VPC, VPC_ENDPOINT};
use super::query::Query;
use super::{group, interface, routing};

/// The default policy of an endpoint.
const OPEN: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

pub(super) fn create(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    if let Some(id) = cx.network.made_before(&VPC_ENDPOINT, query) {
        return Ok(json!({ "vpcEndpoint": cx.network.show(&id) }));
    }
    let (vpc, service) = (query.need("VpcId")?, query.need("ServiceName")?);
    cx.network.get(&VPC, vpc)?;
    if !service.starts_with(&format!("com.amazonaws.{}.", cx.region)) {
        let message = format!("The Vpc Endpoint Service '{service}' does not exist");
        return refuse("InvalidServiceName", message);
    }
    let kind = query.get("VpcEndpointType").unwrap_or("Gateway");
    let tables = query.list("RouteTableId");
    let subnets = query.list("SubnetId");
    let mut groups = query.list("SecurityGroupId");
    for id in &tables {
        cx.network.get(&ROUTE_TABLE, id)?;
    }
    for id in &subnets {
        cx.network.get(&SUBNET, id)?;
    }
    for id in &groups {
        cx.network.get(&SECURITY_GROUP, id)?;
    }
    let interface_like = kind != "Gateway";
    if interface_like && groups.is_empty() {
        groups.extend(group::default_of(cx, vpc));
    }
    let id = cx.network.add(
        &VPC_ENDPOINT,
        Some(query),
        json!({
            "vpcId": vpc,
            "serviceName": service,
            "vpcEndpointType": kind,
            "state": "available",
            "ownerId": cx.account,
            "policyDocument": query.get("PolicyDocument").unwrap_or(OPEN),
            "routeTableIdSet": [],
            "subnetIdSet": [],
            "groupSet": members(&groups),
            "networkInterfaceIdSet": [],
            // Interface endpoints answer for the service's name unless told otherwise.
            "privateDnsEnabled": interface_like && query.get("PrivateDnsEnabled") != Some("false"),
            "requesterManaged": false,
            "ipAddressType": "ipv4",
            "creationTimestamp": jiff::Timestamp::now().to_string(),
        }),
    );
    let placed = set_tables(cx, &id, &tables, true).and_then(|()| add_subnets(cx, &id, &subnets));
    if let Err(refusal) = placed {
        cx.network.remove(&VPC_ENDPOINT, &id)?;
        return Err(refusal);
    }
    Ok(json!({ "vpcEndpoint": cx.network.show(&id) }))
}

fn members(groups: &[String]) -> Vec<Value> {
    groups.iter().map(|id| json!({ "groupId": id, "groupName": id })).collect()
}

/// Every service has a prefix list of its own; the name serves as its id.
fn prefix_list(endpoint: &Document) -> String {
    format!("pl-{}", text(endpoint, "serviceName").rsplit('.').next().unwrap_or_default())
}

fn set_tables(cx: &mut CallScope<'_>, id: &str, tables: &[String], add: bool) -> Answer<()> {
    let prefix_list = prefix_list(cx.network.get(&VPC_ENDPOINT, id)?);
    for table in tables {
        routing::set_endpoint(cx, table, id, &prefix_list, add)?;
        set_member(cx.network.get_mut(&VPC_ENDPOINT, id)?, "routeTableIdSet", table, add);
    }
    Ok(())
}

fn add_subnets(cx: &mut CallScope<'_>, id: &str, subnets: &[String]) -> Answer<()> {
    let groups = at(cx.network.get(&VPC_ENDPOINT, id)?, "groupSet/groupId");
    let description = format!("VPC Endpoint Interface {id}");
    for subnet in subnets {
        let interface = interface::add(cx, subnet, &groups, "vpc_endpoint", &description)?;
        let endpoint = cx.network.get_mut(&VPC_ENDPOINT, id)?;
        set_member(endpoint, "subnetIdSet", subnet, true);
        set_member(endpoint, "networkInterfaceIdSet", &interface, true);
    }
    Ok(())
}

fn remove_subnet(cx: &mut CallScope<'_>, id: &str, subnet: &str) -> Answer<()> {
    let interfaces = at(cx.network.get(&VPC_ENDPOINT, id)?, "networkInterfaceIdSet");
    for interface in interfaces {
        if text(cx.network.get(&NETWORK_INTERFACE, &interface)?, "subnetId") == subnet {
            cx.network.remove(&NETWORK_INTERFACE, &interface)?;
            set_member(cx.network.get_mut(&VPC_ENDPOINT, id)?, "networkInterfaceIdSet", &interface, false);
        }
    }
    set_member(cx.network.get_mut(&VPC_ENDPOINT, id)?, "subnetIdSet", subnet, false);
    Ok(())
}

fn set_member(document: &mut Document, member: &str, value: &str, add: bool) {
    if let Some(list) = document.get_mut(member).and_then(Value::as_array_mut) {
        list.retain(|known| known != value);
        if add {
            list.push(value.into());
        }
    }
}

pub(super) fn modify(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("VpcEndpointId")?;
    cx.network.get(&VPC_ENDPOINT, id)?;
    set_tables(cx, id, &query.list("RemoveRouteTableId"), false)?;
    set_tables(cx, id, &query.list("AddRouteTableId"), true)?;
    let endpoint = cx.network.get_mut(&VPC_ENDPOINT, id)?;
    let mut groups = at(endpoint, "groupSet/groupId");
    let removed = query.list("RemoveSecurityGroupId");
    groups.retain(|id| !removed.contains(id));
    groups.extend(query.list("AddSecurityGroupId"));
    endpoint.insert("groupSet".to_owned(), members(&groups).into());
    if let Some(policy) = query.get("PolicyDocument") {
        endpoint.insert("policyDocument".to_owned(), policy.into());
    }
    if query.is_true("ResetPolicy") {
        endpoint.insert("policyDocument".to_owned(), OPEN.into());
    }
    if query.get("PrivateDnsEnabled").is_some() {
        let enabled = query.is_true("PrivateDnsEnabled");
        endpoint.insert("privateDnsEnabled".to_owned(), enabled.into());
    }
    let interfaces = at(endpoint, "networkInterfaceIdSet");
    for interface in interfaces {
        let interface = cx.network.get_mut(&NETWORK_INTERFACE, &interface)?;
        let groups: Vec<Value> = groups.iter().map(|id| json!({ "groupId": id })).collect();
        interface.insert("groupSet".to_owned(), groups.into());
    }
    for subnet in query.list("RemoveSubnetId") {
        remove_subnet(cx, id, &subnet)?;
    }
    add_subnets(cx, id, &query.list("AddSubnetId"))?;
    Ok(json!({ "return": true }))
}

pub(super) fn delete(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let mut unsuccessful = Vec::new();
    for id in query.list("VpcEndpointId") {
        let Ok(endpoint) = cx.network.get(&VPC_ENDPOINT, &id) else {
            unsuccessful.push(failed(&id, "InvalidVpcEndpoint.NotFound"));
            continue;
        };
        let (tables, subnets) = (at(endpoint, "routeTableIdSet"), at(endpoint, "subnetIdSet"));
        set_tables(cx, &id, &tables, false)?;
        for subnet in subnets {
            remove_subnet(cx, &id, &subnet)?;
        }
        cx.network.remove(&VPC_ENDPOINT, &id)?;
    }
    Ok(json!({ "unsuccessful": unsuccessful }))
}

fn failed(id: &str, code: &str) -> Value {
    let message = format!("{id}: {code}");
    json!({ "resourceId": id, "error": { "code": code, "message": message } })
}

pub(super) fn create_flow_logs(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let (mut made, mut unsuccessful) = (Vec::new(), Vec::new());
    for resource in query.list("ResourceId") {
        if !cx.network.has(&resource) {
            unsuccessful.push(failed(&resource, "InvalidVpcId.NotFound"));
            continue;
        }
        let destination = query.get("LogDestination").or(query.get("LogGroupName"));
        let duplicate = cx.network.of(&FLOW_LOG).any(|(_, log)| {
            let known = [log.get("logDestination"), log.get("logGroupName")];
            text(log, "resourceId") == resource && known.iter().flatten().any(|known| known.as_str() == destination)
        });
        if duplicate {
            unsuccessful.push(failed(&resource, "FlowLogAlreadyExists"));
            continue;
        }
        let format = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
        let interval = query.get("MaxAggregationInterval").and_then(|text| text.parse().ok());
        made.push(cx.network.add(
            &FLOW_LOG,
            Some(query),
            json!({
                "resourceId": resource,
                "trafficType": query.get("TrafficType"),
                "logDestinationType": query.get("LogDestinationType").unwrap_or("cloud-watch-logs"),
                "logDestination": query.get("LogDestination"),
                "logGroupName": query.get("LogGroupName"),
                "deliverLogsPermissionArn": query.get("DeliverLogsPermissionArn"),
                "deliverLogsStatus": "SUCCESS",
                "flowLogStatus": "ACTIVE",
                "logFormat": query.get("LogFormat").unwrap_or(format),
                "maxAggregationInterval": interval.unwrap_or(600),
                "creationTime": jiff::Timestamp::now().to_string(),
            }),
        ));
    }
    Ok(json!({ "flowLogIdSet": made, "unsuccessful": unsuccessful }))
}

pub(super) fn delete_flow_logs(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let mut unsuccessful = Vec::new();
    for id in query.list("FlowLogId") {
        if cx.network.remove(&FLOW_LOG, &id).is_err() {
            unsuccessful.push(failed(&id, "InvalidFlowLogId.NotFound"));
        }
    }
    Ok(json!({ "unsuccessful": unsuccessful }))
}
