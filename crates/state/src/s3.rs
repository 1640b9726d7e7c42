use crate::{Error, Store, Stored, Version, versions::VersionPages};
use aws_sdk_s3::{Client, primitives::ByteStream};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, config_bag::ConfigBag, date_time::Format};
use bytes::Bytes;
use resource::{Attempt, Boxed, Failure, Sign};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// S3 answers 412 when the version is another, 409 when two conditional writes collide; both mean
/// that somebody else was there.
const MOVED: &[Sign] = &[
    ("PreconditionFailed", ""),
    ("ConditionalRequestConflict", ""),
    // A conditional PUT on an object that was deleted meanwhile.
    ("NoSuchKey", ""),
];

/// So many versions are listed: years of work.
const MOST_VERSIONS: usize = 100_000;
/// The largest state that is written: what the HTTP client reads of one answer.
pub(crate) const LARGEST: usize = resource::LARGEST_ANSWER;

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
    /// Whether there are more, which are not listed.
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
}

impl S3Store {
    /// The store in a bucket, which must belong to `account`.
    pub fn new(client: Client, bucket: &str, account: &str) -> Self {
        Self { client, bucket: bucket.to_owned(), account: account.to_owned() }
    }

    fn failed(&self, key: &str, failure: Failure) -> Error {
        match failure.shows(MOVED) {
            true => Error::Moved,
            false => Error::Store { place: self.place(key), failure },
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
        let failed = |failure| self.failed(key, failure);
        let call = self.client.get_object().bucket(&self.bucket).key(key).version_id(version);
        let answer = call.expected_bucket_owner(&self.account).send().await.during("GetObject").map_err(failed)?;
        self.read(key, answer.body).await
    }

    async fn read(&self, key: &str, body: ByteStream) -> Result<Bytes, Error> {
        let read = body.collect().await.map_err(|error| Error::Store {
            place: self.place(key),
            failure: Failure::of(
                resource::FailureKind::Ambiguous,
                format!("reading was interrupted: {}", resource::chain(&error)),
            ),
        })?;
        Ok(read.into_bytes())
    }
}

impl Store for S3Store {
    fn place(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Result<Option<Stored>, Error>> {
        Box::pin(async move {
            let clock = Clock::default();
            let call = self.client.get_object().bucket(&self.bucket).key(key).expected_bucket_owner(&self.account);
            let answer = call
                .customize()
                .interceptor(clock.clone())
                .send()
                .await
                .during("GetObject")
                .absent(&[("NoSuchKey", ""), ("NoSuchBucket", "")])
                .map_err(|failure| Error::Store { place: self.place(key), failure })?;
            let Some(answer) = answer else { return Ok(None) };
            let version = Version(answer.e_tag().unwrap_or_default().to_owned());
            let age = clock.since(answer.last_modified());
            Ok(Some(Stored { bytes: self.read(key, answer.body).await?, version, age }))
        })
    }

    fn put<'a>(&'a self, key: &'a str, bytes: Bytes, on: Option<&'a Version>) -> Boxed<'a, Result<Version, Error>> {
        Box::pin(async move {
            if bytes.len() > LARGEST {
                return Err(Error::TooLarge { place: self.place(key), bytes: bytes.len() });
            }
            let call = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .content_type("application/json")
                .expected_bucket_owner(&self.account)
                .body(ByteStream::from(bytes.clone()));
            let call = match on {
                Some(version) => call.if_match(&version.0),
                None => call.if_none_match("*"),
            };
            match call.send().await.during("PutObject").map_err(|failure| self.failed(key, failure)) {
                Ok(answer) => Ok(Version(answer.e_tag().unwrap_or_default().to_owned())),
                // The answer to a first attempt may have been lost: the write that collided is our own.
                Err(Error::Moved) => match self.get(key).await? {
                    Some(stored) if stored.bytes == bytes => Ok(stored.version),
                    _ => Err(Error::Moved),
                },
                Err(error) => Err(error),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str, on: &'a Version) -> Boxed<'a, Result<(), Error>> {
        Box::pin(async move {
            let call =
                || self.client.delete_object().bucket(&self.bucket).key(key).expected_bucket_owner(&self.account);
            let result = call().if_match(&on.0).send().await.during("DeleteObject");
            match result {
                Ok(_) => Ok(()),
                Err(failure) if failure.shows(&[("NoSuchKey", "")]) => Ok(()),
                // Stores that do not know the condition on DELETE: look, then delete.
                Err(failure) if failure.shows(&[("NotImplemented", "")]) => match self.get(key).await? {
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
