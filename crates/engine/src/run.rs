//! The objects that the steps of a run share, and the outcomes of steps.

use crate::{Event, StopMode, refresh::ContextFactory, retry_budget::StepError};
use aws_client::Failure;
use resource::{Address, KindRegistry, Reconciler};
use state::Writer;
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// The objects that all steps of a run share.
pub(crate) struct Run<'a> {
    pub(crate) registry: &'a KindRegistry,
    pub(crate) contexts: &'a ContextFactory,
    pub(crate) writer: &'a Writer,
    pub(crate) began: Instant,
    pub(crate) stop: watch::Receiver<StopMode>,
    pub(crate) events: &'a (dyn Fn(Event) + Send + Sync),
    pub(crate) no_wait: bool,
    /// The factor for the time that a resource may take to settle.
    pub(crate) wait_factor: u32,
    /// The resources that this run remakes, because AWS accepted their creation and then failed it.
    pub(crate) remade: RefCell<BTreeSet<Address>>,
    /// The times at which this run created resources.
    pub(crate) made: RefCell<HashMap<Address, Instant>>,
}

impl Run<'_> {
    /// The time within which a resource of this kind has to settle.
    pub(crate) fn deadline(&self, reconciler: &dyn Reconciler) -> Duration {
        reconciler.deadline() * self.wait_factor
    }

    /// The time within which a deleted resource of this kind has to be gone.
    pub(crate) fn deletion_deadline(&self, reconciler: &dyn Reconciler) -> Duration {
        reconciler.deletion_deadline() * self.wait_factor
    }
}

/// The outcome of a step.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    Failed(Failure),
    /// Not finished, on purpose.
    Left,
}

impl From<Result<(), StepError>> for Outcome {
    fn from(result: Result<(), StepError>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(StepError::Failed(failure)) => Self::Failed(failure),
            Err(StepError::Stopped) => Self::Left,
        }
    }
}
