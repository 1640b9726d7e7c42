//! Steps that began with the outputs of a resource that the run has since remade. They run again with the new outputs.
//!
//! A dependant that needs only the identity of a resource starts while AWS still creates the resource. If the creation
//! fails later and the run remakes the resource, its outputs change.

use aws_client::Failure;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The steps that the remakes of this run affect.
#[derive(Default)]
pub(super) struct Remakes {
    /// The outputs that each step announced.
    announced: HashMap<usize, Value>,
    /// Running steps that began with outdated outputs.
    pub(super) outdated: BTreeSet<usize>,
    /// Steps that failed while one of their dependencies was not yet settled.
    pub(super) held: BTreeMap<usize, Failure>,
    /// Steps that run again, or already ran again.
    pub(super) repeated: BTreeSet<usize>,
}

impl Remakes {
    /// Records announced outputs. Returns whether the step announced different outputs before.
    pub(super) fn is_another(&mut self, step: usize, outputs: &Value) -> bool {
        let before = self.announced.insert(step, outputs.clone());
        before.is_some_and(|before| before != *outputs)
    }

    /// True if a step that has just ended began with outdated outputs.
    pub(super) fn is_outdated(&self, step: usize) -> bool {
        self.outdated.contains(&step)
    }

    /// Holds a failure back until the dependencies of the step have settled.
    pub(super) fn hold(&mut self, step: usize, failure: Failure) {
        self.held.insert(step, failure);
    }
}
