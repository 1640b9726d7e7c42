//! How long the engine waits between two looks, and when it gives up: the one place that sleeps.

use crate::{StopMode, pace::Pace};
use aws_client::{Failure, FailureKind};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

/// The first wait after a look that found nothing new.
const FIRST: Duration = Duration::from_millis(250);
/// By how much each wait is longer than the one before.
const GROWTH: u32 = 2;
/// The longest wait between two looks of a plan.
const LONGEST: Duration = Duration::from_secs(5);
/// The longest wait between two attempts at something that propagation will heal, in minutes.
const LONGEST_HEALING: Duration = Duration::from_secs(2);
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
/// For how long throttling is borne.
const THROTTLED_FOR: Duration = Duration::from_secs(300);
/// For how long an answer is asked for again after it was lost.
const AMBIGUOUS_FOR: Duration = Duration::from_secs(60);
/// How long what was made, or may have been, can stay out of sight: as long as AWS's lists lag behind.
pub(crate) const SURFACES_WITHIN: Duration = Duration::from_secs(10);

/// The pauses before a difference is read again. Terraform's provider reads the settings of a bucket until
/// reads in a row agree.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>
pub(crate) const BETWEEN_DOUBTS: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1500)];

/// Waits in a plan, which nobody stops.
pub(crate) async fn rest(pause: Duration) {
    sleep(pause).await;
}

/// The waits of one step: fast at first, slower later, over at once when the run is stopped.
pub(crate) struct Patience {
    began: Instant,
    next: Duration,
    /// What goes wrong now, and since when. Each kind has its own time: an hour of waiting for one thing
    /// says nothing about the next.
    troubles: Vec<(FailureKind, Instant)>,
    stop: watch::Receiver<StopMode>,
    pace: Option<Pace>,
}

/// The run was stopped while waiting.
#[derive(Debug)]
pub(crate) struct Stopped;

impl Patience {
    pub(crate) fn new(stop: watch::Receiver<StopMode>) -> Self {
        Self { began: Instant::now(), next: FIRST, troubles: Vec::new(), stop, pace: None }
    }

    /// Of a step, whose waits depend on what the run waits for.
    pub(crate) fn paced(stop: watch::Receiver<StopMode>, pace: Pace) -> Self {
        Self { pace: Some(pace), ..Self::new(stop) }
    }

    pub(crate) fn is_over(&self, deadline: Duration) -> bool {
        self.began.elapsed() >= deadline
    }

    /// Waits before the next look at something slow. The last look went well.
    pub(crate) async fn wait(&mut self) -> Result<(), Stopped> {
        self.troubles.clear();
        let began = self.began;
        self.pause(|pace| pace.map_or(LONGEST, |pace| pace.between_looks(began))).await
    }

    /// Waits for as long as `longest` says, less at first, and until it says otherwise.
    async fn pause(&mut self, longest: impl Fn(Option<&Pace>) -> Duration) -> Result<(), Stopped> {
        let Self { next, stop, pace, .. } = self;
        let looked = Instant::now();
        loop {
            let pause = (*next).min(longest(pace.as_ref()));
            let expectation = async {
                match pace.as_mut() {
                    Some(pace) => pace.changed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep_until(looked + pause) => {
                    *next = (pause * GROWTH).min(LONGEST_LINGERING);
                    return Ok(());
                }
                () = expectation => {}
                _ = stop.wait_for(|mode| *mode != StopMode::Go) => return Err(Stopped),
            }
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
        self.bear_for(within, failure).await
    }

    /// The same, whatever the failure, for this long.
    pub(crate) async fn bear_for(&mut self, within: Duration, failure: Failure) -> Result<(), Unbearable> {
        if self.since(failure.kind).elapsed() >= within {
            let message = format!("{} (for {} s)", failure.message, within.as_secs());
            return Err(Unbearable::Failed(Failure { message, ..failure }));
        }
        tracing::debug!(%failure, "waiting for it to heal");
        let longest = (within / ATTEMPTS).clamp(LONGEST_HEALING, LONGEST_LINGERING);
        // Retries on the critical path become less frequent the longer the failure lasts.
        let seldom = self.since(failure.kind).elapsed() / NOTICED_WITHIN;
        let paced = |pace: &Pace| pace.between_attempts().max(seldom).min(longest);
        self.pause(|pace| pace.map_or(longest, paced)).await.map_err(|Stopped| Unbearable::Stopped)
    }

    /// The same for an operation on an existing resource: a denial may be eventual consistency as well.
    pub(crate) async fn bear_of_existing(&mut self, failure: Failure) -> Result<(), Unbearable> {
        match is_denial(&failure) {
            true => self.bear_for(DENIED_FOR, failure).await,
            false => self.bear(failure).await,
        }
    }

    fn since(&mut self, trouble: FailureKind) -> Instant {
        match self.troubles.iter().find(|(kind, _)| *kind == trouble) {
            Some((_, since)) => *since,
            None => {
                let now = Instant::now();
                self.troubles.push((trouble, now));
                now
            }
        }
    }
}

/// Whether AWS denied a permission, perhaps because a change has not yet propagated. Missing or expired credentials are
/// no denial.
pub(crate) fn is_denial(failure: &Failure) -> bool {
    failure.kind == FailureKind::Denied && failure.says_denied()
}

/// A failure of an operation on an existing resource, with the time for which [`Patience::bear_of_existing`] retries
/// it.
pub(crate) fn as_it_is_borne(failure: &Failure) -> Failure {
    let kind = if is_denial(failure) { FailureKind::Heals(DENIED_FOR) } else { failure.kind };
    Failure { kind, ..failure.clone() }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn patience() -> (watch::Sender<StopMode>, Patience) {
        let (stop, stopped) = watch::channel(StopMode::Go);
        (stop, Patience::new(stopped))
    }

    fn trouble(kind: FailureKind) -> Failure {
        Failure::of(kind, "not yet")
    }

    async fn bears(patience: &mut Patience, kind: FailureKind) -> Duration {
        let began = Instant::now();
        while patience.bear(trouble(kind)).await.is_ok() {}
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_is_borne_for_its_time_and_then_given_back() {
        let (_go, mut patience) = patience();
        let within = Duration::from_secs(120);
        let borne = bears(&mut patience, FailureKind::Heals(within)).await;
        assert!(borne >= within && borne <= within + LONGEST_HEALING, "{borne:?}");
        let given_back = patience.bear(trouble(FailureKind::Denied)).await;
        assert!(matches!(given_back, Err(Unbearable::Failed(failure)) if failure.kind == FailureKind::Denied));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_after_a_long_wait_is_asked_for_again() {
        let (_go, mut patience) = patience();
        for _ in 0..60 {
            patience.wait().await.unwrap();
        }
        assert!(patience.is_over(AMBIGUOUS_FOR));
        assert!(patience.bear(trouble(FailureKind::Ambiguous)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn each_kind_of_trouble_has_its_own_time() {
        let (_go, mut patience) = patience();
        bears(&mut patience, FailureKind::Heals(Duration::from_secs(2700))).await;
        assert!(patience.bear(trouble(FailureKind::Throttled)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_take_an_hour_is_not_asked_for_every_two_seconds() {
        let (_go, mut patience) = patience();
        let hour = FailureKind::Heals(Duration::from_secs(2700));
        let mut attempts = 0;
        while patience.bear(trouble(hour)).await.is_ok() {
            attempts += 1;
        }
        assert!(attempts < 250, "{attempts}");
    }
}
