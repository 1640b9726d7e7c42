//! The laws of the lock, in memory and on the embedded S3; LocalStack's and moto's are asked in `tests/localstack`.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use aws_client::{HttpLayer as _, RequestCheck};
use aws_config::SdkConfig;
use local::{ACCOUNT, Cloud};
use state::{Error, Holder, Lock, MemoryStore, S3Store, StateBucket, Store};
use std::{future::ready, sync::Arc, time::Duration};
use testkit::{Aws, Fault, Lossy, ignoring, locks};
use tokio::time::sleep;
use vocabulary::Place;

const REGION: &str = "ap-south-1";
const PUT: (&str, &str) = ("s3", "PUT object");

/// A state bucket of the embedded S3.
async fn store(sdk: &SdkConfig) -> S3Store {
    let bucket = StateBucket::new(aws_s3::client(sdk), "locks", &Place::new(ACCOUNT, REGION));
    bucket.make(&Default::default()).await.unwrap();
    bucket.store()
}

/// The same behind what may lose answers.
async fn bucket(lossy: &Lossy) -> Arc<dyn Store> {
    let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
    Arc::new(store(&lossy.clone().before(cloud.sdk_config())).await)
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

#[test]
fn conflict_of_a_conditional_write_is_sent_again_whether_or_not_it_took_effect() {
    let mut aws = Aws::lenient(REGION);
    aws.run(async |sdk| store(&sdk).await);
    aws.strike(PUT, 0, 3, Fault::Refused(Fault::conflict()));
    aws.strike(PUT, 1, 1, Fault::RefusedAfter(Fault::conflict()));
    aws.run(async |sdk| {
        let store = store(&sdk).await;
        let first = store.put("state.json", "1".into(), None).await.expect("nobody else is there");
        let second = store.put("state.json", "2".into(), Some(&first)).await.expect("nobody else is there");
        assert_eq!(store.get("state.json").await.unwrap().unwrap().version, second);
    });
}

#[test]
fn write_that_arrives_after_it_was_sent_again_changes_nothing() {
    let mut aws = Aws::lenient(REGION);
    aws.run(async |sdk| store(&sdk).await);
    aws.strike(PUT, 0, 1, Fault::Late(Duration::from_secs(90)));
    aws.run(async |sdk| {
        let store = store(&sdk).await;
        let first = store.put("state.json", "1".into(), None).await.expect("it is sent again after a minute");
        let second = store.put("state.json", "2".into(), Some(&first)).await.expect("nobody else is there");
        sleep(Duration::from_secs(60)).await;
        let there = store.get("state.json").await.unwrap().unwrap();
        assert_eq!((there.bytes, there.version), ("2".into(), second));
        let history = store.history("state.json").await.unwrap();
        assert_eq!(history.versions.len(), 2, "the first one arrived late, and its condition did not hold");
    });
}

#[test]
fn conflict_that_does_not_end_is_no_sign_of_somebody_else() {
    let mut aws = Aws::lenient(REGION);
    aws.run(async |sdk| store(&sdk).await);
    aws.strike(PUT, 0, u64::MAX, Fault::Refused(Fault::conflict()));
    aws.run(async |sdk| {
        let error = store(&sdk).await.put("state.json", "1".into(), None).await.unwrap_err();
        assert!(error.may_have_taken_effect() && error.to_string().contains("ConditionalRequestConflict"), "{error}");
    });
    aws.calm();
    // After another write, the conflict shows that the state has moved.
    aws.run(async |sdk| drop(store(&sdk).await.put("state.json", "theirs".into(), None).await.unwrap()));
    aws.strike(PUT, 0, u64::MAX, Fault::Refused(Fault::conflict()));
    aws.run(async |sdk| {
        let error = store(&sdk).await.put("state.json", "1".into(), None).await.unwrap_err();
        assert!(matches!(error, Error::Moved), "{error}");
    });
}

#[test]
fn renewal_that_s3_never_answers_costs_no_lock() {
    let mut aws = Aws::lenient(REGION);
    aws.run(async |sdk| store(&sdk).await);
    // The first write takes the lock, the next one renews it.
    aws.strike(PUT, 1, 2, Fault::Hung);
    aws.strike(("s3", "DELETE object"), 0, 1, Fault::Hung);
    aws.run(async |sdk| {
        let store = Arc::new(store(&sdk).await);
        let lock = Lock::acquire(store.clone(), "lock.json", "dev", Holder::new("up", None), ready(())).await.unwrap();
        for _ in 0..120 {
            assert!(lock.lease().still_holds(), "requests wait for the lock");
            sleep(Duration::from_secs(1)).await;
        }
        lock.release().await.unwrap();
        assert!(Lock::holder_of(&*store, "lock.json").await.unwrap().is_none());
    });
}

#[tokio::test]
async fn store_that_ignores_conditions_is_refused_before_its_first_lock_is_relied_upon() {
    for (header, name) in [("if-match", "If-Match"), ("if-none-match", "If-None-Match")] {
        let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
        let good = store(&cloud.sdk_config()).await;
        good.put("lock.json", "a lock".into(), None).await.unwrap();
        let lax = store(&ignoring(header, &cloud.sdk_config())).await;
        let error = lax.refuse_unconditional("lock.json").await.unwrap_err();
        assert!(matches!(error, Error::IgnoresConditions { condition, .. } if condition == name), "{error}");
        assert_eq!(good.get("lock.json").await.unwrap().unwrap().bytes, "a lock");
        good.refuse_unconditional("lock.json").await.unwrap();
    }
    let cloud = Cloud::open(None, REGION, ACCOUNT).unwrap();
    let good = store(&cloud.sdk_config()).await;
    good.refuse_unconditional_without_lock("lock.json").await.unwrap();
    let lax = store(&ignoring("if-match", &cloud.sdk_config())).await;
    assert!(matches!(lax.refuse_unconditional_without_lock("lock.json").await, Err(Error::IgnoresConditions { .. })));
    assert!(good.get("lock.json").await.unwrap().is_none(), "what was written stays");
}
