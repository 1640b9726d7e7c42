//! Reconcilers for Amazon S3: buckets and the objects the platform ships.

mod bucket;
mod client;
mod data_at_risk;
mod emptying;
mod encryption;
mod iam;
mod lifecycle;
mod lookup;
mod name;
mod object;
mod read;
mod recovery;
mod replication;
mod write;

pub use bucket::{AccessLogs, Bucket, BucketOutputs};
pub use client::{client, client_for};
pub use encryption::Encryption;
pub use lifecycle::{LifecycleRule, Transition};
pub use lookup::explain_denial;
pub use object::{Object, ObjectOutputs};
pub use recovery::{Recovery, recovery};
pub use replication::Replication;

use aws_client::{Failure, FailureKind};
use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<Bucket>().with::<Object>()
}

fn unbuildable(error: aws_sdk_s3::error::BuildError) -> Failure {
    Failure::new(FailureKind::Final, error.to_string())
}
