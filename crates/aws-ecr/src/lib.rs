//! Reconcilers for ECR: repositories of container images.

mod repository;

pub use repository::{Encryption, Repository, RepositoryOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<Repository>()
}
