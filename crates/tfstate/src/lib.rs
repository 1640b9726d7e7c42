//! Reads what Terraform remembers, and finds in it what a stack declares: for platforms that were built by Terraform
//! and are to be taken over. Pure: it reads bytes, not files, and asks no cloud.

mod import;
mod matching;
mod read;
mod types;

pub use import::{Exported, NoType, import_blocks};
pub use matching::{Declared, Match, Matching, Unmatched};
pub use read::{Error, Managed, Tfstate};
pub use types::Types;
