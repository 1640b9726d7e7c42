//! The environment's own state bucket: one that others made, one that another run is making, and its lifecycle.

use crate::state_buckets::{NAME, REGION, cloud, put, shared_bucket};
use async_trait::async_trait;
use aws_sdk_s3::types::{BucketVersioningStatus, Tag, Tagging, VersioningConfiguration};
use local::{ACCOUNT, Call, Cloud, Layer, LostAnswer, Next, Response};
use state::{Error, StateBucket};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use testkit::{Aws, Platform};
use vocabulary::Place;

#[tokio::test]
async fn bucket_of_the_own_name_that_others_made_is_used_as_it_is_or_refused() {
    let sdk = cloud(false, None).await;
    let s3 = aws_s3::client(&sdk);
    let theirs = Tag::builder().key("Team").value("data").build().unwrap();
    let tagging = Tagging::builder().tag_set(theirs).build().unwrap();
    s3.put_bucket_tagging().bucket(NAME).tagging(tagging).send().await.unwrap();
    let make = async || {
        let bucket = StateBucket::new(aws_s3::client(&sdk), NAME, &Place::new(ACCOUNT, REGION));
        bucket.make(&blueprint::identity("mlops-pipeline", "dev")).await
    };
    let refused = make().await.unwrap_err();
    assert!(matches!(&refused, Error::UnusableBucket { what, .. } if what.contains("keeps no earlier versions")));
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket(NAME).versioning_configuration(enabled).send().await.unwrap();
    make().await.unwrap();
    let tags = s3.get_bucket_tagging().bucket(NAME).send().await.unwrap();
    assert_eq!(tags.tag_set().iter().map(Tag::key).collect::<Vec<_>>(), ["Team"]);
    assert!(s3.get_bucket_policy().bucket(NAME).send().await.is_err(), "it was given a policy");
}

/// Hides a bucket's tags from the first read, as if another run set them just after it.
#[derive(Default)]
struct TaggedMeanwhile(AtomicBool);

#[async_trait]
impl Layer for TaggedMeanwhile {
    async fn answer(&self, call: Call, next: Next<'_>) -> Result<Response, LostAnswer> {
        match call.operation == "GET bucket?tagging" && !self.0.swap(true, Ordering::Relaxed) {
            true => Ok(Response::xml(404, "<Error><Code>NoSuchTagSet</Code><Message>no tags</Message></Error>")),
            false => next.run(call).await,
        }
    }
}

#[tokio::test]
async fn bucket_that_another_first_run_is_just_making_is_completed_by_both() {
    for has_lock in [false, true] {
        let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
        let (sdk, tags) = (cloud.sdk_config(), blueprint::identity("mlops-pipeline", "dev"));
        shared_bucket(&sdk, NAME, false).await;
        let set = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().unwrap()).collect();
        let tagging = Tagging::builder().set_tag_set(Some(set)).build().unwrap();
        aws_s3::client(&sdk).put_bucket_tagging().bucket(NAME).tagging(tagging).send().await.unwrap();
        if has_lock {
            put(&sdk, "lock.json", "{}".to_owned()).await;
        }
        let sdk = cloud.with_layer(Arc::new(TaggedMeanwhile::default())).sdk_config();
        let s3 = aws_s3::client(&sdk);
        StateBucket::new(s3.clone(), NAME, &Place::new(ACCOUNT, REGION)).make(&tags).await.unwrap();
        let versioning = s3.get_bucket_versioning().bucket(NAME).send().await.unwrap();
        assert_eq!(versioning.status(), Some(&BucketVersioningStatus::Enabled), "with a lock: {has_lock}");
    }
}

#[test]
fn own_bucket_forgets_old_locks_and_the_oldest_of_many_states() {
    let platform = Platform::named("dev");
    let mut aws = Aws::brisk(platform.region(), 1);
    aws.run(async |sdk| {
        let bucket = platform.state_bucket(&sdk);
        bucket.make(&blueprint::identity("mlops-pipeline", "dev")).await.unwrap();
        let read =
            aws_s3::client(&sdk).get_bucket_lifecycle_configuration().bucket(bucket.name()).send().await.unwrap();
        let rules: Vec<_> = read
            .rules()
            .iter()
            .map(|rule| {
                let old = rule.noncurrent_version_expiration().unwrap();
                let prefix = rule.filter().and_then(|filter| filter.prefix()).unwrap();
                (prefix, old.noncurrent_days(), old.newer_noncurrent_versions())
            })
            .collect();
        assert_eq!(rules, [("state.json", Some(90), Some(100)), ("lock.json", Some(1), None)]);
    });
}
