//! Emptying a bucket: versions, delete markers and unfinished uploads, many at a time.

use crate::{read::NO_BUCKET, unbuildable};
use aws_client::{Attempt, Failure, FailureKind, NextPage, Result, Tokens, is_throttling};
use aws_sdk_s3::{
    Client,
    operation::list_object_versions::ListObjectVersionsOutput,
    types::{Delete, Error, ObjectIdentifier},
};
use serde_json::Value;
use tokio::task::JoinSet;

/// The number of delete calls that are under way at once.
const AT_ONCE: usize = 8;

/// The most pages of a listing of versions, each of a thousand: buckets have no quota of objects.
const MOST_PAGES: usize = 1_000_000;

/// The objects to delete.
#[derive(Clone, Copy)]
pub(crate) enum Selection<'a> {
    /// Everything, for good.
    Everything,
    /// Delete markers only: they hold no data and yet block the bucket's deletion.
    Markers,
    /// Every version of one object.
    Key(&'a str),
}

/// Goes once through the bucket. What is written meanwhile stays; then DeleteBucket refuses, and the
/// next attempt begins here again.
pub(crate) async fn empty(client: &Client, name: &str, what: Selection<'_>) -> Result<()> {
    let prefix = match what {
        Selection::Key(key) => Some(key),
        Selection::Everything | Selection::Markers => None,
    };
    let mut pages = Pages::new(client, name, prefix);
    let mut calls = BoundedCalls::default();
    while let Some(page) = pages.next().await.none_on(NO_BUCKET)?.flatten() {
        let objects = selected(&page, what)?;
        if !objects.is_empty() {
            calls.give(delete(client.clone(), name.to_owned(), objects)).await?;
        }
    }
    calls.finish().await?;
    match what {
        Selection::Everything => abort_uploads(client, name).await,
        Selection::Markers | Selection::Key(_) => Ok(()),
    }
}

fn selected(page: &ListObjectVersionsOutput, what: Selection<'_>) -> Result<Vec<ObjectIdentifier>> {
    let versions = match what {
        Selection::Markers => &[],
        Selection::Everything | Selection::Key(_) => page.versions(),
    };
    let versions = versions.iter().map(|one| (one.key(), one.version_id()));
    let markers = page.delete_markers().iter().map(|one| (one.key(), one.version_id()));
    versions
        .chain(markers)
        .filter_map(|(key, version)| Some((key?, version)))
        // A listing goes by prefix, which other keys may begin with as well.
        .filter(|(key, _)| !matches!(what, Selection::Key(wanted) if wanted != *key))
        .map(|(key, version)| {
            let version = version.map(str::to_owned);
            ObjectIdentifier::builder().key(key).set_version_id(version).build().map_err(unbuildable)
        })
        .collect()
}

async fn delete(client: Client, name: String, objects: Vec<ObjectIdentifier>) -> Result<()> {
    let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(unbuildable)?;
    let answer = client.delete_objects().bucket(&name).delete(delete).send().await.during("DeleteObjects");
    let Some(answer) = answer.none_on(NO_BUCKET)? else { return Ok(()) };
    match answer.errors().iter().find(|error| !matches!(error.code(), Some("NoSuchKey" | "NoSuchVersion"))) {
        Some(error) => Err(refusal(&name, error)),
        None => Ok(()),
    }
}

/// Refusals come one for each object, inside an answer that is a success.
fn refusal(bucket: &str, error: &Error) -> Failure {
    let (kind, help) = match error.code() {
        Some(code) if is_throttling(code) => (FailureKind::Throttled, None),
        Some("InternalError" | "ServiceUnavailable") => (FailureKind::Ambiguous, None),
        Some("AccessDenied") => {
            let help = "an object lock or a policy protects the object: let its retention end or lift its legal hold \
                        (`aws s3api put-object-legal-hold`), or allow s3:DeleteObjectVersion, and run the same command";
            (FailureKind::Denied, Some(help.into()))
        }
        _ => (FailureKind::Final, None),
    };
    let message = format!("{}: {}", error.key().unwrap_or_default(), error.message().unwrap_or("no message"));
    Failure {
        operation: "DeleteObjects".into(),
        code: error.code().map(str::to_owned),
        residue: Some(format!("the bucket {bucket} is partly emptied")),
        help,
        ..Failure::new(kind, message)
    }
}

