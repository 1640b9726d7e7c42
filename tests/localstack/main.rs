//! The binary against LocalStack and moto: what software that we did not write thinks of it.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod crash;
mod data_at_risk;
mod editing;
mod inventory;
mod lifecycle;
mod locking;
mod pipeline;
mod platform;
#[path = "../fixture/program.rs"]
mod program;
#[path = "../fixture/project.rs"]
mod project;
#[path = "../fixture/schemas.rs"]
mod schemas;
mod server;
mod tampering;
