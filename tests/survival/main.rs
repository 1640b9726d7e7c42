//! The binary, whatever happens to it: broken input, signals, kills, and many at once.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod aftermath;
mod asking;
mod crowd;
mod full;
mod hand;
mod input;
mod interrupts;
mod job;
mod kills;
mod lambda;
#[path = "../fixture/program.rs"]
mod program;
#[path = "../fixture/project.rs"]
mod project;
mod removal;
mod rotation;
mod running;
mod said;
#[path = "../fixture/schemas.rs"]
mod schemas;
mod served;
mod signatures;
mod terminal;
#[path = "../fixture/terraform.rs"]
mod terraform;
mod widths;
