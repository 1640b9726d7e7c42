//! Rules of security groups, one for each peer, as people think of them. EC2 bundles them by ports.

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use resource::SecurityGroupId;
use serde::{Deserialize, Serialize};

/// Traffic that a security group lets through. Answers to it always pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Who is at the other end.
    pub peer: Peer,
    /// What may pass.
    pub traffic: Traffic,
    /// Why, for whoever reads the group in the console; may be empty.
    pub description: String,
}

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// The members of the group that has the rule.
    Itself,
    /// The members of another group.
    Group(SecurityGroupId),
    /// An IPv4 or IPv6 range.
    Cidr(String),
    /// The ranges of a prefix list, `pl-…`, for example those of S3 in the region.
    PrefixList(String),
}

/// Protocol and ports of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Traffic {
    /// Every protocol and port.
    All,
    /// TCP to these ports, both included.
    Tcp {
        /// The first.
        from: u16,
        /// The last.
        to: u16,
    },
    /// UDP to these ports, both included.
    Udp {
        /// The first.
        from: u16,
        /// The last.
        to: u16,
    },
    /// Another protocol by name or number, with AWS's meaning of the bounds (type and code in ICMP).
    Other {
        /// For example `icmp`.
        protocol: String,
        /// -1: any.
        from: i32,
        /// -1: any.
        to: i32,
    },
}

impl Traffic {
    /// TCP to one port.
    pub fn tcp(port: u16) -> Self {
        Self::Tcp { from: port, to: port }
    }

    fn read(permission: &IpPermission) -> Self {
        let bounds = (permission.from_port().unwrap_or(-1), permission.to_port().unwrap_or(-1));
        let ports = match bounds {
            (-1, _) => Some((0, u16::MAX)),
            (from, to) => u16::try_from(from).ok().zip(u16::try_from(to).ok()),
        };
        match (permission.ip_protocol().unwrap_or("-1"), ports) {
            ("-1", _) => Self::All,
            ("tcp" | "6", Some((from, to))) => Self::Tcp { from, to },
            ("udp" | "17", Some((from, to))) => Self::Udp { from, to },
            (protocol, _) => Self::Other { protocol: protocol.to_owned(), from: bounds.0, to: bounds.1 },
        }
    }
}

impl Rule {
    /// Whether two rules are one to EC2, which leaves the description out of it.
    pub(crate) fn is(&self, other: &Rule) -> bool {
        self.peer == other.peer && self.traffic == other.traffic
    }

    /// The rules of the group `own` in EC2's form, one by one.
    pub(crate) fn read(own: &str, permissions: &[IpPermission]) -> Vec<Rule> {
        permissions.iter().flat_map(|permission| Self::of_permission(own, permission)).collect()
    }

    fn of_permission(own: &str, permission: &IpPermission) -> Vec<Rule> {
        let traffic = Traffic::read(permission);
        let rule = |peer, description: Option<&str>| Rule {
            peer,
            traffic: traffic.clone(),
            description: description.unwrap_or_default().to_owned(),
        };
        let group = |pair: &UserIdGroupPair| match pair.group_id().unwrap_or_default() {
            id if id == own => Peer::Itself,
            id => Peer::Group(SecurityGroupId::new(id)),
        };
        let cidr = |range: Option<&str>| Peer::Cidr(range.unwrap_or_default().to_owned());
        let groups = permission.user_id_group_pairs().iter().map(|pair| rule(group(pair), pair.description()));
        let ipv4 = permission.ip_ranges().iter().map(|range| rule(cidr(range.cidr_ip()), range.description()));
        let ipv6 = permission.ipv6_ranges().iter().map(|range| rule(cidr(range.cidr_ipv6()), range.description()));
        let lists = permission.prefix_list_ids().iter().map(|list| {
            rule(Peer::PrefixList(list.prefix_list_id().unwrap_or_default().to_owned()), list.description())
        });
        groups.chain(ipv4).chain(ipv6).chain(lists).collect()
    }

    /// The rule in EC2's form, for the group `own`.
    pub(crate) fn permission(&self, own: &str) -> IpPermission {
        let permission = match &self.traffic {
            Traffic::All => IpPermission::builder().ip_protocol("-1"),
            Traffic::Tcp { from, to } => bounded("tcp", i32::from(*from), i32::from(*to)),
            Traffic::Udp { from, to } => bounded("udp", i32::from(*from), i32::from(*to)),
            Traffic::Other { protocol, from, to } => bounded(protocol, *from, *to),
        };
        let description = Some(self.description.clone()).filter(|text| !text.is_empty());
        let pair = |id: &str| UserIdGroupPair::builder().group_id(id).set_description(description.clone()).build();
        match &self.peer {
            Peer::Itself => permission.user_id_group_pairs(pair(own)),
            Peer::Group(id) => permission.user_id_group_pairs(pair(id.as_str())),
            Peer::Cidr(range) if range.contains(':') => {
                permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(range).set_description(description).build())
            }
            Peer::Cidr(range) => {
                permission.ip_ranges(IpRange::builder().cidr_ip(range).set_description(description).build())
            }
            Peer::PrefixList(id) => permission
                .prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(description).build()),
        }
        .build()
    }
}

fn bounded(protocol: &str, from: i32, to: i32) -> aws_sdk_ec2::types::builders::IpPermissionBuilder {
    IpPermission::builder().ip_protocol(protocol).from_port(from).to_port(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(peer: Peer, traffic: Traffic) -> Rule {
        Rule { peer, traffic, description: "why".to_owned() }
    }

    #[test]
    fn every_rule_comes_back_from_ec2s_form_as_it_went() {
        let icmp = Traffic::Other { protocol: "icmp".into(), from: 8, to: -1 };
        let rules = [
            rule(Peer::Itself, Traffic::Tcp { from: 8192, to: 65535 }),
            rule(Peer::Group(SecurityGroupId::new("sg-2")), Traffic::tcp(443)),
            rule(Peer::Cidr("10.0.0.0/16".into()), Traffic::Udp { from: 53, to: 53 }),
            rule(Peer::Cidr("::/0".into()), Traffic::All),
            rule(Peer::PrefixList("pl-1".into()), icmp),
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
        assert_eq!(peers, [Peer::Itself, Peer::Cidr("10.0.0.0/16".into()), Peer::Cidr("10.1.0.0/16".into())]);
    }

    #[test]
    fn tcp_without_bounds_is_every_port() {
        let any = IpPermission::builder().ip_protocol("tcp").from_port(-1).to_port(-1).build();
        assert_eq!(Traffic::read(&any), Traffic::Tcp { from: 0, to: 65535 });
    }
}
