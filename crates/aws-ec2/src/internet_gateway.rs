//! Reconciler for internet gateways and their attachment to a VPC.

use crate::{
    batch::{self, Describe},
    eventual_consistency, iam, tagging,
};
use aws_client::{Attempt, Failure, Pages, Result};
use aws_sdk_ec2::{
    Client,
    types::{AttachmentStatus, Filter, ResourceType, Tag},
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, LiveCount, Observed, Quota, QuotaScope, QuotaSource, QuotaUse,
    ReplaceOrder, Resource, Tags, Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{InternetGatewayId, Permission, Place, VpcId};

/// An internet gateway, attached to a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// The VPC it is attached to; as observed, empty while it is attached to none.
    pub vpc_id: VpcId,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InternetGatewayOutputs {
    /// `igw-…`.
    pub id: InternetGatewayId,
}

/// The time that NAT gateways and their addresses may take to leave the VPC. AWS states no bound.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html>
const DRAINS_WITHIN: Duration = Duration::from_secs(600);

/// The quota of internet gateways.
/// <https://docs.aws.amazon.com/general/latest/gr/vpc-service.html>
const INTERNET_GATEWAYS: Quota = Quota {
    noun: "internet gateways",
    service: "vpc",
    code: "L-A4707A72",
    source: QuotaSource::ServiceQuotas,
    scope: QuotaScope::Account(LiveCount::InternetGateways),
};

impl Resource for InternetGateway {
    const KIND: &'static str = "ec2:internet-gateway";
    const NOUN: &'static str = "internet gateway";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        settings: &["aws_internet_gateway_attachment"],
        ..Terraform::assigned("aws_internet_gateway", &[("vpc_id", "vpc_id")])
    });
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::CreateFirst;

    type Outputs = InternetGatewayOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("igw-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let here = |gateway: &aws_sdk_ec2::types::InternetGateway| {
            gateway.attachments().iter().all(|one| tagging::fits(self.vpc_id.as_str(), one.vpc_id()))
        };
        batch::find(cx, here).await
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client_once(Client::new)
            .create_internet_gateway()
            .tag_specifications(tagging::specification(ResourceType::InternetGateway, &self.tags))
            .send()
            .await
            .during("CreateInternetGateway")?;
        let id = created.internet_gateway.and_then(|gateway| gateway.internet_gateway_id);
        id.ok_or_else(|| Failure::incomplete("CreateInternetGateway", "internet gateway id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(gateway) = batch::load::<aws_sdk_ec2::types::InternetGateway>(id, cx).await? else {
            return Ok(Observed::Absent);
        };
        let outputs = InternetGatewayOutputs { id: InternetGatewayId::new(id) };
        let attachment = gateway.attachments().first();
        if let Some(state @ (AttachmentStatus::Attaching | AttachmentStatus::Detaching)) =
            attachment.and_then(|attachment| attachment.state())
        {
            return Ok(Observed::Settling { status: state.as_str().to_owned(), outputs: Some(outputs) });
        }
        let vpc = attachment
            .filter(|attachment| attachment.state() != Some(&AttachmentStatus::Detached))
            .and_then(|attachment| attachment.vpc_id());
        let live = InternetGateway { vpc_id: VpcId::new(vpc.unwrap_or_default()), tags: tagging::read(gateway.tags()) };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        if diff.has("vpc_id") {
            let call =
                cx.client(Client::new).attach_internet_gateway().internet_gateway_id(id).vpc_id(self.vpc_id.as_str());
            // Resource.AlreadyAssociated: an earlier attempt got through, and the read lags behind.
            // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
            call.send()
                .await
                .during("AttachInternetGateway")
                .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
                .none_on(&[("Resource.AlreadyAssociated", "is already attached")])?;
        }
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        let call = client.detach_internet_gateway().internet_gateway_id(id).vpc_id(self.vpc_id.as_str());
        // "Has some mapped public address(es)" until the last NAT gateway is gone; then it is detached already, or one
        // of the two is gone.
        // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
        call.send()
            .await
            .during("DetachInternetGateway")
            .retry_on(&[("DependencyViolation", "")], DRAINS_WITHIN)
            .none_on(&[
                ("Gateway.NotAttached", ""),
                ("InvalidInternetGatewayID.NotFound", ""),
                ("InvalidVpcID.NotFound", ""),
            ])?;
        let call = client.delete_internet_gateway().internet_gateway_id(id);
        call.send()
            .await
            .during("DeleteInternetGateway")
            .retry_on(&[("DependencyViolation", "")], DRAINS_WITHIN)
            .none_on(&[("InvalidInternetGatewayID.NotFound", "")])?;
        Ok(Deletion::Gone)
    }

    /// An unattached gateway is attached; one that serves another VPC could leave it only after every
    /// public address there, which the move of the VPC itself does in the right order.
    fn replacement(&self, live: &Self, diff: &Diff) -> Option<String> {
        let elsewhere = diff.has("vpc_id") && !live.vpc_id.as_str().is_empty();
        elsewhere.then(|| format!("it is attached to {}", live.vpc_id))
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let attach = ["ec2:AttachInternetGateway", "ec2:DetachInternetGateway"];
        let own = [
            iam::list("ec2:DescribeInternetGateways"),
            iam::change(&attach, &["internet-gateway", "vpc"], place),
            iam::change(&["ec2:DeleteInternetGateway"], &["internet-gateway"], place),
        ];
        own.into_iter().chain(iam::create("CreateInternetGateway", "internet-gateway", &[], place)).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free(crate::FREE)
    }

    fn quotas(&self) -> Vec<QuotaUse> {
        vec![INTERNET_GATEWAYS.used_by(1)]
    }
}

impl Describe for aws_sdk_ec2::types::InternetGateway {
    const BY_ID: &'static str = "internet-gateway-id";
    const NOUN: &'static str = <InternetGateway as Resource>::NOUN;
    fn id(&self) -> Option<&str> {
        self.internet_gateway_id()
    }
    fn tags(&self) -> &[Tag] {
        self.tags()
    }
    async fn list(client: Client, filters: Vec<Filter>) -> Result<Vec<Self>> {
        let pages = client.describe_internet_gateways().set_filters(Some(filters)).into_paginator().send();
        Pages::new("DescribeInternetGateways", pages, |page| page.next_token().into())
            .items(|page| page.internet_gateways)
            .all()
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resource::FieldChange;
    use serde_json::json;

    fn attached_to(vpc: &str) -> InternetGateway {
        InternetGateway { vpc_id: VpcId::new(vpc), tags: Tags::default() }
    }

    #[test]
    fn a_gateway_is_attached_in_place_and_moves_by_replacement() {
        let change = FieldChange {
            path: "vpc_id".into(),
            before: json!(""),
            after: json!("vpc-2"),
            known: true,
            sensitive: false,
            forces_replacement: false,
        };
        let diff = Diff { changes: vec![change] };
        assert_eq!(attached_to("vpc-2").replacement(&attached_to(""), &diff), None);
        assert!(attached_to("vpc-2").replacement(&attached_to("vpc-1"), &diff).is_some());
        assert_eq!(attached_to("vpc-2").replacement(&attached_to("vpc-2"), &Diff::default()), None);
    }
}
