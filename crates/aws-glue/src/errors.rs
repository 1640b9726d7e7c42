//! The error patterns of Glue.

use aws_client::ErrorPattern;
use std::time::Duration;

/// It is not there.
pub(crate) const ABSENT: &[ErrorPattern] = &[("EntityNotFoundException", "")];

/// A new role, or what it may do, has not reached Glue yet.
/// <https://github.com/hashicorp/terraform-provider-aws/issues/30371>
/// <https://github.com/hashicorp/terraform-provider-aws/pull/50019>
pub(crate) const PROPAGATING: &[ErrorPattern] = &[
    // "… assume role <ARN>", "… assume provided role", "… assume the role <ARN>": the words change.
    ("InvalidInputException", "unable to assume"),
    ("InvalidInputException", "not authorized"),
    // Also said of a role that Lake Formation does not know yet.
    // <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/glue/crawler.go>
    ("InvalidInputException", "Insufficient Lake Formation permission"),
];

/// The time within which Glue certainly knows a new role. AWS states no bound.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
pub(crate) const PROPAGATION: Duration = Duration::from_secs(120);

/// Another caller changes the resource at the same time.
pub(crate) const CONTENDED: &[ErrorPattern] =
    &[("ConcurrentModificationException", ""), ("OperationTimeoutException", "")];

/// The time that the changes of other callers may block ours.
/// <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-exceptions.html>
pub(crate) const CONTENTION: Duration = Duration::from_secs(60);
