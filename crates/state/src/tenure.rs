//! How long a lock is surely one's own: a process may sleep for a night without noticing.

use crate::{Error, Holder, Store, Version, lock::bytes};
use jiff::Timestamp;
use resource::{Boxed, Leave};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

/// How often a holder says that it is alive.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// How long after its last renewal a lock is taken for abandoned, by the store's clock.
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(60);
/// How long after its last renewal a holder relies on its lock: no answer may be so late that this is too long.
const SURE_FOR: Duration = Duration::from_secs(40);
/// How often one looks again for what should change soon.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(1);

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

    /// By the clock that has gone on for longer.
    fn elapsed(self) -> Duration {
        self.steady.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }

    /// Whether a lock that was renewed at this moment is surely still held.
    fn is_recent(self) -> bool {
        self.elapsed() < SURE_FOR
    }
}

/// A lock's version and when the renewal that made it was sent; `None` once it is lost.
type Held = Option<(Version, Moment)>;

/// What a holder knows of its lock.
#[derive(Clone)]
pub struct Tenure {
    held: watch::Receiver<Held>,
    hurry: Arc<Notify>,
}

/// The renewing side of a [`Tenure`].
pub(crate) struct Term {
    held: watch::Sender<Held>,
    hurry: Arc<Notify>,
}

impl Tenure {
    pub(crate) fn begin(version: Version, sent: Moment) -> (Self, Term) {
        let (sender, held) = watch::channel(Some((version, sent)));
        let hurry = Arc::new(Notify::new());
        (Self { held, hurry: hurry.clone() }, Term { held: sender, hurry })
    }

    pub(crate) fn version(&self) -> Option<Version> {
        self.held.borrow().as_ref().map(|(version, _)| version.clone())
    }

    pub(crate) async fn lost(&self) {
        // The sender lives as long as the renewal, which ends only when the lock is lost.
        let _ = self.held.clone().wait_for(Option::is_none).await;
    }

    /// Whether the lock is surely held at this moment. Where the last renewal is too long ago to tell, another is
    /// made first.
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

impl Leave for Tenure {
    fn ask(&self) -> Boxed<'_, Result<(), String>> {
        Box::pin(async {
            match self.is_certain().await {
                true => Ok(()),
                false => Err("it is not certain that the lock is still held, so nothing was sent".to_owned()),
            }
        })
    }

    fn holds(&self) -> bool {
        self.held.borrow().as_ref().is_some_and(|(_, sent)| sent.is_recent())
    }
}

/// Renews the lock now and then, and whenever somebody must know; ends when it is lost.
pub(crate) async fn renew(store: Arc<dyn Store>, key: String, mut holder: Holder, term: Term) {
    let mut pause = RENEW_EVERY;
    loop {
        tokio::select! {
            () = sleep(pause) => {}
            () = term.hurry.notified() => {}
        }
        holder.renewed = Timestamp::now();
        let Some((on, _)) = term.held.borrow().clone() else { return };
        let sent = Moment::now();
        match store.put(&key, bytes(&holder), Some(&on)).await {
            Ok(renewed) => {
                term.held.send_replace(Some((renewed, sent)));
                pause = RENEW_EVERY;
            }
            Err(Error::Moved) => {
                term.held.send_replace(None);
                return;
            }
            // The store may be away for a moment; until it is back, nobody relies on the lock for long.
            Err(error) => {
                tracing::warn!(%error, "the lock could not be renewed");
                pause = LOOK_AGAIN;
            }
        }
    }
}
