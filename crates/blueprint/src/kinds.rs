//! The kinds of resources.

use resource::KindRegistry;

/// Every kind of resource a platform can have.
pub fn registry() -> KindRegistry {
    let registries = [
        aws_ec2::register,
        aws_s3::register,
        aws_kms::register,
        aws_iam::register,
        aws_sagemaker::register,
        aws_ecr::register,
        aws_glue::register,
        aws_lambda::register,
        aws_sfn::register,
        aws_logs::register,
        aws_sns::register,
        aws_cloudwatch::register,
        aws_eventbridge::register,
        aws_budgets::register,
    ];
    registries.into_iter().fold(KindRegistry::default(), |registry, register| register(registry))
}
