//! Reconciler for subnets.

use crate::{
    batch::{self, Describe},
    dependents::{self, Dependents},
    eventual_consistency, iam, tagging,
};
use aws_client::{Attempt, Failure, Pages, Result};
use aws_sdk_ec2::{
    Client,
    types::{AttributeBooleanValue, Filter, ResourceType, SubnetState, Tag},
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, Tags, Terraform, usage::Usage,
};
use serde::{Deserialize, Serialize};
use vocabulary::{Permission, Place, SubnetId, VpcId};

/// A subnet: a part of a VPC's range in one availability zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    /// The VPC it is part of.
    pub vpc_id: VpcId,
    /// Its IPv4 range, within the VPC's.
    pub cidr: String,
    /// For example `eu-central-1a`.
    pub availability_zone: String,
    /// True if an instance that starts in the subnet gets a public address without a request for one. No platform
    /// resource needs it.
    pub map_public_ip: bool,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubnetOutputs {
    /// `subnet-…`.
    pub id: SubnetId,
}

impl Resource for Subnet {
    const KIND: &'static str = "ec2:subnet";
    const NOUN: &'static str = "subnet";
    const TERRAFORM: Option<Terraform> =
        Some(Terraform::assigned("aws_subnet", &[("vpc_id", "vpc_id"), ("cidr_block", "cidr")]));
    const REPLACE_ON: &'static [&'static str] = &["vpc_id", "cidr", "availability_zone"];
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::CreateFirst;

    type Outputs = SubnetOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("subnet-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        let fits = |subnet: &aws_sdk_ec2::types::Subnet| {
            tagging::fits(self.vpc_id.as_str(), subnet.vpc_id())
                && tagging::fits(&self.cidr, subnet.cidr_block())
                && tagging::fits(&self.availability_zone, subnet.availability_zone())
        };
        batch::find(cx, fits).await
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client_once(Client::new)
            .create_subnet()
            .vpc_id(self.vpc_id.as_str())
            .cidr_block(&self.cidr)
            .availability_zone(&self.availability_zone)
            .tag_specifications(tagging::specification(ResourceType::Subnet, &self.tags))
            .send()
            .await
            .during("CreateSubnet")
            .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
            // Another subnet has the range, such as the one that this one replaces.
            // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
            .map_err(|failure| match failure.matches(&[("InvalidSubnet.Conflict", "")]) {
                true => Failure {
                    help: Some("a subnet that moves to another zone needs a range that no subnet has".into()),
                    ..failure
                },
                false => failure,
            })?;
        created
            .subnet
            .and_then(|subnet| subnet.subnet_id)
            .ok_or_else(|| Failure::incomplete("CreateSubnet", "subnet id"))
    }

    /// Ranges of one VPC do not overlap (`InvalidSubnet.Conflict`).
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>
    fn conflicts_with(&self, other: &Self) -> bool {
        self.vpc_id == other.vpc_id && self.cidr == other.cidr
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(subnet) = batch::load::<aws_sdk_ec2::types::Subnet>(id, cx).await? else {
            return Ok(Observed::Absent);
        };
        let outputs = SubnetOutputs { id: SubnetId::new(id) };
        if subnet.state() == Some(&SubnetState::Pending) {
            return Ok(Observed::Settling { status: "pending".into(), outputs: Some(outputs) });
        }
        let live = Subnet {
            vpc_id: VpcId::new(subnet.vpc_id().unwrap_or_default()),
            cidr: subnet.cidr_block().unwrap_or_default().to_owned(),
            availability_zone: subnet.availability_zone().unwrap_or_default().to_owned(),
            map_public_ip: subnet.map_public_ip_on_launch().unwrap_or_default(),
            tags: tagging::read(subnet.tags()),
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        if diff.has("map_public_ip") {
            let value = AttributeBooleanValue::builder().value(self.map_public_ip).build();
            let call = cx.client(Client::new).modify_subnet_attribute().subnet_id(id).map_public_ip_on_launch(value);
            call.send()
                .await
                .during("ModifySubnetAttribute")
                .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)?;
        }
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let client = cx.client(Client::new);
        let answer = client.delete_subnet().subnet_id(id).send().await.during("DeleteSubnet");
        match answer.none_on(&[("InvalidSubnetID.NotFound", "")]) {
            Err(refusal) if refusal.matches(dependents::BLOCKED) => {
                Err(Dependents::explain(dependents::of_subnet(&client, id).await, refusal))
            }
            answer => answer.map(|_| Deletion::Gone),
        }
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let own = [
            iam::list("ec2:DescribeSubnets"),
            iam::change(&["ec2:ModifySubnetAttribute", "ec2:DeleteSubnet"], &["subnet"], place),
        ];
        let created = iam::create("CreateSubnet", "subnet", &["vpc"], place);
        own.into_iter().chain(created).chain(iam::sweep(place)).collect()
    }

    fn usage(&self) -> Usage {
        Usage::free(crate::FREE)
    }
}

impl Describe for aws_sdk_ec2::types::Subnet {
    const BY_ID: &'static str = "subnet-id";
    const NOUN: &'static str = <Subnet as Resource>::NOUN;
    fn id(&self) -> Option<&str> {
        self.subnet_id()
    }
    fn tags(&self) -> &[Tag] {
        self.tags()
    }
    async fn list(client: Client, filters: Vec<Filter>) -> Result<Vec<Self>> {
        let pages = client.describe_subnets().set_filters(Some(filters)).into_paginator().send();
        Pages::new("DescribeSubnets", pages, |page| page.next_token().into()).items(|page| page.subnets).all().await
    }
}
