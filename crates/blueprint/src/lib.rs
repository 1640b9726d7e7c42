//! The platform: from an environment file to a stack of resources. One module per area; each reads like
//! the diagram of what it builds.
//!
//! Pure but for reading the files the platform is made from. Knows nothing of calls or plans.

mod alarms;
mod build_context;
mod catalog;
mod dashboard;
mod definition;
mod deploy;
mod drift_job;
mod encryption;
mod endpoint_policy;
mod error;
mod existing;
mod existing_network;
mod files;
mod finding;
mod findings;
mod functions;
mod grants;
mod identity;
mod ignored;
mod inputs;
mod interfaces;
mod kinds;
mod location;
mod log_groups;
mod machine;
mod monitoring;
mod names;
mod network;
mod operations;
mod own_network;
mod pipeline;
mod placement;
mod policy;
mod registry;
mod required;
mod roles;
mod sagemaker_roles;
mod script_bundle;
mod secrets;
mod settings_json;
mod stack;
mod storage;
mod studio;

pub use build_context::{identity, identity_of};
pub use error::Error;
pub use existing::{Existing, existing, existing_permissions};
pub use existing_network::existing_network;
pub use finding::Finding;
pub use findings::{addresses, check, findings};
pub use ignored::ignore_rules;
pub use inputs::Inputs;
pub use kinds::registry;
pub use placement::{Placement, Questions, Recorded, RecordedPlacement};
pub use stack::stack;
