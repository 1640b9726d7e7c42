//! The rules of a security group, and the two lists in which EC2 shows them.

use serde_json::{Value, json};

use super::document::{Document, text};

pub(super) fn rules_in(group: &Document) -> &[Value] {
    group.get("_rules").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Adds `ipPermissions` and `ipPermissionsEgress`: rules grouped by protocol and ports.
pub(super) fn show(group: &mut Document) {
    let owner = text(group, "ownerId").to_owned();
    for (member, egress) in [("ipPermissions", false), ("ipPermissionsEgress", true)] {
        let mut permissions: Vec<Value> = Vec::new();
        for rule in rules_in(group).iter().filter(|rule| rule["isEgress"] == egress) {
            let all = rule["ipProtocol"] == "-1";
            let port = |member: &str| if all { Value::Null } else { rule[member].clone() };
            let (from, to) = (port("fromPort"), port("toPort"));
            let known = permissions.iter().position(|known| {
                known["ipProtocol"] == rule["ipProtocol"] && known["fromPort"] == from && known["toPort"] == to
            });
            let at = known.unwrap_or_else(|| {
                permissions.push(json!({
                    "ipProtocol": rule["ipProtocol"], "fromPort": from, "toPort": to,
                    "ipRanges": [], "ipv6Ranges": [], "groups": [], "prefixListIds": [],
                }));
                permissions.len() - 1
            });
            let description = &rule["description"];
            let (list, item) = if rule["cidrIpv4"].is_string() {
                ("ipRanges", json!({ "cidrIp": rule["cidrIpv4"], "description": description }))
            } else if rule["cidrIpv6"].is_string() {
                ("ipv6Ranges", json!({ "cidrIpv6": rule["cidrIpv6"], "description": description }))
            } else if rule["_source"].as_str().is_some_and(|source| source.starts_with("pl-")) {
                ("prefixListIds", json!({ "prefixListId": rule["_source"], "description": description }))
            } else {
                ("groups", json!({ "groupId": rule["_source"], "userId": owner, "description": description }))
            };
            if let Some(items) = permissions[at][list].as_array_mut() {
                items.push(item);
            }
        }
        group.insert(member.to_owned(), permissions.into());
    }
}
