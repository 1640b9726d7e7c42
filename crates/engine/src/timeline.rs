//! When the steps of a run began and ended, which chain of steps decided how long the run took, and how long steps of
//! earlier runs took.

use crate::Action;
use resource::Address;
use std::{collections::HashMap, time::Duration};

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

/// The durations of steps in earlier runs. They are better estimates than the typical duration of a kind.
#[derive(Clone, Debug, Default)]
pub struct MeasuredTimes(HashMap<(Address, Action), Duration>);

impl MeasuredTimes {
    /// The duration of the latest step with this action on this resource, if there was one.
    pub fn time_of(&self, address: &Address, action: Action) -> Option<Duration> {
        self.0.get(&(address.clone(), action)).copied()
    }
}

impl FromIterator<(Address, Action, Duration)> for MeasuredTimes {
    fn from_iter<T: IntoIterator<Item = (Address, Action, Duration)>>(times: T) -> Self {
        Self(times.into_iter().map(|(address, action, took)| ((address, action), took)).collect())
    }
}
