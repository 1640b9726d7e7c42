//! The results of a run.

use crate::{Action, Timeline, order::Step};
use aws_client::Failure;
use resource::Address;
use serde_json::Value;
use std::collections::BTreeMap;

/// The results of a run.
#[derive(Debug, Default)]
pub struct Applied {
    /// Steps that are done.
    pub done: Vec<(Address, Action)>,
    /// Steps that failed.
    pub failed: Vec<Failed>,
    /// Steps that were not started.
    pub skipped: Vec<Skipped>,
    /// Steps that were left unfinished on purpose: stopped, or not waited for.
    pub left: Vec<(Address, Action)>,
    /// Facts about the deletions that are done, in words: see [`resource::Resource::after_deletion`].
    pub aftermath: Vec<(Address, String)>,
    /// The reason why the run ended early, if it did.
    pub stopped: Option<String>,
    /// The outputs of the platform, as far as they are known.
    pub outputs: BTreeMap<String, Value>,
    /// When its steps began and ended.
    pub timeline: Timeline,
}

/// A step that failed.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// The attempted action.
    pub action: Action,
    /// The reason.
    pub failure: Failure,
}

/// A step that was not started.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The resource.
    pub address: Address,
    /// The planned action.
    pub action: Action,
    /// The resource that failed before it; `None` when the run was stopped.
    pub because: Option<Address>,
}

impl Failed {
    pub(crate) fn step(step: &Step, failure: Failure) -> Self {
        Self { address: step.address.clone(), kind: step.kind.clone(), action: step.action, failure }
    }
}
