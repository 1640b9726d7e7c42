//! Acquires, renews, takes over and releases the lock of a state.

use crate::{
    Error, Holder, LivenessFile, Removed, Store, Version,
    holder::who,
    lease::{LockLease, Moment, POLL_INTERVAL, STALE_AFTER, SURE_FOR},
    lock_object::{bytes, read, within},
    renewal::renew,
};
use jiff::Timestamp;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::sleep};

/// The number of reads of the lock before a missing answer is an error.
const ATTEMPTS: u32 = 6;
/// The time after its last renewal at which a holder has surely stopped: the store's clock counts whole seconds.
const STOPS_AFTER: Duration = SURE_FOR.saturating_add(Duration::from_secs(5));

/// The lock, while it is held. Dropping it without [`Lock::release`] leaves it to be taken over.
pub struct Lock {
    store: Arc<dyn Store>,
    key: String,
    holder: Holder,
    succeeds: Option<Holder>,
    lease: LockLease,
    renewal: JoinHandle<()>,
    /// The file that proves the holder's life. Without a place for it, others wait until the lease has run out.
    liveness: Option<LivenessFile>,
}

impl Lock {
    /// Takes the lock at `key` for `holder`. Waits for another holder until `timeout` ends, and then tries once more.
    ///
    /// # Errors
    /// [`Error::Locked`] with the holder if another run keeps it.
    pub async fn acquire(
        store: Arc<dyn Store>,
        key: &str,
        environment: &str,
        holder: Holder,
        timeout: impl Future<Output = ()>,
    ) -> Result<Self, Error> {
        // Before the lock can be seen: a process without its file is not provably dead, and one with it is.
        let liveness = LivenessFile::hold(&holder.id).ok();
        let mut timeout = pin!(timeout);
        let mut may_wait = true;
        let mut attempts = 0;
        let mut unanswered = None;
        loop {
            match attempt(&*store, key, environment, &holder, &mut unanswered).await {
                Ok(taken) => return Ok(Self::hold(store, key, holder, liveness, taken)),
                Err(Error::Locked { .. } | Error::Moved) if may_wait => tokio::select! {
                    () = sleep(POLL_INTERVAL) => {}
                    () = &mut timeout => may_wait = false,
                },
                // Several took over a stale lock at once, and another was first: say who.
                Err(Error::Moved) => {
                    if let Some((other, ..)) = read(&*store, key).await?
                        && other.id != holder.id
                    {
                        return Err(Error::Locked { environment: environment.to_owned(), holder: Box::new(other) });
                    }
                }
                Err(error) if error.may_have_taken_effect() && attempts < ATTEMPTS => {
                    attempts += 1;
                    tracing::warn!(%error, "waiting for an answer about the lock");
                    sleep(POLL_INTERVAL).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn hold(
        store: Arc<dyn Store>,
        key: &str,
        holder: Holder,
        mut liveness: Option<LivenessFile>,
        taken: Taken,
    ) -> Self {
        if let Some(file) = &mut liveness {
            file.outlives_the_process(true);
        }
        let (lease, renewer) = LockLease::begin(taken.version, taken.sent);
        let renewal = tokio::spawn(renew(store.clone(), key.to_owned(), holder.clone(), renewer));
        Self { store, key: key.to_owned(), holder, succeeds: taken.from, lease, renewal, liveness }
    }

    /// The holder: this process.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// The previous holder, if its lock was abandoned or removed. That process may still believe that it holds the
    /// lock: shut it out with [`State::fence`](crate::State::fence) before the state is relied upon.
    pub fn succeeds(&self) -> Option<&Holder> {
        self.succeeds.as_ref()
    }

    /// Resolves if the lock is taken away.
    pub async fn lost(&self) {
        self.lease.lost().await;
    }

    /// The lease of the lock, which tells before each change whether the lock is still held.
    pub fn lease(&self) -> LockLease {
        self.lease.clone()
    }

    /// Waits until the old holder has surely stopped, if a person deleted its lock by hand. The old holder does not know
    /// that its lock is gone, and relies on its lease until then. The state must be fenced already.
    ///
    /// # Errors
    /// [`Error::Moved`] when the lock is taken away meanwhile.
    pub async fn wait_for_old_holder(&self) -> Result<(), Error> {
        tokio::select! {
            () = sleep(STOPS_AFTER) => Ok(()),
            () = self.lost() => Err(Error::Moved),
        }
    }

    /// Gives the lock back. One that was taken over or removed is left alone.
    ///
    /// # Errors
    /// When the store cannot be reached; the lock then expires by itself.
    pub async fn release(mut self) -> Result<(), Error> {
        self.renewal.abort();
        self.give_back().await?;
        if let Some(file) = &mut self.liveness {
            file.outlives_the_process(false);
        }
        Ok(())
    }

    /// Stops renewing a lock that is about to be removed in another way than by giving it back.
    pub(crate) fn stop_renewing(mut self) {
        if let Some(file) = &mut self.liveness {
            file.outlives_the_process(false);
        }
    }

    async fn give_back(&self) -> Result<(), Error> {
        let place = self.store.place(&self.key);
        let Some(mut version) = self.lease.version() else { return Ok(()) };
        let mut attempts = 1;
        loop {
            let error = match within(&place, self.store.delete(&self.key, &version)).await {
                // A renewal may have been under way when it was stopped, or be still.
                Err(Error::Moved) => match within(&place, read(&*self.store, &self.key)).await {
                    Ok(Some((holder, found, _))) if holder.id == self.holder.id && holder.removed.is_none() => {
                        version = found;
                        Error::Moved
                    }
                    Ok(_) => return Ok(()),
                    Err(error) => error,
                },
                Err(error) if error.may_have_taken_effect() => error,
                result => return result,
            };
            if attempts == ATTEMPTS {
                return Err(error);
            }
            attempts += 1;
        }
    }

    /// The holder of the lock at `key`, if there is one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn holder_of(store: &dyn Store, key: &str) -> Result<Option<Holder>, Error> {
        Ok(read(store, key).await?.map(|(holder, ..)| holder))
    }

    /// Ends the lease of the lock with this id: marks the lock, so that the next run that takes it fences the holder.
    /// Returns the holder, and how long it may still be at work. Until then no run gets the lock.
    ///
    /// # Errors
    /// [`Error::NotLocked`]; [`Error::OtherLock`] with the lock left alone; without `force` [`Error::AtWork`] for a
    /// holder that renewed it within a minute.
    pub async fn remove(store: &dyn Store, key: &str, id: &str, force: bool) -> Result<(Holder, Duration), Error> {
        let mut attempts = 1;
        loop {
            let Some((holder, version, age)) = read(store, key).await? else { return Err(Error::NotLocked) };
            if holder.id != id {
                return Err(Error::OtherLock { asked: id.to_owned(), found: holder.id });
            }
            if let Some(removed) = &holder.removed {
                let wait = Duration::from_secs(removed.usable_after_seconds).saturating_sub(age);
                return Ok((holder, wait));
            }
            // A command with exclusive use of the store found no process that uses it.
            let is_over = store.is_exclusive() || has_ended(store, &holder);
            if !is_over && !force && age < STALE_AFTER && is_recent(&holder) {
                return Err(Error::AtWork { seconds: age.as_secs(), holder: Box::new(holder) });
            }
            let wait = if is_over { Duration::ZERO } else { STOPS_AFTER.saturating_sub(age) };
            let removed =
                Removed { by: who(None), at: Timestamp::now(), usable_after_seconds: wait.as_secs_f64().ceil() as u64 };
            let marked = Holder { removed: Some(removed), ..holder };
            match store.put(key, bytes(&marked), Some(&version)).await {
                Ok(_) => return Ok((marked, wait)),
                // The holder renewed it just now, or gave it back.
                Err(Error::Moved) if attempts < ATTEMPTS => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

/// A lock that was free, or had been abandoned.
struct Taken {
    version: Version,
    /// When it was asked for.
    sent: Moment,
    from: Option<Holder>,
}

/// A write of the lock whose answer did not arrive: when it was first sent, and over whose lock.
type Unanswered = Option<(Moment, Option<Holder>)>;

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn attempt(
    store: &dyn Store,
    key: &str,
    environment: &str,
    holder: &Holder,
    unanswered: &mut Unanswered,
) -> Result<Taken, Error> {
    let place = store.place(key);
    let found = match take(store, key, holder, None, None, unanswered).await {
        Err(Error::Moved) => within(&place, read(store, key)).await?,
        other => return other,
    };
    // Released between the two calls: the next attempt gets it.
    let Some((other, version, age)) = found else { return Err(Error::Moved) };
    if other.id == holder.id
        && let Some((sent, from)) = unanswered.take()
    {
        return Ok(Taken { version, sent, from });
    }
    let is_free = match &other.removed {
        Some(removed) => age >= Duration::from_secs(removed.usable_after_seconds),
        None => age >= STALE_AFTER || has_ended(store, &other),
    };
    if !is_free {
        return Err(Error::Locked { environment: environment.to_owned(), holder: Box::new(other) });
    }
    tracing::info!(from = %other, "taking over an abandoned lock");
    let id = other.id.clone();
    let taken = take(store, key, holder, Some(&version), Some(other), unanswered).await?;
    if LivenessFile::is_abandoned(&id) {
        LivenessFile::remove(&id);
    }
    Ok(taken)
}

async fn take(
    store: &dyn Store,
    key: &str,
    holder: &Holder,
    on: Option<&Version>,
    from: Option<Holder>,
    unanswered: &mut Unanswered,
) -> Result<Taken, Error> {
    let sent = Moment::now();
    match within(&store.place(key), store.put(key, bytes(holder), on)).await {
        Ok(version) => match unanswered.take() {
            // It may have been written by the first attempt, over the lock that was there then.
            Some((sent, before)) => Ok(Taken { version, sent, from: before.or(from) }),
            None => Ok(Taken { version, sent, from }),
        },
        Err(error) => {
            if error.may_have_taken_effect() {
                let (first, before) = unanswered.take().unwrap_or((sent, None));
                *unanswered = Some((first, before.or(from)));
            }
            Err(error)
        }
    }
}

/// True if the holder is surely at work no more.
fn has_ended(store: &dyn Store, holder: &Holder) -> bool {
    // A command with exclusive use of the store found no process that uses it.
    let is_gone = || holder.process.as_ref().is_some_and(crate::Process::is_dead);
    holder.has_died() || (store.is_exclusive() && is_gone())
}

/// True if the holder renewed it within a minute by its own clock too. One whose clock is wrong is protected by the
/// wait, which goes by the store's.
fn is_recent(holder: &Holder) -> bool {
    Timestamp::now().duration_since(holder.renewed).unsigned_abs() < STALE_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use bytes::Bytes;

    async fn acquire(store: &Arc<MemoryStore>) -> Result<Lock, Error> {
        Lock::acquire(store.clone(), "lock.json", "dev", Holder::new("up", None), std::future::ready(())).await
    }

    #[tokio::test]
    async fn one_at_a_time_and_the_other_hears_who() {
        let store = Arc::new(MemoryStore::default());
        let lock = acquire(&store).await.unwrap();
        let Err(Error::Locked { holder, .. }) = acquire(&store).await else { panic!("locked twice") };
        assert_eq!(holder.id, lock.holder().id);
        lock.release().await.unwrap();
        acquire(&store).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_was_taken_over_tells_its_holder() {
        let store = Arc::new(MemoryStore::default());
        let lock = acquire(&store).await.unwrap();
        let (_, version, _) = read(&*store, "lock.json").await.unwrap().unwrap();
        store.put("lock.json", Bytes::from_static(b"{}"), Some(&version)).await.unwrap();
        lock.lost().await;
    }
}
