//! S3 buckets, their settings and their objects.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::*;

use crate::{REGION, cloud, code};

async fn bucket(s3: &Client, name: &str) {
    let place = CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
    s3.create_bucket().bucket(name).create_bucket_configuration(place).send().await.unwrap();
}

async fn put(s3: &Client, key: &str, content: &str) -> aws_sdk_s3::operation::put_object::PutObjectOutput {
    let body = ByteStream::from(content.as_bytes().to_vec());
    s3.put_object().bucket("bkt").key(key).body(body).send().await.unwrap()
}

#[tokio::test]
async fn a_bucket_is_where_it_was_made_and_taken() {
    let s3 = Client::new(&cloud().sdk_config());
    bucket(&s3, "bkt").await;
    let place = s3.get_bucket_location().bucket("bkt").send().await.unwrap();
    assert_eq!(place.location_constraint().map(|place| place.as_str()), Some(REGION));
    let head = s3.head_bucket().bucket("bkt").send().await.unwrap();
    assert_eq!(head.bucket_region(), Some(REGION));
    let place = CreateBucketConfiguration::builder().location_constraint(REGION.into()).build();
    let again = s3.create_bucket().bucket("bkt").create_bucket_configuration(place).send().await;
    assert_eq!(code(again), "BucketAlreadyOwnedByYou");
    let missing = s3.head_bucket().bucket("nowhere").send().await.expect_err("no such bucket");
    assert!(missing.into_service_error().is_not_found());
}

#[tokio::test]
async fn bucket_names_are_one_namespace_over_all_regions() {
    let cloud = cloud();
    let here = Client::new(&cloud.sdk_config());
    bucket(&here, "mine").await;
    let elsewhere = cloud.sdk_config().into_builder().region(aws_config::Region::new("eu-west-1")).build();
    let elsewhere = Client::new(&elsewhere);
    let listed = elsewhere.list_buckets().max_buckets(10).send().await.unwrap();
    assert!(listed.owner().is_some_and(|owner| owner.id().is_some()), "{listed:?}");
    let listed: Vec<_> = listed.buckets().iter().map(|bucket| (bucket.name(), bucket.bucket_region())).collect();
    assert_eq!(listed, [(Some("mine"), Some(REGION))]);
    let away = elsewhere.get_bucket_policy().bucket("mine").send().await;
    assert_eq!(code(away), "PermanentRedirect");
}

