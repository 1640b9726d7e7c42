//! Estimates of the platform and of its parts. `crates/cost` has the tests of prices and sums.

mod kinds;
mod runs;
mod stack;
mod totals;
