//! Reconciler for objects that the platform uploads, such as the script of a job.

use crate::{
    client,
    emptying::{self, Selection},
    iam, lookup,
};
use aws_client::{Attempt, ErrorPattern, Result};
use aws_sdk_s3::{operation::head_object::HeadObjectOutput, primitives::ByteStream, types::ChecksumMode};
use aws_smithy_types::base64;
use resource::{
    Content, Context, Deletion, Diff, Found, IdForm, Observed, Owner, ReplaceOrder, Resource, SizeLimit, Terraform,
    usage::Usage,
};
use serde::{Deserialize, Serialize};
use vocabulary::{BucketName, Permission, Place, UNKNOWN_OPEN};

/// An object the platform ships, such as a job's script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// The bucket.
    pub bucket: BucketName,
    /// The key.
    pub key: String,
    /// SHA-256 of the content, in hexadecimal. S3 checks it on arrival and gives it back with the object.
    pub sha256: String,
    /// For example `text/x-python`.
    pub content_type: String,
}

/// The outputs that other resources can refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectOutputs {
    /// `s3://bucket/key`.
    pub uri: String,
}

/// User metadata with the digest, for S3-compatible stores that check a digest on arrival and do not give it back.
const DIGEST: &str = "sha256";

/// A HEAD request has no body, so its 404 has no code but the SDK's `NotFound`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
const ABSENT: &[ErrorPattern] = &[("NotFound", ""), ("NoSuchKey", ""), ("NoSuchBucket", "")];

/// S3 spells digests in base64.
fn to_base64(hex: &str) -> String {
    let bytes: Vec<u8> =
        (0..hex.len() / 2).filter_map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()).collect();
    base64::encode(bytes)
}

