//! The inputs of [`apply`](super::apply).

use crate::{Event, MeasuredTimes, StopMode};
use resource::{KindRegistry, Stack};
use state::{State, Writer};
use tokio::sync::watch;

/// The inputs of [`apply`](super::apply).
pub struct Apply<'a> {
    /// The declared stack.
    pub stack: &'a Stack,
    /// The state that the plan was made on.
    pub state: &'a State,
    /// The kinds there are.
    pub registry: &'a KindRegistry,
    /// Records what happens. The caller holds the lock.
    pub writer: &'a Writer,
    /// Steps under way at once.
    pub parallelism: usize,
    /// End when nothing more has to be started.
    pub no_wait: bool,
    /// The factor for the time that each resource may take to settle. 1 is the usual time.
    pub wait_factor: u32,
    /// The durations of steps in earlier runs. `apply` begins with the longest chain of steps.
    pub measured: &'a MeasuredTimes,
    /// Tells when to stop.
    pub stop: watch::Receiver<StopMode>,
    /// Hears what happens.
    pub events: &'a (dyn Fn(Event) + Send + Sync),
}
