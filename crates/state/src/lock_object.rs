//! The object of a lock in the store: its form, and calls that cannot hang.

use crate::{Error, Holder, Store, Version};
use aws_client::{Failure, FailureKind};
use bytes::Bytes;
use std::time::Duration;
use tokio::time::timeout;

/// The time for one read or write of the lock, which has a few hundred bytes. After it the connection is taken for
/// broken and another one made.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(5);

/// One attempt on the lock, bounded. What runs out of time may take effect later.
pub(crate) async fn within<T>(place: &str, attempt: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout(ATTEMPT, attempt).await.unwrap_or_else(|_elapsed| {
        let failure =
            Failure::new(FailureKind::Ambiguous, format!("no answer about the lock within {} s", ATTEMPT.as_secs()));
        Err(Error::Store { place: place.to_owned(), failure })
    })
}

pub(crate) async fn read(store: &dyn Store, key: &str) -> Result<Option<(Holder, Version, Duration)>, Error> {
    let Some(stored) = store.get(key).await? else { return Ok(None) };
    let holder = serde_json::from_slice(&stored.bytes)
        .map_err(|error| Error::NotALock { place: store.place(key), what: error.to_string() })?;
    Ok(Some((holder, stored.version, stored.age)))
}

pub(crate) fn bytes(holder: &Holder) -> Bytes {
    // A holder is plain text and numbers, which always serialise.
    Bytes::from(serde_json::to_vec_pretty(holder).unwrap_or_default())
}
