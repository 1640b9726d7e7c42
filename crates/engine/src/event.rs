//! The events of a run at work.

use crate::Action;
use aws_client::Failure;
use resource::Address;
use std::time::Duration;

/// Something a person may want to see while a plan is applied.
#[derive(Clone, Debug)]
pub struct Event {
    /// The resource.
    pub address: Address,
    /// The action.
    pub action: Action,
    /// The progress of the action.
    pub phase: StepPhase,
    /// Since the step started.
    pub elapsed: Duration,
    /// The usual duration of the step on AWS.
    pub typical: Duration,
    /// The usual duration of the longest chain of steps that waits for this one.
    pub after: Duration,
}

/// The progress of a step.
#[derive(Clone, Debug)]
pub enum StepPhase {
    /// It has begun.
    Started,
    /// It waits for AWS; says for what.
    Waiting(String),
    /// It is done.
    Done,
    /// It failed; what depends on it will not be done.
    Failed(Box<Failure>),
}
