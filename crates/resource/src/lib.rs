//! The contract between the engine and the service crates.
//!
//! A service crate implements [`Resource`] for each kind of thing it can build. The blueprint wires
//! declarations of them into a [`Stack`]; the engine drives them through the erased [`Reconciler`].
//! Nothing here waits, prints or decides: that is the engine's and the binary's work.

mod address;
mod comparison;
mod context;
mod contract;
mod declaration;
mod diff;
mod erased;
mod existing;
mod ignored;
mod ownership;
mod quota;
mod recorded;
mod sensitive;
mod size;
mod stack;
mod substitution;
mod tag_changes;
mod tag_index;
mod tag_reading;
mod tags;
mod terraform;

pub use address::Address;
pub use comparison::As;
pub use context::{Asset, Cloud, Context, Listener, sha256_hex};
pub use contract::{Content, Deletion, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, spec_as, tags_of};
pub use declaration::{Declaration, PredictedOutputs};
pub use diff::{Diff, FieldChange, compare};
pub use erased::{KindRegistry, Observation, Reconciler};
pub use existing::{Prerequisite, Shortcoming, UsedPart};
pub use ignored::{IgnoreRules, IgnoredDifference};
pub use ownership::{Ownership, describe as describe_owner};
pub use quota::{LiveCount, Quota, QuotaScope, QuotaSource, QuotaUse};
pub use sensitive::{OTHER_SENSITIVE, SENSITIVE, holds_seal, unseal};
pub use size::{Measure, SizeExcess, SizeLimit};
pub use stack::{Dependencies, Dependency, Edge, Handle, Lookup, Node, Ordered, OutputSpec, Ready, Reference, Stack};
pub use substitution::substitute;
pub use tag_index::{StackTagCache, TagIndex};
pub use tags::{ADDRESS_TAG, LINEAGE_TAG, Tags};
pub use terraform::{Associated, ImportId, Terraform};
pub use usage;
