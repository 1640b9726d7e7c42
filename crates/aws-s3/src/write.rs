//! Brings a bucket's settings in line: tags first, for by them it is known as ours.

use crate::{Bucket, Encryption, LifecycleRule, Replication, read, unbuildable};
use aws_client::{Attempt, ErrorPattern, Result};
use aws_sdk_s3::{
    Client,
    types::{
        BucketLifecycleConfiguration, BucketLoggingStatus, BucketVersioningStatus, EventBridgeConfiguration,
        LoggingEnabled, NotificationConfiguration, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
        PublicAccessBlockConfiguration, Tag, Tagging, VersioningConfiguration,
    },
};
use resource::{Context, Diff, Tags};
use std::time::Duration;

/// S3 refuses two changes of one bucket at the same moment, and a bucket that was made a moment ago
/// is not known everywhere.
/// <https://github.com/ansible/ansible/pull/67811>
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
pub(crate) const BUSY: &[ErrorPattern] = &[("OperationAborted", ""), ("NoSuchBucket", "")];
/// The role, or the versioning of either bucket, is too new.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html>
/// <https://github.com/hashicorp/terraform-provider-aws/blob/028665b1da302bba194da41a89298ff76df05e60/internal/service/s3/bucket_replication_configuration.go>
const REPLICATION_TOO_EARLY: &[ErrorPattern] =
    &[("InvalidRequest", "ersioning"), ("InvalidRequest", "role"), ("InvalidArgument", "role")];
/// The time that such changes, and the propagation of roles, may take. Settings of buckets spread in time.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel>
pub(crate) const SOON: Duration = Duration::from_secs(120);

pub(crate) async fn bucket(
    client: &Client,
    name: &str,
    wanted: &Bucket,
    live: &Bucket,
    diff: &Diff,
    cx: &Context,
) -> Result<()> {
    if diff.has("tags") {
        tags(client, name, wanted, live, diff).await?;
    }
    if diff.has("public_access_blocked") {
        block(client, name, wanted.public_access_blocked).await?;
    }
    if diff.has("owner_enforced") {
        ownership(client, name, wanted.owner_enforced).await?;
    }
    // S3 refuses to suspend versioning while there is a replication, and to replicate without versioning.
    if diff.has("replication") && wanted.replication.is_none() {
        let call = client.delete_bucket_replication().bucket(name);
        call.send().await.during("DeleteBucketReplication").retry_on(BUSY, SOON)?;
    }
    if diff.has("versioning") {
        let status =
            if wanted.versioning { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
        let configuration = VersioningConfiguration::builder().status(status).build();
        let call = client.put_bucket_versioning().bucket(name).versioning_configuration(configuration);
        call.send().await.during("PutBucketVersioning").retry_on(BUSY, SOON)?;
    }
    if diff.has("encryption") {
        encryption(client, name, &wanted.encryption).await?;
    }
    if diff.has("policy") {
        policy(client, name, wanted).await?;
    }
    if diff.has("lifecycle") {
        lifecycle(client, name, wanted).await?;
    }
    if diff.has("access_logs") {
        logging(client, name, wanted).await?;
    }
    if diff.has("event_bridge") {
        events(client, name, wanted.event_bridge).await?;
    }
    if diff.has("replication")
        && let Some(replication) = &wanted.replication
    {
        replication.ensure_key(cx).await?;
        replicate(client, name, replication).await?;
    }
    Ok(())
}

/// S3 knows only the whole set, so what is others' is sent back with ours.
async fn tags(client: &Client, name: &str, wanted: &Bucket, live: &Bucket, diff: &Diff) -> Result<()> {
    let mut tags = live.tags.clone();
    for key in diff.removed_tags() {
        tags.0.remove(&key);
    }
    tags.0.extend(wanted.tags.0.clone());
    let tagging = Tagging::builder().set_tag_set(Some(tag_set(&tags)?)).build().map_err(unbuildable)?;
    client
        .put_bucket_tagging()
        .bucket(name)
        .tagging(tagging)
        .send()
        .await
        .during("PutBucketTagging")
        .retry_on(BUSY, SOON)?;
    Ok(())
}

pub(crate) fn tag_set(tags: &Tags) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unbuildable)).collect()
}

async fn block(client: &Client, name: &str, on: bool) -> Result<()> {
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(on)
        .ignore_public_acls(on)
        .block_public_policy(on)
        .restrict_public_buckets(on)
        .build();
    let call = client.put_public_access_block().bucket(name).public_access_block_configuration(block);
    call.send().await.during("PutPublicAccessBlock").retry_on(BUSY, SOON)?;
    Ok(())
}