#[tokio::test]
async fn every_setting_of_a_bucket_reads_back() {
    let s3 = Client::new(&cloud().sdk_config());
    bucket(&s3, "bkt").await;
    bucket(&s3, "bkt-logs").await;
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced);
    let controls = OwnershipControls::builder().rules(rule.build().unwrap()).build().unwrap();
    let ownership = s3.put_bucket_ownership_controls().bucket("bkt");
    ownership.ownership_controls(controls.clone()).send().await.unwrap();
    let read = s3.get_bucket_ownership_controls().bucket("bkt").send().await.unwrap();
    assert_eq!(read.ownership_controls(), Some(&controls));

    let logging = LoggingEnabled::builder().target_bucket("bkt-logs").target_prefix("b/").build().unwrap();
    let status = BucketLoggingStatus::builder().logging_enabled(logging.clone()).build();
    s3.put_bucket_logging().bucket("bkt").bucket_logging_status(status).send().await.unwrap();
    let read = s3.get_bucket_logging().bucket("bkt").send().await.unwrap();
    assert_eq!(read.logging_enabled(), Some(&logging));

    let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    let put = s3.put_bucket_versioning().bucket("bkt");
    put.versioning_configuration(versioning.build()).send().await.unwrap();
    let read = s3.get_bucket_versioning().bucket("bkt").send().await.unwrap();
    assert_eq!(read.status(), Some(&BucketVersioningStatus::Enabled));

    let by_default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKms)
        .kms_master_key_id("arn:aws:kms:ap-south-1:123456789012:key/k")
        .build()
        .unwrap();
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(by_default)
        .bucket_key_enabled(true)
        .build();
    let encryption = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
    let put = s3.put_bucket_encryption().bucket("bkt");
    put.server_side_encryption_configuration(encryption.clone()).send().await.unwrap();
    let read = s3.get_bucket_encryption().bucket("bkt").send().await.unwrap();
    assert_eq!(read.server_side_encryption_configuration(), Some(&encryption));

    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .block_public_policy(true)
        .ignore_public_acls(true)
        .restrict_public_buckets(true)
        .build();
    let put = s3.put_public_access_block().bucket("bkt");
    put.public_access_block_configuration(block.clone()).send().await.unwrap();
    let read = s3.get_public_access_block().bucket("bkt").send().await.unwrap();
    assert_eq!(read.public_access_block_configuration(), Some(&block));

    let rule = LifecycleRule::builder()
        .id("expire")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("tmp/").build())
        .expiration(LifecycleExpiration::builder().days(3).build())
        .noncurrent_version_expiration(NoncurrentVersionExpiration::builder().noncurrent_days(30).build())
        .abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::builder().days_after_initiation(7).build())
        .transitions(Transition::builder().days(1).storage_class(TransitionStorageClass::IntelligentTiering).build())
        .build()
        .unwrap();
    let lifecycle = BucketLifecycleConfiguration::builder().rules(rule.clone()).build().unwrap();
    let put = s3.put_bucket_lifecycle_configuration().bucket("bkt");
    put.lifecycle_configuration(lifecycle).send().await.unwrap();
    let read = s3.get_bucket_lifecycle_configuration().bucket("bkt").send().await.unwrap();
    assert_eq!(read.rules(), [rule]);
    let smallest = TransitionDefaultMinimumObjectSize::AllStorageClasses128K;
    assert_eq!(read.transition_default_minimum_object_size(), Some(&smallest));

    s3.put_bucket_policy().bucket("bkt").policy(r#"{"Version":"2012-10-17"}"#).send().await.unwrap();
    let read = s3.get_bucket_policy().bucket("bkt").send().await.unwrap();
    assert_eq!(read.policy(), Some(r#"{"Version":"2012-10-17"}"#));

    let tags = Tagging::builder().tag_set(Tag::builder().key("a").value("b & c").build().unwrap());
    let tags = tags.build().unwrap();
    s3.put_bucket_tagging().bucket("bkt").tagging(tags.clone()).send().await.unwrap();
    let read = s3.get_bucket_tagging().bucket("bkt").send().await.unwrap();
    assert_eq!(read.tag_set(), tags.tag_set());

    let destination = Destination::builder().bucket("arn:aws:s3:::bkt-logs").build().unwrap();
    let rule = ReplicationRule::builder()
        .id("all")
        .status(ReplicationRuleStatus::Enabled)
        .priority(1)
        .filter(ReplicationRuleFilter::builder().prefix("").build())
        .delete_marker_replication(
            DeleteMarkerReplication::builder().status(DeleteMarkerReplicationStatus::Disabled).build(),
        )
        .destination(destination)
        .build()
        .unwrap();
    let replication =
        ReplicationConfiguration::builder().role("arn:aws:iam::123456789012:role/r").rules(rule).build().unwrap();
    let put = s3.put_bucket_replication().bucket("bkt");
    put.replication_configuration(replication.clone()).send().await.unwrap();
    let read = s3.get_bucket_replication().bucket("bkt").send().await.unwrap();
    assert_eq!(read.replication_configuration(), Some(&replication));

    let notification = NotificationConfiguration::builder()
        .event_bridge_configuration(EventBridgeConfiguration::builder().build())
        .build();
    let put = s3.put_bucket_notification_configuration().bucket("bkt");
    put.notification_configuration(notification).send().await.unwrap();
    let read = s3.get_bucket_notification_configuration().bucket("bkt").send().await.unwrap();
    assert!(read.event_bridge_configuration().is_some());

    let cases = [
        code(s3.get_bucket_lifecycle_configuration().bucket("bkt-logs").send().await),
        code(s3.get_bucket_policy().bucket("bkt-logs").send().await),
        code(s3.get_bucket_tagging().bucket("bkt-logs").send().await),
        code(s3.get_bucket_replication().bucket("bkt-logs").send().await),
        code(s3.get_bucket_policy().bucket("nowhere").send().await),
    ];
    assert_eq!(
        cases,
        [
            "NoSuchLifecycleConfiguration",
            "NoSuchBucketPolicy",
            "NoSuchTagSet",
            "ReplicationConfigurationNotFoundError",
            "NoSuchBucket",
        ]
    );
}

#[tokio::test]
async fn a_fresh_bucket_has_the_defaults_of_2023() {
    let s3 = Client::new(&cloud().sdk_config());
    bucket(&s3, "bkt").await;
    let encryption = s3.get_bucket_encryption().bucket("bkt").send().await.unwrap();
    let rule = &encryption.server_side_encryption_configuration().unwrap().rules()[0];
    let default = rule.apply_server_side_encryption_by_default().unwrap();
    assert_eq!(default.sse_algorithm(), &ServerSideEncryption::Aes256);
    let block = s3.get_public_access_block().bucket("bkt").send().await.unwrap();
    let block = block.public_access_block_configuration().unwrap();
    assert_eq!(block.block_public_policy(), Some(true));
    let ownership = s3.get_bucket_ownership_controls().bucket("bkt").send().await.unwrap();
    assert_eq!(
        ownership.ownership_controls().unwrap().rules()[0].object_ownership(),
        &ObjectOwnership::BucketOwnerEnforced
    );
}

#[tokio::test]
async fn writes_can_depend_on_what_was_read() {
    let s3 = Client::new(&cloud().sdk_config());
    bucket(&s3, "bkt").await;
    let put_if_new = || s3.put_object().bucket("bkt").key("state").if_none_match("*").send();
    let first = put_if_new().await.unwrap().e_tag.unwrap();
    assert_eq!(code(put_if_new().await), "PreconditionFailed");
    let body = ByteStream::from_static(b"second");
    let put_if = |etag: &str| s3.put_object().bucket("bkt").key("state").if_match(etag);
    let second = put_if(&first).body(body).send().await.unwrap().e_tag.unwrap();
    assert_ne!(first, second);
    assert_eq!(code(put_if(&first).send().await), "PreconditionFailed");
    let delete_if = |etag: &str| s3.delete_object().bucket("bkt").key("state").if_match(etag).send();
    assert_eq!(code(delete_if(&first).await), "PreconditionFailed");
    delete_if(&second).await.unwrap();
    assert_eq!(code(s3.get_object().bucket("bkt").key("state").send().await), "NoSuchKey");
    assert_eq!(code(put_if(&second).send().await), "NoSuchKey");
}

#[tokio::test]
async fn a_versioned_bucket_empties_by_versions_and_markers() {
    let s3 = Client::new(&cloud().sdk_config());
    bucket(&s3, "bkt").await;
    let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    let enable = s3.put_bucket_versioning().bucket("bkt");
    enable.versioning_configuration(versioning.build()).send().await.unwrap();
    put(&s3, "k", "one").await;
    let second = put(&s3, "k", "two").await;
    assert!(second.version_id().is_some());
    let deleted = s3.delete_object().bucket("bkt").key("k").send().await.unwrap();
    assert_eq!(deleted.delete_marker(), Some(true));
    assert_eq!(code(s3.delete_bucket().bucket("bkt").send().await), "BucketNotEmpty");
    let versions = s3.list_object_versions().bucket("bkt").send().await.unwrap();
    assert_eq!((versions.versions().len(), versions.delete_markers().len()), (2, 1));
    let ids = versions
        .versions()
        .iter()
        .map(|version| (version.key(), version.version_id()))
        .chain(versions.delete_markers().iter().map(|marker| (marker.key(), marker.version_id())))
        .map(|(key, version)| {
            let id = ObjectIdentifier::builder().key(key.unwrap());
            id.version_id(version.unwrap()).build().unwrap()
        });
    let delete = Delete::builder().set_objects(Some(ids.collect())).build().unwrap();
    let deleted = s3.delete_objects().bucket("bkt").delete(delete).send().await.unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (3, 0));
    s3.delete_bucket().bucket("bkt").send().await.unwrap();
}

#[tokio::test]
async fn an_object_keeps_content_checksum_metadata_and_tags() {
    let s3 = Client::new(&cloud().sdk_config());
    bucket(&s3, "bkt").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "streamed").unwrap();
    s3.put_object()
        .bucket("bkt")
        .key("scripts/etl job.py")
        .body(ByteStream::from_path(file.path()).await.unwrap())
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .content_type("text/x-python")
        .metadata("origin", "repo")
        .tagging("a=b&c=d")
        .send()
        .await
        .unwrap();
    let read = s3.get_object().bucket("bkt").key("scripts/etl job.py");
    let read = read.checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(read.content_type(), Some("text/x-python"));
    assert_eq!(read.metadata().unwrap()["origin"], "repo");
    assert_eq!(read.body.collect().await.unwrap().to_vec(), b"streamed");
    let head = s3.head_object().bucket("bkt").key("scripts/etl job.py");
    let head = head.checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(head.content_length(), Some(8));
    assert_eq!(head.checksum_sha256(), Some("l6eMAIMVVPfMl0Xo9nMu3PtXHPVIqNErSKbj/DHl4+Y="),);
    let tags = s3.get_object_tagging().bucket("bkt").key("scripts/etl job.py").send().await.unwrap();
    assert_eq!(tags.tag_set().len(), 2);
}

