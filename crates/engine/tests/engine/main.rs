//! The engine without AWS: over clouds in memory, in virtual time.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails where it unwraps, and tells a replay")]

mod boxes;
mod evolution;
mod ignoring;
mod late_failures;
mod lifecycle;
mod moving;
mod ownership;
mod parcels;
mod repairs;
mod reviewing;
mod schedules;
mod waiting;
