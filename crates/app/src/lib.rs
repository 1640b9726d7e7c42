//! Everything that mlopsctl does, without a terminal: environments, states, locks, changes, repairs.
//!
//! [`Workspace`] is the cloud and the state of one platform. A [`ChangeRequest`] plans, locks, confirms, applies and records; it
//! needs no environment file, so other programs can provision stacks of their own with it (`examples/two_resources.rs`).
//! [`App`] opens an environment by its file as a [`Session`]. Whatever is to be shown or asked goes through the
//! [`Frontend`]; this crate never prints.

mod app;
pub mod change;
mod condition;
pub mod connection;
pub mod costs;
mod declared;
pub mod embedded;
pub mod environments;
mod error;
pub mod event_history;
mod existing;
mod existing_network;
mod frontend;
pub mod input;
mod lock;
pub mod lost_state;
mod one_account;
mod reconcile;
pub mod releases;
mod sdk;
mod session;
pub mod settings;
mod state_access;
mod used_parts;
mod workspace;

pub use app::App;
pub use change::{ChangeOptions, ChangeRequest, Done, NotDone, RefusedPlan, Wanted};
pub use condition::{ApplyCondition, StalePlan, Staleness};
pub use environments::EnvironmentAccess;
pub use error::Error;
pub use frontend::{Answer, Confirmation, Frontend, PlanToApply, Silent};
pub use reconcile::{NotReconciled, Reconciled, reconcile};
pub use session::Session;
pub use settings::Settings;
pub use used_parts::UsedParts;
pub use workspace::{Workspace, WorkspaceParts};
