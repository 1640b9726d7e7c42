//! Reconcilers for KMS: customer managed keys.

mod existing;
mod key;
mod search;

pub use existing::{ExistingKey, KeyUse};
pub use key::{Key, KeyOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<Key>()
}