#[tokio::test]
async fn versions_are_listed_in_pages() {
    let s3 = Client::new(&cloud().sdk_config());
    bucket(&s3, "bkt").await;
    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket("bkt").versioning_configuration(versioned).send().await.unwrap();
    for (key, times) in [("a", 3), ("b/c", 2), ("b/d", 1)] {
        for time in 0..times {
            put(&s3, key, &time.to_string()).await;
        }
    }
    s3.delete_object().bucket("bkt").key("b/c").send().await.unwrap();
    let (mut seen, mut from) = (Vec::new(), (None, None));
    loop {
        let call = s3.list_object_versions().bucket("bkt").max_keys(2);
        let page = call.set_key_marker(from.0).set_version_id_marker(from.1).send().await.unwrap();
        let versions = page.versions().iter().map(|one| (one.key.clone(), one.version_id.clone()));
        let markers = page.delete_markers().iter().map(|one| (one.key.clone(), one.version_id.clone()));
        seen.extend(versions.chain(markers));
        if page.is_truncated() != Some(true) {
            break;
        }
        from = (page.next_key_marker, page.next_version_id_marker);
    }
    let keys: Vec<&str> = seen.iter().filter_map(|(key, _)| key.as_deref()).collect();
    assert_eq!(keys, ["a", "a", "a", "b/c", "b/c", "b/c", "b/d"]);
    let ids: std::collections::BTreeSet<_> = seen.iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), 7, "none is listed twice: {seen:?}");
    let some = s3.list_object_versions().bucket("bkt").prefix("b/").send().await.unwrap();
    assert_eq!((some.versions().len(), some.delete_markers().len()), (3, 1));
}
