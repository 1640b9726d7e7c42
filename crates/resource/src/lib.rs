//! What the engine and the service crates share.
//!
//! A service crate implements [`Resource`] for each kind of thing it can build. The blueprint wires
//! declarations of them into a [`Stack`]; the engine drives them through the erased [`Reconciler`].
//! Nothing here waits, prints or decides: that is the engine's and the binary's work.

mod address;
mod boxed;
mod called;
mod comparison;
mod context;
mod contract;
mod deadline;
mod declaration;
mod diff;
mod erased;
mod existing;
mod failure;
mod guard;
mod id;
mod ignored;
mod limit;
mod loader;
mod meaning;
mod meter;
mod ownership;
mod pages;
mod permission;
mod place;
mod policy_allows;
mod recorded;
mod sensitive;
mod size;
mod stack;
mod substitution;
mod tag_index;
mod tag_reading;
mod tags;
mod throttling;
mod unknown;
mod waits;

pub use address::Address;
pub use boxed::Boxed;
pub use comparison::As;
pub use context::{Asset, Cloud, Cx, Listener, sha256_hex};
pub use contract::{Content, Deletion, Found, IdForm, Naming, Observed, Owner, Resource, tags_of};
pub use deadline::bounded;
pub use declaration::{Declaration, Foreseen};
pub use diff::{Diff, FieldChange, compare};
pub use erased::{Observation, Reconciler, Registry};
pub use existing::{Prerequisite, Shortcoming, UsedPart};
pub use failure::{Attempt, Failure, FailureKind, Result, Sign, chain};
pub use guard::{Guard, Leave};
pub use id::*;
pub use ignored::{IgnoreRules, IgnoredDifference};
pub use loader::Loader;
pub use meaning::{policy_meaning, policy_spelling, same_policy};
pub use meter::{Calls, LARGEST_ANSWER, Meter};
pub use ownership::{Ownership, describe as describe_owner};
pub use pages::{Items, NextPage, Pages, Tokens};
pub use permission::{ANYTHING, Condition, Need, Permission};
pub use place::Place;
pub use policy_allows::{Principals, policy_allows};
pub use sensitive::{SENSITIVE, holds_seal, unseal};
pub use size::{Excess, Measure, SizeLimit};
pub use stack::{Dependencies, Dependency, Edge, Handle, Lookup, Node, Ordered, OutputSpec, Ready, Reference, Stack};
pub use substitution::substitute;
pub use tag_index::{Glance, TagIndex};
pub use tags::{ADDRESS_TAG, LINEAGE_TAG, Tags};
pub use throttling::is_throttling;
pub use unknown::{UNKNOWN_CLOSE, UNKNOWN_OPEN, fill_in, has_unknown, unknown};
pub use waits::{Longest, Waits};
