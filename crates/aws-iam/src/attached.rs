//! The quota of managed policies that a role can have.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>

use aws_client::{Attempt, Failure, Remedy, Result};
use aws_sdk_iam::{Client, types::SummaryKeyType};
use resource::{Context, Quota, QuotaScope, QuotaSource};
use vocabulary::Permission;

/// The default quota. Fewer policies fit into every account.
const DEFAULT: usize = 10;
/// The name of the quota in the account summary.
const NAME: &str = "AttachedPoliciesPerRoleQuota";
/// The quota. A drift job has as many policies as its permissions need.
pub(crate) const ATTACHED_POLICIES: Quota = Quota {
    noun: "managed policies of one role",
    service: "iam",
    code: "L-0DA4ABF3",
    source: QuotaSource::AccountSummary(NAME),
    scope: QuotaScope::Each { default: DEFAULT },
};

/// Refuses more managed policies of a role than the account may attach. A plan then says so before anything is made.
pub(crate) async fn refuse_too_many(wanted: usize, cx: &Context) -> Result<()> {
    if wanted <= DEFAULT {
        return Ok(());
    }
    let answer = cx.client(Client::new).get_account_summary().send().await.during("GetAccountSummary")?;
    let summary = answer.summary_map.unwrap_or_default();
    let quota = summary.get(&SummaryKeyType::from(NAME)).copied().unwrap_or_default();
    if usize::try_from(quota).is_ok_and(|quota| quota >= wanted) {
        return Ok(());
    }
    let Quota { service, code, .. } = ATTACHED_POLICIES;
    let raise = Remedy::RaiseQuota { service: service.into(), code: code.into(), wanted, region: None };
    Err(Failure::refused(
        format!("it has {wanted} managed policies, and this account may attach {quota} to a role"),
        raise,
    ))
}

/// The permission to read the quota, which knows no resources. Only a role with many policies needs it.
pub(crate) fn permission(wanted: usize) -> Option<Permission> {
    (wanted > DEFAULT).then(|| Permission::read(["iam:GetAccountSummary"]).on_anything())
}
