//! Security group rules in words.

use crate::names::literal;
use serde_json::Value;

/// True if a value is a security group rule in the form of `aws_ec2`.
pub fn is_rule(value: &Value) -> bool {
    value["peer"].is_object() && value["from_port"].is_number()
}

/// True if the other end of a rule may be any address.
pub(crate) fn is_open(rule: &Value) -> bool {
    matches!(rule["peer"]["cidr"].as_str(), Some("0.0.0.0/0" | "::/0"))
}

/// A rule on one line. `direction` is the word before the other end: `from` or `to`.
///
/// # Example
/// `443/tcp from 10.0.0.0/16 "HTTPS from the VPC"`
pub fn rule_in_words(rule: &Value, direction: &str) -> String {
    let protocol = rule["protocol"].as_str().unwrap_or_default();
    let port = |end: &str| rule[end].as_i64().unwrap_or(-1);
    let traffic = match (protocol, port("from_port"), port("to_port")) {
        ("-1", ..) => "all traffic".to_owned(),
        (protocol, -1, _) => literal(protocol),
        (protocol, 0, 65535) => format!("all ports/{}", literal(protocol)),
        (protocol, from, to) if from == to => format!("{from}/{}", literal(protocol)),
        (protocol, from, to) => format!("{from}-{to}/{}", literal(protocol)),
    };
    let peer = &rule["peer"];
    let other_end = match (peer["type"].as_str(), peer["cidr"].as_str().or_else(|| peer["id"].as_str())) {
        (Some("itself"), _) => "its own members".to_owned(),
        (_, Some(name)) => literal(name),
        (_, None) => peer.to_string(),
    };
    let why = rule["description"].as_str().filter(|why| !why.is_empty());
    let why = why.map_or_else(String::new, |why| format!(" \"{}\"", literal(why)));
    format!("{traffic} {direction} {other_end}{why}")
}

/// A route of a route table on one line.
///
/// # Example
/// `leads 0.0.0.0/0 to ⟦network.nat-1.id⟧`
pub(crate) fn route_in_words(route: &Value) -> String {
    let target = &route["target"];
    let target = target["id"].as_str().or_else(|| target["what"].as_str()).unwrap_or_default();
    format!("leads {} to {}", literal(route["destination"].as_str().unwrap_or_default()), literal(target))
}

/// True if a route leads all addresses to the internet, which can then reach what has a public address.
pub(crate) fn is_to_the_internet(route: &Value) -> bool {
    let is_everything = matches!(route["destination"].as_str(), Some("0.0.0.0/0" | "::/0"));
    is_everything && route["target"]["type"] == "internet_gateway"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_name_ports_protocol_and_the_other_end() {
        let rule = |protocol: &str, from: i32, to: i32, peer: Value| json!({"description": "", "protocol": protocol, "from_port": from, "to_port": to, "peer": peer});
        let open = rule("tcp", 22, 22, json!({"type": "cidr", "cidr": "0.0.0.0/0"}));
        assert_eq!(rule_in_words(&open, "from"), "22/tcp from 0.0.0.0/0");
        assert!(is_rule(&open) && is_open(&open));
        let group = rule("tcp", 1024, 65535, json!({"type": "group", "id": "⟦network.x.id⟧"}));
        assert_eq!(rule_in_words(&group, "to"), "1024-65535/tcp to ⟦network.x.id⟧");
        assert_eq!(
            rule_in_words(&rule("-1", -1, -1, json!({"type": "itself"})), "from"),
            "all traffic from its own members"
        );
        assert_eq!(
            rule_in_words(&rule("icmp", -1, -1, json!({"type": "prefix_list", "id": "pl-1"})), "to"),
            "icmp to pl-1"
        );
    }
}
