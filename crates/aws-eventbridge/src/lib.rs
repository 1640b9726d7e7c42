//! Reconcilers for EventBridge: rules with their targets.

mod rule;
mod rules;
mod target;

pub use rule::{Rule, RuleOutputs, Source};
pub use target::{Input, Target};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<Rule>()
}
