//! Two at once: the state and its lock on LocalStack's S3.

use crate::{
    platform::Platform,
    project::Ran,
    server::{ACCOUNT, REGION},
};
use resource::Place;
use serde_json::json;
use state::{Error, StateBucket, Store};

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

#[test]
fn writes_on_a_state_that_moved_are_refused() {
    let platform = Platform::new("fenced", "dev");
    platform.behind_its_back(async |sdk| {
        let place = Place::new(ACCOUNT.to_owned(), REGION.to_owned());
        let bucket = StateBucket::new(aws_s3::client(&sdk), &platform.bucket("fence"), &place);
        bucket.make(&Default::default()).await.unwrap();
        let store = bucket.store();
        let first = store.put("a", "1".into(), None).await.unwrap();
        assert!(matches!(store.put("a", "2".into(), None).await, Err(Error::Moved)));
        let second = store.put("a", "2".into(), Some(&first)).await.unwrap();
        assert!(matches!(store.put("a", "3".into(), Some(&first)).await, Err(Error::Moved)));
        assert!(matches!(store.delete("a", &first).await, Err(Error::Moved)));
        store.delete("a", &second).await.unwrap();
        assert!(store.get("a").await.unwrap().is_none());
        store.put("a", "4".into(), None).await.unwrap();
        assert_eq!(store.history("a").await.unwrap().len(), 3);
    });
}
