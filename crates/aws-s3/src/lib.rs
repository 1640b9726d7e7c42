//! Reconcilers for Amazon S3: buckets and the objects the platform ships.

mod allowed;
mod bucket;
mod client;
mod emptying;
mod encryption;
mod holdings;
mod lifecycle;
mod name;
mod object;
mod presence;
mod read;
mod replication;
mod write;

pub use bucket::{AccessLogs, Bucket, BucketOutputs};
pub use client::{client, client_for};
pub use encryption::Encryption;
pub use lifecycle::{LifecycleRule, Transition};
pub use object::{Object, ObjectOutputs};
pub use presence::explain_denial;
pub use replication::Replication;

use aws_client::{Failure, FailureKind};
use resource::Registry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<Bucket>().with::<Object>()
}

fn unbuildable(error: aws_sdk_s3::error::BuildError) -> Failure {
    Failure::of(FailureKind::Final, error.to_string())
}