fn to_hex(text: &str) -> String {
    base64::decode(text).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of an object's content: the one that S3 has checked, otherwise the one that was put with it.
fn digest(head: &HeadObjectOutput) -> String {
    let put_with_it = || head.metadata().and_then(|metadata| metadata.get(DIGEST)).cloned();
    head.checksum_sha256().map(to_hex).or_else(put_with_it).unwrap_or_default()
}

impl Object {
    /// `<bucket>/<key>`; a bucket's name holds no slash.
    fn id(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }

    /// The object of an id, which is the declaration's own unless its place was changed.
    fn at(&self, id: &str) -> Self {
        match id.split_once('/') {
            Some((bucket, key)) => Self { bucket: BucketName::new(bucket), key: key.to_owned(), ..self.clone() },
            None => self.clone(),
        }
    }

    async fn put(&self, cx: &Context) -> Result<()> {
        let content = cx.asset(&self.sha256)?.bytes.clone();
        let client = client::of_stack(cx);
        let put = client
            .put_object()
            .bucket(self.bucket.as_str())
            .key(&self.key)
            .content_type(&self.content_type)
            .checksum_sha256(to_base64(&self.sha256))
            .metadata(DIGEST, &self.sha256)
            .body(ByteStream::from(content))
            .send()
            .await
            .during("PutObject");
        match put {
            Ok(_) => Ok(()),
            Err(failure) => Err(lookup::explain_denial(&client, self.bucket.as_str(), failure).await),
        }
    }

    async fn head(&self, cx: &Context) -> Result<Option<Self>> {
        let client = client::of_stack(cx);
        let call = client.head_object().bucket(self.bucket.as_str()).key(&self.key);
        let call = call.checksum_mode(ChecksumMode::Enabled);
        let head = match call.send().await.during("HeadObject").none_on(ABSENT) {
            Ok(head) => head,
            Err(failure) => return Err(lookup::explain_denial(&client, self.bucket.as_str(), failure).await),
        };
        Ok(head.map(|head| Self {
            sha256: digest(&head),
            content_type: head.content_type().unwrap_or_default().to_owned(),
            ..self.clone()
        }))
    }

    fn outputs(&self) -> ObjectOutputs {
        ObjectOutputs { uri: format!("s3://{}/{}", self.bucket, self.key) }
    }
}

impl Resource for Object {
    const KIND: &'static str = "s3:object";
    const NOUN: &'static str = "object";
    const TERRAFORM: Option<Terraform> = Some(Terraform {
        formerly: Some("aws_s3_bucket_object"),
        ..Terraform::named("aws_s3_object", &[("bucket", "bucket"), ("key", "key")])
    });
    // The most that AWS takes of an object.
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
    const SIZE_LIMITS: &'static [SizeLimit] = &[SizeLimit::characters("key", 1024)];
    const REPLACE_ON: &'static [&'static str] = &["bucket", "key"];
    const CONTENT: Option<Content> = Some(Content { digest: "sha256", sent_with: &["sha256", "content_type"] });
    const REPLACE_ORDER: ReplaceOrder = ReplaceOrder::DeleteFirst;

    type Outputs = ObjectOutputs;

    fn id_form(&self, _: &Place) -> IdForm {
        IdForm::Is(self.id())
    }

    fn part_of(&self) -> Option<String> {
        Some(self.bucket.to_string())
    }

    async fn find(&self, cx: &Context) -> Result<Option<Found>> {
        if self.bucket.as_str().contains(UNKNOWN_OPEN) {
            return Ok(None);
        }
        let found = self.head(cx).await?;
        Ok(found.map(|_| Found { id: self.id(), owner: Owner::Parent }))
    }

    async fn create(&self, cx: &Context) -> Result<String> {
        self.put(cx).await?;
        Ok(self.id())
    }

    async fn observe(&self, id: &str, cx: &Context) -> Result<Observed<Self>> {
        Ok(match self.at(id).head(cx).await? {
            Some(live) => Observed::Ready { outputs: live.outputs(), live },
            None => Observed::Absent,
        })
    }

    async fn update(&self, _: &str, _: &Self, _: &Diff, cx: &Context) -> Result<()> {
        self.put(cx).await
    }

    /// All versions of it: it is the platform's own, not anybody's data.
    async fn delete(&self, id: &str, cx: &Context) -> Result<Deletion> {
        let Self { bucket, key, .. } = self.at(id);
        let client = client::of_stack(cx);
        match emptying::empty(&client, bucket.as_str(), Selection::Key(&key)).await {
            Ok(()) => Ok(Deletion::Gone),
            // It went with this stack's bucket; another account has that name now.
            Err(failure) if lookup::is_foreign(&client, bucket.as_str(), &failure).await => Ok(Deletion::Gone),
            Err(failure) => Err(failure),
        }
    }

    fn predict_outputs(&self, _: &Place, _: ObjectOutputs) -> ObjectOutputs {
        self.outputs()
    }

    fn permissions(&self, place: &Place) -> Vec<Permission> {
        iam::object(&format!("arn:{}:s3:::{}", place.partition, self.bucket), &self.key)
    }

    fn usage(&self) -> Usage {
        Usage::free("it is part of what its bucket stores")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_survive_the_change_of_spelling() {
        let hex = resource::sha256_hex(b"content");
        assert_eq!(to_hex(&to_base64(&hex)), hex);
        assert_eq!(to_hex("not base64!"), "");
    }

    #[test]
    fn digest_in_metadata_counts_only_without_a_checksum_of_the_store() {
        let head = HeadObjectOutput::builder().metadata(DIGEST, "0a");
        assert_eq!(digest(&head.clone().build()), "0a");
        assert_eq!(digest(&head.checksum_sha256("Cw==").build()), "0b");
        assert_eq!(digest(&HeadObjectOutput::builder().build()), "");
    }

    #[test]
    fn an_id_leads_back_to_its_object_whatever_is_declared_now() {
        let object = |bucket: &str, key: &str| Object {
            bucket: BucketName::new(bucket),
            key: key.into(),
            sha256: "00".into(),
            content_type: "text/plain".into(),
        };
        let old = object("artifacts", "scripts/a b/job.py");
        assert_eq!(object("others", "job.py").at(&old.id()), old);
    }
}
