//! Accounts whose data catalog Lake Formation governs. There Lake Formation's own grants decide, whatever IAM allows.
//! <https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html>

use aws_client::{Attempt, ErrorPattern, Result};

/// Lake Formation's refusals. Glue gives them a code that its other refusals have as well.
/// <https://github.com/aws/amazon-sagemaker-examples/issues/2079>
pub(crate) const REFUSED: &[ErrorPattern] = &[
    ("AccessDeniedException", "Lake Formation permission"),
    ("InvalidInputException", "Insufficient Lake Formation permission"),
];

const HELP: &str = "Lake Formation governs this account's data catalog, whatever IAM allows: let a data lake \
                    administrator grant these credentials Create database, and the platform's Glue role access to the \
                    database and its data location; or switch the catalog's defaults back to IAM access control";

/// Says what helps where Lake Formation refuses.
pub(crate) fn explain<T>(result: Result<T>) -> Result<T> {
    match result {
        Err(failure) if failure.matches(REFUSED) => Err(failure).help(HELP),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_client::{Failure, FailureKind};

    fn answered(code: &str, message: &str) -> Failure {
        Failure { code: Some(code.to_owned()), ..Failure::new(FailureKind::Denied, message) }
    }

    #[test]
    fn lake_formation_refusal_is_told_from_one_of_iam() {
        let words = "Insufficient Lake Formation permission(s): Required Create Database on Catalog";
        let explained = explain::<()>(Err(answered("AccessDeniedException", words))).unwrap_err();
        assert!(explained.help.is_some_and(|help| help.advice().contains("data lake administrator")));
        let words = "User: arn:aws:iam::123456789012:user/a is not authorized to perform: glue:CreateDatabase";
        assert_eq!(explain::<()>(Err(answered("AccessDeniedException", words))).unwrap_err().help, None);
    }
}
