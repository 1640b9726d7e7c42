//! Brings a bucket's settings in line: tags first, for by them it is known as ours.

use crate::{Bucket, Encryption, LifecycleRule, read, unbuildable};
use aws_sdk_s3::{
    Client,
    types::{
        BucketLifecycleConfiguration, BucketLoggingStatus, BucketVersioningStatus, EventBridgeConfiguration,
        LoggingEnabled, NotificationConfiguration, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
        PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
        ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration,
    },
};
use resource::{Attempt, Diff, Result, Sign};
use std::time::Duration;

/// S3 refuses two changes of one bucket at the same moment.
pub(crate) const BUSY: &[Sign] = &[("OperationAborted", "")];
/// How long that, and the propagation of roles, may take.
pub(crate) const SOON: Duration = Duration::from_secs(120);

pub(crate) async fn bucket(client: &Client, name: &str, wanted: &Bucket, live: &Bucket, diff: &Diff) -> Result<()> {
    if diff.has("tags") {
        tags(client, name, wanted, live, diff).await?;
    }
    if diff.has("public_access_blocked") {
        block(client, name, wanted.public_access_blocked).await?;
    }
    if diff.has("owner_enforced") {
        ownership(client, name, wanted.owner_enforced).await?;
    }
    if diff.has("versioning") {
        let status =
            if wanted.versioning { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
        let configuration = VersioningConfiguration::builder().status(status).build();
        let call = client.put_bucket_versioning().bucket(name).versioning_configuration(configuration);
        call.send().await.during("PutBucketVersioning").heals(BUSY, SOON)?;
    }
    if diff.has("encryption") {
        let call =
            client.put_bucket_encryption().bucket(name).server_side_encryption_configuration(encryption(wanted)?);
        call.send().await.during("PutBucketEncryption").heals(BUSY, SOON)?;
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
        let on = wanted.event_bridge.then(|| EventBridgeConfiguration::builder().build());
        let configuration = NotificationConfiguration::builder().set_event_bridge_configuration(on).build();
        let call =
            client.put_bucket_notification_configuration().bucket(name).notification_configuration(configuration);
        call.send().await.during("PutBucketNotificationConfiguration").heals(BUSY, SOON)?;
    }
    if diff.has("replication") {
        replication(client, name, wanted).await?;
    }
    Ok(())
}

/// S3 knows only the whole set, so what is others' is sent back with ours.
async fn tags(client: &Client, name: &str, wanted: &Bucket, live: &Bucket, diff: &Diff) -> Result<()> {
    let mut tags = live.tags.clone();
    for key in wanted.tags.removed_by(diff) {
        tags.0.remove(&key);
    }
    tags.0.extend(wanted.tags.0.clone());
    let set: Result<Vec<Tag>> =
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(unbuildable)).collect();
    let tagging = Tagging::builder().set_tag_set(Some(set?)).build().map_err(unbuildable)?;
    client
        .put_bucket_tagging()
        .bucket(name)
        .tagging(tagging)
        .send()
        .await
        .during("PutBucketTagging")
        .heals(BUSY, SOON)?;
    Ok(())
}

async fn block(client: &Client, name: &str, on: bool) -> Result<()> {
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(on)
        .ignore_public_acls(on)
        .block_public_policy(on)
        .restrict_public_buckets(on)
        .build();
    let call = client.put_public_access_block().bucket(name).public_access_block_configuration(block);
    call.send().await.during("PutPublicAccessBlock").heals(BUSY, SOON)?;
    Ok(())
}

async fn ownership(client: &Client, name: &str, enforced: bool) -> Result<()> {
    let ownership = if enforced { ObjectOwnership::BucketOwnerEnforced } else { ObjectOwnership::BucketOwnerPreferred };
    let rule = OwnershipControlsRule::builder().object_ownership(ownership).build().map_err(unbuildable)?;
    let controls = OwnershipControls::builder().rules(rule).build().map_err(unbuildable)?;
    let call = client.put_bucket_ownership_controls().bucket(name).ownership_controls(controls);
    call.send().await.during("PutBucketOwnershipControls").heals(BUSY, SOON)?;
    Ok(())
}

fn encryption(wanted: &Bucket) -> Result<ServerSideEncryptionConfiguration> {
    let by_default = match &wanted.encryption {
        Encryption::S3 => ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256),
        Encryption::Kms { key } => ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::AwsKms)
            .kms_master_key_id(key.as_str()),
    };
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(by_default.build().map_err(unbuildable)?)
        .bucket_key_enabled(matches!(wanted.encryption, Encryption::Kms { .. }))
        .build();
    ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(unbuildable)
}

async fn policy(client: &Client, name: &str, wanted: &Bucket) -> Result<()> {
    if wanted.policy.is_null() {
        client.delete_bucket_policy().bucket(name).send().await.during("DeleteBucketPolicy").heals(BUSY, SOON)?;
        return Ok(());
    }
    client
        .put_bucket_policy()
        .bucket(name)
        .policy(wanted.policy.to_string())
        .send()
        .await
        .during("PutBucketPolicy")
        .heals(&[("MalformedPolicy", "nvalid principal")], SOON)
        .heals(BUSY, SOON)?;
    Ok(())
}

async fn lifecycle(client: &Client, name: &str, wanted: &Bucket) -> Result<()> {
    if wanted.lifecycle.is_empty() {
        client.delete_bucket_lifecycle().bucket(name).send().await.during("DeleteBucketLifecycle").heals(BUSY, SOON)?;
        return Ok(());
    }
    let rules: Result<Vec<_>> = wanted.lifecycle.iter().map(LifecycleRule::to_aws).collect();
    let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules?)).build().map_err(unbuildable)?;
    let call = client.put_bucket_lifecycle_configuration().bucket(name).lifecycle_configuration(configuration);
    call.send().await.during("PutBucketLifecycleConfiguration").heals(BUSY, SOON)?;
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
    call.send().await.during("PutBucketLogging").heals(BUSY, SOON)?;
    Ok(())
}

async fn replication(client: &Client, name: &str, wanted: &Bucket) -> Result<()> {
    let Some(replication) = &wanted.replication else {
        let call = client.delete_bucket_replication().bucket(name);
        call.send().await.during("DeleteBucketReplication").heals(BUSY, SOON).absent(read::NO_BUCKET)?;
        return Ok(());
    };
    let call = client.put_bucket_replication().bucket(name).replication_configuration(replication.to_aws()?);
    call.send()
        .await
        .during("PutBucketReplication")
        // A role or a destination that was made a moment ago.
        .heals(&[("InvalidRequest", "role"), ("InvalidArgument", "role")], SOON)
        .heals(BUSY, SOON)?;
    Ok(())
}
