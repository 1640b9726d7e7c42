//! The times between two reads and two attempts, and the time after which a step fails. Only this module sleeps.

use crate::{StopMode, pace::Pace};
use aws_client::{Failure, FailureKind};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

/// The first wait after a read that found nothing new.
const FIRST: Duration = Duration::from_millis(250);
/// By how much each wait is longer than the one before.
const GROWTH: u32 = 2;
/// The longest wait between two reads of a plan.
const LONGEST: Duration = Duration::from_secs(5);
/// The longest wait between two attempts that propagation delays, usually by minutes.
const LONGEST_PROPAGATION: Duration = Duration::from_secs(2);
/// The longest wait between two attempts at what may take most of an hour.
const LONGEST_LINGERING: Duration = Duration::from_secs(15);
/// About how many attempts are made before time is up.
const ATTEMPTS: u32 = 150;
/// A retry may notice the end of a long failure late, by this part of the failure's duration.
const NOTICED_WITHIN: u32 = 60;
/// The time for which a denied change of an existing resource is retried. Changed tags that a permission depends on,
/// and changed policies of the caller, take effect after some seconds. A run that has just ended may have changed them.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
pub(crate) const DENIED_FOR: Duration = Duration::from_secs(20);
/// The time for which throttled calls are retried.
const THROTTLED_FOR: Duration = Duration::from_secs(300);
/// The time for which calls with a lost response are retried.
const AMBIGUOUS_FOR: Duration = Duration::from_secs(60);
/// The time after which AWS's lists show a new resource: they lag behind writes.
pub(crate) const SURFACES_WITHIN: Duration = Duration::from_secs(10);

/// The pauses before a difference is read again. Terraform's provider reads the settings of a bucket until
/// reads in a row agree.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
pub(crate) const BETWEEN_DOUBTS: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1500)];

/// Waits in a plan, which has no stop signal.
pub(crate) async fn rest(pause: Duration) {
    sleep(pause).await;
}

/// The retry budget of one step, and its waits: short at first, longer later, over at once when the run is stopped.
pub(crate) struct RetryBudget {
    began: Instant,
    next: Duration,
    /// The kinds of failures since the last success, each with its first moment. Each kind has a retry time of its own:
    /// an hour of waiting for one says nothing about the next.
    failing_since: Vec<(FailureKind, Instant)>,
    stop: watch::Receiver<StopMode>,
    pace: Option<Pace>,
}

/// The run was stopped while waiting.
#[derive(Debug)]
pub(crate) struct Stopped;

impl RetryBudget {
    pub(crate) fn new(stop: watch::Receiver<StopMode>) -> Self {
        Self { began: Instant::now(), next: FIRST, failing_since: Vec::new(), stop, pace: None }
    }

    /// The budget of a step, whose waits depend on the rest of the run.
    pub(crate) fn paced(stop: watch::Receiver<StopMode>, pace: Pace) -> Self {
        Self { pace: Some(pace), ..Self::new(stop) }
    }

    pub(crate) fn is_over(&self, deadline: Duration) -> bool {
        self.began.elapsed() >= deadline
    }

    /// Waits before the next read of a slow change. The last read succeeded.
    pub(crate) async fn wait(&mut self) -> Result<(), Stopped> {
        self.failing_since.clear();
        let began = self.began;
        self.pause(|pace| pace.map_or(LONGEST, |pace| pace.between_polls(began))).await
    }

