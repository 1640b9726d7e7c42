//! Reconcilers for AWS IAM: one file per resource, named as AWS names it.

mod attached;
mod document;
mod errors;
mod existing;
mod iam;
mod policy;
mod read;
mod role;
mod tags;
mod versions;

pub use existing::ExistingRole;
pub use policy::{Policy, PolicyOutputs};
pub use role::{Role, RoleOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<Policy>().with::<Role>()
}
