//! Reconcilers for AWS IAM: one file per resource, named as AWS names it.

mod allowed;
mod document;
mod read;
mod role;

pub use role::{Role, RoleOutputs};

use resource::Registry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<Role>()
}