    /// Waits for as long as `longest` says, less at first, and until it says otherwise.
    async fn pause(&mut self, longest: impl Fn(Option<&Pace>) -> Duration) -> Result<(), Stopped> {
        let Self { next, stop, pace, .. } = self;
        let began = Instant::now();
        loop {
            let pause = (*next).min(longest(pace.as_ref()));
            let expectation = async {
                match pace.as_mut() {
                    Some(pace) => pace.changed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep_until(began + pause) => {
                    *next = (pause * GROWTH).min(LONGEST_LINGERING);
                    return Ok(());
                }
                () = expectation => {}
                _ = stop.wait_for(|mode| *mode != StopMode::Go) => return Err(Stopped),
            }
        }
    }

    /// Waits before the next attempt if the failure is retryable and its retry time is not over; otherwise returns it.
    pub(crate) async fn wait_or_fail(&mut self, failure: Failure) -> Result<(), StepError> {
        let within = match failure.kind {
            FailureKind::Retryable(within) => within,
            FailureKind::Throttled => THROTTLED_FOR,
            FailureKind::Ambiguous => AMBIGUOUS_FOR,
            _ => return Err(StepError::Failed(failure)),
        };
        self.wait_or_fail_within(within, failure).await
    }

    /// Waits before the next attempt, whatever the failure, until this time is over; then returns the failure.
    pub(crate) async fn wait_or_fail_within(&mut self, within: Duration, failure: Failure) -> Result<(), StepError> {
        if self.since(failure.kind).elapsed() >= within {
            let message = format!("{} (for {} s)", failure.message, within.as_secs());
            return Err(StepError::Failed(Failure { message, ..failure }));
        }
        tracing::debug!(%failure, "waiting before the next attempt");
        let longest = (within / ATTEMPTS).clamp(LONGEST_PROPAGATION, LONGEST_LINGERING);
        // Retries on the critical path become less frequent the longer the failure lasts.
        let seldom = self.since(failure.kind).elapsed() / NOTICED_WITHIN;
        let paced = |pace: &Pace| pace.between_attempts().max(seldom).min(longest);
        self.pause(|pace| pace.map_or(longest, paced)).await.map_err(|Stopped| StepError::Stopped)
    }

    /// Does the same for an operation on an existing resource, where a denial may be due to eventual consistency as well.
    pub(crate) async fn wait_or_fail_existing(&mut self, failure: Failure) -> Result<(), StepError> {
        match is_denial(&failure) {
            true => self.wait_or_fail_within(DENIED_FOR, failure).await,
            false => self.wait_or_fail(failure).await,
        }
    }

    fn since(&mut self, kind: FailureKind) -> Instant {
        match self.failing_since.iter().find(|(known, _)| *known == kind) {
            Some((_, since)) => *since,
            None => {
                let now = Instant::now();
                self.failing_since.push((kind, now));
                now
            }
        }
    }
}

/// True if AWS denied a permission, perhaps because a change has not yet propagated. Missing or expired credentials are
/// no denial.
pub(crate) fn is_denial(failure: &Failure) -> bool {
    failure.kind == FailureKind::Denied && failure.says_denied()
}

/// A failure of an operation on an existing resource, with the time for which [`RetryBudget::wait_or_fail_existing`]
/// retries it.
pub(crate) fn with_retry_time(failure: &Failure) -> Failure {
    let kind = if is_denial(failure) { FailureKind::Retryable(DENIED_FOR) } else { failure.kind };
    Failure { kind, ..failure.clone() }
}

/// The reason why a step ended early.
#[derive(Debug)]
pub(crate) enum StepError {
    Failed(Failure),
    Stopped,
}

impl From<Stopped> for StepError {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<Failure> for StepError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry_budget() -> (watch::Sender<StopMode>, RetryBudget) {
        let (stop, stopped) = watch::channel(StopMode::Go);
        (stop, RetryBudget::new(stopped))
    }

    fn failure(kind: FailureKind) -> Failure {
        Failure::new(kind, "not yet")
    }

    async fn retry_time(retries: &mut RetryBudget, kind: FailureKind) -> Duration {
        let began = Instant::now();
        while retries.wait_or_fail(failure(kind)).await.is_ok() {}
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn retryable_failure_is_retried_for_its_time_and_then_returned() {
        let (_go, mut retries) = retry_budget();
        let within = Duration::from_secs(120);
        let retried = retry_time(&mut retries, FailureKind::Retryable(within)).await;
        assert!(retried >= within && retried <= within + LONGEST_PROPAGATION, "{retried:?}");
        let returned = retries.wait_or_fail(failure(FailureKind::Denied)).await;
        assert!(matches!(returned, Err(StepError::Failed(failure)) if failure.kind == FailureKind::Denied));
    }

    #[tokio::test(start_paused = true)]
    async fn lost_response_after_a_long_wait_is_retried() {
        let (_go, mut retries) = retry_budget();
        for _ in 0..60 {
            retries.wait().await.unwrap();
        }
        assert!(retries.is_over(AMBIGUOUS_FOR));
        assert!(retries.wait_or_fail(failure(FailureKind::Ambiguous)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn failure_kinds_have_retry_times_of_their_own() {
        let (_go, mut retries) = retry_budget();
        retry_time(&mut retries, FailureKind::Retryable(Duration::from_secs(2700))).await;
        assert!(retries.wait_or_fail(failure(FailureKind::Throttled)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn retries_of_an_hour_become_less_frequent() {
        let (_go, mut retries) = retry_budget();
        let hour = FailureKind::Retryable(Duration::from_secs(2700));
        let mut attempts = 0;
        while retries.wait_or_fail(failure(hour)).await.is_ok() {
            attempts += 1;
        }
        assert!(attempts < 250, "{attempts}");
    }
}
