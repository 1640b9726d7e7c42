//! Everything that reads what others wrote. Given any bytes, each comes back, with what it read or with an error,
//! and keeps its law. Fuzzing begins here, and so does the test that imitates it (`crates/testkit/tests/parsers`).

#[cfg(feature = "local")]
mod call;
mod parsers;

#[cfg(feature = "local")]
pub use call::call;
pub use parsers::{address, environment, lock, plan, policy, state, tfstate};
