//! Versions of the objects in a bucket.

use aws_client::{Attempt, Failure, FailureKind, NextPage, Result, Tokens};
use aws_sdk_s3::{
    Client,
    operation::list_object_versions::ListObjectVersionsOutput,
    types::{Delete, ObjectIdentifier},
};
use aws_smithy_types::date_time::Format;

/// A version of an object, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectVersion {
    pub(crate) key: String,
    /// `null` where the bucket keeps no versions.
    pub(crate) id: String,
    pub(crate) is_latest: bool,
    pub(crate) is_marker: bool,
    pub(crate) etag: String,
    /// As RFC 3339.
    pub(crate) written: String,
    pub(crate) bytes: i64,
}

/// A listing of versions, page by page: of each key the newest version first. The SDK has no paginator for it.
pub(crate) struct VersionPages<'a> {
    client: &'a Client,
    bucket: &'a str,
    account: &'a str,
    prefix: Option<&'a str>,
    from: Option<Markers>,
    tokens: Tokens,
}

/// The start of a page: after this key and this version of it.
type Markers = (Option<String>, Option<String>);

impl<'a> VersionPages<'a> {
    /// A listing of the bucket, which must belong to `account`: of what begins with `prefix`, or of everything.
    pub(crate) fn new(client: &'a Client, bucket: &'a str, account: &'a str, prefix: Option<&'a str>) -> Self {
        Self { client, bucket, account, prefix, from: Some((None, None)), tokens: Tokens::default() }
    }

    /// The next page; `None` after the last, and where there is no bucket.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<ObjectVersion>>> {
        let Some(from) = self.from.take() else { return Ok(None) };
        let call = self.client.list_object_versions().bucket(self.bucket).expected_bucket_owner(self.account);
        let call = call.set_prefix(self.prefix.map(str::to_owned));
        let call = call.set_key_marker(from.0).set_version_id_marker(from.1);
        let page = call.send().await.during("ListObjectVersions").none_on(&[("NoSuchBucket", "")])?;
        let Some(page) = page else { return Ok(None) };
        let next = (page.next_key_marker.clone(), page.next_version_id_marker.clone());
        let marker = next.0.as_ref().map(|key| format!("{key}\0{}", next.1.as_deref().unwrap_or_default()));
        let goes_on = NextPage::if_truncated(page.is_truncated() == Some(true), marker.as_deref());
        self.from = self.tokens.follow("ListObjectVersions", goes_on)?.map(|_| next);
        Ok(Some(entries(page)))
    }
}

fn entries(page: ListObjectVersionsOutput) -> Vec<ObjectVersion> {
    let ListObjectVersionsOutput { versions, delete_markers, .. } = page;
    let versions = versions.unwrap_or_default().into_iter().map(|one| ObjectVersion {
        written: one.last_modified().and_then(|at| at.fmt(Format::DateTime).ok()).unwrap_or_default(),
        key: one.key.unwrap_or_default(),
        id: one.version_id.unwrap_or_else(|| "null".to_owned()),
        is_latest: one.is_latest.unwrap_or_default(),
        is_marker: false,
        etag: one.e_tag.unwrap_or_default(),
        bytes: one.size.unwrap_or_default(),
    });
    let markers = delete_markers.unwrap_or_default().into_iter().map(|one| ObjectVersion {
        written: one.last_modified().and_then(|at| at.fmt(Format::DateTime).ok()).unwrap_or_default(),
        key: one.key.unwrap_or_default(),
        id: one.version_id.unwrap_or_else(|| "null".to_owned()),
        is_latest: one.is_latest.unwrap_or_default(),
        is_marker: true,
        etag: String::new(),
        bytes: 0,
    });
    versions.chain(markers).collect()
}

/// Deletes versions for good, in one call.
pub(crate) async fn delete(client: &Client, bucket: &str, account: &str, versions: &[ObjectVersion]) -> Result<()> {
    let unbuildable = |error: aws_sdk_s3::error::BuildError| Failure::new(FailureKind::Final, error.to_string());
    let objects = versions
        .iter()
        .map(|one| ObjectIdentifier::builder().key(&one.key).version_id(&one.id).build().map_err(unbuildable));
    let delete = Delete::builder().set_objects(Some(objects.collect::<Result<_>>()?)).quiet(true).build();
    let call = client.delete_objects().bucket(bucket).expected_bucket_owner(account);
    let answer = call.delete(delete.map_err(unbuildable)?).send().await.during("DeleteObjects")?;
    // Refusals come one for each object, inside an answer that is a success.
    let gone = |code: Option<&str>| matches!(code, Some("NoSuchKey" | "NoSuchVersion"));
    match answer.errors().iter().find(|error| !gone(error.code())) {
        None => Ok(()),
        Some(error) => Err(Failure {
            operation: "DeleteObjects".to_owned(),
            code: error.code().map(str::to_owned),
            residue: Some(format!("earlier versions of the state in {bucket}")),
            ..Failure::new(
                FailureKind::Final,
                format!("{}: {}", error.key().unwrap_or_default(), error.message().unwrap_or("no message")),
            )
        }),
    }
}
