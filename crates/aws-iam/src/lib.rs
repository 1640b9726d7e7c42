//! Reconcilers for AWS IAM: one file per resource, named as AWS names it.

mod allowed;
mod attached;
mod document;
mod errors;
mod existing;
mod policy;
mod read;
mod role;
mod tags;
mod versions;

pub use existing::ExistingRole;
pub use policy::{Policy, PolicyOutputs};
pub use role::{Role, RoleOutputs};

use resource::Registry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<Policy>().with::<Role>()
}
