//! The error patterns of IAM, and the time for which they pass.

use aws_client::ErrorPattern;
use std::time::Duration;

/// The time for which IAM may contradict itself after a write.
/// AWS states no bound.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
pub(crate) const PROPAGATES: Duration = Duration::from_secs(120);
/// The role, or what is asked of it, is not there.
pub(crate) const GONE: &[ErrorPattern] = &[("NoSuchEntity", "")];
/// A role that was just made is not known everywhere yet.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
pub(crate) const LAGS: &[ErrorPattern] = &[("NoSuchEntity", "role with name"), ("ConcurrentModification", "")];
/// A managed policy that was just made is not known everywhere yet.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
const UNKNOWN_YET: &[ErrorPattern] = &[("NoSuchEntity", "does not exist or is not attachable")];

/// The patterns to retry on where a role gets this policy. AWS's own are known everywhere and always.
pub(crate) fn may_be_new(arn: &str) -> &'static [ErrorPattern] {
    if arn.contains(":iam::aws:") { &[] } else { UNKNOWN_YET }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_account_s_own_policies_may_be_new() {
        assert!(may_be_new("arn:aws:iam::aws:policy/ReadOnlyAccess").is_empty());
        assert!(may_be_new("arn:aws-cn:iam::aws:policy/ReadOnlyAccess").is_empty());
        assert!(!may_be_new("arn:aws:iam::123456789012:policy/ml/data").is_empty());
    }
}
