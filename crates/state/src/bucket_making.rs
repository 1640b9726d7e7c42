//! Making the environment's own state bucket, with its settings.

use crate::{Error, StateBucket, StateKeys, bucket::has_all};
use aws_client::{Attempt, ErrorPattern, Failure, FailureKind, Result};
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration,
    ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration,
};
use resource::Tags;
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The errors of a new bucket: S3 does not know it everywhere, and accepts one change at a time.
const UNSETTLED: &[ErrorPattern] = &[("NoSuchBucket", ""), ("OperationAborted", "")];
/// The error of a bucket name whose deletion S3 has not finished.
const BEING_FREED: &[ErrorPattern] = &[("OperationAborted", "")];
/// The error of a name that is another account's.
const TAKEN: &[ErrorPattern] = &[("BucketAlreadyExists", "")];
/// The time after which a new bucket is certainly known, or S3 in reach again.
const SETTLES_WITHIN: Duration = Duration::from_secs(300);
/// The time for which S3 may keep the name of a deleted bucket: minutes, as people report, and hours where the bucket
/// was in another region.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html>
/// <https://aws.amazon.com/premiumsupport/knowledge-center/s3-conflicting-conditional-operation/>
/// <https://github.com/aws/aws-cli/issues/2593>
const FREE_WITHIN: Duration = Duration::from_secs(7200);
/// The shortest and the longest pause between two attempts. They become longer the longer it lasts.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(15)];
/// The pause as a part of the time that has passed.
const PAUSE_PART: u32 = 60;

impl StateBucket {
    /// Makes it, or completes one whose making was interrupted: versioned, encrypted, closed to the
    /// public and to anything but TLS. A bucket that is named, or not of this stack, is used as it is.
    ///
    /// # Errors
    /// When S3 refuses, or the bucket is no place for a state.
    pub async fn make(&self, tags: &Tags) -> Result<(), Error> {
        if self.is_named() {
            self.exists().await?;
            return self.refuse_weak().await;
        }
        let began = Instant::now();
        loop {
            // From the beginning: what is made already is completed.
            match self.build(tags).await {
                Err(failure) if began.elapsed() < retries_within(&failure) => {
                    let [shortest, longest] = PAUSES;
                    sleep((began.elapsed() / PAUSE_PART).clamp(shortest, longest)).await;
                }
                Err(failure) if failure.matches(TAKEN) => return Err(self.closed()),
                Ok(true) => return Ok(()),
                // Another user of this account created it.
                Ok(false) => return self.refuse_weak().await,
                Err(failure) => return Err(self.failed(with_advice(failure))),
            }
        }
    }

    /// Completes the bucket. True if it is the stack's own.
    async fn build(&self, tags: &Tags) -> Result<bool> {
        if !self.create(tags).await? && !self.may_complete(tags).await? {
            return Ok(false);
        }
        // First, so that the interrupted making of an earlier version is recognised.
        self.tag(&self.all_tags(tags)).await?;
        let closed = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        self.client
            .put_public_access_block()
            .bucket(self.name())
            .public_access_block_configuration(closed)
            .send()
            .await
            .during("PutPublicAccessBlock")?;
        let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        self.client
            .put_bucket_versioning()
            .bucket(self.name())
            .versioning_configuration(versioned)
            .send()
            .await
            .during("PutBucketVersioning")?;
        self.encrypt().await?;
        let policy = self.tls_only();
        self.client.put_bucket_policy().bucket(self.name()).policy(policy).send().await.during("PutBucketPolicy")?;
        self.client
            .put_bucket_lifecycle_configuration()
            .bucket(self.name())
            .lifecycle_configuration(lifecycle()?)
            .send()
            .await
            .during("PutBucketLifecycleConfiguration")?;
        Ok(true)
    }

    /// Gives an existing own bucket the current tags and key: version 0.1 gave it only ownership tags. `usual` are the
    /// ownership tags of a file without `[owner_tags]`, which the bucket may still have. A bucket that
    /// the file names, or that another stack owns, stays unchanged.
    ///
    /// # Errors
    /// When S3 refuses a call.
    pub async fn renew_settings(&self, owner: &Tags, usual: &Tags) -> Result<(), Error> {
        if self.is_named() {
            return Ok(());
        }
        self.renew(owner, usual).await.map_err(|failure| self.failed(failure))
    }

    async fn renew(&self, owner: &Tags, usual: &Tags) -> Result<()> {
        let (wanted, live) = (self.all_tags(owner), self.live_tags().await?);
        if !has_all(&live, owner) && !has_all(&live, usual) {
            return Ok(());
        }
        if !has_all(&live, &wanted) {
            // The call replaces all tags, so it repeats the tags of other people.
            let all = live.iter().filter(|(key, _)| !key.starts_with("aws:")).chain(wanted.iter()).collect();
            self.tag(&all).await?;
        }
        if self.kms_key.is_some() && self.default_key().await? != self.kms_key {
            self.encrypt().await?;
        }
        Ok(())
    }

    /// The environment's tags. Ownership tags take precedence.
    fn all_tags(&self, owner: &Tags) -> Tags {
        self.tags.iter().chain(owner.iter()).collect()
    }

    async fn tag(&self, tags: &Tags) -> Result<()> {
        let call = self.client.put_bucket_tagging().bucket(self.name()).tagging(tagging(tags)?);
        call.send().await.during("PutBucketTagging").map(drop)
    }

    async fn encrypt(&self) -> Result<()> {
        let configuration = encryption(self.kms_key.as_deref())?;
        let call = self.client.put_bucket_encryption().bucket(self.name());
        let call = call.server_side_encryption_configuration(configuration);
        call.send().await.during("PutBucketEncryption").map(drop)
    }

