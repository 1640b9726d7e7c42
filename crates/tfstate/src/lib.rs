//! Reads what Terraform remembers, and finds in it what a stack declares: for platforms that were built by Terraform
//! and are to be taken over. Pure: it reads bytes, not files, and asks no cloud.

mod import;
mod kinds;
mod matching;
mod read;

pub use import::{Exported, NoType, import_blocks, terraform_type};
pub use matching::{Declared, Left, Match, Matching};
pub use read::{Error, Managed, Tfstate};
