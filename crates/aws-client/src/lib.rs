//! The layer between the SDK's clients and AWS: rates, deadlines and counts of calls, and the meaning of failures.
//!
//! A [`Guard`] checks each request before it is sent, a [`CallMeter`] counts and limits the rate, [`bounded`] ends calls that
//! hang, [`Pages`] read lists to their end. A [`Failure`] says what a caller can do about it.

mod boxed;
mod called;
mod deadline;
mod failure;
mod guard;
mod http_layer;
mod limit;
mod loader;
mod meter;
mod pages;
mod remedy;
mod throttling;
mod waits;

pub use boxed::Boxed;
pub use deadline::bounded;
pub use failure::{Attempt, ErrorPattern, Failure, FailureKind, Result, chain};
pub use guard::{Guard, RequestCheck};
pub use http_layer::HttpLayer;
pub use loader::Loader;
pub use meter::{CallMeter, Calls, LARGEST_ANSWER};
pub use pages::{Items, NextPage, Pages, Tokens};
pub use remedy::{Adoption, Operation, PolicyOf, Remedy};
pub use throttling::is_throttling;
pub use waits::{Longest, Waits};
