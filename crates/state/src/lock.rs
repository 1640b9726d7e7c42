use crate::{
    Error, Process, Store, Version,
    tenure::{LOOK_AGAIN, Moment, STALE_AFTER, Tenure, renew},
};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, pin::pin, sync::Arc, time::Duration};
use tokio::task::JoinHandle;

/// Who is at work on a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// What `unlock` must be given.
    pub id: String,
    /// `user@host`.
    pub who: String,
    /// For example `up`.
    pub operation: String,
    /// When the work began.
    pub started: Timestamp,
    /// When the holder was last known to be alive, by its own clock.
    pub renewed: Timestamp,
    /// The process, if its host can tell processes apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, running `{}` since {:.0} (lock {})", self.who, self.operation, self.started, self.id)
    }
}

/// The lock, while it is held. Dropping it without [`Lock::release`] leaves it to be taken over.
pub struct Lock {
    store: Arc<dyn Store>,
    key: String,
    holder: Holder,
    succeeds: Option<Holder>,
    tenure: Tenure,
    renewal: JoinHandle<()>,
}

impl Lock {
    /// Takes the lock at `key`. Waits for somebody else's until `patience` ends, and looks once more then.
    ///
    /// # Errors
    /// [`Error::Locked`] with the holder when it stays somebody else's.
    pub async fn acquire(
        store: Arc<dyn Store>,
        key: &str,
        environment: &str,
        operation: &str,
        patience: impl Future<Output = ()>,
    ) -> Result<Self, Error> {
        let now = Timestamp::now();
        let holder = Holder {
            id: uuid::Uuid::new_v4().to_string(),
            who: who(),
            operation: operation.to_owned(),
            started: now,
            renewed: now,
            process: Process::current(),
        };
        let mut patience = pin!(patience);
        let mut patient = true;
        loop {
            match attempt(&*store, key, environment, &holder).await {
                Ok(taken) => return Ok(Self::hold(store, key, holder, taken)),
                Err(Error::Locked { .. } | Error::Moved) if patient => tokio::select! {
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                    () = &mut patience => patient = false,
                },
                // Several took over a stale lock at once, and another was first: say who.
                Err(Error::Moved) => {
                    if let Some((other, ..)) = read(&*store, key).await? {
                        return Err(Error::Locked { environment: environment.to_owned(), holder: Box::new(other) });
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn hold(store: Arc<dyn Store>, key: &str, holder: Holder, taken: Taken) -> Self {
        let (tenure, term) = Tenure::begin(taken.version, taken.sent);
        let renewal = tokio::spawn(renew(store.clone(), key.to_owned(), holder.clone(), term));
        Self { store, key: key.to_owned(), holder, succeeds: taken.from, tenure, renewal }
    }

    /// Who holds it: us.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Whose it was before, if it was abandoned. Whoever that is may believe to hold it still: shut them out with
    /// [`State::fence`](crate::State::fence) before the state is relied upon.
    pub fn succeeds(&self) -> Option<&Holder> {
        self.succeeds.as_ref()
    }

    /// Resolves if the lock is taken away.
    pub async fn lost(&self) {
        self.tenure.lost().await;
    }

    /// Tells whoever is about to change something whether the lock is still held.
    pub fn tenure(&self) -> Tenure {
        self.tenure.clone()
    }

    /// Gives the lock back. One that was taken over is left alone.
    ///
    /// # Errors
    /// When the store cannot be reached; the lock then expires by itself.
    pub async fn release(self) -> Result<(), Error> {
        self.renewal.abort();
        match self.tenure.version() {
            Some(version) => match self.store.delete(&self.key, &version).await {
                // A renewal may have been under way when it was stopped.
                Err(Error::Moved) => match read(&*self.store, &self.key).await? {
                    Some((holder, version, _)) if holder.id == self.holder.id => {
                        self.store.delete(&self.key, &version).await
                    }
                    _ => Ok(()),
                },
                other => other,
            },
            None => Ok(()),
        }
    }

    /// Who holds the lock at `key`, if anybody.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn holder_of(store: &dyn Store, key: &str) -> Result<Option<Holder>, Error> {
        Ok(read(store, key).await?.map(|(holder, ..)| holder))
    }

    /// Removes somebody's lock, if its id is the one given.
    ///
    /// # Errors
    /// [`Error::NotLocked`], or [`Error::OtherLock`] with the lock left alone.
    pub async fn remove(store: &dyn Store, key: &str, id: &str) -> Result<Holder, Error> {
        let Some((holder, version, _)) = read(store, key).await? else { return Err(Error::NotLocked) };
        if holder.id != id {
            return Err(Error::OtherLock { asked: id.to_owned(), found: holder.id });
        }
        store.delete(key, &version).await?;
        Ok(holder)
    }
}

/// A lock that was free, or had been abandoned.
struct Taken {
    version: Version,
    /// When it was asked for.
    sent: Moment,
    from: Option<Holder>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn attempt(store: &dyn Store, key: &str, environment: &str, holder: &Holder) -> Result<Taken, Error> {
    let sent = Moment::now();
    let found = match store.put(key, bytes(holder), None).await {
        Ok(version) => return Ok(Taken { version, sent, from: None }),
        Err(Error::Moved) => read(store, key).await?,
        Err(error) => return Err(error),
    };
    // Released between the two calls: the next look will get it.
    let Some((other, version, age)) = found else { return Err(Error::Moved) };
    let abandoned = age >= STALE_AFTER || other.process.as_ref().is_some_and(Process::is_dead);
    if !abandoned {
        return Err(Error::Locked { environment: environment.to_owned(), holder: Box::new(other) });
    }
    tracing::info!(from = %other, "taking over an abandoned lock");
    let sent = Moment::now();
    let version = store.put(key, bytes(holder), Some(&version)).await?;
    Ok(Taken { version, sent, from: Some(other) })
}

async fn read(store: &dyn Store, key: &str) -> Result<Option<(Holder, Version, Duration)>, Error> {
    let Some(stored) = store.get(key).await? else { return Ok(None) };
    let holder = serde_json::from_slice(&stored.bytes)
        .map_err(|error| Error::NotALock { place: store.place(key), what: error.to_string() })?;
    Ok(Some((holder, stored.version, stored.age)))
}

pub(crate) fn bytes(holder: &Holder) -> Bytes {
    // A holder is plain text and numbers, which always serialise.
    Bytes::from(serde_json::to_vec_pretty(holder).unwrap_or_default())
}

fn who() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let host = std::fs::read_to_string("/etc/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let host = host.map(|host| host.trim().to_owned()).filter(|host| !host.is_empty());
    format!("{}@{}", user.as_deref().unwrap_or("somebody"), host.as_deref().unwrap_or("somewhere"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    async fn acquire(store: &Arc<MemoryStore>) -> Result<Lock, Error> {
        Lock::acquire(store.clone(), "lock.json", "dev", "up", std::future::ready(())).await
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

    #[tokio::test]
    async fn only_the_lock_that_was_named_is_removed() {
        let store = Arc::new(MemoryStore::default());
        assert!(matches!(Lock::remove(&*store, "lock.json", "x").await, Err(Error::NotLocked)));
        let lock = acquire(&store).await.unwrap();
        assert!(matches!(Lock::remove(&*store, "lock.json", "x").await, Err(Error::OtherLock { .. })));
        Lock::remove(&*store, "lock.json", &lock.holder().id.clone()).await.unwrap();
    }
}
