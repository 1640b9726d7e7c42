//! The binary, as a person or a script uses it, on the embedded AWS.

mod edits;
mod lifecycle;
mod locking;
mod project;
mod refusals;
