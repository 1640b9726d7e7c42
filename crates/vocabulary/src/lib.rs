//! Accounts and regions, ids and ARNs, permissions and policy documents, as AWS and IAM write them.

mod id;
mod permission;
mod place;
mod policy_allows;
mod policy_meaning;
mod unknown;

pub use id::*;
pub use permission::{ANYTHING, Need, Permission, PermissionCondition};
pub use place::Place;
pub use policy_allows::{Principals, policy_allows};
pub use policy_meaning::{policy_meaning, policy_spelling, same_policy};
pub use unknown::{UNKNOWN_CLOSE, UNKNOWN_OPEN, fill_in, has_unknown, unknown};
