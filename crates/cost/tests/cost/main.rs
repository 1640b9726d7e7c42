//! Prices, amounts and sums. `crates/blueprint/tests/platform/costs` has the tests of the platform and its kinds.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod amounts;
mod laws;
mod prices;
mod stack;
