//! Reconcilers for Amazon EFS.

mod studio_storage;

pub use studio_storage::{StudioStorage, StudioStorageOutputs};

use resource::Registry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<StudioStorage>()
}
