//! Accounts that let IAM decide nothing about billing: until their root user has activated it, no policy helps.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_billing.html>

use aws_client::{Attempt, FailureKind, Result};

const HELP: &str = "if your IAM policies allow this already: the root user of the account activates \"IAM user and role \
                    access to Billing information\" in its account settings; in a member account, the management \
                    account can forbid it. Without either, take `budget` out of the file";

/// Says what helps where AWS denies access to budgets.
pub(crate) fn explain<T>(result: Result<T>) -> Result<T> {
    match result {
        // Expired credentials come with a help of their own.
        Err(failure) if failure.kind == FailureKind::Denied && failure.help.is_none() => Err(failure).help(HELP),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_client::Failure;

    #[test]
    fn denied_budget_says_that_policies_may_not_be_the_cause() {
        let denied = explain::<()>(Err(Failure::new(FailureKind::Denied, "not authorized"))).unwrap_err();
        assert!(denied.help.is_some_and(|help| help.advice().contains("root user")));
        assert_eq!(explain::<()>(Err(Failure::new(FailureKind::Final, "no"))).unwrap_err().help, None);
    }
}
