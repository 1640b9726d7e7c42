use crate::{Error, S3Store, StateIdentity, StateKeys};
use aws_sdk_s3::{
    Client,
    types::{
        BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration,
        ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration,
        PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
        ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration,
    },
};
use resource::{Attempt, Failure, FailureKind, Pages, Permission, Place, Result, Sign, Tags};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A bucket made a moment ago is not known everywhere, and takes one change at a time; a name given up a
/// moment ago is not free.
const UNSETTLED: &[Sign] = &[("NoSuchBucket", ""), ("OperationAborted", "")];
/// How S3 says that a name is another account's.
const TAKEN: &[Sign] = &[("BucketAlreadyExists", "")];
/// How long that may last, and S3 be slow or out of reach.
const SETTLES_WITHIN: Duration = Duration::from_secs(300);
/// How often it is tried again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A state bucket, as its name tells.
#[derive(Clone, Debug)]
pub struct LeftBehind {
    /// Its name.
    pub name: String,
    /// What its name begins with.
    pub project: String,
    /// Where it is, if S3 says so.
    pub region: Option<String>,
}

/// The bucket that holds a stack's state and lock.
pub struct StateBucket {
    pub(crate) client: Client,
    name: String,
    pub(crate) place: Place,
    is_named: bool,
}

impl StateBucket {
    /// The environment's own bucket, which is made when it is needed.
    pub fn new(client: Client, name: &str, place: &Place) -> Self {
        Self { client, name: name.to_owned(), place: place.clone(), is_named: false }
    }

    /// A bucket that an environment file names. It is used as it is: never made, tagged, configured or deleted.
    pub fn named(client: Client, name: &str, place: &Place) -> Self {
        Self { is_named: true, ..Self::new(client, name, place) }
    }

    /// Whether an environment file names it.
    pub fn is_named(&self) -> bool {
        self.is_named
    }

    /// The buckets of this account whose names end so, with their regions as far as S3 tells: a state
    /// is found even if the file of its environment is lost.
    ///
    /// # Errors
    /// When the buckets cannot be listed.
    pub async fn left_behind(client: &Client, suffix: &str) -> Result<Vec<LeftBehind>> {
        let mut found = Vec::new();
        // Only a listing in pages tells the regions.
        let pages = client.list_buckets().max_buckets(1000).into_paginator().send();
        let pages = Pages::of("ListBuckets", pages, |page| page.continuation_token().into());
        let mut buckets = pages.items(|page| page.buckets);
        while let Some(bucket) = buckets.next().await? {
            let Some(name) = bucket.name else { continue };
            if let Some(project) = name.strip_suffix(suffix) {
                found.push(LeftBehind { project: project.to_owned(), region: bucket.bucket_region, name });
            }
        }
        Ok(found)
    }

