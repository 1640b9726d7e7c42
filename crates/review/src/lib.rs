//! A plan in the form for a reviewer.
//!
//! [`PlanView`] is made once from the engine's plan. Text, Markdown and JSON are printed from it. It contains structural
//! differences of documents and lists, and placeholders with their paths. It separates drift from changes in the file.
//! It lists the permissions of new roles and rules, and refusals with the consents that lift them.

mod counterpart;
mod difference;
mod equality;
mod grants;
mod names;
mod rule;
mod shared;
mod statement;
mod unchanged;
mod unknown;
mod view;

pub use difference::{Difference, Differences, Kind, between};
pub use grants::Grant;
pub use names::{Names, literal};
pub use rule::{is_rule, rule_in_words};
pub use shared::{Shared, SharedCause, SharedField, is_own_address};
pub use statement::{is_statement, statement_in_words};
pub use unchanged::Unchanged;
pub use view::{
    ChangeView, FieldView, LockView, PlanView, ReadCount, RefusalView, RequiredConsents, StateBucketView, Surroundings,
};
