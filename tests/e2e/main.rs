//! The binary, as a person or a script uses it, on the embedded AWS.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod calls;
mod edits;
mod embedded;
mod endpoint;
mod lifecycle;
mod locking;
mod memory;
mod permissions;
mod pipeline;
#[path = "../fixture/project.rs"]
mod project;
mod reconcile;
#[path = "../fixture/recorded.rs"]
mod recorded;
mod refusals;
