//! Runs steps again that began with the outputs of a resource that the run has since remade.

use super::driver::Driver;
use crate::{Applied, Failed, order::Work, schedule::Progress};
use aws_client::{Failure, Result};
use resource::Lookup;
use serde_json::Value;
use state::Entry;

/// The outputs that the plan knew. The outputs of remade resources are placeholders.
struct PredictedOutputs<'a>(&'a Driver<'a>);

impl Lookup for PredictedOutputs<'_> {
    fn outputs(&self, node: usize) -> Result<Value> {
        let Self(driver) = self;
        let known = &driver.planning.known[node];
        if let Some(outputs) = known.outputs.as_ref().filter(|_| !driver.is_remade(node)) {
            return Ok(outputs.clone());
        }
        let declared = &driver.with.stack.nodes()[node];
        let place = driver.planning.contexts.cloud.place();
        driver.with.registry.get(declared.kind)?.predict_outputs(&known.spec, declared.address.as_str(), place)
    }
}

impl Driver<'_> {
    /// True for all steps but a conditional one whose resource refers to none that this run remakes.
    pub(super) fn takes_place(&self, step: usize) -> bool {
        match self.steps[step].work {
            Work::Apply { node } if self.steps[step].is_conditional => self.refers_to_remade(node),
            _ => true,
        }
    }

    /// The planned specification of a node. It does not bind a reference to a resource that this run remakes: the plan
    /// shows the id of the one that failed.
    pub(super) fn planned(&self, node: usize, recorded: Option<&Entry>) -> Result<Value> {
        let known = &self.planning.known[node];
        if !self.refers_to_remade(node) {
            return Ok(known.spec.clone());
        }
        let declared = &self.with.stack.nodes()[node];
        let mut spec = self.run.contexts.spec(declared, &PredictedOutputs(self), recorded)?;
        if known.keeps_live {
            self.with.stack.ignored().copy_kept(&declared.address, &known.spec, &mut spec);
        }
        Ok(spec)
    }

    fn refers_to_remade(&self, node: usize) -> bool {
        self.with.stack.nodes()[node].dependencies.iter().any(|needed| self.is_remade(needed.node))
    }

    fn is_remade(&self, node: usize) -> bool {
        self.run.remade.borrow().contains(&self.with.stack.nodes()[node].address)
    }

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
        applied.failed.push(Failed::step(what, failure));
        self.schedule.failed(step);
    }
}
