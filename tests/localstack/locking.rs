//! Two at once: the state and its lock on LocalStack's S3.

use crate::{
    platform::Platform,
    project::Ran,
    server::{ACCOUNT, Emulator, REGION, Server},
};
use aws_client::HttpLayer as _;
use aws_config::SdkConfig;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use serde_json::json;
use state::{StateBucket, Store};
use std::sync::Arc;
use testkit::{Lossy, locks};
use vocabulary::Place;

#[test]
fn of_two_at_once_one_works_and_the_other_says_who_does() {
    let platform = Platform::new("twice", "dev");
    let both = [platform.start("up", &[]), platform.start("up", &[])];
    let mut ran = both.map(|process| Ran::of(process.wait_with_output().unwrap()));
    ran.sort_by_key(|ran| ran.code);
    let [works, refused] = ran;
    works.ends_with(0);
    let refused = refused.ends_with(3);
    for part in ["locked by", "`up`", "since"] {
        assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
    }
    platform.is_as_declared();
}

#[test]
fn somebody_elses_lock_is_named_and_only_that_lock_is_removed() {
    let platform = Platform::new("locked", "dev");
    platform.up();
    let id = "11111111-2222-3333-4444-555555555555";
    let lock = json!({"id": id, "who": "ann@laptop", "operation": "up",
        "started": "2026-01-01T00:00:00Z", "renewed": "2026-01-01T00:00:00Z"});
    platform.behind_its_back(async |sdk| {
        let call = aws_s3::client(&sdk).put_object().bucket(platform.bucket("mlopsctl-state")).key("lock.json");
        call.body(lock.to_string().into_bytes().into()).send().await.unwrap();
    });
    let refused = platform.run("up", &[]).ends_with(3);
    for part in ["ann@laptop", "`up`", "2026-01-01", id] {
        assert!(refused.stderr.contains(part), "{part} is not in {}", refused.stderr);
    }
    platform.run("unlock", &["another"]).ends_with(1);
    platform.run("unlock", &[id]).ends_with(0);
    platform.up();
}

const BUCKET: &str = "laws-of-the-lock";

fn bucket(client: aws_sdk_s3::Client) -> StateBucket {
    StateBucket::new(client, BUCKET, &Place::new(ACCOUNT.to_owned(), REGION.to_owned()))
}

/// In a bucket that is there.
async fn laws_hold(sdk: SdkConfig) {
    let lossy = Lossy::default();
    let bucket = bucket(aws_s3::client(&lossy.clone().before(sdk.clone())));
    let store: Arc<dyn Store> = Arc::new(bucket.store());
    locks::hold(store.clone(), 10).await;
    locks::hold_although_answers_are_lost(store, &lossy).await;
    assert!(bucket.store().history("lossy-state").await.unwrap().versions.len() > 1);
}

fn on_a_runtime(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work);
}

#[test]
fn the_laws_of_the_lock_hold_on_localstack() {
    on_a_runtime(async {
        let sdk = Server::running().sdk(Emulator::LocalStack).await;
        bucket(aws_s3::client(&sdk)).make(&Default::default()).await.unwrap();
        laws_hold(sdk).await;
    });
}

#[test]
fn the_laws_of_the_lock_hold_on_moto() {
    on_a_runtime(async {
        let sdk = Server::running().sdk(Emulator::Moto).await;
        let s3 = aws_s3::client(&sdk);
        // Without a policy: moto knows no conditions, and one that asks for TLS keeps everybody out.
        let here = BucketLocationConstraint::from(REGION);
        let place = CreateBucketConfiguration::builder().location_constraint(here).build();
        s3.create_bucket().bucket(BUCKET).create_bucket_configuration(place).send().await.unwrap();
        let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        s3.put_bucket_versioning().bucket(BUCKET).versioning_configuration(versioned).send().await.unwrap();
        laws_hold(sdk).await;
    });
}
