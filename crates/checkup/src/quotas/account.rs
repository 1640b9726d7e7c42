//! The quotas of an account, and the live counts of its resources.

use crate::DoctorInput;
use aws_client::{Attempt as _, Failure, Result};
use aws_sdk_iam::types::SummaryKeyType;
use futures::future::join_all;
use resource::{LiveCount, Quota, QuotaScope, QuotaSource, QuotaUse};
use std::collections::HashMap;

/// The state of one quota in an account.
pub(crate) struct Measure {
    /// The number of resources that count already, foreign ones included.
    pub(crate) used: usize,
    /// The account's value.
    pub(crate) limit: f64,
}

/// IAM's counts and quotas, by the names that it gives them.
type Summary = Result<HashMap<SummaryKeyType, i32>>;

/// Reads the account's value and the live count of each quota, in order.
pub(crate) async fn measure(input: &DoctorInput<'_>, wanted: &[QuotaUse]) -> Vec<Result<Measure>> {
    let is_in_summary = |one: &QuotaUse| matches!(one.quota.source, QuotaSource::AccountSummary(_));
    let summary = if wanted.iter().any(is_in_summary) { summary(input).await } else { Ok(HashMap::new()) };
    let summary = &summary;
    let measures = wanted.iter().map(async |one| {
        let (used, limit) = futures::join!(used(input, one.quota.scope, summary), limit(input, one.quota, summary));
        Ok(Measure { used: used?, limit: limit? })
    });
    join_all(measures).await
}

async fn used(input: &DoctorInput<'_>, scope: QuotaScope, summary: &Summary) -> Result<usize> {
    let QuotaScope::Account(counted) = scope else { return Ok(0) };
    let ec2 = aws_sdk_ec2::Client::new(input.sdk);
    Ok(match counted {
        LiveCount::Vpcs => ec2.describe_vpcs().send().await.during("DescribeVpcs")?.vpcs().len(),
        LiveCount::InternetGateways => {
            let answer = ec2.describe_internet_gateways().send().await.during("DescribeInternetGateways")?;
            answer.internet_gateways().len()
        }
        LiveCount::ElasticIps => ec2.describe_addresses().send().await.during("DescribeAddresses")?.addresses().len(),
        LiveCount::AccountSummary(name) => usize::try_from(summarised(summary, name)?).unwrap_or_default(),
    })
}

async fn limit(input: &DoctorInput<'_>, quota: Quota, summary: &Summary) -> Result<f64> {
    match quota.source {
        QuotaSource::AccountSummary(name) => Ok(f64::from(summarised(summary, name)?)),
        QuotaSource::ServiceQuotas => {
            let quotas = aws_sdk_servicequotas::Client::new(input.sdk);
            let call = quotas.get_service_quota().service_code(quota.service).quota_code(quota.code);
            let quota = call.send().await.during("GetServiceQuota")?.quota;
            quota.and_then(|quota| quota.value).ok_or_else(|| Failure::incomplete("GetServiceQuota", "value"))
        }
    }
}

async fn summary(input: &DoctorInput<'_>) -> Summary {
    let iam = aws_sdk_iam::Client::new(input.sdk);
    let answer = iam.get_account_summary().send().await.during("GetAccountSummary")?;
    Ok(answer.summary_map.unwrap_or_default())
}

/// The value that the account summary has under this name.
fn summarised(summary: &Summary, name: &'static str) -> Result<i32> {
    let summary = summary.as_ref().map_err(Clone::clone)?;
    let found = summary.iter().find(|(key, _)| key.as_str() == name);
    found.map(|(_, value)| *value).ok_or_else(|| Failure::incomplete("GetAccountSummary", name))
}
