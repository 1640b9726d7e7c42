//! How long the engine waits between two looks, and when it gives up: the one place that sleeps.

use crate::StopMode;
use resource::{Failure, FailureKind};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

/// The first wait after a look that found nothing new.
const FIRST: Duration = Duration::from_millis(250);
/// The longest wait between two looks.
const LONGEST: Duration = Duration::from_secs(5);
/// The longest wait between two attempts at something that propagation will heal.
const LONGEST_HEALING: Duration = Duration::from_secs(2);
/// For how long throttling is borne.
const THROTTLED_FOR: Duration = Duration::from_secs(300);
/// For how long an answer is asked for again after it was lost.
const AMBIGUOUS_FOR: Duration = Duration::from_secs(60);

/// The waits of one step: fast at first, slower later, over at once when the run is stopped.
pub(crate) struct Patience {
    began: Instant,
    next: Duration,
    stop: watch::Receiver<StopMode>,
}

/// The run was stopped while waiting.
#[derive(Debug)]
pub(crate) struct Stopped;

impl Patience {
    pub(crate) fn new(stop: watch::Receiver<StopMode>) -> Self {
        Self { began: Instant::now(), next: FIRST, stop }
    }

    pub(crate) fn is_over(&self, deadline: Duration) -> bool {
        self.began.elapsed() >= deadline
    }

    /// Waits before the next look at something slow.
    pub(crate) async fn wait(&mut self) -> Result<(), Stopped> {
        self.pause(LONGEST).await
    }

    async fn pause(&mut self, longest: Duration) -> Result<(), Stopped> {
        let pause = self.next.min(longest);
        self.next = (pause * 3 / 2).min(longest);
        tokio::select! {
            () = sleep(pause) => Ok(()),
            _ = self.stop.wait_for(|mode| *mode != StopMode::Go) => Err(Stopped),
        }
    }

    /// Waits if the failure is one that time heals and the time for it is not up; otherwise gives it back.
    pub(crate) async fn bear(&mut self, failure: Failure) -> Result<(), Unbearable> {
        let within = match failure.kind {
            FailureKind::Heals(within) => within,
            FailureKind::Throttled => THROTTLED_FOR,
            FailureKind::Ambiguous => AMBIGUOUS_FOR,
            _ => return Err(Unbearable::Failed(failure)),
        };
        if self.is_over(within) {
            let message = format!("{} (for {} s)", failure.message, within.as_secs());
            return Err(Unbearable::Failed(Failure { message, ..failure }));
        }
        tracing::debug!(%failure, "waiting for it to heal");
        self.pause(LONGEST_HEALING).await.map_err(|Stopped| Unbearable::Stopped)
    }
}

/// Why waiting ended.
#[derive(Debug)]
pub(crate) enum Unbearable {
    Failed(Failure),
    Stopped,
}

impl From<Stopped> for Unbearable {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<Failure> for Unbearable {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
