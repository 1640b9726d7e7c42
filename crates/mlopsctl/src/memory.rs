//! The state of an environment, read and guarded.

use crate::{fault::Fault, session::Session};
use state::{Error, Lock, State, StateBucket, Store, Version};
use std::{sync::Arc, time::Duration};

/// The key of the state in its bucket.
pub(crate) const STATE: &str = "state.json";
/// The key of the lock beside it.
pub(crate) const LOCK: &str = "lock.json";

/// A state as it was read.
pub(crate) struct Remembered {
    pub(crate) state: State,
    /// What the next write stands on; `None` when there is no state yet.
    pub(crate) version: Option<Version>,
}

/// The state, if there is one. One that belongs elsewhere is refused.
pub(crate) async fn stored(session: &Session, bucket: &StateBucket) -> Result<Option<Remembered>, Fault> {
    let store = bucket.store();
    let Some(stored) = store.get(STATE).await? else { return Ok(None) };
    let place = store.place(STATE);
    let state = State::read(&stored.bytes, &place)?;
    belongs(session, &state, &place)?;
    Ok(Some(Remembered { state, version: Some(stored.version) }))
}

/// The state, or a new one.
pub(crate) async fn read(session: &Session, bucket: &StateBucket) -> Result<Remembered, Fault> {
    let fresh = || State::new(&session.name, &session.place.account, &session.place.region);
    Ok(stored(session, bucket).await?.unwrap_or_else(|| Remembered { state: fresh(), version: None }))
}

/// Refuses the state of another environment, account or region.
pub(crate) fn belongs(session: &Session, state: &State, place: &str) -> Result<(), Fault> {
    let expected = [
        ("environment", session.name.as_str(), state.environment.as_str()),
        ("account", &session.place.account, &state.account),
        ("region", &session.place.region, &state.region),
    ];
    for (what, wanted, found) in expected {
        if wanted != found {
            let error = Error::Foreign(format!("the state at {place} is that of {what} {found}, not {wanted}; nothing was touched"));
            return Err(Fault::state(&error)
                .help("a platform keeps its environment, account and region: to move it, destroy it first"));
        }
    }
    Ok(())
}

/// Takes the lock.
pub(crate) async fn lock(session: &Session, bucket: &StateBucket, operation: &str, wait: Duration) -> Result<Lock, Fault> {
    let store: Arc<dyn Store> = Arc::new(bucket.store());
    Ok(Lock::acquire(store, LOCK, &session.name, operation, wait).await?)
}
