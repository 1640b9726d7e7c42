//! The engine without AWS: over clouds in memory, in virtual time.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod lifecycle;
mod schedules;
