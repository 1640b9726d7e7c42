//! The error patterns of SageMaker, which has few codes and says the rest in words.

use aws_client::{ErrorPattern, Failure, FailureKind, Result};
use std::time::Duration;

/// It is not there. Several operations answer so with a validation error.
/// <https://github.com/aws/amazon-sagemaker-operator-for-k8s/blob/828e611051d7481a11469fda74f368c05465989a/controllers/sdkutil/clientwrapper/sagemaker_client.go>
pub(crate) const ABSENT: &[ErrorPattern] = &[
    ("ResourceNotFound", ""),
    ("ResourceNotFoundException", ""),
    ("ValidationException", "does not exist"),
    ("ValidationException", "not found"),
    ("ValidationException", "Unable to find"),
    ("ValidationException", "Could not find"),
    // Spaces and apps, as terraform-provider-aws reads it:
    // <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sagemaker/space.go>
    ("ValidationException", "RecordNotFound"),
    // Apps that AWS still lists. <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sagemaker/app.go>
    ("ValidationException", "has already been deleted"),
    ("ValidationException", "previously failed and was automatically deleted"),
];

/// The name is taken. `ResourceInUse` also says that something is busy, so the words decide.
/// <https://github.com/aws-samples/sagemaker-studio-custom-image-samples/issues/17>
/// <https://github.com/hashicorp/terraform-provider-aws/issues/40080>
/// <https://github.com/awslabs/spot-tagging-bot-for-digital-assets/issues/2>
pub(crate) const EXISTS: &[ErrorPattern] = &[
    ("ResourceInUse", "lready exists"),
    ("ResourceInUse", "Already Exists"),
    ("ValidationException", "already exists"),
    // "Cannot create already existing endpoint …", and so for models and configurations.
    ("ValidationException", "already existing"),
    ("ConflictException", "already exists"),
];

/// It, or something in it, is being changed or deleted.
pub(crate) const BUSY: &[ErrorPattern] = &[("ResourceInUse", ""), ("ConflictException", "")];

/// A new role, or what it may do, has not reached SageMaker yet.
/// <https://github.com/hashicorp/terraform-provider-aws/blob/00a35305dc1b297a6fcdecdfbba33f1e63c3da39/internal/service/sagemaker/feature_group.go>
/// <https://github.com/awslabs/predictive-maintenance-using-machine-learning/issues/3>
pub(crate) const PROPAGATING: &[ErrorPattern] = &[
    ("ValidationException", "execution role ARN is invalid"),
    ("ValidationException", "ould not assume role"),
    ("ValidationException", "annot assume"),
    ("ValidationException", "Invalid S3Uri provided"),
    ("ValidationException", "Access denied"),
    ("AccessDeniedException", "assume"),
];

/// The time within which SageMaker certainly knows a new role. AWS states no bound.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
pub(crate) const PROPAGATION: Duration = Duration::from_secs(120);

/// The time that apps, spaces and profiles may take to go away.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteDomain.html>
pub(crate) const TIDYING: Duration = Duration::from_secs(900);

/// Parts of the reasons that SageMaker gives, without codes, for what failed after it was accepted, where another
/// attempt helps: its own errors, a lack of capacity, a role or a policy that it did not know yet, and the first file
/// system of an account (<https://github.com/aws/aws-cdk/issues/34818>).
const TRANSIENT: &[&str] = &[
    "internal error",
    "internal service error",
    "internal server error",
    "internalservererror",
    "internalfailure",
    "try again",
    "insufficient capacity",
    "insufficientinstancecapacity",
    "capacity error",
    "unable to assume",
    "could not assume",
    "cannot assume",
    "is not authorized to perform",
    "kms key 'null' does not exist",
];

/// True if a failure with this reason is transient.
pub(crate) fn is_transient(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    TRANSIENT.iter().any(|part| reason.contains(part))
}

/// Reads the resource to tell a taken name from a busy one where SageMaker's message does not.
pub(crate) async fn tell_taken_from_busy<T>(
    sent: Result<T>,
    is_there: impl Future<Output = Result<bool>>,
) -> Result<T> {
    match sent {
        Err(refusal) if refusal.kind != FailureKind::Exists && refusal.matches(BUSY) && is_there.await? => {
            Err(Failure { kind: FailureKind::Exists, ..refusal })
        }
        sent => sent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_failure_is_recognised_by_its_reason() {
        for reason in [
            "Unable to create Amazon EFS for domain 'd-1' because KMS key 'null' does not exist",
            "The role arn:aws:iam::1:role/features is not authorized to perform: glue:CreateTable",
            "Internal error. Please try again.",
        ] {
            assert!(is_transient(reason), "{reason}");
        }
        assert!(!is_transient("The subnet subnet-1 has no free addresses"));
    }
}
