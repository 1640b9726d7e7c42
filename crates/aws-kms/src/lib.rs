//! Reconcilers for KMS: customer managed keys.

mod key;
mod search;

pub use key::{Key, KeyOutputs};

use resource::Registry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<Key>()
}
