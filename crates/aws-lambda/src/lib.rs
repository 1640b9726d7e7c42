//! Reconcilers for AWS Lambda: one file per resource, named as AWS names it.

mod asynchronous;
mod charges;
mod configuration;
mod digest;
mod function;
mod iam;
mod interfaces;
mod permission;

pub use function::{Architecture, AsynchronousCalls, Function, FunctionOutputs, VpcConfig};
pub use permission::{Permission, PermissionOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<Function>().with::<Permission>()
}
