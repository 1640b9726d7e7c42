//! Reconciler for security groups with all their rules.

use crate::{
    batch::{self, Describe},
    dependents::{self, Dependents},
    eventual_consistency, iam,
    rule::{Peer, Rule},
    rule_calls::{self, Direction},
    tagging,
};
use aws_client::{Attempt, Failure, Loader, Pages, Result};
use aws_sdk_ec2::{
    Client,
    types::{Filter, ResourceType, Tag},
};
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Tags, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use vocabulary::{Permission, Place, SecurityGroupId, UNKNOWN_OPEN, VpcId};

/// A security group with its rules, owned whole: a rule that another program adds is revoked again. The rule
/// that AWS gives to every new group, everything out to everywhere, is there only if it is declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its name, unique in the VPC; must not begin with `sg-`.
    pub name: String,
    /// The purpose of the group. AWS never changes it, and a replacement has to wait for all members to leave.
    pub description: String,
    /// The VPC it is part of.
    pub vpc_id: VpcId,
    /// The inbound rules.
    pub ingress: Vec<Rule>,
    /// The outbound rules.
    pub egress: Vec<Rule>,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroupOutputs {
    /// `sg-…`.
    pub id: SecurityGroupId,
}

impl Resource for SecurityGroup {
    const KIND: &'static str = "ec2:security-group";
    const NOUN: &'static str = "security group";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        settings: &[
            "aws_security_group_rule",
            "aws_vpc_security_group_egress_rule",
            "aws_vpc_security_group_ingress_rule",
        ],
        ..Terraform::assigned("aws_security_group", &[("vpc_id", "vpc_id"), ("name", "name")])
    });
    // The most that AWS takes of a security group.
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
    const SIZE_LIMITS: &'static [SizeLimit] =
        &[SizeLimit::characters("name", 255), SizeLimit::characters("description", 255)];
    const REPLACE_ON: &'static [&'static str] = &["name", "description", "vpc_id"];
    const COMPARE: &'static [(&'static str, As)] = &[("ingress", As::Set), ("egress", As::Set)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirstWithin("vpc_id");

    type Outputs = SecurityGroupOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("sg-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        // While the VPC is unknown, only the tags identify the group.
        if self.vpc_id.as_str().contains(UNKNOWN_OPEN) {
            let called = |group: &aws_sdk_ec2::types::SecurityGroup| group.group_name() == Some(self.name.as_str());
            return batch::find(cx, called).await;
        }
        Ok(named(&self.vpc_id, &self.name, cx).await?.and_then(|group| {
            Some(Found { id: group.group_id()?.to_owned(), owner: Owner::Tags(tagging::read(group.tags())) })
        }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client(Client::new)
            .create_security_group()
            .group_name(&self.name)
            .description(&self.description)
            .vpc_id(self.vpc_id.as_str())
            .tag_specifications(tagging::specification(ResourceType::SecurityGroup, &self.tags))
            .send()
            .await
            .during("CreateSecurityGroup")
            .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)?;
        created.group_id.ok_or_else(|| Failure::incomplete("CreateSecurityGroup", "group id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(group) = batch::load::<aws_sdk_ec2::types::SecurityGroup>(id, cx).await? else {
            return Ok(Observed::Absent);
        };
        let live = SecurityGroup {
            name: group.group_name().unwrap_or_default().to_owned(),
            description: group.description().unwrap_or_default().to_owned(),
            vpc_id: VpcId::new(group.vpc_id().unwrap_or_default()),
            ingress: Rule::read(id, group.ip_permissions()),
            egress: Rule::read(id, group.ip_permissions_egress()),
            tags: tagging::read(group.tags()),
        };
        Ok(Observed::Ready { live, outputs: SecurityGroupOutputs { id: SecurityGroupId::new(id) } })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        if diff.has("ingress") {
            rule_calls::converge(&client, id, Direction::Ingress, &self.ingress, &live.ingress).await?;
        }
        if diff.has("egress") {
            rule_calls::converge(&client, id, Direction::Egress, &self.egress, &live.egress).await?;
        }
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        let answer = client.delete_security_group().group_id(id).send().await.during("DeleteSecurityGroup");
        match answer.none_on(&[("InvalidGroup.NotFound", "")]) {
            Err(refusal) if refusal.matches(dependents::BLOCKED) => {
                Err(Dependents::explain(free(&client, id, self.vpc_id.as_str(), cx).await, refusal))
            }
            answer => answer.map(|_| Deletion::Gone),
        }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let changes = [rule_calls::GRANT.as_slice(), &rule_calls::REVOKE, &["ec2:DeleteSecurityGroup"]].concat();
        let own = [iam::list("ec2:DescribeSecurityGroups"), iam::change(&changes, &["security-group"], place)];
        let created = iam::create("CreateSecurityGroup", "security-group", &["vpc"], place);
        own.into_iter().chain(created).chain(iam::sweep(place)).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free(crate::FREE)
    }
}

/// Removes what keeps the group and has no user any more: interfaces that Lambda left, and rules in
/// this stack's other groups that name it. Answers what else does.
async fn free(client: &Client, id: &str, vpc: &str, cx: &Context) -> Result<Dependents> {
    let members = dependents::interfaces(client, tagging::filter("group-id", [id]));
    let (members, others) = tokio::try_join!(members, async {
        aws_sdk_ec2::types::SecurityGroup::list(client.clone(), vec![tagging::filter("vpc-id", [vpc])]).await
    })?;
    let mut dependents = Dependents::sweep(client, &members).await?;
    for other in others {
        let Some(group) = other.group_id().filter(|group| *group != id) else { continue };
        let naming = |rules: &[aws_sdk_ec2::types::IpPermission]| {
            let rules = Rule::read(group, rules).into_iter().filter(|rule| names(rule, id));
            rules.map(|rule| rule.permission(group)).collect::<Vec<_>>()
        };
        let (ingress, egress) = (naming(other.ip_permissions()), naming(other.ip_permissions_egress()));
        if ingress.is_empty() && egress.is_empty() {
            continue;
        }
        if dependents::same_stack(cx.identity(), &tagging::read(other.tags())) {
            rule_calls::revoke(client, group, Direction::Ingress, ingress).await?;
            rule_calls::revoke(client, group, Direction::Egress, egress).await?;
        } else {
            dependents
                .add_foreign(format!("rules of security group {group} ({})", other.group_name().unwrap_or_default()));
        }
    }
    Ok(dependents)
}

fn names(rule: &Rule, id: &str) -> bool {
    matches!(&rule.peer, Peer::Group { id: peer } if peer.as_str() == id)
}

/// Groups by VPC and name.
#[derive(Default)]
struct ByName(Loader<(String, String), aws_sdk_ec2::types::SecurityGroup>);

/// The group of this name in a VPC, with any owner.
pub(crate) async fn named(vpc: &VpcId, name: &str, cx: &Context) -> Result<Option<aws_sdk_ec2::types::SecurityGroup>> {
    let client = cx.client(Client::new);
    let describe = |keys: Vec<(String, String)>| async move {
        let vpcs = tagging::filter("vpc-id", keys.iter().map(|(vpc, _)| vpc.as_str()));
        let names = tagging::filter("group-name", keys.iter().map(|(_, name)| name.as_str()));
        let groups = aws_sdk_ec2::types::SecurityGroup::list(client, vec![vpcs, names]).await?;
        let key = |group: &aws_sdk_ec2::types::SecurityGroup| {
            Some((group.vpc_id()?.to_owned(), group.group_name()?.to_owned()))
        };
        Ok(groups.into_iter().filter_map(|group| Some((key(&group)?, group))).collect())
    };
    cx.shared::<ByName>().0.load((vpc.to_string(), name.to_owned()), describe).await
}

impl Describe for aws_sdk_ec2::types::SecurityGroup {
    const BY_ID: &'static str = "group-id";
    const NOUN: &'static str = <SecurityGroup as Resource>::NOUN;
    fn id(&self) -> Option<&str> {
        self.group_id()
    }
    fn tags(&self) -> &[Tag] {
        self.tags()
    }
    async fn list(client: Client, filters: Vec<Filter>) -> Result<Vec<Self>> {
        let pages = client.describe_security_groups().set_filters(Some(filters)).into_paginator().send();
        Pages::new("DescribeSecurityGroups", pages, |page| page.next_token().into())
            .items(|page| page.security_groups)
            .all()
            .await
    }
}
