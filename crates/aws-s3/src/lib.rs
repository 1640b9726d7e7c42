//! Reconcilers for Amazon S3: buckets and the objects the platform ships.

mod bucket;
mod emptying;
mod lifecycle;
mod object;
mod read;
mod replication;
mod write;

pub use bucket::{AccessLogs, Bucket, BucketOutputs, Encryption};
pub use lifecycle::{LifecycleRule, Transition};
pub use object::{Object, ObjectOutputs};
pub use replication::Replication;

use aws_types::SdkConfig;
use resource::{Failure, FailureKind, Registry};

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<Bucket>().with::<Object>()
}

/// The S3 client for a configuration: path-style where the endpoint is not AWS's own, since nothing
/// resolves `bucket.localhost` there.
pub fn client(config: &SdkConfig) -> aws_sdk_s3::Client {
    let elsewhere = config.endpoint_url().is_some()
        || ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].iter().any(|name| std::env::var_os(name).is_some());
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(elsewhere).build();
    aws_sdk_s3::Client::from_conf(config)
}

fn unbuildable(error: aws_sdk_s3::error::BuildError) -> Failure {
    Failure::of(FailureKind::Final, error.to_string())
}
