//! The progress of a step, reported to the program around the engine.

use crate::{
    Action, Event, StepPhase,
    pace::Pace,
    retry_budget::RetryBudget,
    run::{Outcome, Run},
};
use aws_client::Failure;
use resource::Address;
use std::cell::Cell;
use tokio::time::Instant;

/// Tells how far a step is, and for how long.
pub(crate) struct Clock<'a> {
    run: &'a Run<'a>,
    address: Address,
    action: Action,
    began: Instant,
    said: Cell<Option<String>>,
    pace: Pace,
}

impl<'a> Clock<'a> {
    /// It begins now.
    pub(crate) fn new(run: &'a Run<'a>, address: &Address, action: Action, pace: Pace) -> Self {
        Self { run, address: address.clone(), action, began: Instant::now(), said: Cell::new(None), pace }
    }

    /// The waits of a part of the step.
    pub(crate) fn retry_budget(&self) -> RetryBudget {
        RetryBudget::paced(self.run.stop.clone(), self.pace.clone())
    }

    pub(crate) fn say(&self, phase: StepPhase) {
        if let StepPhase::Waiting(what) = &phase {
            let before = self.said.replace(Some(what.clone()));
            if before.as_ref() == Some(what) {
                return;
            }
        }
        (self.run.events)(Event {
            address: self.address.clone(),
            action: self.action,
            phase,
            elapsed: self.began.elapsed(),
            typical: self.pace.typical(),
            after: self.pace.after(),
        });
    }

    pub(crate) fn waits_for(&self, failure: &Failure) {
        if failure.kind.is_retryable() {
            self.say(StepPhase::Waiting(failure.to_string()));
        }
    }

    pub(crate) fn end(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Done => self.say(StepPhase::Done),
            Outcome::Failed(failure) => self.say(StepPhase::Failed(Box::new(failure.clone()))),
            Outcome::Left => {}
        }
    }
}
