//! The state of an environment: read, given a bucket, removed.

use crate::{Error, Workspace};
use aws_client::ErrorPattern;
use state::{Lock, RemovedState, State, StateBucket, Store as _, Stored, Version};
use std::{pin::pin, time::Duration};
use tokio::time::sleep;

/// After this time, a run says that the creation of the state bucket is slow.
const SAYS_AFTER: Duration = Duration::from_secs(10);

impl Workspace {
    /// The state as stored, or a new one.
    pub async fn state(&self) -> Result<(State, Option<Version>), Error> {
        if let Some(read) = self.take_read_under_lock() {
            return Ok(read);
        }
        let stored = match self.store.get(&self.keys.state).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return Ok((State::new(&self.state_identity), None)),
            Err(error) => return Err(unreachable(&self.bucket, error).await),
        };
        let state = self.read(&stored.bytes)?;
        let mut state = engine::current_state(&state, &self.registry, self.cloud.place()).into_owned();
        state.seal_sensitive(&self.registry);
        Ok((state, Some(stored.version)))
    }

    fn read(&self, bytes: &[u8]) -> Result<State, Error> {
        let read = State::read(bytes, &self.state_place(), &self.state_identity);
        read.map_err(|error| Error::of_state(error, Some(&self.name)))
    }

    /// The place of the state, as a person would look it up.
    pub fn state_place(&self) -> String {
        self.store.place(&self.keys.state)
    }

    /// Makes the state bucket if it is not there, or not complete. A bucket that exists is refused for a first state
    /// if it is no place for one.
    pub async fn ensure_bucket(&self) -> Result<(), Error> {
        self.made_bucket().await.map(drop)
    }

    /// The same, and refuses a state that cannot be read, before a lock is taken for work that goes on from it: what
    /// answers may not even be AWS.
    pub async fn ensure_bucket_and_state(&self) -> Result<(), Error> {
        if let Some(stored) = self.made_bucket().await? {
            self.read(&stored.bytes)?;
        }
        Ok(())
    }

    /// The stored state, if there is one. Makes the bucket where there is none.
    async fn made_bucket(&self) -> Result<Option<Stored>, Error> {
        if self.bucket.exists().await?
            && let Some(stored) = self.store.get(&self.keys.state).await?
        {
            return Ok(Some(stored));
        }
        let mut making = pin!(self.bucket.make(&self.identity));
        let made = tokio::select! {
            biased;
            made = &mut making => made,
            () = sleep(SAYS_AFTER) => {
                let name = self.bucket.name();
                self.frontend.note(&format!(
                    "waiting for the state bucket {name}: S3 frees the name of a deleted bucket after minutes, and \
                     after hours where it was in another region; if that is too long, name another bucket with \
                     `[state] bucket`, or run the command again later"
                ));
                making.await
            }
        };
        made?;
        Ok(None)
    }

    /// Gives the environment's own state bucket its current tags and key. A failure is only a warning: the platform
    /// does not depend on it.
    pub async fn renew_bucket(&self) {
        let usual = blueprint::identity(&self.state_identity.project, &self.state_identity.environment);
        if let Err(error) = self.bucket.renew_settings(&self.identity, &usual).await {
            self.frontend.note(&format!("warning: the settings of the state bucket are as they were: {error}"));
        }
    }

    /// Removes the state, which must hold no resources, and gives the lock back. Returns what became of the bucket, in
    /// words.
    ///
    /// # Errors
    /// When S3 refuses.
    pub async fn remove_state(&self, lock: Lock) -> Result<String, Error> {
        let removed = self.bucket.remove(&self.keys, &self.state_identity, &self.identity, lock).await?;
        Ok(match removed {
            RemovedState::Bucket => format!("the state bucket {} is gone as well", self.bucket.name()),
            RemovedState::StateOnly => format!(
                "the state {} is gone with its history; the bucket was not made by mlopsctl, so it stays",
                self.state_place()
            ),
        })
    }

    /// Warns of a state that a later version wrote. That version may plan differently, and this version writes next.
    pub fn warn_of_later_tool(&self, state: &State) {
        if is_later_than_this(&state.tool) {
            self.frontend.warn(&format!(
                "warning: mlopsctl {} was the last to write the state, and this is mlopsctl {}; `required_version` at \
                 the top of the environment file refuses versions that you do not want",
                state.tool,
                env!("CARGO_PKG_VERSION")
            ));
        }
    }

    /// Warns of a bucket that the environment file names and in which a state should not be kept. mlopsctl 0.1 took
    /// any, so it is used on.
    pub async fn warn_of_bucket(&self) {
        if !self.bucket.is_named() {
            return;
        }
        // Without the right to read the bucket's settings there is no warning.
        for weakness in self.bucket.weaknesses().await.unwrap_or_default() {
            let name = self.bucket.name();
            self.frontend.advise(&format!("warning: the state bucket {name} {weakness}"), &weakness.help(name));
        }
    }
}

/// True if the text is a later version of mlopsctl than this one.
fn is_later_than_this(tool: &str) -> bool {
    let version = |text: &str| semver::Version::parse(text).ok();
    version(tool).zip(version(env!("CARGO_PKG_VERSION"))).is_some_and(|(tool, this)| tool > this)
}

/// The error for a state that cannot be read: S3 says more of a bucket than of an object in it.
pub(crate) async fn unreachable(bucket: &StateBucket, error: state::Error) -> Error {
    const OF_THE_BUCKET: &[ErrorPattern] = &[
        ("AccessDenied", ""),
        ("PermanentRedirect", ""),
        ("TemporaryRedirect", ""),
        ("AuthorizationHeaderMalformed", ""),
    ];
    if matches!(&error, state::Error::Store { failure, .. } if failure.matches(OF_THE_BUCKET))
        && let Err(why @ state::Error::UnusableBucket { .. }) = bucket.exists().await
    {
        return why.into();
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_version_is_told_from_an_earlier_one() {
        assert!(is_later_than_this("9.9.0") && is_later_than_this("10.0.0"));
        assert!(
            !is_later_than_this(env!("CARGO_PKG_VERSION")) && !is_later_than_this("0.0.9") && !is_later_than_this("")
        );
    }
}
