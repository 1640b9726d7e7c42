//! The binary, as a person or a script uses it, on the embedded AWS.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod edits;
mod embedded;
mod endpoint;
mod lifecycle;
mod locking;
mod memory;
#[path = "../fixture/project.rs"]
mod project;
mod refusals;
