//! The lease of a lock, and the time for which its holder relies on it: a process may sleep for a night without noticing.

use crate::Version;
use aws_client::{Boxed, RequestCheck};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};

/// The time after its last renewal at which a lease has run out, by the store's clock.
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(60);
/// The time after its last renewal for which a holder relies on its lease: no answer may be so late that this is too
/// long.
pub(crate) const SURE_FOR: Duration = Duration::from_secs(40);
/// The time between two reads of something that should change soon.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// A moment by two clocks: one stands still while the machine sleeps, the other can be set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }

    /// By the clock that has gone on for longer. A wall clock that was set back counts for nothing.
    pub(crate) fn elapsed(self) -> Duration {
        self.steady.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }

    /// True if a lease that was renewed at this moment is surely still held.
    fn is_recent(self) -> bool {
        self.elapsed() < SURE_FOR
    }
}

/// A lock's version and when the renewal that made it was sent; `None` once it is lost.
pub(crate) type Held = Option<(Version, Moment)>;

/// The lease as its holder knows it.
#[derive(Clone)]
pub struct LockLease {
    held: watch::Receiver<Held>,
    hurry: Arc<Notify>,
}

/// The renewing side of a [`LockLease`].
pub(crate) struct LeaseRenewer {
    pub(crate) held: watch::Sender<Held>,
    pub(crate) hurry: Arc<Notify>,
}

impl LockLease {
    pub(crate) fn begin(version: Version, sent: Moment) -> (Self, LeaseRenewer) {
        let (sender, held) = watch::channel(Some((version, sent)));
        let hurry = Arc::new(Notify::new());
        (Self { held, hurry: hurry.clone() }, LeaseRenewer { held: sender, hurry })
    }

    pub(crate) fn version(&self) -> Option<Version> {
        self.held.borrow().as_ref().map(|(version, _)| version.clone())
    }

    pub(crate) async fn lost(&self) {
        // The sender lives as long as the renewal, which ends only when the lock is lost.
        let _ = self.held.clone().wait_for(Option::is_none).await;
    }

    /// True if the lock is surely held at this moment. If the last renewal is too long ago to tell, another is made
    /// first.
    pub async fn is_certain(&self) -> bool {
        let mut held = self.held.clone();
        let known = async {
            loop {
                match &*held.borrow_and_update() {
                    None => return false,
                    Some((_, sent)) if sent.is_recent() => return true,
                    Some(_) => self.hurry.notify_one(),
                }
                if held.changed().await.is_err() {
                    return false;
                }
            }
        };
        timeout(STALE_AFTER, known).await.unwrap_or(false)
    }
}

impl RequestCheck for LockLease {
    fn before_request(&self) -> Boxed<'_, Result<(), String>> {
        Box::pin(async {
            match self.is_certain().await {
                true => Ok(()),
                false => {
                    Err("nothing was sent: the lock was lost, or its renewal was not answered for a minute".to_owned())
                }
            }
        })
    }

    fn still_holds(&self) -> bool {
        self.held.borrow().as_ref().is_some_and(|(_, sent)| sent.is_recent())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const HOUR: Duration = Duration::from_secs(3600);

    fn renewed(wall: SystemTime) -> (LockLease, LeaseRenewer) {
        LockLease::begin(Version("1".to_owned()), Moment { steady: Instant::now(), wall })
    }

    #[tokio::test(start_paused = true)]
    async fn wall_clock_step_forward_makes_the_holder_renew_before_it_goes_on() {
        let (lease, renewer) = renewed(SystemTime::now() - HOUR);
        assert!(!lease.still_holds(), "the machine may have slept for an hour");
        let asked = tokio::spawn(async move { lease.is_certain().await });
        renewer.hurry.notified().await;
        renewer.held.send_replace(Some((Version("2".to_owned()), Moment::now())));
        assert!(asked.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn wall_clock_step_back_does_not_prolong_a_lease() {
        let (lease, _term) = renewed(SystemTime::now() + HOUR);
        assert!(lease.still_holds());
        sleep(SURE_FOR).await;
        assert!(!lease.still_holds());
        assert!(!lease.is_certain().await);
    }
}
