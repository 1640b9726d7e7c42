//! Reconcilers for AWS Budgets.

mod billing_access;
mod budget;

pub use budget::{Budget, BudgetOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<Budget>()
}
