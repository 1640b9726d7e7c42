//! Renews a lease until it is given back or lost, over a store that may hang or lose answers.

use crate::{
    Error, Holder, Store, Version,
    lease::{LeaseRenewer, Moment, POLL_INTERVAL, SURE_FOR},
    lock_object::{bytes, read, within},
};
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// The time between two renewals.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// Renews the lock regularly, and whenever the holder must be certain of it; ends when it is lost.
pub(crate) async fn renew(store: Arc<dyn Store>, key: String, mut holder: Holder, renewer: LeaseRenewer) {
    let place = store.place(&key);
    // When renewals were sent whose outcome is not known: each wrote another `renewed`.
    let mut unanswered = Vec::new();
    let mut pause = RENEW_EVERY;
    let mut outage = Outage::default();
    loop {
        tokio::select! {
            () = sleep(pause) => {}
            () = renewer.hurry.notified() => {}
        }
        holder.renewed = Timestamp::now();
        let Some((on, since)) = renewer.held.borrow().clone() else { return };
        let sent = Moment::now();
        match within(&place, store.put(&key, bytes(&holder), Some(&on))).await {
            Ok(renewed) => {
                outage.ended(since);
                unanswered.clear();
                renewer.held.send_replace(Some((renewed, sent)));
                pause = RENEW_EVERY;
            }
            Err(Error::Moved) => match own_version(&*store, &key, &place, &holder, &unanswered).await {
                Ok(Some(version)) => {
                    // Renewed by an attempt whose answer was lost. When that was is not known, so the lease is no
                    // longer than before, until the next renewal, at once, is answered.
                    renewer.held.send_replace(Some((version, since)));
                    pause = Duration::ZERO;
                }
                Ok(None) => {
                    renewer.held.send_replace(None);
                    return;
                }
                Err(error) => {
                    outage.goes_on(since, &error);
                    pause = POLL_INTERVAL;
                }
            },
            // The store may be away for a moment; until it is back, nobody relies on the lock for long.
            Err(error) => {
                unanswered.push(holder.renewed);
                outage.goes_on(since, &error);
                pause = POLL_INTERVAL;
            }
        }
    }
}

/// The lock's version, if one of the unanswered renewals wrote it. The id alone does not tell: a cloned machine holds
/// a clone of the process, with the same id.
async fn own_version(
    store: &dyn Store,
    key: &str,
    place: &str,
    holder: &Holder,
    unanswered: &[Timestamp],
) -> Result<Option<Version>, Error> {
    let found = match within(place, read(store, key)).await {
        // A writer of something else in its place does not respect the lock.
        Err(Error::NotALock { .. }) => None,
        found => found?,
    };
    Ok(found
        .filter(|(found, ..)| found.id == holder.id && found.removed.is_none() && unanswered.contains(&found.renewed))
        .map(|(_, version, _)| version))
}

/// Says once what a run waits for, and once that it waits no more.
#[derive(Default)]
struct Outage {
    told: bool,
    told_of_waiting: bool,
}

impl Outage {
    fn goes_on(&mut self, since: Moment, error: &Error) {
        if !self.told {
            tracing::warn!(%error, "the lock could not be renewed; trying again each second");
            self.told = true;
        }
        if !self.told_of_waiting && since.elapsed() >= SURE_FOR {
            tracing::warn!(%error, "waiting for the lock's renewal: until it is answered, no request is sent to AWS");
            self.told_of_waiting = true;
        }
    }

    fn ended(&mut self, since: Moment) {
        if self.told {
            tracing::warn!("the lock is renewed again, after {:.0} s", since.elapsed().as_secs_f64());
        }
        *self = Self::default();
    }
}
