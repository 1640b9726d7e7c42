//! Rules of security groups, one for each peer, as people think of them. EC2 bundles them by ports.

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use serde::{Deserialize, Serialize};
use vocabulary::SecurityGroupId;

/// Traffic that a security group lets through. Answers to it always pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The reason, for people who read the group in the console; may be empty.
    pub description: String,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, another protocol's number, or `-1` for everything.
    pub protocol: String,
    /// The first port, or the ICMP type; -1 where the protocol has neither.
    pub from_port: i32,
    /// The last port, or the ICMP code; -1 where the protocol has neither.
    pub to_port: i32,
    /// The other end.
    pub peer: Peer,
}

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Peer {
    /// The members of the group that has the rule.
    Itself,
    /// The members of another group.
    Group {
        /// Its id.
        id: SecurityGroupId,
    },
    /// An IPv4 or IPv6 range.
    Cidr {
        /// Its base and length.
        cidr: String,
    },
    /// The ranges of a prefix list, for example those of S3 in the region.
    PrefixList {
        /// `pl-…`.
        id: String,
    },
}

impl Rule {
    /// True if EC2 treats both as one rule: it ignores the description.
    pub(crate) fn is(&self, other: &Rule) -> bool {
        self.peer == other.peer
            && self.protocol == other.protocol
            && (self.from_port, self.to_port) == (other.from_port, other.to_port)
    }

    /// The rules of the group `own` in EC2's form, one by one.
    pub(crate) fn read(own: &str, permissions: &[IpPermission]) -> Vec<Rule> {
        permissions.iter().flat_map(|permission| Self::of_permission(own, permission)).collect()
    }

    fn of_permission(own: &str, permission: &IpPermission) -> Vec<Rule> {
        let (protocol, from_port, to_port) = traffic(permission);
        let rule = |peer, description: Option<&str>| Rule {
            description: description.unwrap_or_default().to_owned(),
            protocol: protocol.to_owned(),
            from_port,
            to_port,
            peer,
        };
        let group = |pair: &UserIdGroupPair| match pair.group_id().unwrap_or_default() {
            id if id == own => Peer::Itself,
            id => Peer::Group { id: SecurityGroupId::new(id) },
        };
        let cidr = |range: Option<&str>| Peer::Cidr { cidr: range.unwrap_or_default().to_owned() };
        let groups = permission.user_id_group_pairs().iter().map(|pair| rule(group(pair), pair.description()));
        let ipv4 = permission.ip_ranges().iter().map(|range| rule(cidr(range.cidr_ip()), range.description()));
        let ipv6 = permission.ipv6_ranges().iter().map(|range| rule(cidr(range.cidr_ipv6()), range.description()));
        let lists = permission.prefix_list_ids().iter().map(|list| {
            rule(Peer::PrefixList { id: list.prefix_list_id().unwrap_or_default().to_owned() }, list.description())
        });
        groups.chain(ipv4).chain(ipv6).chain(lists).collect()
    }

    /// The rule in EC2's form, for the group `own`.
    pub(crate) fn permission(&self, own: &str) -> IpPermission {
        let permission = IpPermission::builder().ip_protocol(&self.protocol);
        let permission = match self.protocol.as_str() {
            "-1" => permission,
            _ => permission.from_port(self.from_port).to_port(self.to_port),
        };
        let description = Some(self.description.clone()).filter(|text| !text.is_empty());
        let pair = |id: &str| UserIdGroupPair::builder().group_id(id).set_description(description.clone()).build();
        match &self.peer {
            Peer::Itself => permission.user_id_group_pairs(pair(own)),
            Peer::Group { id } => permission.user_id_group_pairs(pair(id.as_str())),
            Peer::Cidr { cidr: range } if range.contains(':') => {
                permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(range).set_description(description).build())
            }
            Peer::Cidr { cidr: range } => {
                permission.ip_ranges(IpRange::builder().cidr_ip(range).set_description(description).build())
            }
            Peer::PrefixList { id } => permission
                .prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(description).build()),
        }
        .build()
    }
}

/// Protocol and ports in one spelling. AWS leaves ports out where they have no meaning, and -1 stands for all.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
fn traffic(permission: &IpPermission) -> (&str, i32, i32) {
    let (from, to) = (permission.from_port().unwrap_or(-1), permission.to_port().unwrap_or(-1));
    match (permission.ip_protocol().unwrap_or("-1"), from) {
        ("-1", _) => ("-1", -1, -1),
        ("tcp" | "6", -1) => ("tcp", 0, 65535),
        ("udp" | "17", -1) => ("udp", 0, 65535),
        ("6", _) => ("tcp", from, to),
        ("17", _) => ("udp", from, to),
        (known @ ("tcp" | "udp" | "icmp" | "icmpv6" | "1" | "58"), _) => (known, from, to),
        // Other protocols know no ports.
        (other, _) => (other, -1, -1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(peer: Peer, protocol: &str, from_port: i32, to_port: i32) -> Rule {
        Rule { description: "why".to_owned(), protocol: protocol.to_owned(), from_port, to_port, peer }
    }

    fn cidr(range: &str) -> Peer {
        Peer::Cidr { cidr: range.to_owned() }
    }

    #[test]
    fn every_rule_comes_back_from_ec2s_form_as_it_went() {
        let rules = [
            rule(Peer::Itself, "tcp", 8192, 65535),
            rule(Peer::Group { id: SecurityGroupId::new("sg-2") }, "tcp", 443, 443),
            rule(cidr("10.0.0.0/16"), "udp", 53, 53),
            rule(cidr("::/0"), "-1", -1, -1),
            rule(Peer::PrefixList { id: "pl-1".into() }, "icmp", 8, -1),
            rule(Peer::Itself, "50", -1, -1),
        ];
        for rule in rules {
            assert_eq!(Rule::read("sg-1", &[rule.permission("sg-1")]), [rule]);
        }
    }

    #[test]
    fn a_bundle_of_peers_is_a_rule_for_each() {
        let bundle = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(443)
            .to_port(443)
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-1").build())
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/16").build())
            .ip_ranges(IpRange::builder().cidr_ip("10.1.0.0/16").build())
            .build();
        let peers: Vec<Peer> = Rule::read("sg-1", &[bundle]).into_iter().map(|rule| rule.peer).collect();
        assert_eq!(peers, [Peer::Itself, cidr("10.0.0.0/16"), cidr("10.1.0.0/16")]);
    }

    #[test]
    fn tcp_without_bounds_is_every_port() {
        let any = IpPermission::builder().ip_protocol("tcp").from_port(-1).to_port(-1).build();
        assert_eq!(traffic(&any), ("tcp", 0, 65535));
    }
}
