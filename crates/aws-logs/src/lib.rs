//! Reconcilers for CloudWatch Logs: log groups and the policies that let AWS's services write to them.

mod log_group;
mod log_groups;
mod resource_policy;

pub use log_group::{Encryption, LogGroup, LogGroupOutputs, RETENTION_DAYS, Retention};
pub use resource_policy::{ResourcePolicy, ResourcePolicyOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<LogGroup>().with::<ResourcePolicy>()
}
