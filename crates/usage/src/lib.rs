//! The usage that AWS charges for, without prices: each kind of resource declares it from its settings, and `cost` prices
//! it.

pub mod decimal;
mod quantity;
mod relation;
mod run;
mod usage;
mod usage_type;

pub use quantity::{HOURS_PER_MONTH, Quantity};
pub use relation::{Deployment, Instances, Name, Relation};
pub use run::{Charge, Run, Step};
pub use usage::{ByUse, Monthly, NotMetered, Usage};
pub use usage_type::UsageType;