    /// The bucket's default KMS key.
    async fn default_key(&self) -> Result<Option<String>> {
        let call = self.client.get_bucket_encryption().bucket(self.name()).send().await.during("GetBucketEncryption");
        let answer = call.none_on(&[("ServerSideEncryptionConfigurationNotFoundError", "")])?;
        let configuration = answer.and_then(|answer| answer.server_side_encryption_configuration);
        let rules = configuration.into_iter().flat_map(|configuration| configuration.rules);
        let mut by_default = rules.filter_map(|rule| rule.apply_server_side_encryption_by_default);
        Ok(by_default.find_map(|by_default| by_default.kms_master_key_id))
    }

    /// Creates the bucket. True if it did not exist. The bucket has its tags from the start, as companies may deny
    /// buckets without them.
    async fn create(&self, tags: &Tags) -> Result<bool> {
        // us-east-1 is the one region that must not be named; there S3 says yes to a bucket one has.
        let configuration = match self.place.region.as_str() {
            "us-east-1" if self.is_there().await? => return Ok(false),
            "us-east-1" => CreateBucketConfiguration::builder(),
            region => CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)),
        };
        let configuration = configuration.set_tags(Some(tag_set(&self.all_tags(tags))?)).build();
        let call = self.client.create_bucket().bucket(self.name()).create_bucket_configuration(configuration);
        let created = call.send().await.during("CreateBucket").none_on(&[("BucketAlreadyOwnedByYou", "")])?;
        Ok(created.is_some())
    }

    async fn is_there(&self) -> Result<bool> {
        let call = self.client.head_bucket().bucket(self.name()).expected_bucket_owner(&self.place.account);
        let there = call.send().await.during("HeadBucket").none_on(&[("NotFound", ""), ("NoSuchBucket", "")])?;
        Ok(there.is_some())
    }

    /// True if the bucket has this stack's tags, or neither tags nor objects. Another first run may tag it between two
    /// reads, so tags that were read decide at once. A bucket without tags but with objects was tagged meanwhile, or is
    /// another's: its tags are read again.
    async fn may_complete(&self, tags: &Tags) -> Result<bool> {
        let live = self.live_tags().await?;
        if live != Tags::default() {
            return Ok(has_all(&live, tags));
        }
        let call = self.client.list_objects_v2().bucket(self.name()).max_keys(1);
        let is_empty = call.send().await.during("ListObjectsV2")?.contents().is_empty();
        Ok(is_empty || self.is_ours(tags).await?)
    }

    fn tls_only(&self) -> String {
        let arn = format!("arn:{}:s3:::{}", self.place.partition, self.name());
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
}

/// True if S3 has not finished the deletion of a bucket of this name.
fn is_being_freed(failure: &Failure) -> bool {
    failure.operation == "CreateBucket" && failure.matches(BEING_FREED)
}

/// The same failure, with what a person can do about it.
fn with_advice(failure: Failure) -> Failure {
    match is_being_freed(&failure) {
        true => Failure {
            help: Some(
                "AWS may take hours to free the name of a bucket that was in another region: run the same command \
                 again later, or name another bucket with `[state] bucket`"
                    .into(),
            ),
            ..failure
        },
        false => failure,
    }
}

/// The time for which such a failure is retried; zero for a permanent one.
fn retries_within(failure: &Failure) -> Duration {
    match failure {
        _ if is_being_freed(failure) => FREE_WITHIN,
        _ if failure.matches(UNSETTLED) => SETTLES_WITHIN,
        Failure { kind: FailureKind::Throttled | FailureKind::Ambiguous, .. } => SETTLES_WITHIN,
        _ => Duration::ZERO,
    }
}

fn encryption(kms_key: Option<&str>) -> Result<ServerSideEncryptionConfiguration> {
    let algorithm = if kms_key.is_some() { ServerSideEncryption::AwsKms } else { ServerSideEncryption::Aes256 };
    let by_default = ServerSideEncryptionByDefault::builder().sse_algorithm(algorithm);
    let by_default = by_default.set_kms_master_key_id(kms_key.map(str::to_owned)).build();
    let rule = ServerSideEncryptionRule::builder()
        .set_bucket_key_enabled(kms_key.map(|_| true))
        .apply_server_side_encryption_by_default(by_default.map_err(unbuildable)?)
        .build();
    ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(unbuildable)
}

fn tag_set(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unbuildable)).collect()
}

fn tagging(tags: &Tags) -> Result<Tagging> {
    Tagging::builder().set_tag_set(Some(tag_set(tags)?)).build().map_err(unbuildable)
}

/// Every version of the state is kept for three months, and the newest hundred for ever. A lock is written three times a
/// minute and has no history. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>
fn lifecycle() -> Result<BucketLifecycleConfiguration> {
    let keys = StateKeys::at_root();
    let state = NoncurrentVersionExpiration::builder().noncurrent_days(90).newer_noncurrent_versions(100).build();
    let lock = NoncurrentVersionExpiration::builder().noncurrent_days(1).build();
    let marker = LifecycleExpiration::builder().expired_object_delete_marker(true).build();
    let rule = |id: &str, key: String, old| {
        LifecycleRule::builder()
            .id(id)
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix(key).build())
            .expiration(marker.clone())
            .noncurrent_version_expiration(old)
            .build()
            .map_err(unbuildable)
    };
    BucketLifecycleConfiguration::builder()
        .rules(rule("earlier-states", keys.state, state)?)
        .rules(rule("earlier-locks", keys.lock, lock)?)
        .build()
        .map_err(unbuildable)
}

fn unbuildable(error: impl std::fmt::Display) -> Failure {
    Failure::new(FailureKind::Final, error.to_string())
}
