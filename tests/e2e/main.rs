//! The binary, as a person or a script uses it, on the embedded AWS.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod adoption;
mod calls;
mod completions;
mod cost;
mod doctor;
mod edits;
mod embedded;
mod endpoint;
mod event_history;
mod existing_network;
mod extending;
mod first_errors;
mod graph;
mod lax_stores;
mod lifecycle;
mod locking;
mod lost_state;
mod machine_output;
mod mcp;
mod memory;
mod naming;
mod new_project;
mod organisation;
mod own_data;
mod pages;
mod permissions;
mod pipeline;
mod pipeline_models;
mod pipeline_on_this_machine;
mod policy_check;
#[path = "../fixture/project.rs"]
mod project;
mod pull_requests;
mod reconcile;
#[path = "../fixture/recorded.rs"]
mod recorded;
mod refusals;
#[path = "../fixture/schemas.rs"]
mod schemas;
mod secrets;
mod self_check;
mod served;
mod state_buckets;
mod state_commands;
#[path = "../fixture/terraform.rs"]
mod terraform;
mod upgrade;
mod zones;
