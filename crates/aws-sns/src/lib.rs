//! Reconcilers for SNS: topics and who subscribes to them.

mod endpoint;
mod subscription;
mod topic;

pub use endpoint::without_password;
pub use subscription::{Subscription, SubscriptionOutputs};
pub use topic::{Encryption, Topic, TopicOutputs};

use resource::KindRegistry;

/// Adds every kind of this crate.
#[must_use]
pub fn register(registry: KindRegistry) -> KindRegistry {
    registry.with::<Subscription>().with::<Topic>()
}