async fn abort_uploads(client: &Client, name: &str) -> Result<()> {
    let mut calls = BoundedCalls::default();
    let (mut key_marker, mut upload_marker) = (None, None);
    let mut tokens = Tokens::default();
    loop {
        let call = client.list_multipart_uploads().bucket(name);
        let call = call.set_key_marker(key_marker).set_upload_id_marker(upload_marker);
        let Some(page) = call.send().await.during("ListMultipartUploads").none_on(NO_BUCKET)? else { break };
        for upload in page.uploads() {
            let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
            let call = client.abort_multipart_upload().bucket(name).key(key).upload_id(id);
            calls
                .give(async move {
                    let gone = &[("NoSuchUpload", ""), ("NoSuchBucket", "")];
                    call.send().await.during("AbortMultipartUpload").none_on(gone).map(drop)
                })
                .await?;
        }
        let next = marker(page.next_key_marker(), page.next_upload_id_marker());
        let next = NextPage::if_truncated(page.is_truncated() == Some(true), next.as_deref());
        if tokens.follow("ListMultipartUploads", next)?.is_none() {
            break;
        }
        (key_marker, upload_marker) = (page.next_key_marker, page.next_upload_id_marker);
    }
    calls.finish().await
}

/// Removes a bucket policy that denies every caller from here: the run that empties the bucket would be locked out.
pub(crate) async fn unlock(client: &Client, name: &str) -> Result<()> {
    let answer = client.get_bucket_policy().bucket(name).send().await.during("GetBucketPolicy");
    // S3 says with an error that there is none.
    // <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    let answer = match answer.none_on(&[("NoSuchBucketPolicy", ""), ("NoSuchBucket", "")]) {
        // Emptying needs no permission to read the policy; if it locks out, that will show.
        Err(failure) if failure.kind == FailureKind::Denied => return Ok(()),
        answer => answer?,
    };
    let policy = answer.and_then(|answer| answer.policy).unwrap_or_default();
    if locks_out(&serde_json::from_str(&policy).unwrap_or_default()) {
        let call = client.delete_bucket_policy().bucket(name);
        call.send().await.during("DeleteBucketPolicy").none_on(NO_BUCKET)?;
    }
    Ok(())
}

/// True if a policy denies requests by the network that they come from.
fn locks_out(policy: &Value) -> bool {
    const NETWORK: [&str; 4] = ["aws:sourcevpce", "aws:sourcevpc", "aws:sourceip", "aws:vpcsourceip"];
    let statements = match &policy["Statement"] {
        Value::Array(statements) => statements.as_slice(),
        Value::Null => &[],
        single => std::slice::from_ref(single),
    };
    statements.iter().filter(|statement| statement["Effect"] == "Deny").any(|statement| {
        let operators = statement["Condition"].as_object().into_iter().flat_map(|operators| operators.values());
        let mut keys = operators.filter_map(Value::as_object).flat_map(|keys| keys.keys());
        keys.any(|key| NETWORK.contains(&key.to_ascii_lowercase().as_str()))
    })
}

/// Two markers as the one token that they are together.
fn marker(key: Option<&str>, other: Option<&str>) -> Option<String> {
    key.map(|key| format!("{key}\0{}", other.unwrap_or_default()))
}

