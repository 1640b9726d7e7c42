//! The object keys of a state and its lock in their bucket.

use crate::{Error, State, StateIdentity, Store, read};
use aws_client::FailureKind;

/// Name of the state's object.
const STATE: &str = "state.json";
/// Name of the lock's object beside it.
const LOCK: &str = "lock.json";

/// The keys of a state and of its lock in their bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateKeys {
    /// Of the state.
    pub state: String,
    /// Of the lock.
    pub lock: String,
}

impl StateKeys {
    /// At the root, in a bucket that is one environment's own.
    pub fn at_root() -> Self {
        Self { state: STATE.to_owned(), lock: LOCK.to_owned() }
    }

    /// `<project>/<environment>/…`, in a bucket that environments of several projects may share.
    pub fn shared(identity: &StateIdentity) -> Self {
        let StateIdentity { project, environment, .. } = identity;
        let key = |name: &str| format!("{project}/{environment}/{name}");
        Self { state: key(STATE), lock: key(LOCK) }
    }

    /// The keys `<prefix>/<project>/<environment>/…` below a prefix in a bucket.
    pub fn under(prefix: &str, identity: &StateIdentity) -> Self {
        let shared = Self::shared(identity);
        let key = |key: String| format!("{}/{key}", prefix.trim_end_matches('/'));
        Self { state: key(shared.state), lock: key(shared.lock) }
    }

    /// The keys of a new state in a bucket that may be shared, or below a prefix in it.
    pub fn of_new_state(identity: &StateIdentity, prefix: Option<&str>) -> Self {
        prefix.map_or_else(|| Self::shared(identity), |prefix| Self::under(prefix, identity))
    }

    /// Finds the keys in a bucket that may be shared, or below a prefix in it. mlopsctl 0.1 kept every state at the
    /// root. A state of this identity stays there, so that 0.1 and later versions take the same lock. A state from
    /// before the file named a prefix stays in its place, too.
    ///
    /// The least policy names only the keys of the environment. So a place that the credentials may not read holds
    /// no state of it.
    ///
    /// # Errors
    /// When a read fails, or several of these places have a state.
    pub async fn find(store: &dyn Store, identity: &StateIdentity, prefix: Option<&str>) -> Result<Self, Error> {
        let wanted = Self::of_new_state(identity, prefix);
        let two = |one: &Self, other: &Self| Error::TwoStates {
            environment: identity.environment.clone(),
            places: [store.place(&one.state), store.place(&other.state)],
        };
        let mut found = None;
        for keys in [Self::at_root(), Self::shared(identity)].into_iter().filter(|keys| *keys != wanted) {
            let stored = match store.get(&keys.state).await {
                Err(Error::Store { failure, .. }) if failure.kind == FailureKind::Denied => continue,
                stored => stored?,
            };
            if stored.is_some_and(|stored| may_be_of(&stored.bytes, identity)) {
                match &found {
                    Some(other) => return Err(two(&keys, other)),
                    None => found = Some(keys),
                }
            }
        }
        if let Some(keys) = &found
            && store.get(&wanted.state).await?.is_some()
        {
            return Err(two(keys, &wanted));
        }
        Ok(found.unwrap_or(wanted))
    }

    /// True if a key is one of these.
    pub fn contain(&self, key: &str) -> bool {
        key == self.state || key == self.lock
    }
}

/// True if a state at the root of a shared bucket may be of this project and environment, as far as it can be read.
fn may_be_of(bytes: &[u8], identity: &StateIdentity) -> bool {
    match read::parse(bytes, "") {
        Ok(read::Parsed::Current(state)) => {
            let State { project, environment, .. } = &state;
            (project, environment) == (&identity.project, &identity.environment)
        }
        Ok(read::Parsed::First(state)) => state.is_of(identity),
        // Damaged, or of a later version: an error, because the state may be of this environment.
        Err(_) => {
            let (text, environment) = (String::from_utf8_lossy(bytes), &identity.environment);
            let names = format!("{}-{environment}-", identity.project);
            let says = [format!("\"environment\": \"{environment}\""), format!("\"environment\":\"{environment}\"")];
            text.contains(&names) && says.iter().any(|says| text.contains(says))
        }
    }
}
