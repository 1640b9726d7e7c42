//! A store on which things can be older than they are, and writes can go wrong in every way a network knows.

use aws_client::{Boxed, Failure, FailureKind};
use bytes::Bytes;
use state::{Error, Store, Stored, Version};
use std::{
    collections::{HashMap, VecDeque},
    future::pending,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::RwLock, time::sleep};

/// The time of a body that comes byte by byte.
const A_NIGHT: Duration = Duration::from_secs(8 * 3600);

/// A mishap of a write.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mishap {
    /// The store fails and does nothing.
    Refused,
    /// It is done, and the answer never arrives.
    LostAnswer,
    /// It is never answered, and nothing is done.
    Hung,
    /// Its answer never arrives, and it takes effect so much later, behind whatever was sent meanwhile.
    Late(Duration),
}

/// A store in which things can be older than they are, and which can be out of reach for a while.
pub(super) struct Shelf {
    store: Arc<dyn Store>,
    older: Mutex<HashMap<String, Duration>>,
    mishaps: Mutex<HashMap<String, VecDeque<Mishap>>>,
    trickling: Mutex<HashMap<String, usize>>,
    pub(super) reach: RwLock<()>,
}

impl Shelf {
    /// On top of a store.
    pub(super) fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            older: Mutex::default(),
            mishaps: Mutex::default(),
            trickling: Mutex::default(),
            reach: RwLock::default(),
        })
    }

    /// Makes the present object as old as if it had been written so long ago.
    pub(super) async fn backdate(&self, key: &str, by: Duration) {
        let there = self.store.get(key).await.expect("it can be read").expect("it is there");
        self.older.lock().unwrap_or_else(PoisonError::into_inner).insert(there.version.0, by);
    }

    /// Lets the next writes of `key` go wrong, one after the other.
    pub(super) fn strike(&self, key: &str, mishaps: impl IntoIterator<Item = Mishap>) {
        let mut all = self.mishaps.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(key.to_owned()).or_default().extend(mishaps);
    }

    /// Lets the answers to the next reads of `key` come byte by byte, for longer than anybody waits.
    pub(super) fn trickle(&self, key: &str, reads: usize) {
        self.trickling.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), reads);
    }

    fn trickles(&self, key: &str) -> bool {
        let mut all = self.trickling.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = all.get_mut(key).filter(|left| **left > 0) else { return false };
        *left -= 1;
        true
    }

    /// The number of writes of `key` that are still to go wrong.
    pub(super) fn left(&self, key: &str) -> usize {
        self.mishaps.lock().unwrap_or_else(PoisonError::into_inner).get(key).map_or(0, VecDeque::len)
    }

    fn mishap(&self, key: &str) -> Option<Mishap> {
        self.mishaps.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key).and_then(VecDeque::pop_front)
    }

    fn away(&self, key: &str) -> Error {
        Error::Store { place: self.place(key), failure: Failure::new(FailureKind::Ambiguous, "the store is away") }
    }
}

impl Store for Shelf {
    fn place(&self, key: &str) -> String {
        self.store.place(key)
    }

    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Result<Option<Stored>, Error>> {
        Box::pin(async move {
            let _reached = self.reach.read().await;
            if self.trickles(key) {
                sleep(A_NIGHT).await;
            }
            let stored = self.store.get(key).await?;
            let older = self.older.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(stored.map(|stored| {
                let age = stored.age + older.get(&stored.version.0).copied().unwrap_or_default();
                Stored { age, ..stored }
            }))
        })
    }

    fn put<'a>(&'a self, key: &'a str, bytes: Bytes, on: Option<&'a Version>) -> Boxed<'a, Result<Version, Error>> {
        Box::pin(async move {
            let _reached = self.reach.read().await;
            match self.mishap(key) {
                None => self.store.put(key, bytes, on).await,
                Some(Mishap::Refused) => Err(self.away(key)),
                Some(Mishap::LostAnswer) => {
                    self.store.put(key, bytes, on).await?;
                    Err(self.away(key))
                }
                Some(Mishap::Hung) => pending().await,
                Some(Mishap::Late(time)) => {
                    let (store, key, on) = (self.store.clone(), key.to_owned(), on.cloned());
                    tokio::spawn(async move {
                        sleep(time).await;
                        // The caller is gone, so the result reaches no one.
                        let _ = store.put(&key, bytes, on.as_ref()).await;
                    });
                    pending().await
                }
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str, on: &'a Version) -> Boxed<'a, Result<(), Error>> {
        Box::pin(async move {
            let _reached = self.reach.read().await;
            self.store.delete(key, on).await
        })
    }
}
