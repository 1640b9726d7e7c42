//! What mlopsctl remembers of a stack, and how several people share that memory.
//!
//! # Guarantees
//! - A state is written only on top of the version last read: a writer that lost its lock changes nothing.
//! - A lock whose holder died is taken over by itself: at once on the same host, a minute after its last
//!   renewal elsewhere, judged by S3's clock.
//! - Who takes a lock over makes every earlier version of the state stale first.
//! - A holder that slept, or could not renew, is not certain of its lock and changes nothing until it is.
//!
//! # Assumptions
//! - The store honours `If-Match` and `If-None-Match` on PUT, as S3 does.

mod bucket;
mod bucket_making;
mod bucket_permissions;
mod custody;
mod error;
mod format;
mod format_1;
mod identity;
mod keys;
mod lock;
mod process;
mod read;
mod removal;
mod s3;
mod store;
mod tenure;
mod versions;
mod writer;

pub use bucket::{LeftBehind, StateBucket};
pub use custody::Weakness;
pub use error::Error;
pub use format::{Deposed, Entry, FORMAT, Needed, Phase, State, schema};
pub use identity::StateIdentity;
pub use keys::StateKeys;
pub use lock::{Holder, Lock};
pub use process::Process;
pub use removal::Removed;
pub use s3::{History, S3Store, StateVersion};
pub use store::{MemoryStore, Store, Stored, Version};
pub use tenure::Tenure;
pub use writer::Writer;
