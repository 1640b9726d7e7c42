//! Reads objects of a state bucket with their earlier versions, and writes them with conditional writes.

use crate::{Error, Store, Stored, Version, limits::LARGEST, versions::VersionPages};
use aws_client::{Attempt, Boxed, ErrorPattern, Failure, FailureKind};
use aws_sdk_s3::{Client, primitives::ByteStream, types::ServerSideEncryption};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, config_bag::ConfigBag, date_time::Format};
use bytes::Bytes;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// S3 answers so when the version is another: another run has written.
const MOVED: &[ErrorPattern] = &[
    ("PreconditionFailed", ""),
    // A conditional PUT on an object that was deleted meanwhile.
    ("NoSuchKey", ""),
];
/// S3's 409 when a conditional write meets another request under way, maybe an earlier attempt of one's own. Nobody
/// has won yet: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html> says to send it again.
const CONFLICT: &[ErrorPattern] = &[("ConditionalRequestConflict", "")];
/// The number of times that a write in conflict is sent again, and the first pause. The pause grows by itself each
/// time.
const CONFLICTS: u32 = 5;
const AFTER_CONFLICT: Duration = Duration::from_millis(100);
/// The number of reads of an object, and the pause after the first failure. Each further pause is longer by the same
/// time.
const READS: u32 = 4;
const AFTER_READ: Duration = Duration::from_millis(250);
/// The time after which a read is not repeated.
const READS_WITHIN: Duration = Duration::from_secs(10);
/// An ETag that no object has.
const NO_VERSION: &str = "\"00000000000000000000000000000000\"";

/// So many versions are listed: years of work.
const MOST_VERSIONS: usize = 100_000;

/// An earlier version of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateVersion {
    /// By which S3 gives it out.
    pub id: String,
    /// When it was written, as RFC 3339.
    pub written: String,
    /// Its size.
    pub bytes: i64,
}

/// Versions of a state, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The versions.
    pub versions: Vec<StateVersion>,
    /// True if there are more, which are not listed.
    pub has_more: bool,
}

impl History {
    /// The newest version.
    pub fn newest(self) -> Option<StateVersion> {
        self.versions.into_iter().next()
    }
}

/// Objects in one bucket.
#[derive(Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
    account: String,
    is_exclusive: bool,
    kms_key: Option<String>,
}

impl S3Store {
    /// The store in a bucket, which must belong to `account`.
    pub fn new(client: Client, bucket: &str, account: &str) -> Self {
        Self { client, bucket: bucket.to_owned(), account: account.to_owned(), is_exclusive: false, kms_key: None }
    }

    /// The same store, which no other process can reach if `is_exclusive`: the embedded AWS's.
    pub fn exclusive(self, is_exclusive: bool) -> Self {
        Self { is_exclusive, ..self }
    }

    /// The same store, with this KMS key for everything that it writes.
    #[must_use]
    pub fn encrypted_with(self, kms_key: Option<String>) -> Self {
        Self { kms_key, ..self }
    }

    fn failed(&self, key: &str, failure: Failure) -> Error {
        match failure.matches(MOVED) {
            true => Error::Moved,
            false => Error::Store { place: self.place(key), failure },
        }
    }

