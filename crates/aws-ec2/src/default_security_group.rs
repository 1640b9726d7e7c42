//! Reconciler for the default security group of a VPC, which it keeps without rules.

use crate::{
    batch, eventual_consistency, iam,
    rule::Rule,
    rule_calls::{self, Direction},
    security_group,
};
use aws_client::{Failure, FailureKind, Result};
use aws_sdk_ec2::Client;
use resource::{
    As, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use vocabulary::{Permission, Place, SecurityGroupId, UNKNOWN_OPEN, VpcId};

/// A VPC's default security group, emptied of rules.
///
/// AWS makes it with the VPC, puts whatever names no group into it, lets its members reach each other
/// and everything outside, and never deletes it before the VPC. Without rules a forgotten group is a
/// closed door. To create it is to find it; to delete it is to leave it alone, empty, until the VPC goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefaultSecurityGroup {
    /// The VPC whose default it is.
    pub vpc_id: VpcId,
    /// The inbound rules; declared empty.
    pub ingress: Vec<Rule>,
    /// The outbound rules; declared empty.
    pub egress: Vec<Rule>,
}

impl DefaultSecurityGroup {
    async fn look_up(&self, cx: &Context) -> Result<Option<String>> {
        Ok(security_group::named(&self.vpc_id, "default", cx).await?.and_then(|group| group.group_id))
    }
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DefaultSecurityGroupOutputs {
    /// `sg-…`.
    pub id: SecurityGroupId,
}

impl Resource for DefaultSecurityGroup {
    const KIND: &'static str = "ec2:default-security-group";
    const NOUN: &'static str = "default security group";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform::assigned("aws_default_security_group", &[("vpc_id", "vpc_id")]));
    const REPLACE_ON: &'static [&'static str] = &["vpc_id"];
    const COMPARE: &'static [(&'static str, As)] = &[("ingress", As::Set), ("egress", As::Set)];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::CreateFirst;

    type Outputs = DefaultSecurityGroupOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("sg-")
    }

    fn part_of(&self) -> Option<String> {
        Some(self.vpc_id.to_string())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        if self.vpc_id.as_str().contains(UNKNOWN_OPEN) {
            return Ok(None);
        }
        Ok(self.look_up(cx).await?.map(|id| Found { id, owner: Owner::Parent }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        self.look_up(cx).await?.ok_or_else(|| {
            let message = format!("the default security group of {} does not show yet", self.vpc_id);
            Failure::new(FailureKind::Retryable(eventual_consistency::SPREADS_WITHIN), message)
        })
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(group) = batch::load::<aws_sdk_ec2::types::SecurityGroup>(id, cx).await? else {
            return Ok(Observed::Absent);
        };
        let live = DefaultSecurityGroup {
            vpc_id: VpcId::new(group.vpc_id().unwrap_or_default()),
            ingress: Rule::read(id, group.ip_permissions()),
            egress: Rule::read(id, group.ip_permissions_egress()),
        };
        Ok(Observed::Ready { live, outputs: DefaultSecurityGroupOutputs { id: SecurityGroupId::new(id) } })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        if diff.has("ingress") {
            rule_calls::converge(&client, id, Direction::Ingress, &self.ingress, &live.ingress).await?;
        }
        if diff.has("egress") {
            rule_calls::converge(&client, id, Direction::Egress, &self.egress, &live.egress).await?;
        }
        Ok(())
    }

    async fn delete(&self, _: &str, _: &Context) -> Result<Deletion> {
        Ok(Deletion::Gone)
    }

    /// AWS makes the group, without tags.
    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let grants = if self.ingress.is_empty() && self.egress.is_empty() { &[] } else { rule_calls::GRANT.as_slice() };
        let changes = [grants, &rule_calls::REVOKE].concat();
        vec![iam::list("ec2:DescribeSecurityGroups"), iam::change_untagged(&changes, &["security-group"], place)]
    }

    fn usage(&self) -> Usage {
        Usage::free(crate::FREE)
    }
}
