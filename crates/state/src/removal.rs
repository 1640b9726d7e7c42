//! The removal of a state for good. A killed removal leaves an empty state or none, never an earlier one.

use crate::{
    Error, Holder, Lock, State, StateBucket, StateIdentity, StateKeys, Store,
    versions::{ObjectVersion, VersionPages, delete},
};
use aws_client::{Attempt, Remedy, Result};
use resource::Tags;

/// The id of what was written while a bucket kept no versions.
const UNVERSIONED: &str = "null";
/// The number of versions that S3 deletes in one call.
const AT_ONCE: usize = 1000;

/// The parts that were removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovedState {
    /// The bucket, with the state and its history.
    Bucket,
    /// The state and its history. The bucket was not made for this environment, and stays.
    StateOnly,
}

impl StateBucket {
    /// Removes an empty state with its history, then the lock that is held on it, and then the bucket, if it was
    /// made for the stack of these tags.
    ///
    /// # Errors
    /// When the state holds resources, the bucket holds other objects, or S3 refuses. The lock is given back then.
    pub async fn remove(
        &self,
        keys: &StateKeys,
        identity: &StateIdentity,
        tags: &Tags,
        lock: Lock,
    ) -> Result<RemovedState, Error> {
        let is_own = match self.remove_state(keys, identity, tags, &lock).await {
            Ok(is_own) => is_own,
            Err(error) => {
                // It expires by itself if it cannot be given back.
                let _ = lock.release().await;
                return Err(error);
            }
        };
        self.remove_lock(keys, lock).await?;
        if !is_own {
            return Ok(RemovedState::StateOnly);
        }
        self.remove_bucket().await?;
        Ok(RemovedState::Bucket)
    }

    /// Keys of objects in the bucket that are neither the state nor the lock, with those of which only earlier
    /// versions are left: the first few, in order.
    ///
    /// # Errors
    /// When the bucket cannot be listed.
    pub async fn other_keys(&self, keys: &StateKeys) -> Result<Vec<String>, Error> {
        const ENOUGH: usize = 10;
        let mut others: Vec<String> = Vec::new();
        let mut pages = self.versions(None);
        while let Some(page) = pages.next().await.map_err(|failure| self.failed(failure))? {
            others.extend(page.into_iter().map(|one| one.key).filter(|key| !keys.contain(key)));
            others.sort();
            others.dedup();
            if others.len() >= ENOUGH {
                others.truncate(ENOUGH);
                break;
            }
        }
        Ok(others)
    }

    /// Refuses a bucket that holds more than a state.
    ///
    /// # Errors
    /// [`Error::UnusableBucket`], which names some of it.
    pub async fn refuse_other_keys(&self, keys: &StateKeys) -> Result<(), Error> {
        let others = self.other_keys(keys).await?;
        if others.is_empty() {
            return Ok(());
        }
        Err(Error::UnusableBucket {
            what: format!(
                "the state bucket {} holds other objects as well, so it stays: {}",
                self.name(),
                others.join(", ")
            ),
            help: Remedy::Either(vec!["move them elsewhere with all their versions".into(), Remedy::KeepState]),
        })
    }

    /// Removes the state and what is old of the lock. Says whether the bucket is the stack's own.
    async fn remove_state(
        &self,
        keys: &StateKeys,
        identity: &StateIdentity,
        tags: &Tags,
        lock: &Lock,
    ) -> Result<bool, Error> {
        let is_own = self.is_own_of(tags).await?;
        if is_own {
            self.refuse_other_keys(keys).await?;
        }
        self.leave_empty_state(keys, identity).await?;
        let (states, locks) = (self.versions_of(&keys.state).await?, self.versions_of(&keys.lock).await?);
        let is_current = |one: &ObjectVersion| one.is_latest && !one.is_marker;
        let (current, old): (Vec<_>, Vec<_>) = states.into_iter().partition(is_current);
        self.delete_versions(&old, lock).await?;
        let old: Vec<_> = locks.into_iter().filter(|one| !is_current(one)).collect();
        self.delete_versions(&old, lock).await?;
        match current.first().filter(|one| one.id != UNVERSIONED) {
            Some(_) => self.delete_versions(&current, lock).await?,
            None => {
                let store = self.store();
                if let Some(stored) = store.get(&keys.state).await? {
                    store.delete(&keys.state, &stored.version).await?;
                }
            }
        }
        Ok(is_own)
    }