    /// Repeats a conditional request for as long as it meets another. What is in conflict to the end may yet succeed:
    /// [`FailureKind::Ambiguous`].
    async fn through_conflicts<'a, T>(
        &self,
        send: impl Fn() -> Boxed<'a, Result<T, Failure>> + Send,
    ) -> Result<T, Failure> {
        for round in 1..=CONFLICTS {
            match send().await {
                Err(failure) if failure.matches(CONFLICT) => sleep(AFTER_CONFLICT * round).await,
                answer => return answer,
            }
        }
        send().await.map_err(|failure| match failure.matches(CONFLICT) {
            true => Failure { kind: FailureKind::Ambiguous, ..failure },
            false => failure,
        })
    }

    /// Sends a conditional PUT, without a read of the present object if it fails.
    async fn send(&self, key: &str, bytes: &Bytes, on: Option<&Version>) -> Result<Version, Failure> {
        let call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type("application/json")
            .expected_bucket_owner(&self.account)
            .set_server_side_encryption(self.kms_key.as_ref().map(|_| ServerSideEncryption::AwsKms))
            .set_ssekms_key_id(self.kms_key.clone())
            .set_bucket_key_enabled(self.kms_key.as_ref().map(|_| true))
            .body(ByteStream::from(bytes.clone()));
        let call = match on {
            Some(version) => call.if_match(&version.0),
            None => call.if_none_match("*"),
        };
        let answer = call.send().await.during("PutObject")?;
        version_of(answer.e_tag(), "PutObject")
    }

    /// Refuses a store that ignores the conditions of a PUT. `lock` is a lock that the caller holds: it is written
    /// again as it is, under conditions that do not hold. Two calls, and one to read.
    ///
    /// # Errors
    /// [`Error::IgnoresConditions`], or why the store cannot be asked.
    pub async fn refuse_unconditional(&self, lock: &str) -> Result<(), Error> {
        let Some(stored) = self.get(lock).await? else { return Ok(()) };
        let never = Version(NO_VERSION.to_owned());
        for (condition, on) in [("If-None-Match", None), ("If-Match", Some(&never))] {
            self.refuses(lock, condition, self.send(lock, &stored.bytes, on).await)?;
        }
        Ok(())
    }

    /// The same without a lock, for a key where there is nothing: on a store that honours conditions nothing is
    /// written, on another what was written is removed again.
    ///
    /// # Errors
    /// [`Error::IgnoresConditions`], or why the store cannot be asked.
    pub async fn refuse_unconditional_without_lock(&self, absent: &str) -> Result<(), Error> {
        let sent = self.send(absent, &Bytes::from_static(b"{}"), Some(&Version(NO_VERSION.to_owned()))).await;
        if let Ok(version) = &sent {
            self.delete(absent, version).await?;
        }
        self.refuses(absent, "If-Match", sent)
    }

    fn refuses(&self, key: &str, condition: &'static str, sent: Result<Version, Failure>) -> Result<(), Error> {
        match sent {
            Ok(_) => Err(Error::IgnoresConditions { place: self.place(key), condition }),
            Err(failure) if failure.matches(MOVED) || failure.matches(CONFLICT) => Ok(()),
            Err(failure) => Err(Error::Store { place: self.place(key), failure }),
        }
    }

    /// Versions of the object at `key`, newest first.
    ///
    /// # Errors
    /// When the bucket cannot be read.
    pub async fn history(&self, key: &str) -> Result<History, Error> {
        let mut pages = VersionPages::new(&self.client, &self.bucket, &self.account, Some(key));
        let mut history = History::default();
        while let Some(page) = pages.next().await.map_err(|failure| self.failed(key, failure))? {
            // A listing goes by prefix, which other keys may begin with as well.
            let versions = page.into_iter().filter(|one| one.key == key && !one.is_marker);
            history.versions.extend(versions.map(|one| StateVersion {
                id: one.id,
                written: one.written,
                bytes: one.bytes,
            }));
            if history.versions.len() >= MOST_VERSIONS {
                history.versions.truncate(MOST_VERSIONS);
                history.has_more = true;
                break;
            }
        }
        Ok(history)
    }

    /// The bytes of an earlier version.
    ///
    /// # Errors
    /// When there is no such version or it cannot be read.
    pub async fn get_version(&self, key: &str, version: &str) -> Result<Bytes, Error> {
        let read = self.read(key, Some(version)).await.map_err(|failure| self.failed(key, failure))?;
        Ok(read.bytes)
    }

    /// Reads a whole object. Repeats the read if the answer was cut off or a gateway in between was busy, which the SDK
    /// does not.
    async fn read(&self, key: &str, version: Option<&str>) -> Result<Stored, Failure> {
        let began = Instant::now();
        for round in 1..READS {
            match self.read_once(key, version).await {
                Err(failure)
                    if matches!(failure.kind, FailureKind::Ambiguous | FailureKind::Throttled)
                        && began.elapsed() < READS_WITHIN =>
                {
                    sleep(AFTER_READ * round).await;
                }
                read => return read,
            }
        }
        self.read_once(key, version).await
    }

    async fn read_once(&self, key: &str, version: Option<&str>) -> Result<Stored, Failure> {
        let clock = Clock::default();
        let call = self.client.get_object().bucket(&self.bucket).key(key).expected_bucket_owner(&self.account);
        let call = call.set_version_id(version.map(str::to_owned)).customize().interceptor(clock.clone());
        let answer = call.send().await.during("GetObject")?;
        let version = version_of(answer.e_tag(), "GetObject")?;
        let age = clock.since(answer.last_modified());
        let bytes = answer.body.collect().await.map_err(|error| {
            Failure::new(FailureKind::Ambiguous, format!("reading was interrupted: {}", aws_client::chain(&error)))
        })?;
        Ok(Stored { bytes: bytes.into_bytes(), version, age })
    }
}

