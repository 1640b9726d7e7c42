//! Steps that began with the outputs of a resource that the run has since remade. They run again with the new outputs.
//!
//! A dependant that needs only the identity of a resource starts while AWS still creates the resource. If the creation
//! fails later and the run remakes the resource, its outputs change.

use super::{
    Applied,
    driver::{Driver, failed},
};
use crate::{order::Work, schedule::Progress};
use resource::Failure;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The steps that the remakes of this run affect.
#[derive(Default)]
pub(super) struct Remakes {
    /// The outputs that each step announced.
    announced: HashMap<usize, Value>,
    /// Running steps that began with outdated outputs.
    outdated: BTreeSet<usize>,
    /// Steps that failed while one of their dependencies was not yet settled.
    held: BTreeMap<usize, Failure>,
    /// Steps that run again, or already ran again.
    pub(super) repeated: BTreeSet<usize>,
}

impl Remakes {
    /// Records announced outputs. Returns whether the step announced different outputs before.
    pub(super) fn is_another(&mut self, step: usize, outputs: &Value) -> bool {
        let before = self.announced.insert(step, outputs.clone());
        before.is_some_and(|before| before != *outputs)
    }

    /// Whether a step that has just ended began with outdated outputs.
    pub(super) fn is_outdated(&self, step: usize) -> bool {
        self.outdated.contains(&step)
    }

    /// Holds a failure back until the dependencies of the step have settled.
    pub(super) fn hold(&mut self, step: usize, failure: Failure) {
        self.held.insert(step, failure);
    }
}

impl Driver<'_> {
    /// Repeats the steps that began with the earlier outputs of a remade resource.
    pub(super) fn repeat_dependants(&mut self, step: usize) {
        for after in self.schedule.dependants(step) {
            let is_apply = matches!(self.steps[after].work, Work::Apply { .. });
            match self.schedule.progress(after) {
                Progress::Done if is_apply => self.repeat(after),
                Progress::Running | Progress::Identified if self.remakes.held.remove(&after).is_some() => {
                    self.repeat(after);
                }
                Progress::Running | Progress::Identified if is_apply => {
                    self.remakes.outdated.insert(after);
                }
                _ => {}
            }
        }
    }

    pub(super) fn repeat(&mut self, step: usize) {
        self.remakes.outdated.remove(&step);
        self.remakes.repeated.insert(step);
        self.schedule.repeat(step);
    }

    /// Decides about held failures once all dependencies of their steps have settled. A step runs again, once, if all
    /// of its dependencies work now.
    pub(super) fn release_held(&mut self, applied: &mut Applied) {
        let held = self.remakes.held.keys().copied();
        let settled: Vec<usize> = held.filter(|step| !self.schedule.rests_on_unfinished(*step)).collect();
        for step in settled {
            let fails = self.schedule.rests_on_failed(step) || self.remakes.repeated.contains(&step);
            match self.remakes.held.remove(&step) {
                Some(failure) if fails => self.fail(step, failure, applied),
                _ => self.repeat(step),
            }
        }
    }

    /// Counts all held failures as failures, because the run ends.
    pub(super) fn fail_held(&mut self, applied: &mut Applied) {
        for (step, failure) in std::mem::take(&mut self.remakes.held) {
            self.fail(step, failure, applied);
        }
    }

    pub(super) fn fail(&mut self, step: usize, failure: Failure, applied: &mut Applied) {
        let what = &self.steps[step];
        applied.done.retain(|(address, _)| !(self.remakes.repeated.contains(&step) && *address == what.address));
        applied.failed.push(failed(what, failure));
        self.schedule.failed(step);
    }
}