    /// The store within.
    pub fn store(&self) -> S3Store {
        S3Store::new(self.client.clone(), &self.name, &self.place.account)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What AWS must allow whoever keeps a state in a bucket that an environment file names: to see that it is fit
    /// for one, and the state and the lock in it.
    pub fn permissions_in_named(name: &str, place: &Place, identity: &StateIdentity) -> Vec<Permission> {
        let bucket = format!("arn:{}:s3:::{name}", place.partition);
        let keys = [StateKeys::at_root(), StateKeys::shared(identity)];
        let objects: Vec<String> =
            keys.iter().flat_map(|keys| [&keys.state, &keys.lock]).map(|key| format!("{bucket}/{key}")).collect();
        vec![
            Permission::look([
                "s3:ListBucket",
                "s3:GetBucketVersioning",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketPolicyStatus",
                "s3:GetBucketAcl",
            ])
            .on([bucket.as_str()]),
            Permission::look(["s3:GetObject"]).on(objects.clone()),
            Permission::change(["s3:ListBucketVersions"]).on([bucket.as_str()]),
            Permission::change(["s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"])
                .on(objects),
        ]
    }

    /// What AWS must allow whoever keeps a state here: the bucket, what is in it with its history, the lock, and
    /// finding it again when only its name is left.
    pub fn permissions(name: &str, place: &Place) -> Vec<Permission> {
        let bucket = format!("arn:{}:s3:::{name}", place.partition);
        let objects = ["state.json", "lock.json"].map(|key| format!("{bucket}/{key}"));
        vec![
            // Without `s3:ListBucket` a state that is not there yet looks like one that is forbidden.
            Permission::look(["s3:ListBucket"]).on([bucket.as_str()]),
            Permission::look(["s3:GetObject"]).on(objects.clone()),
            // It knows no resources. It finds the state of an environment whose file is lost, and tells another
            // account's bucket from a missing permission.
            Permission::look(["s3:ListAllMyBuckets"]).on_anything(),
            Permission::change([
                "s3:CreateBucket",
                "s3:GetBucketTagging",
                "s3:PutBucketTagging",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketVersioning",
                "s3:PutEncryptionConfiguration",
                "s3:PutBucketPolicy",
                "s3:PutLifecycleConfiguration",
                "s3:ListBucketVersions",
                "s3:DeleteBucket",
            ])
            .on([bucket.as_str()]),
            Permission::change(["s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"])
                .on(objects),
        ]
    }

    /// Whether it exists. A bucket that an environment file names must.
    ///
    /// # Errors
    /// [`Error::UnusableBucket`] when it is another account's, in another region, or named and not there;
    /// [`Error::Store`] when S3 cannot be reached.
    pub async fn exists(&self) -> Result<bool, Error> {
        match self.look().await? {
            false if self.is_named => Err(Error::UnusableBucket {
                what: format!("there is no bucket {}, which `[state] bucket` names", self.name),
                help: format!(
                    "make it in {} with versioning, or leave `[state] bucket` out: then mlopsctl makes one",
                    self.place.region
                ),
            }),
            there => Ok(there),
        }
    }

    /// HEAD has no body, so the answer lies in the status and in a header.
    async fn look(&self) -> Result<bool, Error> {
        let call = self.client.head_bucket().bucket(&self.name).expected_bucket_owner(&self.place.account);
        let Err(error) = call.send().await else { return Ok(true) };
        let answer = error.raw_response();
        let region = answer.and_then(|answer| answer.headers().get("x-amz-bucket-region"));
        match (answer.map(|answer| answer.status().as_u16()), region) {
            (Some(404), _) => Ok(false),
            (Some(403), _) => Err(self.closed()),
            (Some(301 | 307 | 400), Some(region)) if *region != *self.place.region => Err(self.elsewhere(region)),
            _ => Err(error).during("HeadBucket").map_err(|failure| self.failed(failure)),
        }
    }

    fn closed(&self) -> Error {
        let Self { name, place, .. } = self;
        Error::UnusableBucket {
            what: format!(
                "the bucket {name} for the state belongs to another account than {}, or looking at it is not allowed",
                place.account
            ),
            help: "name a bucket of your own with `[state] bucket`, use other credentials (AWS_PROFILE), or allow \
                   s3:ListBucket on it"
                .to_owned(),
        }
    }

    fn elsewhere(&self, region: &str) -> Error {
        let Self { name, place, .. } = self;
        let help = match self.is_named {
            true => format!("name a bucket in {} with `[state] bucket`, or build in {region}", place.region),
            false => format!(
                "the platform is up in {region}, and no platform can be moved: set `region` back, destroy it there, \
                 and then bring it up in {}",
                place.region
            ),
        };
        Error::UnusableBucket { what: format!("the state bucket {name} is in {region}, not in {}", place.region), help }
    }

    /// Makes it, or completes one whose making was interrupted: versioned, encrypted, closed to the
    /// public and to anything but TLS. A bucket that is named, or not of this stack, is used as it is.
    ///
    /// # Errors
    /// When S3 refuses, or the bucket is no place for a state.
    pub async fn make(&self, tags: &Tags) -> Result<(), Error> {
        if self.is_named {
            self.exists().await?;
            return self.refuse_weak().await;
        }
        let gives_up = Instant::now() + SETTLES_WITHIN;
        loop {
            // From the beginning: what is made already is completed.
            match self.build(tags).await {
                Err(failure) if heals(&failure) && Instant::now() < gives_up => sleep(LOOK_AGAIN).await,
                Err(failure) if failure.shows(TAKEN) => return Err(self.closed()),
                Ok(true) => return Ok(()),
                // Somebody of this account made it.
                Ok(false) => return self.refuse_weak().await,
                Err(failure) => return Err(self.failed(failure)),
            }
        }
    }

    /// Whether it is the stack's own.
    async fn build(&self, tags: &Tags) -> Result<bool> {
        if !self.create().await? && !self.is_ours(tags).await? && !self.is_bare().await? {
            return Ok(false);
        }
        // First, so that an interrupted making is recognised.
        let tagging = tagging(tags)?;
        self.client.put_bucket_tagging().bucket(&self.name).tagging(tagging).send().await.during("PutBucketTagging")?;
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
        self.client
            .put_bucket_lifecycle_configuration()
            .bucket(&self.name)
            .lifecycle_configuration(lifecycle()?)
            .send()
            .await
            .during("PutBucketLifecycleConfiguration")?;
        Ok(true)
    }

    /// Whether it was made now, rather than there already.
    async fn create(&self) -> Result<bool> {
        let call = self.client.create_bucket().bucket(&self.name);
        // us-east-1 is the one region that must not be named; there S3 says yes to a bucket one has.
        let call = match self.place.region.as_str() {
            "us-east-1" if self.is_there().await? => return Ok(false),
            "us-east-1" => call,
            region => {
                let constraint = BucketLocationConstraint::from(region);
                call.create_bucket_configuration(
                    CreateBucketConfiguration::builder().location_constraint(constraint).build(),
                )
            }
        };
        let created = call.send().await.during("CreateBucket").absent(&[("BucketAlreadyOwnedByYou", "")])?;
        Ok(created.is_some())
    }

    async fn is_there(&self) -> Result<bool> {
        let call = self.client.head_bucket().bucket(&self.name).expected_bucket_owner(&self.place.account);
        let there = call.send().await.during("HeadBucket").absent(&[("NotFound", ""), ("NoSuchBucket", "")])?;
        Ok(there.is_some())
    }

    /// Whether it was made for the stack of these tags.
    pub(crate) async fn is_own_of(&self, tags: &Tags) -> Result<bool, Error> {
        match self.is_named {
            true => Ok(false),
            false => self.is_ours(tags).await.map_err(|failure| self.failed(failure)),
        }
    }

    async fn is_ours(&self, tags: &Tags) -> Result<bool> {
        Ok(tags.missing_from(&self.tags().await?).iter().next().is_none())
    }

    async fn tags(&self) -> Result<Tags> {
        let call = self.client.get_bucket_tagging().bucket(&self.name);
        let answer = call.send().await.during("GetBucketTagging").absent(&[("NoSuchTagSet", "")])?;
        let set = answer.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(set.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    /// Whether nobody has done anything with it.
    async fn is_bare(&self) -> Result<bool> {
        if self.tags().await? != Tags::default() {
            return Ok(false);
        }
        let page = self.client.list_objects_v2().bucket(&self.name).max_keys(1).send().await.during("ListObjectsV2")?;
        Ok(page.contents().is_empty())
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

    pub(crate) fn failed(&self, failure: Failure) -> Error {
        Error::Store { place: format!("s3://{}", self.name), failure }
    }
}

fn heals(failure: &Failure) -> bool {
    failure.shows(UNSETTLED) || matches!(failure.kind, FailureKind::Throttled | FailureKind::Ambiguous)
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
    Failure::of(FailureKind::Final, error.to_string())
}
