//! Reconciler for VPCs.

use crate::{
    batch::{self, Describe},
    dependents::{self, Dependents},
    eventual_consistency, iam, tagging,
};
use aws_client::{Attempt, Failure, Pages, Result};
use aws_sdk_ec2::{
    Client,
    types::{AttributeBooleanValue, Filter, ResourceType, Tag, VpcAttributeName, VpcState},
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, LiveCount, Observed, Quota, QuotaScope, QuotaSource, QuotaUse,
    ReplaceOrder, Resource, Tags, Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use vocabulary::{Permission, Place, VpcId};

/// A virtual private cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    /// The primary IPv4 range, for example `10.0.0.0/16`.
    pub cidr: String,
    /// True if instances get DNS names; SageMaker domains and private endpoints need it.
    pub dns_hostnames: bool,
    /// True if Amazon's resolver answers at the base of the range plus two.
    pub dns_support: bool,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpcOutputs {
    /// `vpc-…`.
    pub id: VpcId,
}

/// The quota of VPCs.
/// <https://docs.aws.amazon.com/general/latest/gr/vpc-service.html>
const VPCS: Quota = Quota {
    noun: "VPCs",
    service: "vpc",
    code: "L-F678F1CE",
    source: QuotaSource::ServiceQuotas,
    scope: QuotaScope::Account(LiveCount::Vpcs),
};

impl Resource for Vpc {
    const KIND: &'static str = "ec2:vpc";
    const NOUN: &'static str = "VPC";
    const TERRAFORM: Option<Terraform> = Some(Terraform::assigned("aws_vpc", &[("cidr_block", "cidr")]));
    const REPLACE_ON: &'static [&'static str] = &["cidr"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::CreateFirst;

    type Outputs = VpcOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("vpc-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        batch::find::<aws_sdk_ec2::types::Vpc>(cx, |vpc| tagging::fits(&self.cidr, vpc.cidr_block())).await
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client_once(Client::new)
            .create_vpc()
            .cidr_block(&self.cidr)
            .tag_specifications(tagging::specification(ResourceType::Vpc, &self.tags))
            .send()
            .await
            .during("CreateVpc")?;
        created.vpc.and_then(|vpc| vpc.vpc_id).ok_or_else(|| Failure::incomplete("CreateVpc", "VPC id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let client = cx.client(Client::new);
        let Some(vpc) = batch::load::<aws_sdk_ec2::types::Vpc>(id, cx).await? else {
            return Ok(Observed::Absent);
        };
        let outputs = VpcOutputs { id: VpcId::new(id) };
        if vpc.state() == Some(&VpcState::Pending) {
            return Ok(Observed::Settling { status: "pending".into(), outputs: Some(outputs) });
        }
        let attribute = |name| attribute(&client, id, name);
        let (dns_hostnames, dns_support) = tokio::try_join!(
            attribute(VpcAttributeName::EnableDnsHostnames),
            attribute(VpcAttributeName::EnableDnsSupport)
        )?;
        let live = Vpc {
            cidr: vpc.cidr_block().unwrap_or_default().to_owned(),
            dns_hostnames,
            dns_support,
            tags: tagging::read(vpc.tags()),
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        let client = cx.client(Client::new);
        let boolean = |value| AttributeBooleanValue::builder().value(value).build();
        // AWS takes one attribute a call, and host names only while resolution is on.
        if diff.has("dns_support") {
            let call = client.modify_vpc_attribute().vpc_id(id).enable_dns_support(boolean(self.dns_support));
            call.send()
                .await
                .during("ModifyVpcAttribute")
                .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)?;
        }
        if diff.has("dns_hostnames") {
            let call = client.modify_vpc_attribute().vpc_id(id).enable_dns_hostnames(boolean(self.dns_hostnames));
            call.send()
                .await
                .during("ModifyVpcAttribute")
                .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)?;
        }
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        let answer = client.delete_vpc().vpc_id(id).send().await.during("DeleteVpc");
        match answer.none_on(&[("InvalidVpcID.NotFound", "")]) {
            Err(refusal) if refusal.matches(dependents::BLOCKED) => {
                Err(Dependents::explain(dependents::of_vpc(&client, id, cx.identity()).await, refusal))
            }
            answer => answer.map(|_| Deletion::Gone),
        }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let own = [
            iam::list("ec2:DescribeVpcs"),
            iam::read(&["ec2:DescribeVpcAttribute"], &["vpc"], place),
            iam::change(&["ec2:ModifyVpcAttribute", "ec2:DeleteVpc"], &["vpc"], place),
            // Reads of the dependents that block the deletion of a VPC.
            iam::search(&[
                "ec2:DescribeVpcEndpoints",
                "ec2:DescribeSubnets",
                "ec2:DescribeNatGateways",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeSecurityGroups",
            ]),
        ];
        own.into_iter().chain(iam::create("CreateVpc", "vpc", &[], place)).chain(iam::sweep(place)).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free(crate::FREE)
    }

    fn quotas(&self) -> Vec<QuotaUse> {
        vec![VPCS.used_by(1)]
    }
}

impl Describe for aws_sdk_ec2::types::Vpc {
    const BY_ID: &'static str = "vpc-id";
    const NOUN: &'static str = <Vpc as Resource>::NOUN;
    fn id(&self) -> Option<&str> {
        self.vpc_id()
    }
    fn tags(&self) -> &[Tag] {
        self.tags()
    }
    async fn list(client: Client, filters: Vec<Filter>) -> Result<Vec<Self>> {
        let pages = client.describe_vpcs().set_filters(Some(filters)).into_paginator().send();
        Pages::new("DescribeVpcs", pages, |page| page.next_token().into()).items(|page| page.vpcs).all().await
    }
}

async fn attribute(client: &Client, id: &str, name: VpcAttributeName) -> Result<bool> {
    let answer = client
        .describe_vpc_attribute()
        .vpc_id(id)
        .attribute(name.clone())
        .send()
        .await
        .during("DescribeVpcAttribute")
        .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)?;
    let value = match name {
        VpcAttributeName::EnableDnsHostnames => answer.enable_dns_hostnames,
        _ => answer.enable_dns_support,
    };
    Ok(value.and_then(|value| value.value).unwrap_or_default())
}
