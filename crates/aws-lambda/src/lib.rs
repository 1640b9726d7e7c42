//! Reconcilers for AWS Lambda: one file per resource, named as AWS names it.

mod allowed;
mod asynchronous;
mod charges;
mod configuration;
mod digest;
mod function;
mod interfaces;
mod permission;

pub use function::{Architecture, AsynchronousCalls, Function, FunctionOutputs, VpcConfig};
pub use permission::{Permission, PermissionOutputs};

use resource::Registry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry.with::<Function>().with::<Permission>()
}
