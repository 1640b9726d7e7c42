//! What an estimate says of the platform, of its parts and of what it does not know.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod amounts;
mod kinds;
mod laws;
mod platform;
mod prices;
mod runs;
mod stack;