    /// All versions of an object. They are listed before the first is deleted: a page begins after a version that
    /// must be there.
    async fn versions_of(&self, key: &str) -> Result<Vec<ObjectVersion>, Error> {
        let mut versions = Vec::new();
        let mut pages = self.versions(Some(key));
        while let Some(page) = pages.next().await.map_err(|failure| self.failed(failure))? {
            // A listing goes by prefix, which other keys may begin with as well.
            versions.extend(page.into_iter().filter(|one| one.key == key));
        }
        Ok(versions)
    }

    /// Makes sure that the newest version of the state is one without resources: without it, deleting what is above
    /// an older version would bring that back.
    async fn leave_empty_state(&self, keys: &StateKeys, identity: &StateIdentity) -> Result<(), Error> {
        let store = self.store();
        match store.get(&keys.state).await? {
            None => {
                let mut empty = State::new(identity);
                empty.advance();
                store.put(&keys.state, empty.write().into(), None).await.map(drop)
            }
            Some(stored) => {
                let place = store.place(&keys.state);
                let left = State::read(&stored.bytes, &place, identity)?.resources.len();
                if left == 0 {
                    return Ok(());
                }
                Err(Error::UnusableBucket {
                    what: format!("the state at {place} still holds {left} resources, so it stays"),
                    help: "destroy them first".into(),
                })
            }
        }
    }

    /// Deletes versions while the lock is surely held.
    async fn delete_versions(&self, versions: &[ObjectVersion], lock: &Lock) -> Result<(), Error> {
        for batch in versions.chunks(AT_ONCE) {
            if !lock.lease().is_certain().await {
                return Err(Error::Moved);
            }
            self.delete_batch(batch).await?;
        }
        Ok(())
    }

    async fn delete_batch(&self, batch: &[ObjectVersion]) -> Result<(), Error> {
        let deleted = delete(&self.client, self.name(), &self.place.account, batch).await;
        deleted.map_err(|failure| self.failed(failure))
    }

    /// Deletes every version of the lock, the held one last. From the moment when it stops being renewed nobody can
    /// take it for another 20 s at least, and it is deleted by its version, so that no other lock is meant.
    async fn remove_lock(&self, keys: &StateKeys, lock: Lock) -> Result<(), Error> {
        if !lock.lease().is_certain().await {
            return Err(Error::Moved);
        }
        let id = lock.holder().id.clone();
        lock.stop_renewing();
        let store = self.store();
        let Some(stored) = store.get(&keys.lock).await? else { return Err(Error::Moved) };
        if !serde_json::from_slice::<Holder>(&stored.bytes).is_ok_and(|holder| holder.id == id) {
            return Err(Error::Moved);
        }
        let (held, old): (Vec<_>, Vec<_>) =
            self.versions_of(&keys.lock).await?.into_iter().partition(|one| one.is_latest && !one.is_marker);
        for batch in old.chunks(AT_ONCE) {
            self.delete_batch(batch).await?;
        }
        let tag = |etag: &str| etag.trim_matches('"').to_owned();
        match held.iter().find(|one| one.id != UNVERSIONED && tag(&one.etag) == tag(&stored.version.0)) {
            Some(held) => self.delete_batch(std::slice::from_ref(held)).await,
            // Without versions the next holder's lock has the same id: its content tells them apart.
            None => store.delete(&keys.lock, &stored.version).await,
        }
    }

    async fn remove_bucket(&self) -> Result<(), Error> {
        let call = self.client.delete_bucket().bucket(self.name()).expected_bucket_owner(&self.place.account);
        match call.send().await.during("DeleteBucket").none_on(&[("NoSuchBucket", "")]) {
            Ok(_) => Ok(()),
            Err(failure) if failure.matches(&[("BucketNotEmpty", "")]) => Err(Error::UnusableBucket {
                what: format!("another program has begun to use the bucket {} meanwhile, so it stays", self.name()),
                help: "the state is removed; look at what is in the bucket".into(),
            }),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    fn versions<'a>(&'a self, prefix: Option<&'a str>) -> VersionPages<'a> {
        VersionPages::new(&self.client, self.name(), &self.place.account, prefix)
    }
}
