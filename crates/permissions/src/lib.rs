//! The least-privilege IAM policy for provisioning an environment: what its resources and mlopsctl itself need,
//! widened to the environment's own names, grouped into statements, cut to the sizes that AWS takes.
//!
//! Pure. What a resource needs is said by its kind; see [`resource::Resource::permissions`].

mod document;
mod needed;
mod scope;
mod statement;
mod trust;

pub use document::{LARGEST, Policy, size};
pub use needed::PolicyInputs;
use scope::Scope;
pub use trust::{Repository, Runs, TrustError};
