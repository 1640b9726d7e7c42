//! A bucket as it is: one call for each setting, all at once. Logging, replication and events are read only
//! where `asked` has them: settings that the file does not declare stay as they are.
//!
//! S3 answers with an error for a setting that a bucket does not have. A HEAD request has no body, so its 404 has only
//! the SDK's code.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use crate::{AccessLogs, Bucket, Encryption, LifecycleRule, Replication};
use aws_client::{Attempt, ErrorPattern, Result};
use aws_sdk_s3::{
    Client,
    types::{BucketVersioningStatus, ObjectOwnership},
};
use resource::Tags;
use serde_json::Value;
use vocabulary::BucketName;

pub(crate) const NO_BUCKET: &[ErrorPattern] = &[("NoSuchBucket", ""), ("NotFound", "")];

pub(crate) async fn bucket(
    client: &Client,
    name: &str,
    asked: &Bucket,
    tags: impl Future<Output = Result<Tags>>,
) -> Result<Option<Bucket>> {
    // No call to see whether it exists: each of these says when it does not.
    let settings = async {
        tokio::try_join!(
            versioning(client, name),
            encryption(client, name),
            public_access_blocked(client, name),
            owner_enforced(client, name),
            policy(client, name),
            lifecycle(client, name),
            access_logs(client, name, asked.access_logs.is_some()),
            replication(client, name, asked.replication.is_some()),
            event_bridge(client, name, asked.event_bridge),
            tags,
        )
    };
    let Some(settings) = settings.await.none_on(NO_BUCKET)? else { return Ok(None) };
    let (
        versioning,
        encryption,
        public_access_blocked,
        owner_enforced,
        policy,
        lifecycle,
        access_logs,
        replication,
        event_bridge,
        tags,
    ) = settings;
    Ok(Some(Bucket {
        name: name.to_owned(),
        region: asked.region.clone(),
        versioning,
        encryption,
        public_access_blocked,
        owner_enforced,
        policy,
        lifecycle,
        access_logs,
        replication,
        event_bridge,
        tags,
    }))
}

async fn versioning(client: &Client, name: &str) -> Result<bool> {
    let answer = client.get_bucket_versioning().bucket(name).send().await.during("GetBucketVersioning")?;
    Ok(answer.status() == Some(&BucketVersioningStatus::Enabled))
}

/// S3 before 2023, and some that resemble it.
pub(crate) const NO_ENCRYPTION: &[ErrorPattern] = &[("ServerSideEncryptionConfigurationNotFoundError", "")];

async fn encryption(client: &Client, name: &str) -> Result<Encryption> {
    let answer = client.get_bucket_encryption().bucket(name).send().await.during("GetBucketEncryption");
    let answer = answer.none_on(NO_ENCRYPTION)?;
    let configuration = answer.as_ref().and_then(|answer| answer.server_side_encryption_configuration());
    Ok(configuration.map_or(Encryption::S3, Encryption::from_aws))
}

async fn public_access_blocked(client: &Client, name: &str) -> Result<bool> {
    let answer = client.get_public_access_block().bucket(name).send().await.during("GetPublicAccessBlock");
    let answer = answer.none_on(&[("NoSuchPublicAccessBlockConfiguration", "")])?;
    Ok(answer.and_then(|answer| answer.public_access_block_configuration).is_some_and(|block| {
        [block.block_public_acls, block.ignore_public_acls, block.block_public_policy, block.restrict_public_buckets]
            .into_iter()
            .all(|blocked| blocked == Some(true))
    }))
}

async fn owner_enforced(client: &Client, name: &str) -> Result<bool> {
    let answer = client.get_bucket_ownership_controls().bucket(name).send().await.during("GetBucketOwnershipControls");
    let answer = answer.none_on(&[("OwnershipControlsNotFoundError", "")])?;
    let controls = answer.and_then(|answer| answer.ownership_controls);
    Ok(controls.is_some_and(|controls| {
        controls.rules().iter().any(|rule| rule.object_ownership() == &ObjectOwnership::BucketOwnerEnforced)
    }))
}

async fn policy(client: &Client, name: &str) -> Result<Value> {
    let answer = client.get_bucket_policy().bucket(name).send().await.during("GetBucketPolicy");
    let answer = answer.none_on(&[("NoSuchBucketPolicy", "")])?;
    Ok(answer.and_then(|answer| answer.policy).map(document).unwrap_or_default())
}

/// Text that is no JSON stays text, so that it differs from every declaration.
fn document(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

pub(crate) async fn lifecycle(client: &Client, name: &str) -> Result<Vec<LifecycleRule>> {
    let answer = client.get_bucket_lifecycle_configuration().bucket(name).send().await;
    let answer = answer.during("GetBucketLifecycleConfiguration").none_on(&[("NoSuchLifecycleConfiguration", "")])?;
    Ok(answer.map(|answer| answer.rules().iter().map(LifecycleRule::from_aws).collect()).unwrap_or_default())
}

async fn access_logs(client: &Client, name: &str, asked: bool) -> Result<Option<AccessLogs>> {
    if !asked {
        return Ok(None);
    }
    let answer = client.get_bucket_logging().bucket(name).send().await.during("GetBucketLogging")?;
    Ok(answer.logging_enabled().map(|logging| AccessLogs {
        bucket: BucketName::new(logging.target_bucket()),
        prefix: logging.target_prefix().to_owned(),
    }))
}

async fn replication(client: &Client, name: &str, asked: bool) -> Result<Option<Replication>> {
    if !asked {
        return Ok(None);
    }
    let answer = client.get_bucket_replication().bucket(name).send().await.during("GetBucketReplication");
    let answer = answer.none_on(&[("ReplicationConfigurationNotFoundError", "")])?;
    Ok(answer.as_ref().and_then(|answer| answer.replication_configuration()).and_then(Replication::from_aws))
}

async fn event_bridge(client: &Client, name: &str, asked: bool) -> Result<bool> {
    if !asked {
        return Ok(false);
    }
    let call = client.get_bucket_notification_configuration().bucket(name);
    let answer = call.send().await.during("GetBucketNotificationConfiguration")?;
    Ok(answer.event_bridge_configuration().is_some())
}

pub(crate) async fn tags(client: &Client, name: &str) -> Result<Tags> {
    let answer = client.get_bucket_tagging().bucket(name).send().await.during("GetBucketTagging");
    let answer = answer.none_on(&[("NoSuchTagSet", ""), ("NoSuchTagSetError", "")])?;
    Ok(answer.map(|answer| answer.tag_set().iter().map(|tag| (tag.key(), tag.value())).collect()).unwrap_or_default())
}
