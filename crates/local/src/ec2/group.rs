//! Security groups. Rules are kept one by one, as EC2 numbers them, and shown grouped by protocol
//! and ports where the older operations want that.

use serde_json::{Value, json};

use super::answer::{Answer, refuse};
use super::context::CallScope;
use super::document::{Document, text};
use super::group_rules::rules_in;
use super::kinds::{NETWORK_INTERFACE, SECURITY_GROUP, VPC};
use super::query::{Item, Query};
use super::store::{depends, generated};

/// The members that make two rules the same.
const IDENTITY: [&str; 7] = ["isEgress", "ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6", "_source"];

fn document(cx: &CallScope<'_>, vpc: &str, name: &str, description: &str) -> Value {
    json!({
        "ownerId": cx.account,
        "vpcId": vpc,
        "groupName": name,
        "groupDescription": description,
        "_rules": [{
            "securityGroupRuleId": generated("sgr"),
            "isEgress": true,
            "ipProtocol": "-1",
            "fromPort": -1,
            "toPort": -1,
            "cidrIpv4": "0.0.0.0/0",
        }],
    })
}

/// The group every VPC has: its members reach each other and everything outside.
pub(super) fn add_default(cx: &mut CallScope<'_>, vpc: &str) {
    let document = document(cx, vpc, "default", "default VPC security group");
    let id = cx.network.add(&SECURITY_GROUP, None, document);
    if let Ok(group) = cx.network.get_mut(&SECURITY_GROUP, &id)
        && let Some(rules) = rules_of(group)
    {
        rules.push(json!({
            "securityGroupRuleId": generated("sgr"),
            "isEgress": false,
            "ipProtocol": "-1",
            "fromPort": -1,
            "toPort": -1,
            "_source": id,
        }));
    }
}

pub(super) fn default_of(cx: &CallScope<'_>, vpc: &str) -> Option<String> {
    cx.network
        .of(&SECURITY_GROUP)
        .find(|(_, group)| text(group, "vpcId") == vpc && text(group, "groupName") == "default")
        .map(|(id, _)| id.clone())
}

fn rules_of(group: &mut Document) -> Option<&mut Vec<Value>> {
    group.get_mut("_rules").and_then(Value::as_array_mut)
}

pub(super) fn create(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let (name, vpc) = (query.need("GroupName")?, query.need("VpcId")?);
    cx.network.get(&VPC, vpc)?;
    let taken = cx
        .network
        .of(&SECURITY_GROUP)
        .any(|(_, group)| text(group, "vpcId") == vpc && text(group, "groupName") == name);
    if taken {
        let message = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return refuse("InvalidGroup.Duplicate", message);
    }
    let document = document(cx, vpc, name, query.need("GroupDescription")?);
    let id = cx.network.add(&SECURITY_GROUP, Some(query), document);
    let arn = format!("arn:aws:ec2:{}:{}:security-group/{id}", cx.region, cx.account);
    cx.network.get_mut(&SECURITY_GROUP, &id)?.insert("securityGroupArn".to_owned(), arn.into());
    let shown = cx.network.show(&id);
    Ok(json!({
        "return": true,
        "groupId": id,
        "securityGroupArn": shown["securityGroupArn"],
        "tagSet": shown["tagSet"],
    }))
}

pub(super) fn delete(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let id = query.need("GroupId")?;
    if text(cx.network.get(&SECURITY_GROUP, id)?, "groupName") == "default" {
        let message = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return refuse("CannotDelete", message);
    }
    let referrer = cx
        .network
        .of(&SECURITY_GROUP)
        .find(|(other, group)| *other != id && rules_in(group).iter().any(|rule| rule["_source"] == *id))
        .map(|(other, _)| other);
    let interface = cx.network.with(&NETWORK_INTERFACE, "groupSet/groupId", id);
    if let Some(other) = referrer.or(interface) {
        return Err(depends("security group", id, other));
    }
    cx.network.remove(&SECURITY_GROUP, id)?;
    Ok(json!({ "return": true, "groupId": id }))
}

/// The rules a request describes: one for every range or group of every permission.
fn requested(query: &Query, egress: bool) -> Vec<Value> {
    query.each("IpPermissions").flat_map(|permission| of_permission(&permission, egress)).collect()
}

