//! Reconciler for Elastic IP addresses.

use crate::{
    batch::{self, Describe},
    iam, tagging,
};
use aws_client::{Attempt, Failure, Result};
use aws_sdk_ec2::{
    Client,
    types::{Address, DomainType, Filter, ResourceType, Tag},
};
use resource::{
    Context, Deletion, Diff, Found, IdForm, LiveCount, Observed, Quota, QuotaScope, QuotaSource, QuotaUse,
    ReplaceOrder, Resource, Tags, Terraform,
    usage::{Quantity, Usage, UsageType},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vocabulary::{AllocationId, Permission, Place};

/// An Elastic IP address: a public address that stays the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElasticIp {
    /// Tags, completed by the stack.
    pub tags: Tags,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ElasticIpOutputs {
    /// `eipalloc-…`.
    pub allocation_id: AllocationId,
    /// The address, to be allowed in other people's firewalls.
    pub public_ip: String,
}

/// The quota of Elastic IP addresses.
/// <https://docs.aws.amazon.com/general/latest/gr/ec2-service.html>
const ELASTIC_IPS: Quota = Quota {
    noun: "Elastic IP addresses",
    service: "ec2",
    code: "L-0263D0A3",
    source: QuotaSource::ServiceQuotas,
    scope: QuotaScope::Account(LiveCount::ElasticIps),
};

impl Resource for ElasticIp {
    const KIND: &'static str = "ec2:elastic-ip";
    const NOUN: &'static str = "Elastic IP address";
    // An address has nothing of its own that identifies it; its NAT gateway names it.
    const TERRAFORM: Option<Terraform> = Some(Terraform::assigned("aws_eip", &[]));
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::CreateFirst;

    type Outputs = ElasticIpOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::StartsWith("eipalloc-")
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        batch::find::<Address>(cx, |_| true).await
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        let created = cx
            .client_once(Client::new)
            .allocate_address()
            .domain(DomainType::Vpc)
            .tag_specifications(tagging::specification(ResourceType::ElasticIp, &self.tags))
            .send()
            .await
            .during("AllocateAddress")
            // An account has few addresses in a region.
            // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
            .map_err(|failure| match failure.matches(&[("AddressLimitExceeded", "")]) {
                true => Failure {
                    help: Some(
                        "release addresses nobody uses, or have the quota for Elastic IP addresses raised".into(),
                    ),
                    ..failure
                },
                false => failure,
            })?;
        created.allocation_id.ok_or_else(|| Failure::incomplete("AllocateAddress", "allocation id"))
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        let Some(address) = batch::load::<Address>(id, cx).await? else {
            return Ok(Observed::Absent);
        };
        let public_ip = address.public_ip().unwrap_or_default().to_owned();
        let outputs = ElasticIpOutputs { allocation_id: AllocationId::new(id), public_ip };
        Ok(Observed::Ready { live: ElasticIp { tags: tagging::read(address.tags()) }, outputs })
    }

    async fn update(&self, id: &str, live: &Self, diff: &Diff, cx: &Context) -> Result<()> {
        tagging::converge(id, &self.tags, &live.tags, diff, cx).await
    }

    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        // While a NAT gateway lets go of it AWS calls it in use, or not ours: the interface is the service's.
        // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
        let held = &[("InvalidIPAddress.InUse", ""), ("AuthFailure", "do not have permission to access the specified")];
        let call = cx.client(Client::new).release_address().allocation_id(id);
        call.send()
            .await
            .during("ReleaseAddress")
            .retry_on(held, Duration::from_secs(600))
            // It is released already.
            // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
            .none_on(&[("InvalidAllocationID.NotFound", ""), ("InvalidAddress.NotFound", "")])?;
        Ok(Deletion::Gone)
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        let own = [iam::list("ec2:DescribeAddresses"), iam::change(&["ec2:ReleaseAddress"], &["elastic-ip"], place)];
        own.into_iter().chain(iam::create("AllocateAddress", "elastic-ip", &[], place)).collect()
    }

    fn usage(&self) -> Usage {
        // In use or not, an address costs the same since February 2024.
        Usage::default().monthly("public IPv4 address", UsageType::PublicIpv4Hour, Quantity::months_of(1))
    }

    fn quotas(&self) -> Vec<QuotaUse> {
        vec![ELASTIC_IPS.used_by(1)]
    }
}

impl Describe for Address {
    const BY_ID: &'static str = "allocation-id";
    const NOUN: &'static str = <ElasticIp as Resource>::NOUN;
    fn id(&self) -> Option<&str> {
        self.allocation_id()
    }
    fn tags(&self) -> &[Tag] {
        self.tags()
    }
    async fn list(client: Client, filters: Vec<Filter>) -> Result<Vec<Self>> {
        let answer = client.describe_addresses().set_filters(Some(filters)).send().await.during("DescribeAddresses")?;
        Ok(answer.addresses.unwrap_or_default())
    }
}
