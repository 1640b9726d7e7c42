//! The commands, one module for each or for each group.

mod accept;
pub(crate) mod adopt;
pub(crate) mod change;
pub(crate) mod cost;
pub(crate) mod destroy;
pub(crate) mod doctor;
pub(crate) mod files;
mod function_code;
pub(crate) mod graph;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod job;
pub(crate) mod local;
pub(crate) mod mcp;
mod not_done;
pub(crate) mod permissions;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod reconcile;
pub(crate) mod self_check;
pub(crate) mod stale_plan;
pub(crate) mod state;
pub(crate) mod unlock;
pub(crate) mod up;
pub(crate) mod wait;
