//! The calls that grant and revoke a security group's rules, in either direction.

use crate::{eventual_consistency, rule::Rule};
use aws_client::{Attempt, Result};
use aws_sdk_ec2::{Client, types::IpPermission};

/// The actions that let traffic through, or say why.
pub(crate) const GRANT: [&str; 4] = [
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
    "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
];
/// The actions that stop it.
pub(crate) const REVOKE: [&str; 2] = ["ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"];

/// The direction of the traffic.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direction {
    Ingress,
    Egress,
}

/// The calls that turn the live rules into the declared ones.
#[derive(Debug, PartialEq)]
struct Changes {
    grant: Vec<Rule>,
    describe: Vec<Rule>,
    revoke: Vec<Rule>,
}

impl Changes {
    fn between(declared: &[Rule], live: &[Rule]) -> Self {
        let (kept, grant): (Vec<&Rule>, Vec<&Rule>) =
            declared.iter().partition(|rule| live.iter().any(|other| other.is(rule)));
        let describe = kept.into_iter().filter(|rule| !live.contains(rule));
        let revoke = live.iter().filter(|rule| !declared.iter().any(|other| other.is(rule)));
        Self {
            grant: grant.into_iter().cloned().collect(),
            describe: describe.cloned().collect(),
            revoke: revoke.cloned().collect(),
        }
    }
}

/// Makes the live rules the declared ones. New rules are there before old ones go, so that traffic
/// which both allow is never cut.
pub(crate) async fn converge(
    client: &Client,
    group: &str,
    direction: Direction,
    declared: &[Rule],
    live: &[Rule],
) -> Result<()> {
    let changes = Changes::between(declared, live);
    let permissions = |rules: &[Rule]| rules.iter().map(|rule| rule.permission(group)).collect();
    grant(client, group, direction, permissions(&changes.grant)).await?;
    describe(client, group, direction, permissions(&changes.describe)).await?;
    revoke(client, group, direction, permissions(&changes.revoke)).await
}

async fn grant(client: &Client, group: &str, direction: Direction, permissions: Vec<IpPermission>) -> Result<()> {
    if permissions.is_empty() {
        return Ok(());
    }
    // One duplicate refuses the whole call: the read lags behind, and the next read shows the remaining rules.
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
    let there = &[("InvalidPermission.Duplicate", "")];
    match direction {
        Direction::Ingress => {
            let call = client.authorize_security_group_ingress().group_id(group).set_ip_permissions(Some(permissions));
            let answer = call.send().await.during("AuthorizeSecurityGroupIngress");
            answer
                .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
                .none_on(there)
                .map(drop)
        }
        Direction::Egress => {
            let call = client.authorize_security_group_egress().group_id(group).set_ip_permissions(Some(permissions));
            let answer = call.send().await.during("AuthorizeSecurityGroupEgress");
            answer
                .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
                .none_on(there)
                .map(drop)
        }
    }
}

async fn describe(client: &Client, group: &str, direction: Direction, permissions: Vec<IpPermission>) -> Result<()> {
    if permissions.is_empty() {
        return Ok(());
    }
    match direction {
        Direction::Ingress => {
            let call = client.update_security_group_rule_descriptions_ingress().group_id(group);
            let call = call.set_ip_permissions(Some(permissions));
            call.send().await.during("UpdateSecurityGroupRuleDescriptionsIngress").map(drop)
        }
        Direction::Egress => {
            let call = client.update_security_group_rule_descriptions_egress().group_id(group);
            let call = call.set_ip_permissions(Some(permissions));
            call.send().await.during("UpdateSecurityGroupRuleDescriptionsEgress").map(drop)
        }
    }
}

/// Takes rules out; those that are gone, or whose group is, are no error.
pub(crate) async fn revoke(
    client: &Client,
    group: &str,
    direction: Direction,
    permissions: Vec<IpPermission>,
) -> Result<()> {
    if permissions.is_empty() {
        return Ok(());
    }
    // A rule that is not there, or whose group is not, needs no revoking.
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
    let gone = &[("InvalidPermission.NotFound", ""), ("InvalidGroup.NotFound", "")];
    match direction {
        Direction::Ingress => {
            let call = client.revoke_security_group_ingress().group_id(group).set_ip_permissions(Some(permissions));
            call.send().await.during("RevokeSecurityGroupIngress").none_on(gone).map(drop)
        }
        Direction::Egress => {
            let call = client.revoke_security_group_egress().group_id(group).set_ip_permissions(Some(permissions));
            call.send().await.during("RevokeSecurityGroupEgress").none_on(gone).map(drop)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Peer;

    fn rule(range: &str, description: &str) -> Rule {
        Rule {
            description: description.into(),
            protocol: "tcp".into(),
            from_port: 443,
            to_port: 443,
            peer: Peer::Cidr { cidr: range.into() },
        }
    }

    #[test]
    fn only_what_differs_is_changed_and_a_new_description_replaces_no_rule() {
        let declared = [rule("10.0.0.0/16", "new words"), rule("10.1.0.0/16", ""), rule("10.2.0.0/16", "same")];
        let live = [rule("10.0.0.0/16", "old words"), rule("10.2.0.0/16", "same"), rule("0.0.0.0/0", "a stranger's")];
        let changes = Changes {
            grant: vec![rule("10.1.0.0/16", "")],
            describe: vec![rule("10.0.0.0/16", "new words")],
            revoke: vec![rule("0.0.0.0/0", "a stranger's")],
        };
        assert_eq!(Changes::between(&declared, &live), changes);
    }
}
