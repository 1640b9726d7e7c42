//! Reconcilers for ECR: repositories of container images.

mod repository;

pub use repository::{Encryption, Repository, RepositoryOutputs};

use resource::Registry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<Repository>()
}
