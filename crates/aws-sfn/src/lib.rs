//! Reconcilers for AWS Step Functions: one file per resource, named as AWS names it.

mod charges;
mod configuration;
mod errors;
mod executions;
mod state_machine;

pub use state_machine::{LogLevel, Logging, StateMachine, StateMachineOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<StateMachine>()
}
