//! What a bucket holds, and getting rid of it: versions and delete markers both block its deletion.

use crate::{read::NO_BUCKET, unbuildable};
use aws_sdk_s3::{
    Client,
    types::{Delete, ObjectIdentifier},
};
use resource::{Attempt, Failure, FailureKind, Result};

/// How many objects there are, counting versions; `None` when the bucket is empty or gone.
pub(crate) async fn holdings(client: &Client, name: &str) -> Result<Option<String>> {
    let call = client.list_object_versions().bucket(name);
    let Some(page) = call.send().await.during("ListObjectVersions").absent(NO_BUCKET)? else { return Ok(None) };
    let count = page.versions().len();
    Ok(match (count, page.is_truncated() == Some(true)) {
        (0, false) => None,
        (1, false) => Some("1 object".to_owned()),
        (count, false) => Some(format!("{count} objects, old versions included")),
        (count, true) => Some(format!("more than {count} objects, old versions included")),
    })
}

/// Deletes everything for good, or where a key is given all versions of that object.
pub(crate) async fn empty(client: &Client, name: &str, key: &str) -> Result<()> {
    loop {
        let call = client.list_object_versions().bucket(name).set_prefix((!key.is_empty()).then(|| key.to_owned()));
        let Some(page) = call.send().await.during("ListObjectVersions").absent(NO_BUCKET)? else { return Ok(()) };
        let versions = page.versions().iter().map(|one| (one.key(), one.version_id()));
        let markers = page.delete_markers().iter().map(|one| (one.key(), one.version_id()));
        let identifiers: Result<Vec<ObjectIdentifier>> = versions
            .chain(markers)
            .filter_map(|(key, version)| Some((key?, version)))
            .filter(|(found, _)| key.is_empty() || *found == key)
            .map(|(key, version)| {
                let version = version.map(str::to_owned);
                ObjectIdentifier::builder().key(key).set_version_id(version).build().map_err(unbuildable)
            })
            .collect();
        let identifiers = identifiers?;
        if identifiers.is_empty() {
            break;
        }
        let delete = Delete::builder().set_objects(Some(identifiers)).quiet(true).build().map_err(unbuildable)?;
        let answer = client.delete_objects().bucket(name).delete(delete).send().await.during("DeleteObjects")?;
        // Refusals come inside a success.
        if let Some(error) = answer.errors().first() {
            let message = format!("{}: {}", error.key().unwrap_or_default(), error.message().unwrap_or_default());
            let failure = Failure::of(FailureKind::Final, message);
            return Err(Failure {
                operation: "DeleteObjects".into(),
                code: error.code().map(str::to_owned),
                residue: Some(format!("the bucket {name} is partly emptied")),
                ..failure
            });
        }
    }
    if key.is_empty() {
        abort_uploads(client, name).await?;
    }
    Ok(())
}

async fn abort_uploads(client: &Client, name: &str) -> Result<()> {
    let listed =
        client.list_multipart_uploads().bucket(name).send().await.during("ListMultipartUploads").absent(NO_BUCKET)?;
    for upload in listed.iter().flat_map(|listed| listed.uploads()) {
        let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
        let call = client.abort_multipart_upload().bucket(name).key(key).upload_id(id);
        call.send().await.during("AbortMultipartUpload").absent(&[("NoSuchUpload", "")])?;
    }
    Ok(())
}
