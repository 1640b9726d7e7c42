//! Runs steps again that began with the outputs of a resource that the run has since remade.

use super::driver::Driver;
use crate::{Applied, Failed, order::Work, schedule::Progress};
use aws_client::Failure;

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
        applied.failed.push(Failed::step(what, failure));
        self.schedule.failed(step);
    }
}
