//! The rate at which a step polls: often on the critical path, seldom elsewhere.

use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// The part of the whole run, as long as it is expected to be, that the longest chain may lose because a poll comes late.
const LOST: f64 = 0.006;
/// The number of polls of a step off the critical path before it would delay the run.
const POLLS_IN_SLACK: u32 = 4;
/// Before this part of the usual time nothing is expected to be ready.
const NOT_BEFORE: u32 = 4;
/// The shortest and the longest wait between two polls.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(15);

/// The place of one step in a run that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// When the run began, and the step.
    run_began: Instant,
    began: Instant,
    /// The usual duration of the step and of all steps after it.
    typical: Duration,
    after: Duration,
    /// When the run is expected to end.
    ends: watch::Receiver<Instant>,
}

impl Pace {
    pub(crate) fn new(run_began: Instant, typical: Duration, after: Duration, ends: watch::Receiver<Instant>) -> Self {
        Self { run_began, began: Instant::now(), typical, after, ends }
    }

    /// The usual duration of the step.
    pub(crate) fn typical(&self) -> Duration {
        self.typical
    }

    /// The usual duration of all steps after it.
    pub(crate) fn after(&self) -> Duration {
        self.after
    }

    /// When the run would end if this step were its last chain: later and later if it takes longer than usual.
    pub(crate) fn expected_end(&self) -> Instant {
        (self.began + self.typical).max(Instant::now()) + self.after
    }

    /// The pause between two polls of a step that began then.
    pub(crate) fn between_polls(&self, since: Instant) -> Duration {
        let early = (since + self.typical / NOT_BEFORE).saturating_duration_since(Instant::now());
        self.between_attempts().max(early.min(LONGEST))
    }

    /// The pause between two attempts after a retryable error.
    pub(crate) fn between_attempts(&self) -> Duration {
        let own = self.expected_end();
        let end = (*self.ends.borrow()).max(own);
        let tolerable = (end - self.run_began).mul_f64(LOST);
        let slack = (end - own) / POLLS_IN_SLACK;
        tolerable.max(slack).clamp(SHORTEST, LONGEST)
    }

    /// Resolves when the run is expected to end at another time.
    pub(crate) async fn changed(&mut self) {
        if self.ends.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn steps_on_the_critical_path_are_polled_often_and_others_seldom() {
        let began = Instant::now();
        let (expect, ends) = watch::channel(began + SECOND * 320);
        let domain = Pace::new(began, SECOND * 300, SECOND * 20, ends.clone());
        let gateway = Pace::new(began, SECOND * 90, SECOND * 2, ends);
        assert_eq!(domain.between_polls(began), LONGEST, "it cannot be ready yet");
        assert!(domain.between_attempts() < SECOND * 2);
        advance(SECOND * 80).await;
        assert!(domain.between_polls(began) < SECOND * 2);
        assert_eq!(gateway.between_polls(began), LONGEST);
        expect.send_replace(Instant::now());
        assert_eq!(gateway.between_polls(began), SHORTEST, "nothing else is left to wait for");
    }

    #[tokio::test(start_paused = true)]
    async fn step_that_takes_longer_than_usual_joins_the_critical_path() {
        let began = Instant::now();
        let (_expect, ends) = watch::channel(began + SECOND * 100);
        let slow = Pace::new(began, SECOND * 20, Duration::ZERO, ends);
        advance(SECOND * 30).await;
        assert_eq!(slow.between_polls(began), LONGEST);
        advance(SECOND * 65).await;
        assert!(slow.between_polls(began) < SECOND * 2);
    }
}