async fn encryption(client: &Client, name: &str, wanted: &Encryption) -> Result<()> {
    let live = client.get_bucket_encryption().bucket(name).send().await.during("GetBucketEncryption");
    let live = live.retry_on(BUSY, SOON).none_on(read::NO_ENCRYPTION)?;
    let live = live.and_then(|live| live.server_side_encryption_configuration);
    let configuration = wanted.to_aws(live.as_ref().and_then(Encryption::blocked))?;
    let call = client.put_bucket_encryption().bucket(name).server_side_encryption_configuration(configuration);
    call.send().await.during("PutBucketEncryption").retry_on(BUSY, SOON)?;
    Ok(())
}

async fn ownership(client: &Client, name: &str, enforced: bool) -> Result<()> {
    let ownership = if enforced { ObjectOwnership::BucketOwnerEnforced } else { ObjectOwnership::BucketOwnerPreferred };
    let rule = OwnershipControlsRule::builder().object_ownership(ownership).build().map_err(unbuildable)?;
    let controls = OwnershipControls::builder().rules(rule).build().map_err(unbuildable)?;
    let call = client.put_bucket_ownership_controls().bucket(name).ownership_controls(controls);
    call.send().await.during("PutBucketOwnershipControls").retry_on(BUSY, SOON)?;
    Ok(())
}

/// The other notifications are foreign. S3 knows only the whole set, so they are sent back.
async fn events(client: &Client, name: &str, on: bool) -> Result<()> {
    let call = client.get_bucket_notification_configuration().bucket(name);
    let live = call.send().await.during("GetBucketNotificationConfiguration").retry_on(BUSY, SOON)?;
    let configuration = NotificationConfiguration::builder()
        .set_topic_configurations(live.topic_configurations)
        .set_queue_configurations(live.queue_configurations)
        .set_lambda_function_configurations(live.lambda_function_configurations)
        .set_event_bridge_configuration(on.then(|| EventBridgeConfiguration::builder().build()))
        .build();
    let call = client.put_bucket_notification_configuration().bucket(name).notification_configuration(configuration);
    call.send().await.during("PutBucketNotificationConfiguration").retry_on(BUSY, SOON)?;
    Ok(())
}

async fn policy(client: &Client, name: &str, wanted: &Bucket) -> Result<()> {
    if wanted.policy.is_null() {
        client.delete_bucket_policy().bucket(name).send().await.during("DeleteBucketPolicy").retry_on(BUSY, SOON)?;
        return Ok(());
    }
    client
        .put_bucket_policy()
        .bucket(name)
        .policy(wanted.policy.to_string())
        .send()
        .await
        .during("PutBucketPolicy")
        // A principal of the policy is too new.
        // <https://github.com/cloud-custodian/cloud-custodian/issues/4948>
        .retry_on(&[("MalformedPolicy", "nvalid principal")], SOON)
        .retry_on(BUSY, SOON)?;
    Ok(())
}

async fn lifecycle(client: &Client, name: &str, wanted: &Bucket) -> Result<()> {
    if wanted.lifecycle.is_empty() {
        client
            .delete_bucket_lifecycle()
            .bucket(name)
            .send()
            .await
            .during("DeleteBucketLifecycle")
            .retry_on(BUSY, SOON)?;
        return Ok(());
    }
    let rules: Result<Vec<_>> = wanted.lifecycle.iter().map(LifecycleRule::to_aws).collect();
    let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules?)).build().map_err(unbuildable)?;
    let call = client.put_bucket_lifecycle_configuration().bucket(name).lifecycle_configuration(configuration);
    call.send().await.during("PutBucketLifecycleConfiguration").retry_on(BUSY, SOON)?;
    Ok(())
}

async fn logging(client: &Client, name: &str, wanted: &Bucket) -> Result<()> {
    let enabled = match &wanted.access_logs {
        Some(to) => {
            let enabled = LoggingEnabled::builder().target_bucket(to.bucket.as_str()).target_prefix(&to.prefix);
            Some(enabled.build().map_err(unbuildable)?)
        }
        None => None,
    };
    let status = BucketLoggingStatus::builder().set_logging_enabled(enabled).build();
    let call = client.put_bucket_logging().bucket(name).bucket_logging_status(status);
    let answer = call.send().await.during("PutBucketLogging");
    // The policy by which the other bucket takes logs is too new.
    // <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    answer.retry_on(&[("InvalidTargetBucketForLogging", "")], SOON).retry_on(BUSY, SOON)?;
    Ok(())
}

async fn replicate(client: &Client, name: &str, replication: &Replication) -> Result<()> {
    let call = client.put_bucket_replication().bucket(name).replication_configuration(replication.to_aws()?);
    call.send().await.during("PutBucketReplication").retry_on(REPLICATION_TOO_EARLY, SOON).retry_on(BUSY, SOON)?;
    Ok(())
}
