use crate::{Error, Store, Stored, Version};
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

    /// Versions of the object at `key`, newest first: id, time of writing, bytes.
    ///
    /// # Errors
    /// When the bucket cannot be read.
    pub async fn history(&self, key: &str) -> Result<Vec<(String, String, i64)>, Error> {
        let answer = self
            .client
            .list_object_versions()
            .bucket(&self.bucket)
            .prefix(key)
            .expected_bucket_owner(&self.account)
            .send()
            .await
            .during("ListObjectVersions")
            .map_err(|failure| self.failed(key, failure))?;
        let versions = answer.versions().iter().filter(|version| version.key() == Some(key));
        Ok(versions
            .map(|version| {
                let when = version.last_modified().and_then(|at| at.fmt(Format::DateTime).ok()).unwrap_or_default();
                (version.version_id().unwrap_or("null").to_owned(), when, version.size().unwrap_or_default())
            })
            .collect())
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
            let call = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .content_type("application/json")
                .server_side_encryption(ServerSideEncryption::Aes256)
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
