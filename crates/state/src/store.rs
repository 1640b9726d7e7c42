//! The interface to a store of small objects with conditional writes.

use crate::Error;
use aws_client::Boxed;
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// An object's ETag: what a conditional write names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// An object as read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its content.
    pub bytes: Bytes,
    /// The version that a conditional write must name.
    pub version: Version,
    /// The time since it was written, by the store's own clock.
    pub age: Duration,
}

/// A place for small objects with conditional writes: S3, or memory in tests.
pub trait Store: Send + Sync {
    /// The place, as a person would look it up.
    fn place(&self, key: &str) -> String;
    /// True if no other process can reach it while this one does.
    fn is_exclusive(&self) -> bool {
        false
    }
    /// Reads an object.
    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Result<Option<Stored>, Error>>;
    /// Writes an object on top of the version given, or only if there is none.
    /// [`Error::Moved`] when it is not that version.
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes, on: Option<&'a Version>) -> Boxed<'a, Result<Version, Error>>;
    /// Removes an object if it still is the version given; [`Error::Moved`] when it is not.
    fn delete<'a>(&'a self, key: &'a str, on: &'a Version) -> Boxed<'a, Result<(), Error>>;
}

/// A store in memory, for tests of what works on a store.
#[derive(Default)]
pub struct MemoryStore {
    objects: Mutex<BTreeMap<String, (Bytes, u64)>>,
    writes: Mutex<u64>,
    bytes_written: AtomicUsize,
}

impl MemoryStore {
    /// The number of bytes of all successful writes together.
    pub fn bytes_written(&self) -> usize {
        self.bytes_written.load(Ordering::Relaxed)
    }

    /// The number of successful writes.
    pub fn writes(&self) -> u64 {
        *self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn place(&self, key: &str) -> String {
        format!("memory:{key}")
    }

    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Result<Option<Stored>, Error>> {
        Box::pin(async move {
            let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(objects.get(key).map(|(bytes, version)| Stored {
                bytes: bytes.clone(),
                version: Version(version.to_string()),
                age: Duration::ZERO,
            }))
        })
    }

    fn put<'a>(&'a self, key: &'a str, bytes: Bytes, on: Option<&'a Version>) -> Boxed<'a, Result<Version, Error>> {
        Box::pin(async move {
            let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
            let there = objects.get(key).map(|(_, version)| version.to_string());
            if there.as_deref() != on.map(|version| version.0.as_str()) {
                // The very same bytes are one's own, whose answer was lost.
                return match objects.get(key) {
                    Some((written, version)) if *written == bytes => Ok(Version(version.to_string())),
                    _ => Err(Error::Moved),
                };
            }
            let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
            *writes += 1;
            self.bytes_written.fetch_add(bytes.len(), Ordering::Relaxed);
            objects.insert(key.to_owned(), (bytes, *writes));
            Ok(Version(writes.to_string()))
        })
    }

    fn delete<'a>(&'a self, key: &'a str, on: &'a Version) -> Boxed<'a, Result<(), Error>> {
        Box::pin(async move {
            let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
            match objects.get(key) {
                Some((_, version)) if version.to_string() == on.0 => {
                    objects.remove(key);
                    Ok(())
                }
                Some(_) => Err(Error::Moved),
                None => Ok(()),
            }
        })
    }
}
