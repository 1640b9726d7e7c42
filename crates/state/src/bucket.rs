use crate::{Error, S3Store};
use aws_sdk_s3::{
    Client,
    types::{
        BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, PublicAccessBlockConfiguration,
        ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
        ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration,
    },
};
use resource::{Attempt, Failure, FailureKind, Place, Result, Tags};
use serde_json::json;

/// The bucket that holds a stack's state and lock.
pub struct StateBucket {
    client: Client,
    name: String,
    place: Place,
}

/// The name a state bucket has unless the environment file gives another.
pub fn name(project: &str, environment: &str, account: &str) -> String {
    format!("{project}-{environment}-mlopsctl-state-{account}")
}

impl StateBucket {
    /// The bucket of this name, there or not.
    pub fn new(client: Client, name: &str, place: &Place) -> Self {
        Self { client, name: name.to_owned(), place: place.clone() }
    }

    /// The store within.
    pub fn store(&self) -> S3Store {
        S3Store::new(self.client.clone(), &self.name, &self.place.account)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it exists and is this account's.
    ///
    /// # Errors
    /// When the name is somebody else's or S3 cannot be reached.
    pub async fn exists(&self) -> Result<bool, Error> {
        let call = self.client.head_bucket().bucket(&self.name).expected_bucket_owner(&self.place.account);
        match call.send().await.during("HeadBucket") {
            Ok(_) => Ok(true),
            // HEAD has no body, so S3 gives no code but the status.
            Err(failure) if failure.shows(&[("NotFound", ""), ("NoSuchBucket", "")]) => Ok(false),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Makes it, or completes one whose making was interrupted: versioned, encrypted, closed to the
    /// public and to anything but TLS.
    ///
    /// # Errors
    /// When S3 refuses.
    pub async fn make(&self, tags: &Tags) -> Result<(), Error> {
        self.build(tags).await.map_err(|failure| self.failed(failure))
    }

    async fn build(&self, tags: &Tags) -> Result<()> {
        let call = self.client.create_bucket().bucket(&self.name);
        // us-east-1 is the one region that must not be named.
        let call = match self.place.region.as_str() {
            "us-east-1" => call,
            region => {
                let constraint = BucketLocationConstraint::from(region);
                call.create_bucket_configuration(
                    CreateBucketConfiguration::builder().location_constraint(constraint).build(),
                )
            }
        };
        call.send().await.during("CreateBucket").absent(&[("BucketAlreadyOwnedByYou", "")])?;
        let closed = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        self.client
            .put_public_access_block()
            .bucket(&self.name)
            .public_access_block_configuration(closed)
            .send()
            .await
            .during("PutPublicAccessBlock")?;
        let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        self.client
            .put_bucket_versioning()
            .bucket(&self.name)
            .versioning_configuration(versioned)
            .send()
            .await
            .during("PutBucketVersioning")?;
        self.client
            .put_bucket_encryption()
            .bucket(&self.name)
            .server_side_encryption_configuration(encryption()?)
            .send()
            .await
            .during("PutBucketEncryption")?;
        let policy = self.tls_only();
        self.client.put_bucket_policy().bucket(&self.name).policy(policy).send().await.during("PutBucketPolicy")?;
        let tagging = tagging(tags)?;
        self.client.put_bucket_tagging().bucket(&self.name).tagging(tagging).send().await.during("PutBucketTagging")?;
        Ok(())
    }

    fn tls_only(&self) -> String {
        let arn = format!("arn:{}:s3:::{}", self.place.partition, self.name);
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, format!("{arn}/*")],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}}
            }]
        })
        .to_string()
    }

    /// Removes the bucket with every version of everything in it.
    ///
    /// # Errors
    /// When S3 refuses.
    pub async fn remove(&self) -> Result<(), Error> {
        self.empty().await.map_err(|failure| self.failed(failure))
    }

    async fn empty(&self) -> Result<()> {
        loop {
            let page = self.client.list_object_versions().bucket(&self.name).send().await.during("ListObjectVersions");
            let Some(page) = page.absent(&[("NoSuchBucket", "")])? else { return Ok(()) };
            let versions = page.versions().iter().map(|one| (one.key(), one.version_id()));
            let markers = page.delete_markers().iter().map(|one| (one.key(), one.version_id()));
            let all: Vec<_> = versions.chain(markers).filter_map(|(key, version)| Some((key?, version?))).collect();
            if all.is_empty() {
                break;
            }
            for (key, version) in all {
                let call = self.client.delete_object().bucket(&self.name).key(key).version_id(version);
                call.send().await.during("DeleteObject")?;
            }
        }
        let deleted = self.client.delete_bucket().bucket(&self.name).send().await.during("DeleteBucket");
        deleted.absent(&[("NoSuchBucket", "")])?;
        Ok(())
    }

    fn failed(&self, failure: Failure) -> Error {
        Error::Store { place: format!("s3://{}", self.name), failure }
    }
}

fn encryption() -> Result<ServerSideEncryptionConfiguration> {
    let by_default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256).build();
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(by_default.map_err(unbuildable)?)
        .build();
    ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(unbuildable)
}

fn tagging(tags: &Tags) -> Result<Tagging> {
    let set: Result<Vec<Tag>> =
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unbuildable)).collect();
    Tagging::builder().set_tag_set(Some(set?)).build().map_err(unbuildable)
}

fn unbuildable(error: impl std::fmt::Display) -> Failure {
    Failure::of(FailureKind::Final, error.to_string())
}
