//! Quotas of AWS that resources use up, so that `doctor` can compare them with those of the account.

/// A quota of AWS.
///
/// # Example
/// ```
/// use resource::{LiveCount, Quota, QuotaScope, QuotaSource};
///
/// const VPCS: Quota = Quota {
///     noun: "VPCs",
///     service: "vpc",
///     code: "L-F678F1CE",
///     source: QuotaSource::ServiceQuotas,
///     scope: QuotaScope::Account(LiveCount::Vpcs),
/// };
/// assert_eq!(VPCS.used_by(1).amount, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The things that it limits, in words: `VPCs`.
    pub noun: &'static str,
    /// The service's code in Service Quotas: `vpc`.
    pub service: &'static str,
    /// The quota's code in Service Quotas: `L-F678F1CE`.
    pub code: &'static str,
    /// The place where AWS tells the account's value.
    pub source: QuotaSource,
    /// The things that count together.
    pub scope: QuotaScope,
}

/// The place where AWS tells the account's value of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaSource {
    /// `GetServiceQuota` in the region of the platform.
    ServiceQuotas,
    /// IAM's account summary, under this name. Service Quotas has the quotas of IAM in one region only.
    AccountSummary(&'static str),
}

/// The things that count together against a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaScope {
    /// All resources of the account, foreign ones included. So new resources are added to a live count.
    Account(LiveCount),
    /// The amounts of all declared resources. AWS keeps a part of the quota free for other uses.
    Declared {
        /// The size of the part that AWS keeps free.
        kept_free: usize,
    },
    /// The amount of each resource by itself.
    Each {
        /// AWS's default. An amount up to it needs no check, since no account has less.
        default: usize,
    },
}

/// The read that counts the resources of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveCount {
    /// `DescribeVpcs`.
    Vpcs,
    /// `DescribeInternetGateways`.
    InternetGateways,
    /// `DescribeAddresses`.
    ElasticIps,
    /// IAM's account summary, under this name.
    AccountSummary(&'static str),
}

/// The amount of a quota that one resource uses up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaUse {
    /// The quota.
    pub quota: Quota,
    /// The amount, in the unit of the quota.
    pub amount: usize,
}

impl Quota {
    /// The use of this amount.
    pub const fn used_by(self, amount: usize) -> QuotaUse {
        QuotaUse { quota: self, amount }
    }
}
