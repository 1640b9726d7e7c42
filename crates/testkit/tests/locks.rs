//! The laws of the lock, in memory and on the embedded S3; LocalStack's and moto's are asked in `tests/localstack`.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use local::{ACCOUNT, Cloud};
use resource::Place;
use state::{MemoryStore, StateBucket, Store};
use std::sync::Arc;
use testkit::{Lossy, locks};

const REGION: &str = "ap-south-1";

/// A state bucket of the embedded S3, behind what may lose answers.
async fn bucket(lossy: &Lossy) -> Arc<dyn Store> {
    let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
    let client = aws_s3::client(&lossy.before(&cloud.sdk_config()));
    let bucket = StateBucket::new(client, "locks", &Place::new(ACCOUNT, REGION));
    bucket.make(&Default::default()).await.unwrap();
    Arc::new(bucket.store())
}

#[tokio::test(start_paused = true)]
async fn they_hold_in_memory() {
    locks::hold(Arc::new(MemoryStore::default()), 50).await;
    locks::hold_for_hours(Arc::new(MemoryStore::default())).await;
}

#[tokio::test(start_paused = true)]
async fn they_hold_on_the_embedded_s3() {
    let lossy = Lossy::default();
    locks::hold(bucket(&lossy).await, 50).await;
    locks::hold_for_hours(bucket(&lossy).await).await;
    locks::hold_although_answers_are_lost(bucket(&lossy).await, &lossy).await;
}