impl Store for S3Store {
    fn place(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    fn is_exclusive(&self) -> bool {
        self.is_exclusive
    }

    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Result<Option<Stored>, Error>> {
        Box::pin(async move {
            match self.read(key, None).await {
                Ok(stored) => Ok(Some(stored)),
                Err(failure) if failure.matches(&[("NoSuchKey", ""), ("NoSuchBucket", "")]) => Ok(None),
                Err(failure) => Err(Error::Store { place: self.place(key), failure }),
            }
        })
    }

    fn put<'a>(&'a self, key: &'a str, bytes: Bytes, on: Option<&'a Version>) -> Boxed<'a, Result<Version, Error>> {
        Box::pin(async move {
            if bytes.len() > LARGEST {
                return Err(Error::TooLarge { place: self.place(key), bytes: bytes.len() });
            }
            let sent = self.through_conflicts(|| Box::pin(self.send(key, &bytes, on))).await;
            let failure = match sent {
                Ok(version) => return Ok(version),
                Err(failure) if failure.matches(MOVED) || failure.matches(CONFLICT) => failure,
                Err(failure) => return Err(self.failed(key, failure)),
            };
            // The answer to a first attempt may have been lost: the write that collided may be our own.
            let there = self.get(key).await?;
            match there {
                Some(stored) if stored.bytes == bytes => Ok(stored.version),
                // No other write has succeeded yet.
                there if failure.matches(CONFLICT) && there.as_ref().map(|stored| &stored.version) == on => {
                    Err(Error::Store { place: self.place(key), failure })
                }
                _ => Err(Error::Moved),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str, on: &'a Version) -> Boxed<'a, Result<(), Error>> {
        Box::pin(async move {
            let call =
                || self.client.delete_object().bucket(&self.bucket).key(key).expected_bucket_owner(&self.account);
            let sent = self.through_conflicts(|| {
                let call = call().if_match(&on.0);
                Box::pin(async move { call.send().await.during("DeleteObject") })
            });
            match sent.await {
                Ok(_) => Ok(()),
                Err(failure) if failure.matches(&[("NoSuchKey", "")]) => Ok(()),
                // Stores that do not know the condition on DELETE: read, then delete.
                Err(failure) if failure.matches(&[("NotImplemented", "")]) => match self.get(key).await? {
                    Some(stored) if stored.version == *on => call()
                        .send()
                        .await
                        .during("DeleteObject")
                        .map_err(|failure| self.failed(key, failure))
                        .map(drop),
                    Some(_) => Err(Error::Moved),
                    None => Ok(()),
                },
                Err(failure) => match self.failed(key, failure) {
                    // The answer to a first attempt may have been lost: what is gone is gone.
                    Error::Moved if self.get(key).await?.is_none() => Ok(()),
                    error => Err(error),
                },
            }
        })
    }
}

/// The version that an answer names. Without its ETag, no write could name what it replaces.
fn version_of(e_tag: Option<&str>, operation: &str) -> Result<Version, Failure> {
    let e_tag = e_tag.filter(|e_tag| !e_tag.is_empty());
    e_tag.map(|e_tag| Version(e_tag.to_owned())).ok_or_else(|| Failure::incomplete(operation, "ETag"))
}

/// The store's own time, from the `Date` header of its answer: hosts' clocks may be wrong.
#[derive(Clone, Debug, Default)]
struct Clock(Arc<Mutex<Option<DateTime>>>);

impl Clock {
    fn since(&self, written: Option<&DateTime>) -> Duration {
        let now = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (now, written) {
            (Some(now), Some(written)) => {
                Duration::from_secs(u64::try_from(now.secs() - written.secs()).unwrap_or_default())
            }
            _ => Duration::ZERO,
        }
    }
}

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "store-clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date =
            context.response().headers().get("date").and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}
