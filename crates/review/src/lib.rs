//! A plan as a reviewer reads it.
//!
//! [`PlanView`] is made once from what the engine planned. Text and JSON are printed from it: structural differences of
//! documents and lists, placeholders with their paths, drift told apart from what the file asks for, what new roles and
//! rules allow, and refusals with the command that lifts them.

mod allowed;
mod counterpart;
mod difference;
mod names;
mod rule;
mod shared;
mod statement;
mod unchanged;
mod unknown;
mod view;

pub use allowed::Allowed;
pub use difference::{Difference, Differences, Kind, between};
pub use names::{Names, literal};
pub use rule::{is_rule, rule_in_words};
pub use shared::{Shared, SharedField};
pub use statement::{is_statement, statement_in_words};
pub use unchanged::Unchanged;
pub use view::{ChangeView, FieldView, LockView, LookedAt, PlanView, RefusalView, StateBucketView, Surroundings};
