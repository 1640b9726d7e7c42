//! Raw data in its bucket: the files that are there, and their removal.

use crate::{
    table::Form,
    time::timestamp,
    upload::{ROWS, Store},
};
use aws_client::{Attempt, Failure, FailureKind, Result};
use aws_s3::Recovery;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use std::path::Path;

/// A file of raw data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFile {
    /// Its key in the bucket.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// The time of the upload, or of the replacement.
    pub uploaded: Option<Timestamp>,
    /// Its rows, if `upload` counted them.
    pub rows: Option<u64>,
}

impl RawFile {
    /// True if the pipeline reads a file of this name.
    pub fn is_read(&self) -> bool {
        Form::by_name(Path::new(&self.key)) != Form::Ignored
    }
}

/// A file whose removal failed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRemoved {
    /// Its key in the bucket.
    pub key: String,
    /// The refusal.
    pub failure: Failure,
}

/// The outcome of a removal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// The keys that are gone, each with the version of its delete marker.
    pub removed: Vec<(String, Option<String>)>,
    /// The files that are still there.
    pub kept: Vec<NotRemoved>,
}

/// The largest number of files whose numbers of rows are read, by a call for each.
const MOST_WITH_ROWS: usize = 200;
/// Calls under way at once.
const AT_ONCE: usize = 8;
/// The most objects of one deletion.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
const MOST_DELETED: usize = 1000;

impl Store {
    /// The files below a prefix, in the order of their keys. Their rows are known if there are few files.
    ///
    /// # Errors
    /// When the bucket cannot be listed, or a file cannot be read.
    pub async fn files(&self, prefix: &str) -> Result<Vec<RawFile>> {
        let call = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let mut pages = call.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page.during("ListObjectsV2") {
                Ok(page) => page,
                Err(failure) => return Err(aws_s3::explain_denial(&self.client, &self.bucket, failure).await),
            };
            for object in page.contents() {
                let key = object.key().unwrap_or_default().to_owned();
                let bytes = u64::try_from(object.size().unwrap_or_default()).unwrap_or_default();
                // Consoles make folders by empty objects.
                if bytes > 0 || !key.ends_with('/') {
                    found.push(RawFile { key, bytes, uploaded: object.last_modified().map(timestamp), rows: None });
                }
            }
        }
        match found.len() {
            0..=MOST_WITH_ROWS => self.with_rows(found).await,
            _ => Ok(found),
        }
    }

    async fn with_rows(&self, files: Vec<RawFile>) -> Result<Vec<RawFile>> {
        let read = stream::iter(files).map(|file| async move {
            let call = self.client.head_object().bucket(&self.bucket).key(&file.key);
            // It may be gone since.
            let head = call.send().await.during("HeadObject").none_on(&[("NotFound", ""), ("NoSuchKey", "")])?;
            let rows = head.as_ref().and_then(|head| head.metadata()).and_then(|known| known.get(ROWS));
            Ok(RawFile { rows: rows.and_then(|rows| rows.parse().ok()), ..file })
        });
        read.buffered(AT_ONCE).try_collect().await
    }

    /// The time for which removed files can be restored.
    ///
    /// # Errors
    /// When the settings of the bucket cannot be read.
    pub async fn recovery(&self, prefix: &str) -> Result<Recovery> {
        aws_s3::recovery(&self.client, &self.bucket, prefix).await
    }

    /// Removes files. In a bucket with versions each gets a delete marker, and its content stays as an old version.
    ///
    /// # Errors
    /// When a call fails as a whole. Refusals of single files are in the answer.
    pub async fn remove(&self, keys: &[String]) -> Result<Removal> {
        let mut removal = Removal::default();
        for part in keys.chunks(MOST_DELETED) {
            let objects: Vec<ObjectIdentifier> =
                part.iter().filter_map(|key| ObjectIdentifier::builder().key(key).build().ok()).collect();
            let delete = Delete::builder().set_objects(Some(objects)).build();
            let delete = delete.map_err(|error| Failure::new(FailureKind::Final, error.to_string()))?;
            let call = self.client.delete_objects().bucket(&self.bucket).delete(delete);
            let answer = call.send().await.during("DeleteObjects")?;
            removal.removed.extend(
                answer
                    .deleted()
                    .iter()
                    .filter_map(|one| Some((one.key()?.to_owned(), one.delete_marker_version_id().map(str::to_owned)))),
            );
            removal.kept.extend(answer.errors().iter().filter_map(|error| {
                let message = error.message().unwrap_or("S3 does not say why");
                let failure = Failure {
                    operation: "DeleteObjects".into(),
                    code: error.code().map(str::to_owned),
                    ..Failure::new(FailureKind::Final, message)
                };
                Some(NotRemoved { key: error.key()?.to_owned(), failure })
            }));
        }
        Ok(removal)
    }
}