/// The pages of a listing of versions. The SDK has no paginator for it.
pub(crate) struct Pages<'a> {
    client: &'a Client,
    bucket: &'a str,
    prefix: Option<&'a str>,
    from: Option<(Option<String>, Option<String>)>,
    tokens: Tokens,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(client: &'a Client, bucket: &'a str, prefix: Option<&'a str>) -> Self {
        Self { client, bucket, prefix, from: Some((None, None)), tokens: Tokens::of_pages(MOST_PAGES) }
    }

    /// The next page; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<ListObjectVersionsOutput>> {
        let Some((key, version)) = self.from.take() else { return Ok(None) };
        let call = self.client.list_object_versions().bucket(self.bucket).set_prefix(self.prefix.map(str::to_owned));
        let call = call.set_key_marker(key).set_version_id_marker(version);
        let page = call.send().await.during("ListObjectVersions")?;
        let next = marker(page.next_key_marker(), page.next_version_id_marker());
        let next = NextPage::if_truncated(page.is_truncated() == Some(true), next.as_deref());
        if self.tokens.follow("ListObjectVersions", next)?.is_some() {
            self.from = Some((page.next_key_marker.clone(), page.next_version_id_marker.clone()));
        }
        Ok(Some(page))
    }
}

/// Calls on their way, not more than [`AT_ONCE`]. Dropping it abandons them.
#[derive(Default)]
struct BoundedCalls(JoinSet<Result<()>>);

impl BoundedCalls {
    /// Starts a call, after waiting for another to end if there are too many.
    async fn give(&mut self, work: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
        if self.0.len() >= AT_ONCE {
            self.one().await?;
        }
        self.0.spawn(work);
        Ok(())
    }

    async fn finish(mut self) -> Result<()> {
        while !self.0.is_empty() {
            self.one().await?;
        }
        Ok(())
    }

    async fn one(&mut self) -> Result<()> {
        match self.0.join_next().await {
            Some(Ok(done)) => done,
            Some(Err(lost)) => Err(Failure::new(FailureKind::Ambiguous, lost.to_string())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};
    use serde_json::json;

    fn keys(page: &ListObjectVersionsOutput, what: Selection<'_>) -> Vec<String> {
        selected(page, what).unwrap().into_iter().map(|one| one.key).collect()
    }

    #[test]
    fn what_goes_is_everything_or_the_markers_or_the_very_key() {
        let version = |key: &str| ObjectVersion::builder().key(key).version_id("v").build();
        let page = ListObjectVersionsOutput::builder()
            .versions(version("job.py"))
            .versions(version("job.py.bak"))
            .delete_markers(DeleteMarkerEntry::builder().key("old.py").version_id("m").build())
            .build();
        assert_eq!(keys(&page, Selection::Everything), ["job.py", "job.py.bak", "old.py"]);
        assert_eq!(keys(&page, Selection::Markers), ["old.py"]);
        assert_eq!(keys(&page, Selection::Key("job.py")), ["job.py"]);
    }

    #[test]
    fn only_a_denial_by_network_locks_out() {
        let statement = |effect: &str, operator: &str, key: &str| json!({"Effect": effect, "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {operator: {key: "x"}}});
        let locks = |statement: Value| locks_out(&json!({"Statement": [statement]}));
        assert!(locks(statement("Deny", "StringNotEquals", "aws:SourceVpce")));
        assert!(locks_out(&json!({"Statement": statement("Deny", "NotIpAddress", "aws:SourceIp")})));
        assert!(!locks(statement("Deny", "Bool", "aws:SecureTransport")));
        assert!(!locks(statement("Allow", "StringEquals", "aws:sourceVpce")));
        assert!(!locks_out(&Value::Null));
    }

    #[test]
    fn a_refusal_by_overload_is_worth_another_try_and_a_protected_object_is_not() {
        let error = |code: &str| Error::builder().key("k").code(code).message("m").build();
        assert_eq!(refusal("b", &error("SlowDown")).kind, FailureKind::Throttled);
        let protected = refusal("b", &error("AccessDenied"));
        assert_eq!(protected.kind, FailureKind::Denied);
        assert!(protected.help.is_some() && protected.residue.is_some());
    }
}
