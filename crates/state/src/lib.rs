//! The record that mlopsctl keeps of a stack, and the lock by which several people share it.
//!
//! # Guarantees
//! - A state is written only on top of the version last read: a run whose lock was taken over changes nothing.
//! - A lock whose holder died is taken over by itself: at once on the same host, where the holder's liveness file
//!   proves it; a minute after its last renewal elsewhere, judged by S3's clock.
//! - A run that takes a lock over first makes every earlier version of the state stale. So does a run that finds no
//!   lock, but a state that names a run at work: a person deleted the lock by hand.
//! - Removing a lock marks it, so that it is taken over like an abandoned one, once its holder has surely stopped.
//! - A holder that slept, or could not renew, is not certain of its lock and changes nothing until it is.
//!
//! # Assumptions
//! - The store honours `If-Match` and `If-None-Match` on PUT, as S3 does: [`S3Store::refuse_unconditional`] asks it.

mod bucket;
mod bucket_making;
mod bucket_permissions;
mod custody;
mod error;
mod format;
mod format_1;
mod holder;
mod identity;
mod keys;
mod lease;
mod limits;
mod liveness;
mod lock;
mod lock_object;
mod process;
mod read;
mod removal;
mod renewal;
mod s3;
mod store;
mod unique_keys;
mod versions;
mod writer;

pub use bucket::{FoundStateBucket, StateBucket};
pub use custody::Weakness;
pub use error::Error;
pub use format::{Author, Deposed, Entry, Needed, Phase, State, schema};
pub use holder::{Holder, Removed};
pub use identity::StateIdentity;
pub use keys::StateKeys;
pub use lease::LockLease;
pub use limits::FORMAT;
pub use liveness::LivenessFile;
pub use lock::Lock;
pub use process::Process;
pub use removal::RemovedState;
pub use s3::{History, S3Store, StateVersion};
pub use store::{MemoryStore, Store, Stored, Version};
pub use writer::{Writer, WriterEnd};
