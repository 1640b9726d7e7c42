//! Removing the state of a platform that is gone: killed at every call, and on a bucket that others use.

use crate::{destroy, state_buckets::shared_bucket, up};
use aws_client::CallMeter;
use local::{ACCOUNT, Cloud};
use state::{Holder, Lock, RemovedState, State, StateBucket, StateIdentity, StateKeys, Store as _};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use testkit::{Aws, Platform};
use vocabulary::Place;

/// A small platform that was up, twice, and is gone: its state has a history with resources in it.
fn gone() -> (Platform, Aws) {
    let platform = Platform::named("dev").only("monitoring.alerts");
    let mut aws = Aws::brisk(platform.region(), 1);
    for _ in 0..2 {
        up(&platform, &mut aws);
        destroy(&platform, &mut aws);
    }
    (platform, aws)
}

fn bucket_exists(platform: &Platform, aws: &mut Aws) -> bool {
    aws.run(async |sdk| platform.state_bucket(&sdk).exists().await.unwrap())
}

#[test]
fn removal_killed_at_any_call_leaves_an_empty_state_or_none_and_is_completed_by_the_next() {
    let (platform, mut aws) = gone();
    let copies = Arc::new(Mutex::new(Vec::new()));
    let kept = copies.clone();
    let show = move |kill, copy| kept.lock().unwrap().push((kill, copy));
    aws.watch(true, show, async |sdk| platform.remove_state(&sdk).await);
    assert!(!bucket_exists(&platform, &mut aws));
    let (copies, with_a_state) = (std::mem::take(&mut *copies.lock().unwrap()), AtomicUsize::new(0));
    assert!(copies.len() > 8, "{}", copies.len());
    for (kill, mut copy) in copies {
        let state = copy.run(async |sdk| platform.state(&sdk).await);
        if let Some((state, _)) = state {
            with_a_state.fetch_add(1, Ordering::Relaxed);
            assert!(state.resources.is_empty(), "{kill:?} revived {:?}", state.resources.keys());
        }
        if bucket_exists(&platform, &mut copy) {
            copy.run(async |sdk| platform.remove_state(&sdk).await);
        }
        assert!(!bucket_exists(&platform, &mut copy), "{kill:?}");
    }
    assert!(with_a_state.into_inner() > 2);
}

#[tokio::test]
async fn removal_of_a_long_history_takes_few_calls() {
    let cloud = Cloud::open(None, "ap-south-1", ACCOUNT).unwrap();
    let (meter, place) = (Arc::new(CallMeter::default()), Place::new(ACCOUNT, "ap-south-1"));
    let (tags, sdk) = (blueprint::identity("shop", "dev"), meter.measure(cloud.sdk_config()));
    let bucket = StateBucket::new(aws_s3::client(&sdk), "long", &place);
    bucket.make(&tags).await.unwrap();
    let (keys, identity) = (StateKeys::at_root(), StateIdentity::new(&tags, &place, "long"));
    let (store, mut state, mut version) = (Arc::new(bucket.store()), State::new(&identity), None);
    for _ in 0..1100 {
        state.advance();
        version = Some(store.put(&keys.state, state.write().into(), version.as_ref()).await.unwrap());
    }
    let history = store.history(&keys.state).await.unwrap();
    assert_eq!((history.versions.len(), history.has_more), (1100, false));
    let lock = Lock::acquire(store, &keys.lock, "dev", Holder::new("destroy", None), async {}).await.unwrap();
    let before = meter.requests();
    assert_eq!(bucket.remove(&keys, &identity, &tags, lock).await.unwrap(), RemovedState::Bucket);
    assert!(meter.requests() - before < 20, "{} calls", meter.requests() - before);
    assert!(!bucket.exists().await.unwrap());
}

#[test]
fn removal_leaves_a_bucket_that_holds_anything_else() {
    let (platform, mut aws) = gone();
    aws.run(async |sdk| {
        let (s3, bucket) = (aws_s3::client(&sdk), platform.state_bucket(&sdk));
        let body = b"years of work".to_vec().into();
        s3.put_object().bucket(bucket.name()).key("thesis/data.bin").body(body).send().await.unwrap();
        let keys = StateKeys::at_root();
        let identity = platform.state_identity();
        let lock = Lock::acquire(Arc::new(bucket.store()), &keys.lock, "dev", Holder::new("destroy", None), async {})
            .await
            .unwrap();
        let tags = blueprint::identity("mlops-pipeline", "dev");
        let refused = bucket.remove(&keys, &identity, &tags, lock).await.unwrap_err();
        assert!(refused.to_string().contains("thesis/data.bin"), "{refused}");
        assert!(Lock::holder_of(&bucket.store(), &keys.lock).await.unwrap().is_none(), "the lock was not given back");
        assert!(s3.get_object().bucket(bucket.name()).key("thesis/data.bin").send().await.is_ok());
        assert!(bucket.store().get(&keys.state).await.unwrap().is_some());
    });
}

#[test]
fn removal_from_a_named_bucket_takes_only_the_keys_of_the_state() {
    let mut aws = Aws::lenient("ap-south-1");
    aws.run(async |sdk| {
        let s3 = aws_s3::client(&sdk);
        let place = Place::new(ACCOUNT, "ap-south-1");
        shared_bucket(&sdk, "company-states", true).await;
        let tags = blueprint::identity("shop", "dev");
        let identity = StateIdentity::new(&tags, &place, "company-states");
        let keys = StateKeys::shared(&identity);
        let bucket = StateBucket::named(s3.clone(), "company-states", &place);
        bucket.make(&tags).await.unwrap();
        let store = Arc::new(bucket.store());
        let theirs = b"{}".to_vec();
        for key in ["shop/dev/state.json.bak", "shop/prod/state.json"] {
            s3.put_object().bucket(bucket.name()).key(key).body(theirs.clone().into()).send().await.unwrap();
        }
        let mut state = State::new(&identity);
        let mut version = None;
        for _ in 0..3 {
            state.advance();
            version = Some(store.put(&keys.state, state.write().into(), version.as_ref()).await.unwrap());
        }
        let lock =
            Lock::acquire(store.clone(), &keys.lock, "dev", Holder::new("destroy", None), async {}).await.unwrap();
        assert_eq!(bucket.remove(&keys, &identity, &tags, lock).await.unwrap(), RemovedState::StateOnly);
        let left = s3.list_object_versions().bucket(bucket.name()).send().await.unwrap();
        let left: Vec<_> = left.versions().iter().filter_map(|one| one.key()).collect();
        assert_eq!(left, ["shop/dev/state.json.bak", "shop/prod/state.json"]);
        assert!(s3.get_bucket_tagging().bucket(bucket.name()).send().await.is_err(), "it was tagged");
    });
}
