//! A hostile AWS for tests.
//!
//! The embedded AWS of `--local` is kind: what is asked of it is done at once, and everybody knows of it.
//! Here AWS's laws are laid over it (lifecycles, propagation, what forbids what, what is left behind), then
//! faults (throttling, lost answers, broken connections) and kills at any call. Time is virtual: an hour
//! of waiting takes a second, and a run is the same for the same seed.

mod aws;
mod dates;
mod faults;
mod iam;
mod inventory;
mod journal;
mod laws;
mod lax;
pub mod locks;
mod lossy;
mod platform;
mod strangers;
mod time;
mod versions;
mod wire;

pub use aws::{Aws, as_account};
pub use faults::Fault;
pub use iam::Rights;
pub use inventory::of as inventory;
pub use journal::{Kill, MadeCall};
pub use lax::ignoring;
pub use lossy::Lossy;
pub use platform::Platform;
pub use strangers::Theirs;
pub use wire::Refusal;
