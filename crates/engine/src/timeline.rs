//! When the steps of a run began and ended, and which chain of steps decided how long the run took.

use crate::Action;
use resource::Address;
use std::time::Duration;

/// The times of the steps of a run, since the run began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// The finished and failed steps, in the order in which they began.
    pub steps: Vec<StepTime>,
    /// The chain of steps that ended last: each step waited for the one before it.
    pub longest_chain: Vec<ChainLink>,
}

/// The time of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTime {
    /// The resource.
    pub address: Address,
    /// The change of the resource.
    pub action: Action,
    /// When the step began, since the run began.
    pub began: Duration,
    /// When it ended, since the run began.
    pub ended: Duration,
}

/// One step of the longest chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// The resource.
    pub address: Address,
    /// The change of the resource.
    pub action: Action,
    /// The time until the next step of the chain could begin, or until the end of the run.
    pub took: Duration,
}
