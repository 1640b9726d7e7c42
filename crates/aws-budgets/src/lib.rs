//! Reconcilers for AWS Budgets.

mod billing_access;
mod budget;

pub use budget::{Budget, BudgetOutputs};

use resource::Registry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<Budget>()
}
