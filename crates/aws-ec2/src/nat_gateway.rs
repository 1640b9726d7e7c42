//! Reconciler for public NAT gateways.

use crate::{
    batch::{self, Describe},
    eventual_consistency, iam, tagging,
};
use aws_client::{Attempt, Failure, Pages, Result};
use aws_sdk_ec2::{
    Client,
    types::{Filter, NatGatewayState as State, ResourceType, Tag},
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, Observed, ReplaceOrder, Resource, Tags, Terraform,
    usage::{Quantity, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{AllocationId, NatGatewayId, Permission, Place, SubnetId};

/// A public NAT gateway: the way out for what has no public address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGateway {
    /// The public subnet it stands in.
    pub subnet_id: SubnetId,
    /// Its Elastic IP address.
    pub allocation_id: AllocationId,
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatGatewayOutputs {
    /// `nat-…`.
    pub id: NatGatewayId,
}

impl Resource for NatGateway {
    const KIND: &'static str = "ec2:nat-gateway";
    const NOUN: &'static str = "NAT gateway";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        leads: &[("allocation_id", "allocation_id")],
        ..Terraform::assigned("aws_nat_gateway", &[("subnet_id", "subnet_id")])
    });
    const REPLACE_ON: &'static [&'static str] = &["subnet_id", "allocation_id"];
    /// AWS names it, but an address serves one gateway at a time: the old one has to go first.
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const TYPICAL: Duration = Duration::from_secs(90);
    const DEADLINE: Duration = Duration::from_secs(600);

    type Outputs = NatGatewayOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("nat-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        // A deleted gateway is listed for about an hour.
        batch::find::<aws_sdk_ec2::types::NatGateway>(cx, |gateway| !leaves(gateway.state())).await
    }

    /// Known long before it works.
    async fn live_tags(&self, id: &str, cx: &Context) -> Result<Option<Tags>> {
        let found = batch::load::<aws_sdk_ec2::types::NatGateway>(id, cx).await?;
        Ok(found.map(|found| tagging::read(found.tags())))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client(Client::new)
            .create_nat_gateway()
            .subnet_id(self.subnet_id.as_str())
            .allocation_id(self.allocation_id.as_str())
            .client_token(cx.token())
            .tag_specifications(tagging::specification(ResourceType::Natgateway, &self.tags))
            .send()
            .await
            .during("CreateNatGateway")
            .retry_on(eventual_consistency::UNKNOWN_YET, eventual_consistency::SPREADS_WITHIN)
            // The address still belongs to a gateway that AWS is deleting.
            // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
            .retry_on(&[("Resource.AlreadyAssociated", "")], Duration::from_secs(300))?;
        let id = created.nat_gateway.and_then(|gateway| gateway.nat_gateway_id);
        id.ok_or_else(|| Failure::incomplete("CreateNatGateway", "NAT gateway id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(gateway) = batch::load::<aws_sdk_ec2::types::NatGateway>(id, cx).await? else {
            return Ok(Observed::Absent);
        };
        let outputs = NatGatewayOutputs { id: NatGatewayId::new(id) };
        match gateway.state() {
            // While it is going it holds its address, for which the next one waits.
            Some(State::Deleted | State::Deleting) => return Ok(Observed::Absent),
            Some(State::Pending) => return Ok(Observed::Settling { status: "pending".into(), outputs: Some(outputs) }),
            Some(State::Failed) => {
                let transient = gateway.failure_code().is_some_and(|code| TRANSIENT.contains(&code));
                return Ok(Observed::Broken { reason: reason(&gateway), transient });
            }
            _ => {}
        }
        let addresses = gateway.nat_gateway_addresses();
        let primary = addresses.iter().find(|address| address.is_primary() == Some(true)).or(addresses.first());
        let allocation = primary.and_then(|address| address.allocation_id());
        let live = NatGateway {
            subnet_id: SubnetId::new(gateway.subnet_id().unwrap_or_default()),
            allocation_id: AllocationId::new(allocation.unwrap_or_default()),
            tags: tagging::read(gateway.tags()),
        };
        Ok(Observed::Ready { live, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        match batch::load::<aws_sdk_ec2::types::NatGateway>(id, cx).await?.and_then(|gateway| gateway.state) {
            None | Some(State::Deleted) => return Ok(Deletion::Gone),
            Some(State::Deleting) => {}
            Some(_) => {
                let call = cx.client(Client::new).delete_nat_gateway().nat_gateway_id(id);
                call.send().await.during("DeleteNatGateway").none_on(&[("NatGatewayNotFound", "")])?;
            }
        }
        Ok(Deletion::Going("NAT gateway to be deleted".to_owned()))
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let own =
            [iam::list("ec2:DescribeNatGateways"), iam::change(&["ec2:DeleteNatGateway"], &["natgateway"], place)];
        let within = ["subnet", "elastic-ip", "vpc"];
        own.into_iter().chain(iam::create("CreateNatGateway", "natgateway", &within, place)).collect()
    }

    fn usage(&self) -> Usage {
        let through = "what private subnets send and receive through NAT";
        Usage::default()
            .monthly("NAT gateway", UsageType::NatGatewayHour, Quantity::months_of(1))
            .by_use("data through NAT", through, UsageType::NatGatewayGb)
            .by_use("data to the internet", "what leaves AWS", UsageType::InternetGb)
    }
}

/// Failure codes that another attempt may resolve: AWS had an internal error, or did not know a new resource yet.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html>
const TRANSIENT: &[&str] =
    &["InternalError", "Gateway.NotAttached", "InvalidSubnetID.NotFound", "InvalidAllocationID.NotFound"];

fn leaves(state: Option<&State>) -> bool {
    matches!(state, Some(State::Deleting | State::Deleted))
}

fn reason(gateway: &aws_sdk_ec2::types::NatGateway) -> String {
    match (gateway.failure_code(), gateway.failure_message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (code, message) => code.or(message).unwrap_or("AWS gives no reason").to_owned(),
    }
}

impl Describe for aws_sdk_ec2::types::NatGateway {
    const BY_ID: &'static str = "nat-gateway-id";
    const NOUN: &'static str = <NatGateway as Resource>::NOUN;
    fn id(&self) -> Option<&str> {
        self.nat_gateway_id()
    }
    fn tags(&self) -> &[Tag] {
        self.tags()
    }
    async fn list(client: Client, filters: Vec<Filter>) -> Result<Vec<Self>> {
        let pages = client.describe_nat_gateways().set_filter(Some(filters)).into_paginator().send();
        Pages::new("DescribeNatGateways", pages, |page| page.next_token().into())
            .items(|page| page.nat_gateways)
            .all()
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_gateway_says_why() {
        let failed = aws_sdk_ec2::types::NatGateway::builder()
            .failure_code("Gateway.NotAttached")
            .failure_message("Network vpc-1 has no Internet gateway attached");
        assert_eq!(reason(&failed.build()), "Gateway.NotAttached: Network vpc-1 has no Internet gateway attached");
    }
}