fn of_permission(permission: &Item<'_>, egress: bool) -> Vec<Value> {
    let given = permission.get("IpProtocol").unwrap_or_default();
    let protocol = protocol(&given);
    // Every protocol has every port, whatever the request says.
    let ports = |member| permission.get(member).filter(|_| protocol != "-1")?.parse::<i64>().ok();
    let port = |member| ports(member).unwrap_or(-1);
    let rule = |field: &str, value: Option<String>, description: Option<String>| {
        json!({
            "isEgress": egress,
            "ipProtocol": protocol,
            "fromPort": port("FromPort"),
            "toPort": port("ToPort"),
            field: value,
            "description": description,
        })
    };
    let each = |list: &str, member: &str, field: &str| {
        permission.each(list, |item| rule(field, item.get(member), item.get("Description")))
    };
    let mut rules = each("IpRanges", "CidrIp", "cidrIpv4");
    rules.extend(each("Ipv6Ranges", "CidrIpv6", "cidrIpv6"));
    rules.extend(each("Groups", "GroupId", "_source"));
    rules.extend(each("PrefixListIds", "PrefixListId", "_source"));
    rules
}

/// Protocols may be given by number; EC2 shows the usual ones by name.
fn protocol(given: &str) -> &str {
    match given {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "all" => "-1",
        other => other,
    }
}

fn same(a: &Value, b: &Value) -> bool {
    IDENTITY.iter().all(|member| a[*member] == b[*member])
}

pub(super) fn authorize(cx: &mut CallScope<'_>, query: &Query, egress: bool) -> Answer {
    let id = query.need("GroupId")?;
    let mut wanted = requested(query, egress);
    let group = cx.network.get(&SECURITY_GROUP, id)?;
    if let Some(known) = wanted.iter().find(|rule| rules_in(group).iter().any(|known| same(known, rule))) {
        let message = format!("the specified rule \"{known}\" already exists");
        return refuse("InvalidPermission.Duplicate", message);
    }
    for rule in &wanted {
        if let Some(source) = rule["_source"].as_str().filter(|source| source.starts_with("sg-")) {
            cx.network.get(&SECURITY_GROUP, source)?;
        }
    }
    for rule in &mut wanted {
        rule["securityGroupRuleId"] = generated("sgr").into();
    }
    let account = cx.account;
    if let Some(rules) = rules_of(cx.network.get_mut(&SECURITY_GROUP, id)?) {
        rules.extend(wanted.iter().cloned());
    }
    let shown: Vec<Value> = wanted.iter().map(|rule| show_rule(rule, id, account)).collect();
    Ok(json!({ "return": true, "securityGroupRuleSet": shown }))
}

pub(super) fn revoke(cx: &mut CallScope<'_>, query: &Query, egress: bool) -> Answer {
    let id = query.need("GroupId")?;
    let (wanted, ids) = (requested(query, egress), query.list("SecurityGroupRuleId"));
    let Some(rules) = rules_of(cx.network.get_mut(&SECURITY_GROUP, id)?) else {
        return Ok(json!({ "return": true }));
    };
    let known = |wanted: &Value| rules.iter().any(|rule| same(rule, wanted));
    if !wanted.iter().all(known) {
        return refuse("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
    }
    let known = |id: &String| rules.iter().any(|rule| rule["securityGroupRuleId"] == **id);
    if let Some(missing) = ids.iter().find(|id| !known(id)) {
        let message = format!("The security group rule ID '{missing}' does not exist");
        return refuse("InvalidSecurityGroupRuleId.NotFound", message);
    }
    rules.retain(|rule| {
        !wanted.iter().any(|wanted| same(rule, wanted)) && !ids.iter().any(|id| rule["securityGroupRuleId"] == **id)
    });
    Ok(json!({ "return": true }))
}

pub(super) fn rules(cx: &mut CallScope<'_>, query: &Query) -> Answer {
    let ids = query.list("SecurityGroupRuleId");
    let mut found = Vec::new();
    for (id, group) in cx.network.of(&SECURITY_GROUP) {
        for rule in rules_in(group) {
            let rule_id = text(rule.as_object().unwrap_or(group), "securityGroupRuleId").to_owned();
            let selected = ids.is_empty() || ids.contains(&rule_id);
            let passes = query.passes(|filter| match filter {
                "group-id" => vec![id.clone()],
                "security-group-rule-id" => vec![rule_id.clone()],
                _ => Vec::new(),
            });
            if selected && passes {
                found.push(show_rule(rule, id, cx.account));
            }
        }
    }
    Ok(json!({ "securityGroupRuleSet": found }))
}

fn show_rule(rule: &Value, group: &str, account: &str) -> Value {
    let mut shown = rule.clone();
    shown["groupId"] = group.into();
    shown["groupOwnerId"] = account.into();
    match rule["_source"].as_str() {
        Some(source) if source.starts_with("pl-") => shown["prefixListId"] = source.into(),
        Some(source) => {
            shown["referencedGroupInfo"] = json!({ "groupId": source, "userId": account });
        }
        None => {}
    }
    shown
}
